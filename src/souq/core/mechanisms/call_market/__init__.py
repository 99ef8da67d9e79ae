"""A call market: sealed orders gather, and at every interval trade at one price.

Bids stand on one's own `want` listings of the run's category, asks on one's own `sell` listings.
At the clearing as much trades as can, best prices first. The price follows `pricing`:

- `k_double` (the k-double auction of Chatterjee and Samuelson 1983): everybody pays and gets
  low + k·(high - low), rounded down, within the lowest and highest price at which that much trades.
- `mcafee` (McAfee 1992): half-way, rounded down, between the first bid and the first ask that stay
  out (0 and `top_units` where there is none), if the last pair in finds it good; else that pair
  stays out too, buyers pay its bid and sellers get its ask. Within one clearing, telling the truth
  is then best. Orders are for one piece, one of each principal, none of the opener's.
- `trade_reduction`: the last pair in always stays out.

Where buyers pay more than sellers get, the opener's principal receives the difference with each
deal; where the opener may not take it, buyers pay what sellers get. Nobody is ever charged past its
limit, and who does not trade pays nothing.

Equal prices that cannot all trade are served `pro_rata` (rounded down, then by largest remainder,
then by time) or by `time`. What is left of an order rests for the next clearing until it expires,
is cancelled, or the run ends. Whoever cannot keep its part drops out with its order; whom it would
have dealt with keep what is left of theirs. A principal stands on one side only. A want stays as it
is, whatever was bought for it.

Nobody sees an order but its owner, and the operator, who owns the journal; goods set aside for an
ask are missing from its listing, though. Prices and quantities are public once they are fixed. The
opener may end the run between two clearings: then nothing more trades.
"""

from typing import Any

from souq.core.agreement import Agreement, CashLeg
from souq.core.listing import Listing, check_category
from souq.core.mechanisms.call_market import records
from souq.core.mechanisms.call_market.clearing import fix
from souq.core.mechanisms.call_market.records import (
    CALLS,
    DEALS,
    ORDERS,
    SIDES,
    TRADERS,
    Call,
    CallCleared,
    CallDealFailed,
    CallMarketClosed,
    CallMarketOpened,
    CallMatched,
    CallOrderEnded,
    CallOrderPlaced,
    CallSurplusWaived,
    CallTraded,
    CancelCallOrder,
    CloseCallMarket,
    Deals,
    OpenCallMarket,
    Order,
    PlaceCallOrder,
    Trader,
    drop_run,
    order_of,
)
from souq.core.mechanisms.moves import (
    ITEMS_MAX,
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
    need_own,
    need_total,
    sale,
    stake,
)
from souq.core.mechanisms.parties import joined, opener
from souq.core.money import BPS, UNITS_MAX, Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import need_asset
from souq.core.state import Draft, View, row_of

NAME = "call_market"
CLEARINGS_MAX = 100_000
INTERVAL_MIN_US = 100_000  # a clearing is a record, even where nothing trades
ORDERS_MAX = 100_000  # that rest in one run
ORDERS_OF_ONE_MAX = 1_000  # that rest of one principal's
EXPIRED_MAX = 10_000  # let go at one clearing; the rest never trade, and go at later ones
NOTICE = {
    "category": "what is traded: listings of this category",
    "asset": "what is paid with",
    "interval_us": "how far apart clearings are",
    "closes_at": "when the last clearing is",
    "pricing": "k_double, mcafee or trade_reduction",
    "k_bps": "where between the lowest and the highest clearing price a k-double auction trades",
    "rationing": "who is served among equal prices: pro_rata, or by time",
    "top_units": "the highest limit an order may have",
    "orders": "how many orders rest",
    "cleared": "how often it has cleared",
    "last_units": "what buyers paid a piece when last something traded",
}


def _open(draft: Draft, agent: Agent, command: OpenCallMarket, id: str) -> Effect:
    need_asset(draft, command.asset)
    check_category(draft, command.category)
    if command.interval_us < INTERVAL_MIN_US:
        raise invalid("interval_us", f"at least {INTERVAL_MIN_US}")
    if not 0 < command.clearings <= CLEARINGS_MAX:
        raise invalid("clearings", f"1 to {CLEARINGS_MAX}")
    if not 0 <= command.k_bps <= BPS:
        raise invalid("k_bps", f"0 to {BPS}")
    if not 0 < command.top_units <= UNITS_MAX:
        raise invalid("top_units", "must be above 0, and below 2**53")
    closes_at = expiry(draft, command.interval_us * command.clearings, "clearings")
    draft.emit(
        CallMarketOpened(
            id,
            agent.id,
            agent.principal,
            command.category,
            command.asset,
            command.interval_us,
            command.pricing,
            command.k_bps,
            command.rationing,
            command.top_units,
            draft.at,
            closes_at,
        )
    )
    return Effect()


