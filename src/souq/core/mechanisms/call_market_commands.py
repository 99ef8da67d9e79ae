"""What can be asked of a call market."""

from msgspec import Struct

from souq.core.mechanisms.call_market_clearing import Pricing, Rationing
from souq.core.money import UNITS_MAX, Money


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
