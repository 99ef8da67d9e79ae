"""What follows in an order book from an order's coming or going, before the next two may trade."""

from msgspec import Struct

from souq.core.mechanisms.double_auction import price_band
from souq.core.mechanisms.double_auction.guard import band_of, reference
from souq.core.mechanisms.double_auction.price_band import PriceBand
from souq.core.mechanisms.double_auction.records import (
    ASKS,
    BIDS,
    BOOKS,
    EXPIRIES,
    GUARDS,
    TALLIES,
    Book,
    BookPhaseChanged,
    Order,
    OrderEnded,
    Why,
)
from souq.core.state import Draft, View, row_of

EXPIRED_MAX = 1_000  # taken off in one record; the rest follow in records of their own


class Pair(Struct, frozen=True, gc=False):
    """The best bid and the best ask, where they meet; `units` is 0 while they may not trade."""

    bid: Order
    ask: Order
    units: int
    is_paused: bool = False

    @property
    def newer(self) -> Order:
        """Give the order that came later."""
        return self.bid if self.bid.number > self.ask.number else self.ask


def cancel_order(draft: Draft, order: Order, why: Why) -> None:
    """Take what is left of an order off the book."""
    id, left = order.negotiation, order.quantity
    draft.emit(OrderEnded(id, order.agent, order.number, order.side, left, why))


def cancel_untaken(draft: Draft, id: str, number: int) -> None:
    """Take an order off the book that should trade at once, and does not."""
    pair = meeting(draft, id)
    if pair is None or not pair.units or pair.newer.number != number:
        key = f"{id}/{number}"
        order = draft.get(BIDS, key) or draft.get(ASKS, key)
        assert order is not None, f"an order is gone before it traded: {key}"
        cancel_order(draft, order, "immediate")


def end_orders(draft: Draft, id: str, touched: dict[str, None]) -> None:
    """Take orders off the book that have run out."""
    for _ in range(EXPIRED_MAX):
        first = draft.first(EXPIRIES, id)
        if first is None or first[1].at > draft.at:
            break
        order = draft.get(BIDS, first[0]) or draft.get(ASKS, first[0])
        assert order is not None, f"an order ends that is gone: {first[0]}"
        touched[order.agent] = None
        cancel_order(draft, order, "expired")


def meeting(view: View, id: str) -> Pair | None:
    """Give the best bid and ask where they meet, and the price they may trade at now."""
    if not row_of(view, TALLIES, id).is_crossed:
        return None
    best_bid, best_ask = view.first(BIDS, id), view.first(ASKS, id)
    assert best_bid is not None, f"a book of no bids is crossed: {id}"
    assert best_ask is not None, f"a book of no asks is crossed: {id}"
    bid, ask = best_bid[1], best_ask[1]
    is_bid_first = bid.number < ask.number
    book = row_of(view, BOOKS, id)
    if book.band is None:
        return Pair(bid, ask, bid.units if is_bid_first else ask.units)
    guard = row_of(view, GUARDS, id)
    if guard.phase == "paused":
        return Pair(bid, ask, 0, is_paused=True)
    if guard.phase == "reopening":
        return Pair(bid, ask, guard.units if bid.units >= guard.units >= ask.units else 0)
    lowest, highest = ask.units, bid.units
    band = band_of(view, book, guard)
    if band is not None:
        lowest, highest = max(lowest, band.low), min(highest, band.high)
    return Pair(bid, ask, 0 if lowest > highest else highest if is_bid_first else lowest)


def follow(draft: Draft, id: str, touched: dict[str, None]) -> None:
    """Do all that must be done before the next trade, noting whose pledges change."""
    book = row_of(draft, BOOKS, id)
    while True:
        pair = meeting(draft, id)
        if pair is not None and pair.bid.principal == pair.ask.principal and not pair.is_paused:
            # Beyond a band, too: else one principal alone could bring about a pause.
            touched[pair.newer.agent] = None
            cancel_order(draft, pair.newer, "self_trade")
            continue
        if (pair is None or not pair.units) and (left := _immediate(draft, id)) is not None:
            touched[left.agent] = None
            cancel_order(draft, left, "immediate")
            continue
        if book.band is None or not _enter_phase(draft, id, book.band, pair):
            return


def _immediate(view: View, id: str) -> Order | None:
    """Give what is left of an order that should not rest: having traded, it is its side's first."""
    for table in (BIDS, ASKS):
        best = view.first(table, id)
        if best is not None and best[1].is_immediate:
            return best[1]
    return None


def _enter_phase(draft: Draft, id: str, band: PriceBand, pair: Pair | None) -> bool:
    """Change the phase where the orders ask for it; tell whether others may trade now."""
    phase = row_of(draft, GUARDS, id).phase
    is_blocked = pair is not None and not pair.units
    if phase == "open" and is_blocked:
        draft.emit(BookPhaseChanged(id, "limit", draft.at + band.limit_us))
    elif (phase == "limit" and not is_blocked) or (
        phase == "reopening" and (pair is None or is_blocked)
    ):
        draft.emit(BookPhaseChanged(id, "open", 0))
        return phase == "reopening"
    return False


def end_phase(draft: Draft, id: str, book: Book, band: PriceBand) -> None:
    """Pause after a limit state; reopen after a pause, or prolong it."""
    guard = row_of(draft, GUARDS, id)
    price = None
    if guard.phase == "paused":
        sum_units, count = reference(guard)
        price = price_band.clearing_price(
            [(order.units, order.quantity) for _, order in draft.walk(BIDS, id)],
            [(order.units, order.quantity) for _, order in draft.walk(ASKS, id)],
            sum_units=sum_units,
            count=count,
        )
        if price is None:
            draft.emit(BookPhaseChanged(id, "open", 0))
            return
        collar = band_of(draft, book, guard, widths=1 + guard.pauses)
        if collar is None or collar.low <= price <= collar.high:
            draft.emit(BookPhaseChanged(id, "reopening", 0, price))
            return
    draft.emit(BookPhaseChanged(id, "paused", draft.at + band.pause_us))
