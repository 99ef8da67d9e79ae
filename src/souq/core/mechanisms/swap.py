"""Swaps and rotations: n agents pass things round, all at once or not at all.

After the floor of Project Swap: a proposal freezes its terms, one rejection kills it, it executes
when the last member accepts, and it is void when a holding has changed meanwhile.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core.agreement import Agreement, GoodsLeg, Leg, digest_of
from souq.core.mechanisms.moves import (
    NOTHING,
    Accept,
    Effect,
    Item,
    Outcome,
    Pledge,
    Reject,
    Standing,
    Withdraw,
    expiry,
    need_listed,
    need_strangers,
    never_settles,
    refuse_unable,
)
from souq.core.party import Agent, need_other_agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import DEADLINES, Draft, Table, View, row_of
from souq.core.stock import are_goods_here

NAME = "swap"
NOTICE: dict[str, str] = {}
LEGS_MAX = 32


class SwapLeg(Struct, frozen=True, forbid_unknown_fields=True):
    """A listing, and the agent it shall go to."""

    listing: str
    to: str


class ProposeSwap(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Propose that listings change hands at once. Everybody in it gives and receives."""

    legs: tuple[SwapLeg, ...]
    valid_us: int | None = None


class Proposal(Struct, frozen=True):
    """Frozen terms, and who has accepted them."""

    parties: tuple[str, ...]
    legs: tuple[Leg, ...]
    terms: str
    expires_at: int
    accepted: tuple[str, ...]
    ended: str = ""


class SwapProposed(Struct, frozen=True, tag=True):
    negotiation: str
    by: str
    parties: tuple[str, ...]
    legs: tuple[Leg, ...]
    terms: str
    expires_at: int


class SwapAccepted(Struct, frozen=True, tag=True):
    negotiation: str
    by: str


class SwapEnded(Struct, frozen=True, tag=True):
    """`why`: rejected, withdrawn, lapsed or goods_moved."""

    negotiation: str
    why: str


PROPOSALS: Table[Proposal] = Table("swap", Proposal)
TABLES: tuple[Table[Any], ...] = (PROPOSALS,)


def _propose(draft: Draft, agent: Agent, command: ProposeSwap, id: str) -> Effect:
    if not 2 <= len(command.legs) <= LEGS_MAX:
        raise invalid("legs", f"a swap has 2 to {LEGS_MAX} legs")
    if len({leg.listing for leg in command.legs}) != len(command.legs):
        raise invalid("legs", "name each listing once")
    legs: list[Leg] = []
    for leg in command.legs:
        listing = need_listed(draft, Item(leg.listing), NAME)
        taker = need_other_agent(draft, leg.to)
        if taker.id == listing.agent or listing.side != "sell":
            raise invalid("legs", "name what somebody else gives")
        legs.append(GoodsLeg(listing.agent, taker.id, listing.id, 1))
    parties = tuple(dict.fromkeys([agent.id, *(leg.giver for leg in legs)]))
    if set(parties) != {leg.taker for leg in legs} or set(parties) != {leg.giver for leg in legs}:
        raise invalid("legs", "you and everybody in it must give and receive")
    need_strangers(draft, parties)
    terms = digest_of(tuple(legs), negotiation=id, version=1)
    draft.emit(
        SwapProposed(id, agent.id, parties, tuple(legs), terms, expiry(draft, command.valid_us))
    )
    return Effect((agent.id,), tuple(legs))


def _accept(draft: Draft, agent: Agent, command: Accept, id: str) -> Effect:
    proposal = row_of(draft, PROPOSALS, id)
    if agent.id in proposal.accepted:
        raise Refused(Reason.NOT_YOUR_TURN)
    if command.terms != proposal.terms:
        raise Refused(Reason.TERMS_CHANGED, terms=proposal.terms)
    if draft.at >= proposal.expires_at:
        raise Refused(Reason.CLOSED, id=id)
    if are_goods_here(draft, proposal.legs):
        draft.emit(SwapAccepted(id, agent.id))
    else:
        draft.emit(SwapEnded(id, "goods_moved"))
    return Effect((agent.id,), proposal.legs)


def _reject(draft: Draft, agent: Agent, command: Reject, id: str) -> Effect:
    if agent.id in row_of(draft, PROPOSALS, id).accepted:
        raise Refused(Reason.NOT_YOUR_TURN)
    draft.emit(SwapEnded(id, "rejected"))
    return Effect()


def _withdraw(draft: Draft, agent: Agent, command: Withdraw, id: str) -> Effect:
    # Until the last member accepts, whoever has accepted may still step back.
    if agent.id not in row_of(draft, PROPOSALS, id).accepted:
        raise Refused(Reason.NOT_YOUR_TURN)
    draft.emit(SwapEnded(id, "withdrawn"))
    return Effect()


def parties(view: View, id: str) -> tuple[str, ...]:
    """List the members, the proposer first."""
    return row_of(view, PROPOSALS, id).parties


def standing(view: View, id: str) -> Standing:
    """Give the proposal; whoever has not accepted it may."""
    on = row_of(view, PROPOSALS, id)
    others = tuple(party for party in on.parties if party not in on.accepted)
    return Standing(on.parties, on.legs, on.terms, on.expires_at, others)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """No money moves in a swap, and its goods wait for nobody."""
    return NOTHING


def outcome(view: View, id: str) -> Outcome | None:
    """Give the agreement once all have accepted."""
    proposal = row_of(view, PROPOSALS, id)
    if proposal.ended:
        return Outcome(proposal.ended)
    if len(proposal.accepted) == len(proposal.parties):
        return Outcome("agreed", (Agreement(proposal.parties, proposal.legs),))
    return None


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """A proposal not accepted by all in time is gone."""
    draft.emit(SwapEnded(id, "lapsed"))
    return ()


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    view.drop(PROPOSALS, id)


def _proposed(view: View, event: SwapProposed) -> None:
    view.put(
        PROPOSALS,
        event.negotiation,
        Proposal(event.parties, event.legs, event.terms, event.expires_at, (event.by,)),
    )
    view.put(DEADLINES, event.negotiation, event.expires_at)


def _accepted(view: View, event: SwapAccepted) -> None:
    proposal = row_of(view, PROPOSALS, event.negotiation)
    accepted = (*proposal.accepted, event.by)
    changed = msgspec.structs.replace(proposal, accepted=accepted)
    view.put(PROPOSALS, event.negotiation, changed)


def _ended(view: View, event: SwapEnded) -> None:
    proposal = row_of(view, PROPOSALS, event.negotiation)
    view.put(PROPOSALS, event.negotiation, msgspec.structs.replace(proposal, ended=event.why))


settled, unable = never_settles, refuse_unable
OPENS: dict[type, Any] = {ProposeSwap: _propose}
JOINS: tuple[type, ...] = ()
IS_PREPAID = False
FREES: tuple[type, ...] = (Reject, Withdraw)
SEEN: dict[type, Any] = dict.fromkeys((SwapProposed, SwapAccepted, SwapEnded), "parties")
MOVES: dict[type, Any] = {Accept: _accept, Reject: _reject, Withdraw: _withdraw}
EVOLVE: dict[type, Any] = {
    SwapProposed: _proposed,
    SwapAccepted: _accepted,
    SwapEnded: _ended,
}