def _place(draft: Draft, agent: Agent, command: PlaceCallOrder, id: str) -> Effect:
    call = _need_gathering(draft, id)
    if draft.at >= call.closes_at:
        raise Refused(Reason.CLOSED, id=id)
    listing = need_own(draft, agent, Item(command.listing, command.quantity), NAME)
    price, quantity = command.price, command.quantity
    _check_order(call, listing, price, quantity)
    is_bid = listing.side == "want"
    _check_room(draft, call, agent, listing.id, is_bid=is_bid, id=id)
    until = call.closes_at if command.valid_us is None else expiry(draft, command.valid_us)
    draft.emit(
        CallOrderPlaced(
            id,
            agent.id,
            agent.principal,
            call.placed + 1,
            listing.id,
            is_bid,
            price.units,
            quantity,
            min(until, call.closes_at),
            call.clears_at if call.resting else _next_clearing(call, draft.at),
        )
    )
    ends = ("", agent.id) if is_bid else (agent.id, "")
    return Effect((agent.id,), stake(*ends, listing.id, quantity, price * quantity))


def _check_order(call: Call, listing: Listing, price: Money, quantity: int) -> None:
    if listing.category != call.category:
        raise invalid("listing", f"must be in {call.category}")
    if price.asset != call.asset or not 0 <= price.units <= call.top_units:
        raise invalid("price", f"0 to {call.top_units} {call.asset}")
    need_total(price, quantity)
    if call.pricing != "k_double" and quantity != 1:
        raise invalid("quantity", "1, so that telling the truth is best")


def _check_room(
    view: View, call: Call, agent: Agent, listing: str, *, is_bid: bool, id: str
) -> None:
    side = view.get(SIDES, f"{id}/{agent.principal}")
    is_truthful = call.pricing != "k_double"
    if (side and side.is_bid != is_bid) or (is_truthful and agent.principal == call.principal):
        raise Refused(Reason.SAME_PRINCIPAL)
    if side and is_truthful:
        raise Refused(Reason.ALREADY_EXISTS)
    goods = {item.listing for item in _trader(view, id, agent.id).goods}
    if call.resting >= ORDERS_MAX or (side and side.orders >= ORDERS_OF_ONE_MAX):
        raise full(orders_max=ORDERS_MAX, yours_max=ORDERS_OF_ONE_MAX)
    if not is_bid and len(goods | {listing}) > ITEMS_MAX:
        raise full(listings_max=ITEMS_MAX)


def _cancel(draft: Draft, agent: Agent, command: CancelCallOrder, id: str) -> Effect:
    call = _need_gathering(draft, id)
    key, was_there = f"{id}/{command.order}", 0 < command.order <= call.placed
    order = need_mine(draft.get(ORDERS, key), agent, key, was_there=was_there)
    clears_at = call.clears_at if call.resting > 1 else max(call.closes_at, draft.at + 1)
    draft.emit(CallOrderEnded(id, agent.id, order.number, "cancelled", clears_at))
    return Effect((agent.id,))


def _close(draft: Draft, agent: Agent, command: CloseCallMarket, id: str) -> Effect:
    if agent.id != _need_gathering(draft, id).opener:
        raise Refused(Reason.NOT_YOURS, id=id)
    draft.emit(CallMarketClosed(id))
    return Effect()


def _need_gathering(view: View, id: str) -> Call:
    """Give a run. Raises Refused(wrong_state) while what it has fixed is being carried out."""
    if view.get(DEALS, id) is not None:
        raise Refused(Reason.WRONG_STATE, state="Settling")
    return row_of(view, CALLS, id)


def _next_clearing(call: Call, at: int) -> int:
    passed = (at - call.opened_at) // call.interval_us + 1
    return min(call.opened_at + passed * call.interval_us, call.closes_at)


