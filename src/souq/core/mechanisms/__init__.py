"""Mechanisms turn offers and bids into agreements. To add one, write it and list it here.

One that outgrows a module is a folder: its rules in `__init__`; in `records` what is asked, what
happens and what is remembered, and how events change that, or where it does not fit, in `folding`;
and its sums in modules named after what they find.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

from souq.core.agreement import Agreement
from souq.core.mechanisms import (
    alternating_offers,
    barter,
    batch_window,
    call_for_proposals,
    call_market,
    commit_reveal,
    compute_lane,
    double_auction,
    dutch_auction,
    english_auction,
    posted_price,
    sealed_bid,
    swap,
    vcg,
)
from souq.core.mechanisms.moves import Effect, Outcome, Pledge, Standing
from souq.core.state import Draft, Table, View

Move = Callable[[Draft, Any, Any, str], Effect]  # emits events; may refuse
Seen = Literal["public", "parties", "own"]  # own: of the agent in its field `agent`


class Mechanism(Protocol):
    """What a mechanism knows; who pays, and whether they can, it never hears."""

    NAME: str
    NOTICE: dict[str, str]  # what `standing` tells everybody, and what each name means
    OPENS: dict[type, Move]  # commands that start a run
    MOVES: dict[type, Move]  # commands within one
    JOINS: tuple[type, ...]  # of the moves, those anybody may make; none between two
    FREES: tuple[type, ...]  # of the moves, those that bind nobody: no halt stops them
    IS_PREPAID: bool  # whatever an award costs has been held in the run, and is let go before it
    TABLES: tuple[Table[Any], ...]  # its own rows, keyed by negotiation
    EVOLVE: dict[type, Callable[[View, Any], None]]
    SEEN: dict[type, Seen]  # who sees each event

    def parties(self, view: View, id: str, /) -> tuple[str, ...]: ...
    def standing(self, view: View, id: str, /) -> Standing: ...
    def pledge(self, view: View, id: str, agent: str, /) -> Pledge: ...
    def outcome(self, view: View, id: str, /) -> Outcome | None: ...
    def settled(self, draft: Draft, id: str, agreement: Agreement, /) -> tuple[str, ...]: ...
    def unable(
        self, draft: Draft, id: str, agreement: Agreement, agent: str, /
    ) -> tuple[str, ...] | None: ...  # whose pledges changed; None: the agent's alone
    def lapse(self, draft: Draft, id: str, /) -> tuple[str, ...]: ...
    def forget(self, view: View, id: str, /) -> None: ...


MECHANISMS: tuple[Mechanism, ...] = (
    posted_price,
    alternating_offers,
    swap,
    sealed_bid,
    commit_reveal,
    english_auction,
    dutch_auction,
    call_for_proposals,
    call_market,
    batch_window,
    double_auction,
    vcg,
    compute_lane,
    barter,
)

BY_NAME = {mechanism.NAME: mechanism for mechanism in MECHANISMS}
BY_OPENING = {command: mechanism for mechanism in MECHANISMS for command in mechanism.OPENS}
OPEN_TO_ALL = frozenset(mechanism.NAME for mechanism in MECHANISMS if mechanism.JOINS)
