"""An English auction with proxy bids: the price rises in the open, and the last to stay wins.

A bid is the most that its bidder would pay, and only they and their principal see it. The highest
one leads, at a price one step above the highest that lost, and no more than itself: what Vickrey
(1961) has the winner pay, to within a step. Of equal bids the earlier leads. A bid must be at least
a step above the highest that lost; the leader may raise its own, which does not move the price.

The leader's maximum is held of its money; whoever is outbid has all of it again at once, and is
bound no longer. A bid in the last `soft_close_us` puts the end off by as much, up to
`extensions_max` times; with 0 the close is hard. Below a `reserve`, which only the seller sees,
nothing is sold; a maximum that reaches it lifts the price to it. When bidding ends the leader buys
at the price. Where it cannot (its mandate was revoked, say) nothing is sold, for nobody else is
bound, and its entry fee goes to the seller. Without a bid, the goods are simply free again.

Restraints against bidding wars may be named at the opening: a fee to enter that close losers have
back, an activity rule, steps that double, and a cap that each bidder names once. Nobody ever pays
for having lost but that fee. The market's journal knows all maxima, and whoever owns it may read
them.
"""

from typing import Any

from souq.core.agreement import Agreement, CashLeg
from souq.core.listing import check_price
from souq.core.mechanisms.english_auction import records
from souq.core.mechanisms.english_auction.prices import (
    Standings,
    challenged,
    check_cap,
    check_increments,
    check_restraints,
    is_idle,
    step,
)
from souq.core.mechanisms.english_auction.records import (
    BIDDERS,
    RUNS,
    Bidder,
    EnglishAuctionFailed,
    EnglishAuctionOpened,
    EnglishAuctionWon,
    EnglishBiddingClosed,
    EnglishPriceSet,
    EnglishReserveSet,
    OpenEnglishAuction,
    PlaceProxyBid,
    ProxyBidPlaced,
    Run,
)
from souq.core.mechanisms.moves import (
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
from souq.core.money import UNITS_MAX, Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import Draft, View, drop_group, row_of

NAME = "english_auction"
BIDDERS_MAX = 1_000
NOTICE = {
    "listing": "what is sold",
    "quantity": "how much of it, as one lot",
    "asset": "what bids are in",
    "leader": 'whose bid is the highest, or ""',
    "price_units": "what the leader would pay now",
    "minimum_units": "the least that the next bid must be",
    "is_reserve_met": "whether it would be sold at all",
    "bids": "how many bids there were",
    "bidders": "how many have bid",
    "extensions": "how often late bids have put the end off",
    "entry_fee_units": "what is held of whoever bids, beside the bid",
    "idle_rounds_max": "how many rounds without bidding or leading put a bidder out; 0: none",
    "needs_value_cap": "whether the first bid must name a cap",
}


def _open(draft: Draft, agent: Agent, command: OpenEnglishAuction, id: str) -> Effect:
    listing = need_own(draft, agent, Item(command.listing, command.quantity), NAME, side="sell")
    start, reserve = command.start, command.reserve or command.start
    check_price(draft, start, "start")
    check_price(draft, reserve, "reserve", asset=start.asset, units_min=start.units)
    check_increments(command.increments)
    check_restraints(command.restraints, UNITS_MAX)
    closes_at = expiry(draft, command.bidding_us, "bidding_us")
    if command.soft_close_us < 0 or command.extensions_max < 0:
        raise invalid("soft_close_us", "must be 0 or above, as extensions_max")
    longest = command.bidding_us + command.soft_close_us * command.extensions_max
    expiry(draft, longest, "soft_close_us")
    draft.emit(
        EnglishAuctionOpened(
            id,
            agent.id,
            agent.principal,
            listing.id,
            command.quantity,
            start,
            command.increments,
            draft.at,
            closes_at,
            command.soft_close_us,
            command.extensions_max,
            command.restraints,
            reserve.units > start.units,
        )
    )
    if reserve.units > start.units:
        draft.emit(EnglishReserveSet(id, agent.id, reserve.units))
    return Effect((agent.id,), stake(agent.id, "", listing.id, command.quantity, reserve))


def _bid(draft: Draft, agent: Agent, command: PlaceProxyBid, id: str) -> Effect:
    run = row_of(draft, RUNS, id)
    if run.is_closed or draft.at >= run.closes_at:
        raise Refused(Reason.CLOSED, id=id)
    if agent.principal == run.principal:
        raise Refused(Reason.SAME_PRINCIPAL)
    bidder = draft.get(BIDDERS, f"{id}/{agent.id}")
    units, cap = _asked(draft, run, bidder, command)
    leads = run.leader == agent.id
    if leads and bidder is not None and units <= bidder.units:
        raise invalid("maximum", "you lead already, and may only raise it")
    if units < run.minimum and not leads:
        raise Refused(Reason.PRICE_CHANGED, needed=run.minimum)
    if bidder is None and run.bidders == BIDDERS_MAX:
        raise full(bidders_max=BIDDERS_MAX)
    idle_since = 0 if bidder is None else bidder.active_at - run.opened_at
    if not leads and is_idle(run.restraints, draft.at - run.opened_at, idle_since):
        raise Refused(Reason.ROUND_LIMIT, idle_rounds_max=run.restraints.idle_rounds_max)
    found = _standings(draft, id, run, units, leads=leads)
    leader = agent.id if found.leads_anew else run.leader
    is_late = not leads and draft.at >= run.closes_at - run.soft_close_us
    extends = is_late and run.extensions < run.extensions_max
    draft.emit(ProxyBidPlaced(id, agent.id, units, cap, run.bidders + (bidder is None)))
    draft.emit(
        EnglishPriceSet(
            id,
            leader,
            found.price,
            found.minimum,
            run.bids + 1,
            run.closes_at + run.soft_close_us if extends else run.closes_at,
            run.extensions + extends,
        )
    )
    touched: tuple[str, ...] = (agent.id,)
    if found.leads_anew and run.leader and not leads:
        touched += (run.leader,)
    backing = units + run.restraints.entry_fee_units
    legs = stake(run.seller, agent.id, run.listing, run.quantity, command.maximum)
    return Effect(touched, legs, backing_units=backing)


def _asked(draft: Draft, run: Run, bidder: Bidder | None, command: PlaceProxyBid) -> Any:
    """Give the maximum and the cap that counts, in units."""
    for field, price in (("maximum", command.maximum), ("value_cap", command.value_cap)):
        check_price(draft, price, field, asset=run.start.asset, units_min=1)
    cap = 0 if command.value_cap is None else command.value_cap.units
    before = 0 if bidder is None else bidder.cap_units
    units = command.maximum.units
    return units, check_cap(run.restraints, units, cap, before)


def _standings(view: View, id: str, run: Run, units: int, *, leads: bool) -> Standings:
    leading = _maximum(view, id, run)
    if leads:
        found = Standings(True, run.price, run.minimum)
    elif not run.leader:
        found = Standings(True, run.start.units, run.start.units)
    else:
        lost = min(units, leading)
        by = step(run.increments, lost, run.bids, run.restraints.doubling_bids)
        found = challenged(units, leading, by)
    if max(units, leading) >= run.reserve_units > found.price:
        price = run.reserve_units
        found = Standings(found.leads_anew, price, max(price, found.minimum))
    return found


def _maximum(view: View, id: str, run: Run) -> int:
    bidder = view.get(BIDDERS, f"{id}/{run.leader}")
    return 0 if bidder is None else bidder.units


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: who leads at what price, and no maximum."""
    run = row_of(view, RUNS, id)
    notice: Notice = {
        "listing": run.listing,
        "quantity": run.quantity,
        "asset": run.start.asset,
        "leader": run.leader,
        "price_units": run.price,
        "minimum_units": min(run.minimum, UNITS_MAX),
        "is_reserve_met": bool(run.leader) and run.price >= run.reserve_units,
        "bids": run.bids,
        "bidders": run.bidders,
        "extensions": run.extensions,
        "entry_fee_units": run.restraints.entry_fee_units,
        "idle_rounds_max": run.restraints.idle_rounds_max,
        "needs_value_cap": run.restraints.needs_value_cap,
    }
    parties = (run.seller, run.leader) if run.leader else (run.seller,)
    return Standing(parties, (), "", run.closes_at, (), notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """The seller sets the goods aside, the leader its maximum, each bidder the fee."""
    run = row_of(view, RUNS, id)
    if agent == run.seller:
        goods = () if run.winner or run.failed else (Item(run.listing, run.quantity),)
        return Pledge(goods=goods)
    bidder = view.get(BIDDERS, f"{id}/{agent}")
    units = 0 if bidder is None else run.restraints.entry_fee_units
    if bidder is not None and agent == run.leader and not run.winner:
        units += bidder.units
    return Pledge(units, units, run.start.asset)


def outcome(view: View, id: str) -> Outcome | None:
    """Give the leader its agreement once bidding is over, then end."""
    run = row_of(view, RUNS, id)
    if not run.is_closed:
        return None
    if run.winner:
        return Outcome("agreed", (), _fees_lost(view, id, run))
    if run.failed or not run.leader or run.price < run.reserve_units:
        return Outcome("no_deal", (), _fees_lost(view, id, run))
    parties = (run.leader, run.seller)
    total = Money(run.price, run.start.asset)
    legs = sale(run.seller, run.leader, run.listing, run.quantity, total)
    return Outcome("", (Agreement(parties, legs),))


def _fees_lost(view: View, id: str, run: Run) -> tuple[CashLeg, ...]:
    """List the entry fees that go to the seller: of losers far behind, or of a leader unable."""
    fee = run.restraints.entry_fee_units
    if not fee:
        return ()
    lost: list[str] = []
    if run.winner:
        by = step(run.increments, run.price, run.bids, run.restraints.doubling_bids)
        near = run.price - run.restraints.refund_increments * by
        bidders = (bidder for _, bidder in view.walk(BIDDERS, id))
        lost = [one.agent for one in bidders if one.agent != run.winner and one.units < near]
    elif run.failed and run.failed != run.seller:
        lost = [run.failed]
    return tuple(CashLeg(agent, run.seller, Money(fee, run.start.asset)) for agent in lost)


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note who won."""
    run = row_of(draft, RUNS, id)
    draft.emit(EnglishAuctionWon(id, run.leader, run.price))
    return (run.seller, run.leader)


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> None:
    """Note who could not keep its word: nothing is sold."""
    draft.emit(EnglishAuctionFailed(id, agent))


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Close the bidding."""
    draft.emit(EnglishBiddingClosed(id))
    return ()


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    drop_group(view, BIDDERS, id)
    view.drop(RUNS, id)


IS_PREPAID = True
OPENS: dict[type, Any] = {OpenEnglishAuction: _open}
MOVES: dict[type, Any] = {PlaceProxyBid: _bid}
JOINS: tuple[type, ...] = (PlaceProxyBid,)
FREES: tuple[type, ...] = ()
TABLES, EVOLVE, SEEN = records.TABLES, records.EVOLVE, records.SEEN
