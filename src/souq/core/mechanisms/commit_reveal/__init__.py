"""A sealed-bid auction in which nobody, not even the market, knows a bid before bidding is over.

First everybody commits: a bid is SHA-256 over the run, the bidder, the price and a nonce, with a
fixed public deposit held. Then everybody shows what they committed to, and the money of a bid is
held from there on, the deposit being a part of it. When that time is over, all bids shown are
published together, with their nonces; the highest wins and pays its own bid (first price) or the
highest losing one (second price, Vickrey 1961), and at least the reserve.

Whoever does not show its bid loses the deposit to the seller; so does a winner who cannot keep its
bid, and the next one counts. The seller, too, commits before the first bid: to a reserve, and to a
nonce that is the seed of the lot; it has a deposit held, as much as each bidder. Equal bids are
drawn for by that seed mixed with the nonces of all bids shown, so that nobody knows the lot
beforehand. A seller who never shows them has no reserve but the public one and loses its deposit to
the winner, and the lot is drawn by the bidders' nonces alone; one who cannot sell loses it to
whoever would have won, and then no bidder loses anything.
"""

from typing import Any

from souq.core.agreement import Agreement, CashLeg, cash_paid
from souq.core.digest import check_digest
from souq.core.listing import check_price
from souq.core.mechanisms.commit_reveal import records
from souq.core.mechanisms.commit_reveal.records import (
    BIDS,
    RUNS,
    BidCommitted,
    BidRevealed,
    BidsPublished,
    CommitBid,
    CommitRevealFailed,
    CommitRevealOpened,
    CommitRevealWon,
    CommittedBid,
    CommittingClosed,
    OpenCommitReveal,
    RevealBid,
    Run,
    SellerRevealed,
)
from souq.core.mechanisms.commitment import (
    RevealReserve,
    check_opens,
    draw_lot,
    of_bid,
    of_reserve,
    place,
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
    sale,
    stake,
)
from souq.core.mechanisms.parties import joined
from souq.core.money import Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import Draft, View, drop_group, row_of

NAME = "commit_reveal"
BIDDERS_MAX = 1_000
NOTICE = {
    "listing": "what is sold",
    "quantity": "how much of it, as one lot",
    "pricing": "first_price: the winner pays its bid; second_price: the highest losing bid",
    "phase": "committing: bids are taken; revealing: they are shown; over",
    "reserve_units": "the least it goes for, as far as that is public",
    "deposit_units": "what each bidder and the seller have held, and lose for not showing",
    "asset": "what bids are in",
    "bidders": "how many have committed to a bid",
    "revealed": "how many of them have shown it",
}


def _open(draft: Draft, agent: Agent, command: OpenCommitReveal, id: str) -> Effect:
    listing = need_own(draft, agent, Item(command.listing, command.quantity), NAME, side="sell")
    check_price(draft, command.reserve, "reserve")
    check_price(draft, command.deposit, "deposit", asset=command.reserve.asset, units_min=1)
    check_digest("secret", command.secret)
    reveals_at = expiry(draft, command.committing_us, "committing_us")
    if command.revealing_us <= 0:
        raise invalid("revealing_us", "must be above 0")
    closes_at = expiry(draft, command.committing_us + command.revealing_us, "revealing_us")
    draft.emit(
        CommitRevealOpened(
            id,
            agent.id,
            agent.principal,
            listing.id,
            command.quantity,
            command.pricing,
            command.reserve,
            command.deposit.units,
            command.secret,
            reveals_at,
            closes_at,
        )
    )
    return Effect((agent.id,), stake(agent.id, "", listing.id, command.quantity, command.reserve))


def _commit(draft: Draft, agent: Agent, command: CommitBid, id: str) -> Effect:
    run = row_of(draft, RUNS, id)
    if run.phase != "committing" or draft.at >= run.due:
        raise Refused(Reason.CLOSED, id=id)
    if agent.principal == run.principal:
        raise Refused(Reason.SAME_PRINCIPAL)
    check_digest("commitment", command.commitment)
    before = draft.get(BIDS, f"{id}/{agent.id}")
    if before is None and run.bidders == BIDDERS_MAX:
        raise full(bidders_max=BIDDERS_MAX)
    number = run.bidders + 1 if before is None else before.number
    draft.emit(BidCommitted(id, agent.id, command.commitment, number))
    return _bound(run, agent, run.deposit_units)


def _reveal_bid(draft: Draft, agent: Agent, command: RevealBid, id: str) -> Effect:
    run = _need_revealing(draft, id)
    bid = draft.get(BIDS, f"{id}/{agent.id}")
    if bid is None:
        raise Refused(Reason.NOT_YOURS, id=id)
    if bid.units:
        raise Refused(Reason.ALREADY_EXISTS)
    price = command.price
    found = of_bid(id, agent.id, price, command.nonce)
    check_opens("price", command.nonce, found, bid.commitment)
    check_price(draft, price, asset=run.reserve.asset, units_min=1)
    draft.emit(BidRevealed(id, agent.id, price.units, command.nonce))
    return _bound(run, agent, price.units)


def _reveal_reserve(draft: Draft, agent: Agent, command: RevealReserve, id: str) -> Effect:
    run = _need_revealing(draft, id)
    if agent.id != run.seller:
        raise Refused(Reason.NOT_YOURS, id=id)
    if run.seed:
        raise Refused(Reason.ALREADY_EXISTS)
    reserve = command.reserve
    found = of_reserve(agent.id, run.listing, reserve, command.nonce)
    check_opens("reserve", command.nonce, found, run.secret)
    check_price(draft, reserve, "reserve", asset=run.reserve.asset)
    draft.emit(SellerRevealed(id, agent.id, reserve.units, command.nonce))
    return Effect()


