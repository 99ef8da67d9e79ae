"""A continuous double auction: a limit order book by price and time, for pieces of one category.

Anybody opens a book; whoever has a `sell` listing in its category asks, whoever has a `want`
listing there bids (Smith 1962; Gode and Sunder 1993). The best bid and the best ask trade as soon
as they meet, at the price of the earlier one; at one price, the earlier order comes first. What is
left of an order rests, or with `is_immediate` is cancelled. A bid holds its money at its limit, an
ask sets its goods aside, until it trades, ends or is cancelled.

Nobody trades with their own principal: of two orders that would, the newer is cancelled. An order
whose owner cannot keep it is dropped when it would trade. Everybody sees the best bid, the best ask
and every trade; whose an order is, and what stands behind the best, only its owner sees; goods set
aside for an ask are missing from its listing, though. All of an agent's open orders on a side stand
on one listing; a trade lessens what the seller's listing has, and leaves the want as it is.

With a `band` no price goes further from the mean of the latest trades than it says: an order beyond
counts as one at its edge. Where orders meet beyond it only, the book is in its limit state; where
that lasts, trading pauses, and a call auction at one price opens it again. If that price would lie
beyond twice the band (three times after the second pause, and so on), the pause is prolonged.

Silence costs nobody anything: the book ends at the latest when it said it would.
"""

from typing import Any

from souq.core.agreement import Agreement, CashLeg, GoodsLeg
from souq.core.listing import check_category, need_listing, need_open
from souq.core.mechanisms.double_auction import folding, price_band, records
from souq.core.mechanisms.double_auction.guard import band_of
from souq.core.mechanisms.double_auction.matching import (
    cancel_order,
    cancel_untaken,
    end_orders,
    end_phase,
    follow,
    meeting,
)
from souq.core.mechanisms.double_auction.records import (
    ASKS,
    BIDS,
    BOOKS,
    GUARDS,
    TALLIES,
    TRADERS,
    CancelOrder,
    CloseOrderBook,
    OpenOrderBook,
    OrderBookClosed,
    OrderBookOpened,
    OrderPlaced,
    OrdersMatched,
    PlaceOrder,
    QuotesCleared,
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
    need_mine,
    sale,
)
from souq.core.mechanisms.parties import joined, opener
from souq.core.money import UNITS_MAX, Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import need_asset
from souq.core.state import Draft, View, row_of

NAME = "double_auction"
ORDERS_MAX = 1_000  # open at once, of one agent
RESTING_MAX = 100_000
CLEARED_MAX = 1_000  # resting in a book that is cleared after each trade

NOTICE = {
    "category": "what is traded: orders stand on listings of this category",
    "asset": "what prices are in",
    "tick_units": "prices are multiples of it",
    "closes_at": "when the book ends, if its opener does not close it before",
    "resting_us": "how long an order must stand before its owner may cancel it",
    "is_improving_only": "whether an order must better the best of its side",
    "is_cleared_after_trade": "whether a trade takes all other orders off the book",
    "orders": "how many orders rest",
    "bid_units": "the highest price that is bid; left out while there is no bid",
    "bid_quantity": "how many pieces the first order at that price asks for",
    "ask_units": "the lowest price that is asked; left out while there is no ask",
    "ask_quantity": "how many pieces the first order at that price offers",
    "trades": "how many trades there were",
    "last_units": "the price of the latest; left out before the first",
    "phase": "with a band: open, limit (a pause is near), paused, or reopening",
    "low_units": "with a band: the lowest price that may trade now",
    "high_units": "with a band: the highest price that may trade now",
}


def _open(draft: Draft, agent: Agent, command: OpenOrderBook, id: str) -> Effect:
    need_asset(draft, command.asset)
    check_category(draft, command.category)
    if not 0 < command.tick_units <= UNITS_MAX:
        raise invalid("tick_units", "must be above 0")
    if not 0 <= command.resting_us <= command.open_us:
        raise invalid("resting_us", "must be 0 or more, and no longer than the book is open")
    if command.band is not None:
        price_band.check(command.band)
    closes_at = expiry(draft, command.open_us, "open_us")
    draft.emit(
        OrderBookOpened(
            id,
            agent.id,
            command.category,
            command.asset,
            closes_at,
            command.tick_units,
            command.resting_us,
            command.is_improving_only,
            command.is_cleared_after_trade,
            command.band,
        )
    )
    return Effect()


