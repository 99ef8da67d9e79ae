"""A call for proposals: a buyer says what it needs, suppliers propose, the best scores win.

A reverse auction by score (Che 1993): of price, latency, quality and standing, weighed as the call
says beforehand (the formula stands with `Criteria`). Sealed proposals are seen by their supplier
alone, also after the close; open ones by everybody. Of who wins, everybody sees how it scored and
what it is paid. The operator of the journal sees all.

The buyer's need is a `want` listing of its own, its budget per unit is held for the whole quantity
until the close. A proposal binds its supplier until then: it cannot be taken back, and is replaced
only by one that scores no lower and supplies no less. A supplier's standing counts as it was when
its proposal came.

At the deadline, or earlier where the call allows it and the buyer says so, awards are made by
themselves: the best scores first, each as much as it can supply, the last one perhaps a part of
it; ties go to the earlier proposal. By first score each is paid what it asked. By second score it
is paid more: the price at which its score equals the best that another's unawarded units had,
rounded down to a whole unit, at most the budget; where nothing else lost, the budget itself. What
it promised stays as it promised it, and stands in the contract with its penalties. Whoever can
supply one unit then does best with the truth; who can supply several may gain by asking so much
that it is served last, at a better price (as in every auction of several units at one price).

Losers pay nothing. A supplier that may not stand by its proposal any more is passed over. A buyer
that cannot ends the call; awards made before stand.

A call may stand under a contract that its buyer has to perform (`under`): see `core.subcontract`.
"""

from typing import Any

import msgspec

from souq.core.agreement import Agreement, cash_paid, goods
from souq.core.listing import check_price
from souq.core.mechanisms.call_for_proposals import records
from souq.core.mechanisms.call_for_proposals.records import (
    CALLS,
    PROPOSALS,
    AwardProposals,
    Call,
    CallForProposals,
    CallForProposalsClosed,
    CallForProposalsFailed,
    CallForProposalsOpened,
    CallForProposalsSubcontracted,
    Proposal,
    ProposalAwarded,
    ProposalFailed,
    ProposalSent,
    SealedProposalSent,
    SendProposal,
)
from souq.core.mechanisms.call_for_proposals.scoring import (
    check,
    check_promised,
    matching_price,
    other_points,
    price_points,
    promises,
)
from souq.core.mechanisms.moves import (
    NOTHING,
    Effect,
    Item,
    Notice,
    Outcome,
    Pledge,
    Standing,
    expiry,
    full,
    need_own,
    need_total,
    sale,
    stake,
)
from souq.core.mechanisms.parties import joined, opener
from souq.core.money import Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.reputation import standing_of
from souq.core.rules import rules
from souq.core.state import Draft, View, drop_group, row_of
from souq.core.subcontract import due_by, need_room, set_out

NAME = "call_for_proposals"
PROPOSALS_MAX = 200  # suppliers in one call
NOTICE = {
    "listing": "the want that says what is needed",
    "quantity": "how much is asked for",
    "asset": "in what prices are given",
    "budget_units": "the most that is paid for one unit, which earns no points",
    "scoring": "first_score pays what was asked, second_score up to what the best loser scored",
    "is_sealed": "whether only their suppliers see proposals",
    "may_award_early": "whether the buyer may close before the deadline",
    "proposals": "how many suppliers have proposed",
    "deliver_by": "when delivery is due whenever the contract begins; only where it is fixed",
    "price_weight": "how much the price counts; the same for latency, quality and standing",
    "latency_weight": "how much the promised latency counts",
    "quality_weight": "how much the promised quality counts",
    "standing_weight": "how much standing counts: what its principal is ranked by, of 10,000",
    "latency_max_us": "the longest latency that may be promised, which earns no points",
    "quality_min": "the least quality that may be promised",
    "quality_full": "the quality that earns the whole weight",
    "standing_min": "the least standing a supplier needs, of 10,000",
    "standing_full": "the standing that earns the whole weight",
    "latency_penalty_bps": "of the price, what a missed latency costs",
    "quality_penalty_bps": "of the price, what a missed quality costs",
}


def _call(draft: Draft, agent: Agent, command: CallForProposals, id: str) -> Effect:
    item = Item(command.listing, command.quantity)
    listing = need_own(draft, agent, item, NAME, side="want")
    check_price(draft, command.budget, "budget", units_min=1)
    total = need_total(command.budget, command.quantity)
    check(command.criteria)
    closes_at = expiry(draft, command.proposing_us, "proposing_us")
    under: tuple[str, ...] = ()
    deliver_by = 0
    if command.under:
        under = need_room(draft, agent, command.under, total, closes_at=closes_at)
        deliver_by = due_by(draft, under, closes_at + rules(draft).delivery_us)
    draft.emit(
        CallForProposalsOpened(
            id,
            agent.id,
            agent.principal,
            listing.id,
            command.quantity,
            command.budget,
            command.criteria,
            command.scoring,
            command.is_sealed,
            command.may_award_early,
            closes_at,
            deliver_by,
        )
    )
    if under:
        draft.emit(CallForProposalsSubcontracted(id, agent.id, under))
    return Effect((agent.id,), stake("", agent.id, listing.id, command.quantity, total))


