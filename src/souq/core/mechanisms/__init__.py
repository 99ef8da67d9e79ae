"""Mechanisms turn offers and bids into agreements. To add one, write it and list it here."""

from collections.abc import Callable
from typing import Any, Protocol

from souq.core.agreement import Leg
from souq.core.mechanisms import alternating_offers, posted_price, swap
from souq.core.mechanisms.moves import Outcome, Standing
from souq.core.state import Draft, Table, View

# Returns the agents whose commitment the move may have changed; emits events; may refuse.
Move = Callable[[Draft, Any, Any, str], tuple[str, ...]]


class Mechanism(Protocol):
    """What a mechanism knows; who pays, and whether they can, it never hears."""

    NAME: str
    OPENS: dict[type, Move]  # commands that start a run
    MOVES: dict[type, Move]  # commands within one
    TABLES: tuple[Table[Any], ...]  # its own rows, keyed by negotiation
    EVOLVE: dict[type, Callable[[View, Any], None]]

    def parties(self, view: View, id: str, /) -> tuple[str, ...]: ...
    def standing(self, view: View, id: str, /) -> Standing: ...
    def bound(self, view: View, id: str, agent: str, /) -> tuple[Leg, ...]: ...
    def outcome(self, view: View, id: str, /) -> Outcome | None: ...
    def lapse(self, draft: Draft, id: str, /) -> tuple[str, ...]: ...
    def forget(self, view: View, id: str, /) -> None: ...


MECHANISMS: tuple[Mechanism, ...] = (posted_price, alternating_offers, swap)

BY_NAME = {mechanism.NAME: mechanism for mechanism in MECHANISMS}
BY_OPENING = {command: mechanism for mechanism in MECHANISMS for command in mechanism.OPENS}
