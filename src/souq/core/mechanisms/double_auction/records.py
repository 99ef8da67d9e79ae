"""What is asked, what happens and what is remembered in a run of `double_auction`."""

from typing import Any, Literal

from msgspec import Struct

from souq.core.mechanisms.double_auction.price_band import PriceBand
from souq.core.money import Money
from souq.core.state import Table

Side = Literal["bid", "ask"]
Phase = Literal["open", "limit", "paused", "reopening"]
Why = Literal["cancelled", "expired", "immediate", "self_trade", "unable"]


class OpenOrderBook(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Open a book in which everybody may bid for, and ask for, pieces of one category.

    It ends after `open_us`. `resting_us`: an order may not be cancelled before.
    `is_improving_only`: an order must better the best of its side. `is_cleared_after_trade`: a
    trade takes all other orders off.
    """

    category: str
    asset: str
    open_us: int
    tick_units: int = 1
    resting_us: int = 0
    is_improving_only: bool = False
    is_cleared_after_trade: bool = False
    band: PriceBand | None = None


class PlaceOrder(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Bid on a `want` listing of one's own, or ask on a `sell` listing, at a price a piece.

    It trades at once as far as it can, never at a worse price. What is left rests for `valid_us`,
    or until the book ends; with `is_immediate` it is cancelled.
    """

    negotiation: str
    listing: str
    price: Money
    quantity: int = 1
    valid_us: int | None = None
    is_immediate: bool = False


class CancelOrder(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take what is left of an order of one's own off the book; `order` is its number there."""

    negotiation: str
    order: int


class CloseOrderBook(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End a book that one has opened. All that its orders held is let go."""

    negotiation: str


class OrderBookOpened(Struct, frozen=True, tag=True, omit_defaults=True):
    negotiation: str
    agent: str
    category: str
    asset: str
    closes_at: int
    tick_units: int
    resting_us: int = 0
    is_improving_only: bool = False
    is_cleared_after_trade: bool = False
    band: PriceBand | None = None


class OrderPlaced(Struct, frozen=True, tag=True, gc=False):
    """`units` is the price of one piece; `order` numbers the book's orders.

    `expires_at` is 0 where the order ends with its book.
    """

    negotiation: str
    agent: str
    principal: str
    order: int
    side: Side
    listing: str
    units: int
    quantity: int
    expires_at: int
    is_immediate: bool


class OrderEnded(Struct, frozen=True, tag=True, gc=False):
    """An order is off the book, and was not traded in full: `quantity` was left of it.

    `why`: cancelled (by its owner), expired, immediate (nothing more to be had at once), self_trade
    (it met an older order of the same principal), or unable (its owner could not keep it).
    """

    negotiation: str
    agent: str
    order: int
    side: Side
    quantity: int
    why: Why


class OrdersMatched(Struct, frozen=True, tag=True, gc=False):
    """`bid` and `ask` are orders' numbers; `units` is the price of one piece."""

    negotiation: str
    bid: int
    ask: int
    units: int
    quantity: int


class QuotesCleared(Struct, frozen=True, tag=True):
    """All that was left on the book is off it, as its rules say after a trade."""

    negotiation: str


class BookPhaseChanged(Struct, frozen=True, tag=True, omit_defaults=True):
    """`due` is when the phase ends by itself, 0 for never; `units` is what it reopens at."""

    negotiation: str
    phase: Phase
    due: int
    units: int = 0


class OrderBookClosed(Struct, frozen=True, tag=True):
    """No orders are taken any more, and none stands."""

    negotiation: str


class Book(Struct, frozen=True):
    opener: str
    category: str
    asset: str
    opened_at: int
    closes_at: int
    tick_units: int
    resting_us: int
    is_improving_only: bool
    is_cleared_after_trade: bool
    band: PriceBand | None


class Tally(Struct, frozen=True, gc=False, array_like=True):
    """What changes with every order. `is_crossed`: the best bid is no less than the best ask."""

    placed: int = 0
    resting: int = 0
    is_crossed: bool = False
    is_closed: bool = False
    trades: int = 0
    last_units: int = 0


class Order(Struct, frozen=True, gc=False, array_like=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    units: int
    quantity: int
    number: int
    side: Side
    placed_at: int
    expires_at: int
    is_immediate: bool


class Trader(Struct, frozen=True, gc=False, array_like=True):
    """What all open orders of one agent come to; there is no row where there are none."""

    orders: int = 0
    bid_units: int = 0
    bid_quantity: int = 0
    bid_listing: str = ""
    ask_quantity: int = 0
    ask_listing: str = ""


class Expiry(Struct, frozen=True, gc=False, array_like=True):
    """An order that ends before its book does."""

    negotiation: str
    at: int
    number: int


class Guard(Struct, frozen=True, gc=False, array_like=True):
    """Where a book with a band stands; its mean is of the prints oldest..newest."""

    phase: Phase
    due: int
    pauses: int  # in a row
    units: int  # the reference while there are no prints
    count: int
    sum_units: int
    oldest: int
    newest: int


class Print(Struct, frozen=True, gc=False, array_like=True):
    """One trade."""

    at: int
    units: int


_Rank = tuple[str, int, int]


def _bid_rank(order: Order) -> _Rank:
    return (order.negotiation, -order.units, order.number)


def _ask_rank(order: Order) -> _Rank:
    return (order.negotiation, order.units, order.number)


def _expiry_rank(expiry: Expiry) -> _Rank:
    return (expiry.negotiation, expiry.at, expiry.number)


BOOKS: Table[Book] = Table("double_auction", Book)
TALLIES: Table[Tally] = Table("double_auction_tallies", Tally)
BIDS: Table[Order] = Table("double_auction_bids", Order, rank=_bid_rank)
ASKS: Table[Order] = Table("double_auction_asks", Order, rank=_ask_rank)
TRADERS: Table[Trader] = Table("double_auction_traders", Trader)
EXPIRIES: Table[Expiry] = Table("double_auction_expiries", Expiry, rank=_expiry_rank)
GUARDS: Table[Guard] = Table("double_auction_guards", Guard)
PRINTS: Table[Print] = Table("double_auction_prints", Print)
TABLES: tuple[Table[Any], ...] = (
    BOOKS,
    TALLIES,
    BIDS,
    ASKS,
    TRADERS,
    EXPIRIES,
    GUARDS,
    PRINTS,
)
EMPTY = Trader()


SEEN: dict[type, Any] = {
    OrderBookOpened: "public",
    OrderPlaced: "own",
    OrderEnded: "own",
    OrdersMatched: "public",
    QuotesCleared: "public",
    BookPhaseChanged: "public",
    OrderBookClosed: "public",
}