def _place(draft: Draft, agent: Agent, command: PlaceOrder, id: str) -> Effect:
    book, tally = row_of(draft, BOOKS, id), row_of(draft, TALLIES, id)
    units, quantity = command.price.units, command.quantity
    if draft.at >= book.closes_at:
        raise Refused(Reason.CLOSED, id=id)
    # What need_own, need_total and stake do is written out here: their calls would be a tenth of
    # the time that an order takes.
    listing = need_listing(draft, command.listing)
    if listing.agent != agent.id:
        raise Refused(Reason.NOT_YOURS, id=listing.id)
    if NAME not in listing.mechanisms:
        raise Refused(Reason.WRONG_MECHANISM, listing=listing.id)
    need_open(listing, quantity)
    if listing.category != book.category:
        raise invalid("listing", f"must be in {book.category}")
    if command.price.asset != book.asset or units <= 0 or units % book.tick_units:
        raise invalid("price", f"a multiple of {book.tick_units} above 0, in {book.asset}")
    total = Money(units * quantity, book.asset)
    if total.units > UNITS_MAX:
        raise invalid("quantity", "the total would pass 2**53 units")
    expires_at = 0
    if command.valid_us is not None:
        if command.valid_us <= 0:
            raise invalid("valid_us", "must be above 0")
        if draft.at + command.valid_us < book.closes_at:
            expires_at = draft.at + command.valid_us
    resting_max = CLEARED_MAX if book.is_cleared_after_trade else RESTING_MAX
    if tally.resting >= resting_max:
        raise full(orders_max=resting_max)
    is_bid = listing.side == "want"
    trader = draft.get(TRADERS, f"{id}/{agent.id}")
    if trader is not None:
        if trader.orders >= ORDERS_MAX:
            raise full(yours_max=ORDERS_MAX)
        stands_on = trader.bid_listing if is_bid else trader.ask_listing
        open_quantity = trader.bid_quantity if is_bid else trader.ask_quantity
        if open_quantity and stands_on != listing.id:
            raise invalid("listing", f"your open orders on this side stand on {stands_on}")
        if is_bid:
            need_open(listing, open_quantity + quantity)
    if book.is_improving_only:
        _need_better(draft, id, units, is_bid=is_bid)
    number = tally.placed + 1
    draft.emit(
        OrderPlaced(
            id,
            agent.id,
            agent.principal,
            number,
            "bid" if is_bid else "ask",
            listing.id,
            units,
            quantity,
            expires_at,
            command.is_immediate,
        )
    )
    seller, buyer = ("", agent.id) if is_bid else (agent.id, "")
    legs = (GoodsLeg(seller, buyer, listing.id, quantity), CashLeg(buyer, seller, total))
    if command.is_immediate or row_of(draft, TALLIES, id).is_crossed:
        touched = {agent.id: None}
        if command.is_immediate:
            cancel_untaken(draft, id, number)
        follow(draft, id, touched)
        return Effect(tuple(touched), legs)
    return Effect((agent.id,), legs)


def _need_better(view: View, id: str, units: int, *, is_bid: bool) -> None:
    best = view.first(BIDS if is_bid else ASKS, id)
    if best is None:
        return
    if units <= best[1].units if is_bid else units >= best[1].units:
        why = "must better the best of its side"
        raise Refused(Reason.INVALID, field="price", why=why, best=best[1].units)


def _cancel(draft: Draft, agent: Agent, command: CancelOrder, id: str) -> Effect:
    key = f"{id}/{command.order}"
    found = draft.get(BIDS, key) or draft.get(ASKS, key)
    was_there = found is None and 0 < command.order <= row_of(draft, TALLIES, id).placed
    order = need_mine(found, agent, key, was_there=was_there)
    book = row_of(draft, BOOKS, id)
    until = order.placed_at + book.resting_us
    if draft.at < until:
        raise Refused(Reason.WRONG_STATE, state="Resting", until=until)
    touched = {agent.id: None}
    cancel_order(draft, order, "cancelled")
    if book.band is not None:  # without one, no orders are left that meet
        follow(draft, id, touched)
    return Effect(tuple(touched))


