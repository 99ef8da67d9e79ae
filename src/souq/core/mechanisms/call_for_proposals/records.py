"""What is asked, what happens and what is remembered in a run of `call_for_proposals`."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.core.index import Rank
from souq.core.mechanisms.call_for_proposals.scoring import Criteria
from souq.core.money import Money
from souq.core.state import DEADLINES, Table, View, change, row_of
from souq.core.subcontract import set_out

Scoring = Literal["first_score", "second_score"]


class CallForProposals(
    Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Ask suppliers for what a want of one's own describes; the best scores win.

    `budget` is the most to pay for one unit; `proposing_us` is how long proposals are taken.
    `under` names a contract that one has to perform, and that this is to help with.
    """

    listing: str
    budget: Money
    proposing_us: int
    quantity: int = 1
    criteria: Criteria = Criteria()
    scoring: Scoring = "second_score"
    is_sealed: bool = True
    may_award_early: bool = False
    under: str = ""


class SendProposal(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Propose to supply what is called for, at a price per unit; it binds until the close.

    `quantity` is how much one can supply, all of it where left out. It takes the place of one's
    old proposal.
    """

    negotiation: str
    price: Money
    quantity: int | None = None
    latency_us: int | None = None
    quality: int | None = None


class AwardProposals(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Close a call of one's own before its deadline; the best scores of those there are win."""

    negotiation: str


class CallForProposalsOpened(Struct, frozen=True, tag=True):
    """`deliver_by`, where it is not 0, is when delivery is due whenever the contract begins."""

    negotiation: str
    agent: str
    principal: str
    listing: str
    quantity: int
    budget: Money
    criteria: Criteria
    scoring: Scoring
    is_sealed: bool
    may_award_early: bool
    closes_at: int
    deliver_by: int


class CallForProposalsSubcontracted(Struct, frozen=True, tag=True):
    """`under` lists the contracts that a call helps to perform, from the nearest to the topmost."""

    negotiation: str
    agent: str
    under: tuple[str, ...]


class ProposalSent(Struct, frozen=True, tag=True):
    """`units` is the price of one; `score` its points."""

    negotiation: str
    agent: str
    units: int
    quantity: int
    latency_us: int | None
    quality: int | None
    score: int
    number: int


class SealedProposalSent(ProposalSent, frozen=True, tag=True):
    """The same, for its supplier's eyes."""


class CallForProposalsClosed(Struct, frozen=True, tag=True):
    """Proposals are no longer taken; awards follow."""

    negotiation: str


class ProposalAwarded(Struct, frozen=True, tag=True):
    """`units` is what is paid for all `quantity` of it."""

    negotiation: str
    agent: str
    quantity: int
    units: int
    score: int


class ProposalFailed(Struct, frozen=True, tag=True):
    """A proposal that would have won could not be kept; the next one counts."""

    negotiation: str
    agent: str


class CallForProposalsFailed(Struct, frozen=True, tag=True):
    """The buyer cannot stand by its call; nothing more is awarded."""

    negotiation: str


class Call(Struct, frozen=True):
    buyer: str
    principal: str
    listing: str
    quantity: int
    left: int  # not awarded yet
    budget: Money
    criteria: Criteria
    scoring: Scoring
    is_sealed: bool
    may_award_early: bool
    closes_at: int
    deliver_by: int
    under: tuple[str, ...] = ()
    sent: int = 0
    suppliers: int = 0
    is_closed: bool = False
    is_failed: bool = False


class Proposal(Struct, frozen=True, gc=False, array_like=True):
    negotiation: str
    agent: str
    units: int
    quantity: int
    latency_us: int | None
    quality: int | None
    score: int
    number: int


def _rank(proposal: Proposal) -> Rank:
    return Rank(proposal.negotiation, -proposal.score, proposal.number)


CALLS: Table[Call] = Table("calls_for_proposals", Call)
PROPOSALS: Table[Proposal] = Table("proposals", Proposal, rank=_rank)
TABLES: tuple[Table[Any], ...] = (CALLS, PROPOSALS)


def _called(view: View, event: CallForProposalsOpened) -> None:
    call = Call(
        event.agent,
        event.principal,
        event.listing,
        event.quantity,
        event.quantity,
        event.budget,
        event.criteria,
        event.scoring,
        event.is_sealed,
        event.may_award_early,
        event.closes_at,
        event.deliver_by,
    )
    view.put(CALLS, event.negotiation, call)
    view.put(DEADLINES, event.negotiation, event.closes_at)


def _subcontracted(view: View, event: CallForProposalsSubcontracted) -> None:
    call = row_of(view, CALLS, event.negotiation)
    change(view, CALLS, event.negotiation, under=event.under)
    set_out(view, event.under, call.quantity * call.budget.units)


def _sent(view: View, event: ProposalSent) -> None:
    id, key = event.negotiation, f"{event.negotiation}/{event.agent}"
    suppliers = row_of(view, CALLS, id).suppliers + (view.get(PROPOSALS, key) is None)
    view.put(PROPOSALS, key, Proposal(*msgspec.structs.astuple(event)))
    change(view, CALLS, id, sent=event.number, suppliers=suppliers)


def _awarded(view: View, event: ProposalAwarded) -> None:
    call = row_of(view, CALLS, event.negotiation)
    set_out(view, call.under, event.units - event.quantity * call.budget.units)
    view.drop(PROPOSALS, f"{event.negotiation}/{event.agent}")
    change(view, CALLS, event.negotiation, left=call.left - event.quantity)


def _failed(view: View, event: ProposalFailed) -> None:
    view.drop(PROPOSALS, f"{event.negotiation}/{event.agent}")


SEEN: dict[type, Any] = {
    CallForProposalsOpened: "public",
    CallForProposalsSubcontracted: "own",
    ProposalSent: "public",
    SealedProposalSent: "own",
    CallForProposalsClosed: "public",
    ProposalAwarded: "public",
    ProposalFailed: "own",
    CallForProposalsFailed: "public",
}
EVOLVE: dict[type, Any] = {
    CallForProposalsOpened: _called,
    CallForProposalsSubcontracted: _subcontracted,
    ProposalSent: _sent,
    SealedProposalSent: _sent,
    CallForProposalsClosed: lambda view, event: change(
        view, CALLS, event.negotiation, is_closed=True
    ),
    ProposalAwarded: _awarded,
    ProposalFailed: _failed,
    CallForProposalsFailed: lambda view, event: change(
        view, CALLS, event.negotiation, is_failed=True
    ),
}
