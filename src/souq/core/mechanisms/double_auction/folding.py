"""How events change an order book. Its best bid and best ask are the first rows of two tables."""

from typing import Any

from souq.core.mechanisms.double_auction.guard import change_phase, drop_prints, note_print
from souq.core.mechanisms.double_auction.records import (
    ASKS,
    BIDS,
    BOOKS,
    EMPTY,
    EXPIRIES,
    GUARDS,
    TALLIES,
    TRADERS,
    Book,
    BookPhaseChanged,
    Expiry,
    Guard,
    Order,
    OrderBookClosed,
    OrderBookOpened,
    OrderEnded,
    OrderPlaced,
    OrdersMatched,
    QuotesCleared,
    Tally,
    Trader,
)
from souq.core.state import DEADLINES, Table, View, change, drop_group, row_of


def next_due(view: View, id: str) -> int:
    """Give when a book must be looked at again: an order's end, a phase's, or its own."""
    book = row_of(view, BOOKS, id)
    due = book.closes_at
    first = view.first(EXPIRIES, id)
    if first is not None:
        due = min(due, first[1].at)
    if book.band is not None:
        due = min(due, row_of(view, GUARDS, id).due or due)
    return due


def _set_clock(view: View, id: str) -> None:
    due = next_due(view, id)
    if view.get(DEADLINES, id) != due:
        view.put(DEADLINES, id, due)


def _opened(view: View, event: OrderBookOpened) -> None:
    id = event.negotiation
    view.put(
        BOOKS,
        id,
        Book(
            event.agent,
            event.category,
            event.asset,
            view.at,
            event.closes_at,
            event.tick_units,
            event.resting_us,
            event.is_improving_only,
            event.is_cleared_after_trade,
            event.band,
        ),
    )
    view.put(TALLIES, id, Tally())
    if event.band is not None:
        view.put(GUARDS, id, Guard("open", 0, 0, event.band.reference_units, 0, 0, 1, 0))
    view.put(DEADLINES, id, event.closes_at)


def _placed(view: View, event: OrderPlaced) -> None:
    id, agent, number = event.negotiation, event.agent, event.order
    units, quantity, listing = event.units, event.quantity, event.listing
    order = Order(
        id,
        agent,
        event.principal,
        listing,
        units,
        quantity,
        number,
        event.side,
        view.at,
        event.expires_at,
        event.is_immediate,
    )
    of = f"{id}/{agent}"
    was = view.get(TRADERS, of) or EMPTY
    if event.side == "bid":
        view.put(BIDS, f"{id}/{number}", order)
        best = view.first(ASKS, id)
        is_crossing = best is not None and best[1].units <= units
        now = Trader(
            was.orders + 1,
            was.bid_units + units * quantity,
            was.bid_quantity + quantity,
            listing,
            was.ask_quantity,
            was.ask_listing,
        )
    else:
        view.put(ASKS, f"{id}/{number}", order)
        best = view.first(BIDS, id)
        is_crossing = best is not None and best[1].units >= units
        now = Trader(
            was.orders + 1,
            was.bid_units,
            was.bid_quantity,
            was.bid_listing,
            was.ask_quantity + quantity,
            listing,
        )
    view.put(TRADERS, of, now)
    tally = row_of(view, TALLIES, id)
    view.put(
        TALLIES,
        id,
        Tally(
            number,
            tally.resting + 1,
            is_crossing or tally.is_crossed,
            False,
            tally.trades,
            tally.last_units,
        ),
    )
    if event.expires_at:
        view.put(EXPIRIES, f"{id}/{number}", Expiry(id, event.expires_at, number))
        _set_clock(view, id)


def _lessen(view: View, table: Table[Order], key: str, quantity: int) -> int:
    """Take so much off an order, and give 1 where nothing is left of it."""
    order = row_of(view, table, key)
    id, left = order.negotiation, order.quantity - quantity
    if left:
        view.put(
            table,
            key,
            Order(
                id,
                order.agent,
                order.principal,
                order.listing,
                order.units,
                left,
                order.number,
                order.side,
                order.placed_at,
                order.expires_at,
                order.is_immediate,
            ),
        )
    else:
        view.drop(table, key)
        if order.expires_at:
            view.drop(EXPIRIES, key)
            _set_clock(view, id)
    of = f"{id}/{order.agent}"
    was = row_of(view, TRADERS, of)
    orders = was.orders if left else was.orders - 1
    if not orders:
        view.drop(TRADERS, of)
        return 1
    is_bid = table is BIDS
    view.put(
        TRADERS,
        of,
        Trader(
            orders,
            was.bid_units - order.units * quantity if is_bid else was.bid_units,
            was.bid_quantity - quantity if is_bid else was.bid_quantity,
            was.bid_listing,
            was.ask_quantity if is_bid else was.ask_quantity - quantity,
            was.ask_listing,
        ),
    )
    return 0 if left else 1


def _is_crossed(view: View, id: str) -> bool:
    bid = view.first(BIDS, id)
    if bid is None:
        return False
    ask = view.first(ASKS, id)
    return ask is not None and bid[1].units >= ask[1].units


def _cancelled(view: View, event: OrderEnded) -> None:
    id, key = event.negotiation, f"{event.negotiation}/{event.order}"
    _lessen(view, BIDS if event.side == "bid" else ASKS, key, event.quantity)
    tally = row_of(view, TALLIES, id)
    is_crossed = tally.is_crossed and _is_crossed(view, id)
    trades, last_units = tally.trades, tally.last_units
    view.put(
        TALLIES,
        id,
        Tally(tally.placed, tally.resting - 1, is_crossed, False, trades, last_units),
    )


def _matched(view: View, event: OrdersMatched) -> None:
    id = event.negotiation
    gone = _lessen(view, BIDS, f"{id}/{event.bid}", event.quantity)
    gone += _lessen(view, ASKS, f"{id}/{event.ask}", event.quantity)
    tally = row_of(view, TALLIES, id)
    view.put(
        TALLIES,
        id,
        Tally(
            tally.placed,
            tally.resting - gone,
            _is_crossed(view, id),
            False,
            tally.trades + 1,
            event.units,
        ),
    )
    if view.get(GUARDS, id) is not None:
        note_print(view, id, event.units)


def _phase_changed(view: View, event: BookPhaseChanged) -> None:
    change_phase(view, event)
    _set_clock(view, event.negotiation)


def _drop_orders(view: View, id: str) -> None:
    for table in (BIDS, ASKS):
        for key, order in list(view.walk(table, id)):
            view.drop(table, key)
            view.drop(TRADERS, f"{id}/{order.agent}")
    drop_group(view, EXPIRIES, id)


def _cleared(view: View, event: QuotesCleared) -> None:
    id = event.negotiation
    _drop_orders(view, id)
    change(view, TALLIES, id, resting=0, is_crossed=False)
    _set_clock(view, id)


def _closed(view: View, event: OrderBookClosed) -> None:
    change(view, TALLIES, event.negotiation, is_closed=True)


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    _drop_orders(view, id)
    guard = view.get(GUARDS, id)
    if guard is not None:
        drop_prints(view, id, guard)
        view.drop(GUARDS, id)
    view.drop(TALLIES, id)
    view.drop(BOOKS, id)


EVOLVE: dict[type, Any] = {
    OrderBookOpened: _opened,
    OrderPlaced: _placed,
    OrderEnded: _cancelled,
    OrdersMatched: _matched,
    QuotesCleared: _cleared,
    BookPhaseChanged: _phase_changed,
    OrderBookClosed: _closed,
}