def _close(draft: Draft, agent: Agent, command: CloseOrderBook, id: str) -> Effect:
    if agent.id != row_of(draft, BOOKS, id).opener:
        raise Refused(Reason.NOT_YOURS, id=id)
    draft.emit(OrderBookClosed(id))
    return Effect()


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: the best of either side, and the rules."""
    book, tally = row_of(view, BOOKS, id), row_of(view, TALLIES, id)
    notice: Notice = {
        "category": book.category,
        "asset": book.asset,
        "tick_units": book.tick_units,
        "closes_at": book.closes_at,
        "resting_us": book.resting_us,
        "is_improving_only": book.is_improving_only,
        "is_cleared_after_trade": book.is_cleared_after_trade,
        "orders": tally.resting,
        "trades": tally.trades,
    }
    if tally.trades:
        notice["last_units"] = tally.last_units
    for side, table in (("bid", BIDS), ("ask", ASKS)):
        best = view.first(table, id)
        if best is not None:
            notice |= {f"{side}_units": best[1].units, f"{side}_quantity": best[1].quantity}
    if book.band is not None:
        guard = row_of(view, GUARDS, id)
        notice["phase"] = guard.phase
        band = band_of(view, book, guard)
        if band is not None:
            notice |= {"low_units": band.low, "high_units": band.high}
    due = folding.next_due(view, id)  # perhaps the end of an order that nobody sees
    return Standing(opener(view, id), (), "", book.closes_at, (), notice, due)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """Bids hold their money at their limits, asks set their goods aside."""
    trader = view.get(TRADERS, f"{id}/{agent}")
    if trader is None:
        return NOTHING
    goods = (Item(trader.ask_listing, trader.ask_quantity),) if trader.ask_quantity else ()
    asset = row_of(view, BOOKS, id).asset if trader.bid_units else ""
    return Pledge(trader.bid_units, trader.bid_units, asset, goods)


_CLOSED = Outcome("closed")


def outcome(view: View, id: str) -> Outcome | None:
    """Let the best bid and the best ask trade where they meet."""
    tally = row_of(view, TALLIES, id)
    if not tally.is_crossed and not tally.is_closed:
        return None
    if tally.is_closed:
        return _CLOSED
    pair = meeting(view, id)
    if pair is None or not pair.units:
        return None
    bid, ask = pair.bid, pair.ask
    quantity = min(bid.quantity, ask.quantity)
    pays = Money(pair.units * quantity, row_of(view, BOOKS, id).asset)
    legs = sale(ask.agent, bid.agent, ask.listing, quantity, pays)
    return Outcome("", (Agreement((bid.agent, ask.agent), legs),))


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note a trade, and what follows from it."""
    pair = meeting(draft, id)
    assert pair is not None, f"a trade where no orders meet: {id}"
    bid, ask = pair.bid, pair.ask
    quantity = min(bid.quantity, ask.quantity)
    touched = {bid.agent: None, ask.agent: None}
    draft.emit(OrdersMatched(id, bid.number, ask.number, pair.units, quantity))
    book = row_of(draft, BOOKS, id)
    if book.is_cleared_after_trade:
        for table in (BIDS, ASKS):
            touched |= {order.agent: None for _, order in draft.walk(table, id)}
        draft.emit(QuotesCleared(id))
    if pair.newer.is_immediate or book.band is not None or row_of(draft, TALLIES, id).is_crossed:
        follow(draft, id, touched)
    return tuple(touched)


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> tuple[str, ...]:
    """Drop the order that cannot be kept; the next one takes its place."""
    pair = meeting(draft, id)
    assert pair is not None, f"a trade where no orders meet: {id}"
    touched = {agent: None}
    cancel_order(draft, pair.bid if agent == pair.bid.agent else pair.ask, "unable")
    follow(draft, id, touched)
    return tuple(touched)


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """End the book, orders that have run out, and a phase of the band that has."""
    book = row_of(draft, BOOKS, id)
    if draft.at >= book.closes_at:
        draft.emit(OrderBookClosed(id))
        return ()
    touched: dict[str, None] = {}
    end_orders(draft, id, touched)
    follow(draft, id, touched)
    if book.band is not None and 0 < row_of(draft, GUARDS, id).due <= draft.at:
        end_phase(draft, id, book, book.band)
        follow(draft, id, touched)
    return tuple(touched)


forget = folding.forget
IS_PREPAID = True
OPENS: dict[type, Any] = {OpenOrderBook: _open}
MOVES: dict[type, Any] = {PlaceOrder: _place, CancelOrder: _cancel, CloseOrderBook: _close}
JOINS: tuple[type, ...] = (PlaceOrder,)
FREES: tuple[type, ...] = (CancelOrder, CloseOrderBook)
TABLES, EVOLVE, SEEN = records.TABLES, folding.EVOLVE, records.SEEN
