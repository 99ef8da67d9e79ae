"""Answers about what can be done, by the rules that would judge it."""

from typing import Any

from souq.core.moves import moves_of
from souq.core.refusal import Reason, Refused
from souq.core.state import was_issued
from souq.operations import BY_TYPE
from souq.operations import move_queries as ask
from souq.venue.desk import Desk


def list_moves(desk: Desk, actor: str, query: ask.ListMoves) -> ask.Moves:
    state, id = desk.state, query.contract
    if id[:1] != "C" or not was_issued(state, id):
        raise Refused(Reason.NOT_FOUND, id=id[:64])
    at = max(desk.clock(), state.at + 1)
    found = moves_of(state, at=at, actor=actor, contract=id)
    return ask.Moves(id, tuple(BY_TYPE[command].name for command in found))


ANSWERS: dict[type, Any] = {ask.ListMoves: list_moves}
