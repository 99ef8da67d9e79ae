"""What is asked, what happens and what is remembered in a run of `call_market`."""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core.index import Rank
from souq.core.mechanisms.call_market.clearing import Pricing, Rationing
from souq.core.mechanisms.moves import Item
from souq.core.money import UNITS_MAX, Money
from souq.core.state import DEADLINES, Table, View, change, row_of


class OpenCallMarket(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Open a call market for one category; it clears so many times, once an interval.

    `k_bps` says where between the lowest and the highest clearing price a k-double auction trades.
    No order may pass `top_units` a piece.
    """

    category: str
    asset: str
    interval_us: int
    clearings: int = 1
    pricing: Pricing = "k_double"
    k_bps: int = 5_000
    rationing: Rationing = "pro_rata"
    top_units: int = UNITS_MAX


class PlaceCallOrder(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Bid with a `want` listing of one's own, or ask with a `sell` one; unseen by others.

    `price` is the limit for each piece. The order rests for `valid_us`, or until the run ends.
    """

    negotiation: str
    listing: str
    price: Money
    quantity: int = 1
    valid_us: int | None = None


class CancelCallOrder(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take back what is left of an order of one's own."""

    negotiation: str
    order: int


class CloseCallMarket(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End a call market of one's own; what rests in it is let go."""

    negotiation: str


class CallMarketOpened(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    principal: str
    category: str
    asset: str
    interval_us: int
    pricing: Pricing
    k_bps: int
    rationing: Rationing
    top_units: int
    opened_at: int
    closes_at: int


class CallOrderPlaced(Struct, frozen=True, tag=True):
    """`clears_at` is when the run clears next."""

    negotiation: str
    agent: str
    principal: str
    order: int
    listing: str
    is_bid: bool
    units: int
    quantity: int
    expires_at: int
    clears_at: int


class CallOrderEnded(Struct, frozen=True, tag=True):
    """What was left of an order is let go. `why`: cancelled, or expired."""

    negotiation: str
    agent: str
    order: int
    why: str
    clears_at: int


class CallCleared(Struct, frozen=True, tag=True):
    """Buyers pay `units` a piece, sellers get `seller_units`; `clears_at` 0 means never again."""

    negotiation: str
    number: int
    units: int
    seller_units: int
    quantity: int
    clears_at: int


class CallMatched(Struct, frozen=True, tag=True):
    """Who deals with whom, one entry a deal, by the numbers of their orders."""

    negotiation: str
    agent: str
    bids: tuple[int, ...]
    asks: tuple[int, ...]
    quantities: tuple[int, ...]


class CallTraded(Struct, frozen=True, tag=True):
    """A deal of the last clearing is carried out; `units` is all that its buyer pays."""

    negotiation: str
    deal: int
    quantity: int
    units: int


class CallDealFailed(Struct, frozen=True, tag=True):
    """An agent cannot keep a deal: its order goes, and whom it would have dealt with wait on."""

    negotiation: str
    agent: str
    deal: int


class CallSurplusWaived(Struct, frozen=True, tag=True):
    """The opener may not take what buyers pay above what sellers get, so buyers keep it."""

    negotiation: str
    agent: str


class CallMarketClosed(Struct, frozen=True, tag=True):
    """The opener has ended the run."""

    negotiation: str


class Call(Struct, frozen=True):
    opener: str
    principal: str
    category: str
    asset: str
    interval_us: int
    pricing: Pricing
    k_bps: int
    rationing: Rationing
    top_units: int
    opened_at: int
    closes_at: int
    clears_at: int
    cleared: int = 0  # times
    placed: int = 0
    resting: int = 0
    units: int = 0
    seller_units: int = 0
    ended: str = ""


class Order(Struct, frozen=True, gc=False, array_like=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    is_bid: bool
    units: int
    quantity: int
    number: int
    expires_at: int


class Deals(Struct, frozen=True):
    """What the last clearing fixed, and how far it is carried out."""

    bids: tuple[int, ...]
    asks: tuple[int, ...]
    quantities: tuple[int, ...]
    next: int = 0


class Side(Struct, frozen=True, gc=False, array_like=True):
    """On which side a principal stands, and with how many orders."""

    is_bid: bool
    orders: int


class Trader(Struct, frozen=True, array_like=True):
    """What an agent's resting orders amount to."""

    units: int = 0
    goods: tuple[Item, ...] = ()


def _rank(order: Order) -> Rank:
    if order.is_bid:
        return Rank(f"{order.negotiation}/bid", -order.units, order.number)
    return Rank(f"{order.negotiation}/ask", order.units, order.number)


CALLS: Table[Call] = Table("call_market", Call)
ORDERS: Table[Order] = Table("call_orders", Order, rank=_rank)
DEALS: Table[Deals] = Table("call_deals", Deals)
SIDES: Table[Side] = Table("call_sides", Side)
TRADERS: Table[Trader] = Table("call_traders", Trader)
TABLES: tuple[Table[Any], ...] = (CALLS, ORDERS, DEALS, SIDES, TRADERS)


def order_of(view: View, id: str, number: int) -> Order:
    """Give an order that rests."""
    return row_of(view, ORDERS, f"{id}/{number}")


def drop_run(view: View, id: str) -> None:
    """Drop an ended run."""
    for side in ("bid", "ask"):
        for _, order in list(view.walk(ORDERS, f"{id}/{side}")):
            _lessen(view, order, order.quantity)
    view.drop(DEALS, id)
    view.drop(CALLS, id)


def _opened(view: View, event: CallMarketOpened) -> None:
    view.put(
        CALLS,
        event.negotiation,
        Call(
            event.agent,
            event.principal,
            event.category,
            event.asset,
            event.interval_us,
            event.pricing,
            event.k_bps,
            event.rationing,
            event.top_units,
            event.opened_at,
            event.closes_at,
            event.closes_at,
        ),
    )
    view.put(DEADLINES, event.negotiation, event.closes_at)


def _placed(view: View, event: CallOrderPlaced) -> None:
    id, owner = event.negotiation, f"{event.negotiation}/{event.principal}"
    order = Order(
        id,
        event.agent,
        event.principal,
        event.listing,
        event.is_bid,
        event.units,
        event.quantity,
        event.order,
        event.expires_at,
    )
    view.put(ORDERS, f"{id}/{event.order}", order)
    side = view.get(SIDES, owner)
    view.put(SIDES, owner, Side(event.is_bid, side.orders + 1 if side else 1))
    _set_aside(view, order, order.quantity)
    resting = row_of(view, CALLS, id).resting + 1
    change(view, CALLS, id, placed=event.order, resting=resting, clears_at=event.clears_at)
    view.put(DEADLINES, id, event.clears_at)


def _set_aside(view: View, order: Order, more: int) -> None:
    key = f"{order.negotiation}/{order.agent}"
    trader = view.get(TRADERS, key) or Trader()
    if order.is_bid:
        trader = Trader(trader.units + order.units * more, trader.goods)
    else:
        pieces = {item.listing: item.quantity for item in trader.goods}
        pieces[order.listing] = pieces.get(order.listing, 0) + more
        goods = tuple(Item(*one) for one in pieces.items() if one[1])
        trader = Trader(trader.units, goods)
    if trader.units or trader.goods:
        view.put(TRADERS, key, trader)
    else:
        view.drop(TRADERS, key)


def _lessen(view: View, order: Order, quantity: int) -> None:
    """Take so much off an order; with nothing left it is gone."""
    id = order.negotiation
    key, owner = f"{id}/{order.number}", f"{id}/{order.principal}"
    _set_aside(view, order, -quantity)
    if quantity < order.quantity:
        left = order.quantity - quantity
        view.put(ORDERS, key, msgspec.structs.replace(order, quantity=left))
        return
    view.drop(ORDERS, key)
    side = row_of(view, SIDES, owner)
    if side.orders > 1:
        view.put(SIDES, owner, Side(side.is_bid, side.orders - 1))
    else:
        view.drop(SIDES, owner)
    change(view, CALLS, id, resting=row_of(view, CALLS, id).resting - 1)


def _order_ended(view: View, event: CallOrderEnded) -> None:
    order = order_of(view, event.negotiation, event.order)
    _lessen(view, order, order.quantity)
    change(view, CALLS, event.negotiation, clears_at=event.clears_at)
    view.put(DEADLINES, event.negotiation, event.clears_at)


def _cleared(view: View, event: CallCleared) -> None:
    id = event.negotiation
    if event.quantity:
        change(view, CALLS, id, units=event.units, seller_units=event.seller_units)
    if event.clears_at:
        change(view, CALLS, id, cleared=event.number, clears_at=event.clears_at)
        view.put(DEADLINES, id, event.clears_at)
    else:
        change(view, CALLS, id, cleared=event.number, ended="cleared")


def _matched(view: View, event: CallMatched) -> None:
    view.put(DEALS, event.negotiation, Deals(event.bids, event.asks, event.quantities))


def _traded(view: View, event: CallTraded) -> None:
    id = event.negotiation
    deals = row_of(view, DEALS, id)
    for number in (deals.bids[event.deal], deals.asks[event.deal]):
        _lessen(view, order_of(view, id, number), event.quantity)
    _go_on(view, id, deals, event.deal + 1)


def _failed(view: View, event: CallDealFailed) -> None:
    id = event.negotiation
    deals = row_of(view, DEALS, id)
    numbers = (deals.bids[event.deal], deals.asks[event.deal])
    orders = [order_of(view, id, number) for number in numbers]
    gone = next(order for order in orders if order.agent == event.agent)
    _lessen(view, gone, gone.quantity)
    # An order's deals stand side by side, so that those it still had come next.
    column = deals.bids if gone.is_bid else deals.asks
    deal = event.deal + 1
    while deal < len(column) and column[deal] == gone.number:
        deal += 1
    _go_on(view, id, deals, deal)


def _go_on(view: View, id: str, deals: Deals, deal: int) -> None:
    if deal == len(deals.bids):
        view.drop(DEALS, id)
    else:
        view.put(DEALS, id, msgspec.structs.replace(deals, next=deal))


def _waived(view: View, event: CallSurplusWaived) -> None:
    change(
        view, CALLS, event.negotiation, units=row_of(view, CALLS, event.negotiation).seller_units
    )


SEEN: dict[type, Any] = {
    CallMarketOpened: "public",
    CallOrderPlaced: "own",
    CallOrderEnded: "own",
    CallCleared: "public",
    CallMatched: "own",
    CallTraded: "public",
    CallDealFailed: "own",
    CallSurplusWaived: "own",
    CallMarketClosed: "public",
}
EVOLVE: dict[type, Any] = {
    CallMarketOpened: _opened,
    CallOrderPlaced: _placed,
    CallOrderEnded: _order_ended,
    CallCleared: _cleared,
    CallMatched: _matched,
    CallTraded: _traded,
    CallDealFailed: _failed,
    CallSurplusWaived: _waived,
    CallMarketClosed: lambda view, event: change(view, CALLS, event.negotiation, ended="closed"),
}