def _bound(run: Run, agent: Agent, units: int) -> Effect:
    total = Money(units, run.reserve.asset)
    legs = stake(run.seller, agent.id, run.listing, run.quantity, total)
    # Nobody is asked after the award: declining it would be a way round the deposit.
    return Effect((agent.id,), legs, is_final=True)


def _need_revealing(view: View, id: str) -> Run:
    run = row_of(view, RUNS, id)
    if run.phase != "revealing":
        raise Refused(Reason.WRONG_STATE, state=run.phase.capitalize())
    return run


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: how many have bid and shown it, and no bid."""
    run = row_of(view, RUNS, id)
    notice: Notice = {
        "listing": run.listing,
        "quantity": run.quantity,
        "pricing": run.pricing,
        "phase": run.phase,
        "reserve_units": run.reserve.units,
        "deposit_units": run.deposit_units,
        "asset": run.reserve.asset,
        "bidders": run.bidders,
        "revealed": run.revealed,
    }
    return Standing((run.seller,), (), "", run.due, (), notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """The seller sets the goods and its deposit aside, each bidder its deposit or its bid."""
    run = row_of(view, RUNS, id)
    deposit, asset = run.deposit_units, run.reserve.asset
    if agent == run.seller:
        is_on_offer = not (run.winner or run.is_unable)
        goods = (Item(run.listing, run.quantity),) if is_on_offer else ()
        return Pledge(deposit, deposit, asset, goods)
    bid = view.get(BIDS, f"{id}/{agent}")
    if bid is None or agent == run.winner:
        return NOTHING
    units = max(deposit, bid.units)
    return Pledge(units, units, asset)


def outcome(view: View, id: str) -> Outcome | None:
    """Give the highest bid its agreement once all are published, then end."""
    run = row_of(view, RUNS, id)
    if run.phase != "over":
        return None
    if run.winner:
        return Outcome("agreed", (), _forfeits(view, id, run))
    best = _best(view, id, run)
    if best is None or run.is_unable or best.units < run.least_units:
        return Outcome("no_deal", (), _forfeits(view, id, run))
    price = best.units if run.pricing == "first_price" else _minimum(view, id, run)
    total = Money(price, run.reserve.asset)
    legs = sale(run.seller, best.agent, run.listing, run.quantity, total)
    return Outcome("", (Agreement((best.agent, run.seller), legs),))


def _best(view: View, id: str, run: Run) -> CommittedBid | None:
    """Give the highest bid; of equal ones, that which the lot puts first."""
    equals: list[CommittedBid] = []
    for _, bid in view.walk(BIDS, id):
        if not bid.units or (equals and bid.units < equals[0].units):
            break
        equals.append(bid)
    return min(equals, key=lambda bid: place(run.lot, bid.agent)) if equals else None


def _minimum(view: View, id: str, run: Run) -> int:
    """Give the second-highest bid, or the reserve where that is more."""
    bids = view.walk(BIDS, id)
    next(bids)
    second = next(bids, None)
    return max(run.least_units, 0 if second is None else second[1].units)


def _forfeits(view: View, id: str, run: Run) -> tuple[CashLeg, ...]:
    deposit = Money(run.deposit_units, run.reserve.asset)
    if run.is_unable:
        best = _best(view, id, run)
        return () if best is None else (CashLeg(run.seller, best.agent, deposit),)
    lost = [bid.agent for _, bid in view.walk(BIDS, id) if not bid.units]
    found = tuple(CashLeg(agent, run.seller, deposit) for agent in lost)
    if run.winner and not run.seed:
        found += (CashLeg(run.seller, run.winner, deposit),)
    return found


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note who won, and publish what would have drawn level."""
    run = row_of(draft, RUNS, id)
    units = cash_paid(agreement.legs)
    draft.emit(CommitRevealWon(id, agreement.parties[0], units, _minimum(draft, id, run)))
    return (run.seller, agreement.parties[0])


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> None:
    """Note whose deposit is lost: a winner's, and the next one counts; or the seller's."""
    draft.emit(CommitRevealFailed(id, agent))


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Begin to reveal, or publish what was revealed, which decides the run."""
    run = row_of(draft, RUNS, id)
    if run.phase == "committing":
        draft.emit(CommittingClosed(id))
        return ()
    bids = sorted((bid for _, bid in draft.walk(BIDS, id) if bid.units), key=lambda bid: bid.number)
    agents, nonces = tuple(bid.agent for bid in bids), tuple(bid.nonce for bid in bids)
    lot = draw_lot(id, run.seed, tuple(zip(agents, nonces, strict=True)))
    units = tuple(bid.units for bid in bids)
    draft.emit(BidsPublished(id, agents, units, nonces, run.least_units, run.seed, lot))
    return ()


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    drop_group(view, BIDS, id)
    view.drop(RUNS, id)


IS_PREPAID = True
OPENS: dict[type, Any] = {OpenCommitReveal: _open}
MOVES: dict[type, Any] = {
    CommitBid: _commit,
    RevealBid: _reveal_bid,
    RevealReserve: _reveal_reserve,
}
JOINS: tuple[type, ...] = (CommitBid,)
FREES: tuple[type, ...] = (RevealBid,)  # the promise is older, and silence would cost the deposit
TABLES, EVOLVE, SEEN = records.TABLES, records.EVOLVE, records.SEEN