def _propose(draft: Draft, agent: Agent, command: SendProposal, id: str) -> Effect:
    call = _need_open(draft, id)
    if agent.principal == call.principal:
        raise Refused(Reason.SAME_PRINCIPAL)
    check_price(draft, command.price, asset=call.budget.asset)
    if command.price.units > call.budget.units:
        raise invalid("price", f"at most {call.budget.units} units")
    quantity = call.quantity if command.quantity is None else command.quantity
    if not 0 < quantity <= call.quantity:
        raise invalid("quantity", f"must be above 0, and at most {call.quantity}")
    check_promised(call.criteria, command.latency_us, command.quality)
    shown, needed = standing_of(draft, agent.id), call.criteria.standing_min
    if needed is not None and shown < needed:
        raise Refused(Reason.INSUFFICIENT_STANDING, standing=shown, standing_min=needed)
    units = command.price.units
    score = price_points(call.criteria, call.budget.units, units)
    score += other_points(call.criteria, command.latency_us, command.quality, shown)
    before = draft.get(PROPOSALS, f"{id}/{agent.id}")
    if before is None and call.suppliers >= PROPOSALS_MAX:
        raise full(proposals_max=PROPOSALS_MAX)
    if before is not None and (score < before.score or quantity < before.quantity):
        raise invalid("price", "your proposal binds: another must score and supply no less")
    draft.emit(
        (SealedProposalSent if call.is_sealed else ProposalSent)(
            id,
            agent.id,
            units,
            quantity,
            command.latency_us,
            command.quality,
            score,
            call.sent + 1,
        )
    )
    return Effect((), stake(agent.id, call.buyer, call.listing, quantity, command.price * quantity))


def _award(draft: Draft, agent: Agent, command: AwardProposals, id: str) -> Effect:
    call = _need_open(draft, id)
    if agent.id != call.buyer:
        raise Refused(Reason.NOT_YOURS, id=id)
    if not call.may_award_early:
        raise Refused(Reason.WRONG_STATE, state="Open")
    draft.emit(CallForProposalsClosed(id))
    return Effect()


def _need_open(view: View, id: str) -> Call:
    call = row_of(view, CALLS, id)
    if call.is_closed or view.at >= call.closes_at:
        raise Refused(Reason.CLOSED, id=id)
    return call


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: what is asked for and how it is weighed, and no proposal."""
    call = row_of(view, CALLS, id)
    notice: Notice = {
        "listing": call.listing,
        "quantity": call.quantity,
        "asset": call.budget.asset,
        "budget_units": call.budget.units,
        "scoring": call.scoring,
        "is_sealed": call.is_sealed,
        "may_award_early": call.may_award_early,
        "proposals": call.suppliers,
    }
    if call.deliver_by:
        notice["deliver_by"] = call.deliver_by
    told = msgspec.structs.asdict(call.criteria)
    notice |= {name: value for name, value in told.items() if value or name == "price_weight"}
    return Standing(opener(view, id), (), "", call.closes_at, (), notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """The buyer sets aside its budget, and what it still wants; suppliers nothing."""
    call = row_of(view, CALLS, id)
    if agent != call.buyer or call.is_failed or not call.left:
        return NOTHING
    units = call.budget.units * call.left
    return Pledge(units, units, call.budget.asset, (Item(call.listing, call.left),))


def outcome(view: View, id: str) -> Outcome | None:
    """Give the best proposal its agreement once the call is closed, then the next, then end."""
    call = row_of(view, CALLS, id)
    if not call.is_closed:
        return None
    if call.is_failed:
        return Outcome("buyer_unable")
    agreement = _best(view, id, call) if call.left else None
    if agreement is not None:
        return Outcome("", (agreement,))
    return Outcome("agreed" if call.left < call.quantity else "no_deal")


def _best(view: View, id: str, call: Call) -> Agreement | None:
    """Give the best proposal what it supplies, at a price that the best loser settles."""
    best: Proposal | None = None
    left, losing = call.left, 0
    for _, proposal in view.walk(PROPOSALS, id):
        if best is not None and proposal.quantity > left:
            losing = proposal.score  # a part of it, or all, goes unawarded
            break
        best = best or proposal
        left -= min(left, proposal.quantity)
    if best is None:
        return None
    units = best.units
    if call.scoring == "second_score":
        budget = call.budget.units
        others = best.score - price_points(call.criteria, budget, units)
        units = matching_price(call.criteria, budget, others=others, losing=losing)
        assert units >= best.units, f"a winner of {id} would be paid less than it asked"
    quantity = min(call.left, best.quantity)
    total = Money(units * quantity, call.budget.asset)
    return Agreement(
        (call.buyer, best.agent),
        sale(best.agent, call.buyer, call.listing, quantity, total),
        promises(call.criteria, best.latency_us, best.quality),
        call.under,
    )


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note who won, and let go of what its award does not need."""
    buyer, supplier = agreement.parties
    units = cash_paid(agreement.legs)
    quantity = goods(agreement.legs)[0].quantity
    won = row_of(draft, PROPOSALS, f"{id}/{supplier}")
    draft.emit(ProposalAwarded(id, supplier, quantity, units, won.score))
    return (buyer,)


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> None:
    """Pass over a supplier that cannot; a buyer that cannot ends its call."""
    draft.emit(
        CallForProposalsFailed(id) if agent == agreement.parties[0] else ProposalFailed(id, agent)
    )


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Close the call."""
    draft.emit(CallForProposalsClosed(id))
    return ()


def forget(view: View, id: str) -> None:
    """Drop an ended run, and what it left unspent of a contract above."""
    call = row_of(view, CALLS, id)
    set_out(view, call.under, -call.left * call.budget.units)
    drop_group(view, PROPOSALS, id)
    view.drop(CALLS, id)


IS_PREPAID = True
TABLES, EVOLVE, SEEN = records.TABLES, records.EVOLVE, records.SEEN
OPENS: dict[type, Any] = {CallForProposals: _call}
MOVES: dict[type, Any] = {SendProposal: _propose, AwardProposals: _award}
JOINS: tuple[type, ...] = (SendProposal,)
FREES: tuple[type, ...] = ()