parties, forget = joined, drop_run


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: how many orders rest, and none of them."""
    on = row_of(view, CALLS, id)
    notice: Notice = {
        "category": on.category,
        "asset": on.asset,
        "interval_us": on.interval_us,
        "closes_at": on.closes_at,
        "pricing": on.pricing,
        "k_bps": on.k_bps,
        "rationing": on.rationing,
        "top_units": on.top_units,
        "orders": on.resting,
        "cleared": on.cleared,
        "last_units": on.units,
    }
    return Standing(opener(view, id), (), "", on.clears_at, (), notice)


def _trader(view: View, id: str, agent: str) -> Trader:
    return view.get(TRADERS, f"{id}/{agent}") or Trader()


def pledge(view: View, id: str, agent: str) -> Pledge:
    """Buyers set the whole of their limits aside, sellers their goods."""
    trader = view.get(TRADERS, f"{id}/{agent}")
    if trader is None:
        return NOTHING
    return Pledge(trader.units, trader.units, row_of(view, CALLS, id).asset, trader.goods)


def outcome(view: View, id: str) -> Outcome | None:
    """Give the deals that were fixed, one after another, and the end."""
    deals = view.get(DEALS, id)
    if deals is not None:
        return Outcome("", (_agreement(view, id, deals),))
    ended = row_of(view, CALLS, id).ended
    return Outcome(ended) if ended else None


def _agreement(view: View, id: str, deals: Deals) -> Agreement:
    call, deal = row_of(view, CALLS, id), deals.next
    buyer, ask = (order_of(view, id, side[deal]) for side in (deals.bids, deals.asks))
    quantity = deals.quantities[deal]
    total = Money(call.seller_units * quantity, call.asset)
    legs = sale(ask.agent, buyer.agent, ask.listing, quantity, total)
    surplus = Money((call.units - call.seller_units) * quantity, call.asset)
    if not surplus.units:
        return Agreement((buyer.agent, ask.agent), legs)
    legs += (CashLeg(buyer.agent, call.opener, surplus),)
    return Agreement((buyer.agent, ask.agent, call.opener), legs)


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note that a deal is carried out."""
    deals = row_of(draft, DEALS, id)
    quantity = deals.quantities[deals.next]
    draft.emit(CallTraded(id, deals.next, quantity, row_of(draft, CALLS, id).units * quantity))
    return agreement.parties[:2]


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> None:
    """Drop the order that cannot be kept; an opener who may take no difference gets none."""
    deals = row_of(draft, DEALS, id)
    if agent in agreement.parties[:2]:
        draft.emit(CallDealFailed(id, agent, deals.next))
    else:
        draft.emit(CallSurplusWaived(id, agent))


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Let expired orders go, and fix what trades now, at which price."""
    call = row_of(draft, CALLS, id)
    expired: list[Order] = []
    bids, asks = (_side(draft, call, f"{id}/{side}", expired) for side in ("bid", "ask"))
    for order in expired[:EXPIRED_MAX]:
        draft.emit(CallOrderEnded(id, order.agent, order.number, "expired", call.clears_at))
    fixing = fix(
        bids,
        asks,
        pricing=call.pricing,
        k_bps=call.k_bps,
        rationing=call.rationing,
        top_units=call.top_units,
    )
    clears_at = 0
    if call.clears_at < call.closes_at:
        due = _next_clearing(call, draft.at) if row_of(draft, CALLS, id).resting else call.closes_at
        clears_at = max(due, draft.at + 1)
    draft.emit(
        CallCleared(
            id,
            call.cleared + 1,
            fixing.units,
            fixing.seller_units,
            sum(fixing.quantities),
            clears_at,
        )
    )
    if fixing.bids:
        draft.emit(CallMatched(id, call.opener, fixing.bids, fixing.asks, fixing.quantities))
    return tuple(dict.fromkeys(order.agent for order in expired[:EXPIRED_MAX]))


def _side(view: View, call: Call, group: str, expired: list[Order]) -> list[Order]:
    live: list[Order] = []
    for _, order in view.walk(ORDERS, group):
        (expired if order.expires_at < call.clears_at else live).append(order)
    return live


IS_PREPAID = True
TABLES, EVOLVE, SEEN = records.TABLES, records.EVOLVE, records.SEEN
OPENS: dict[type, Any] = {OpenCallMarket: _open}
MOVES: dict[type, Any] = {
    PlaceCallOrder: _place,
    CancelCallOrder: _cancel,
    CloseCallMarket: _close,
}
JOINS: tuple[type, ...] = (PlaceCallOrder,)
FREES: tuple[type, ...] = (CancelCallOrder, CloseCallMarket)
