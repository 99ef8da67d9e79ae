"""Answers about who is here."""

from itertools import islice
from typing import Any

from souq.core import attestation, halt, restriction
from souq.core.officer import OFFICERS
from souq.core.party import AGENTS, PRINCIPALS, need_principal
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.core.state import COUNTERS
from souq.operations import party_queries as ask
from souq.venue.desk import Desk, check_limit, read_cursor, write_cursor

AGENTS_SHOWN_MAX = 100  # of each principal in a list of them


def list_principals(desk: Desk, actor: str, query: ask.ListPrincipals) -> ask.Principals:
    check_limit(query.limit)
    after = read_cursor(query.cursor, int) if query.cursor else 0
    own = _whose(desk, actor, query.principal)
    if own:
        return ask.Principals((_known(desk, own, desk.affairs.agents(own)),))
    # By number: ids are handed out in order, and nobody who came ever leaves.
    last = desk.state.get(COUNTERS, "P") or 0
    ids = (f"P{number}" for number in range(after + 1, last + 1))
    found = tuple(
        _known(desk, id, desk.affairs.agents(id)[:AGENTS_SHOWN_MAX])
        for id in islice(ids, query.limit)
    )
    end = after + len(found)
    return ask.Principals(found, write_cursor(end) if end < last else "")


def _whose(desk: Desk, actor: str, named: str) -> str:
    """Give the one principal that an answer is about, or "" for all.

    Raises Refused(not_found | not_yours).
    """
    state = desk.state
    if actor == OPERATOR or state.get(OFFICERS, actor) is not None:
        if named:
            need_principal(state, named)
        return named
    agent = state.get(AGENTS, actor)
    own = actor if agent is None else agent.principal
    if state.get(PRINCIPALS, own) is None or named not in ("", own):
        raise Refused(Reason.NOT_YOURS)
    return own


def _known(desk: Desk, id: str, agents: tuple[str, ...]) -> ask.PrincipalKnown:
    state = desk.state
    known = []
    for agent in agents:
        row = state.get(AGENTS, agent)
        assert row is not None, f"{agent} is among somebody's agents"
        known.append(ask.AgentKnown(agent, desk.words(row.name), halt.level_of(state, agent)))
    return ask.PrincipalKnown(
        id=id,
        name=desk.words(need_principal(state, id).name),
        agents=tuple(known),
        agents_count=len(desk.affairs.agents(id)),
        level=attestation.level_of(state, id),
        restriction=restriction.level_of(state, id),
        halt=halt.level_of(state, id),
    )


ANSWERS: dict[type, Any] = {ask.ListPrincipals: list_principals}
