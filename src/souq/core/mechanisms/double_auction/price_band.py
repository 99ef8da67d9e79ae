"""A price band around the latest trades, and the price at which a paused market opens again.

After the exchanges' limit-up/limit-down plan (2012): nothing trades further from a reference than
the band is wide. The reference is the mean of the trades of the last minutes, of at least so many,
as of the latest of them. Bounds are whole ticks: the lower is rounded up and the upper down, but
the ticks on either side of the reference are always within. Plain functions over plain numbers.
"""

from collections.abc import Iterable
from itertools import accumulate

from msgspec import Struct

from souq.core.money import BPS
from souq.core.refusal import invalid
from souq.core.rules import DURATION_MAX_US, SECOND_US

TRADES_MAX = 10_000  # that a mean is taken of


class PriceBand(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """How far a price may go from the mean of the latest trades, and what happens there.

    `width_bps` to either side, twice that within `edge_us` of the opening and of the close.
    `reference_units` stands in before the first trade; 0 means that nothing bounds that one.
    A limit state and a pause last a second at least: each end of a pause is a record.
    """

    width_bps: int
    reference_units: int = 0
    edge_us: int = 0
    limit_us: int = 15 * SECOND_US
    pause_us: int = 300 * SECOND_US
    window_us: int = 300 * SECOND_US
    trades_min: int = 20


class Bounds(Struct, frozen=True, gc=False):
    """The lowest and the highest price that may trade."""

    low: int
    high: int


Side = Iterable[tuple[int, int]]  # price and quantity of each order


def check(band: PriceBand) -> None:
    """Raise Refused(invalid) for a band that no market could keep."""
    if not 0 < band.width_bps <= BPS:
        raise invalid("band.width_bps", f"must be above 0 and at most {BPS}")
    if not 0 <= band.reference_units < 2**53 or not 0 < band.trades_min <= TRADES_MAX:
        raise invalid("band.trades_min", f"must be above 0 and at most {TRADES_MAX}")
    for name, least in (("limit_us", SECOND_US), ("pause_us", SECOND_US), ("window_us", 1)):
        if not least <= getattr(band, name) <= DURATION_MAX_US:
            raise invalid(f"band.{name}", f"stands between {least} and {DURATION_MAX_US}")
    if not 0 <= band.edge_us <= DURATION_MAX_US:
        raise invalid("band.edge_us", f"must be 0 or more, and at most {DURATION_MAX_US}")


def bounds(sum_units: int, count: int, *, width_bps: int, tick_units: int) -> Bounds:
    """Give the bounds around the mean of `count` prices that add up to `sum_units`."""
    whole = count * BPS * tick_units
    low = -(-sum_units * (BPS - width_bps) // whole)
    high = sum_units * (BPS + width_bps) // whole
    below, above = sum_units // (count * tick_units), -(-sum_units // (count * tick_units))
    return Bounds(max(1, min(low, below)) * tick_units, max(high, above) * tick_units)


def clearing_price(bids: Side, asks: Side, *, sum_units: int, count: int) -> int | None:
    """Give the one price at which most would trade, or None where none would.

    Of several, the one with the least left over on either side; then the nearest to the reference;
    then the lowest.
    """
    wanted, offered = _by_price(bids), _by_price(asks)
    prices = sorted(wanted.keys() | offered.keys())
    supply = list(accumulate(offered.get(price, 0) for price in prices))
    demand = list(accumulate(wanted.get(price, 0) for price in reversed(prices)))[::-1]
    found = [
        (-min(d, s), abs(d - s), abs(price * count - sum_units), price)
        for price, d, s in zip(prices, demand, supply, strict=True)
        if d and s
    ]
    return min(found)[3] if found else None


def _by_price(side: Side) -> dict[int, int]:
    found: dict[int, int] = {}
    for price, quantity in side:
        found[price] = found.get(price, 0) + quantity
    return found
