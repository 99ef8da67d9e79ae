"""A crowd of zero-intelligence traders in columns: many rounds of one call market, without objects.

In every round each buyer and each seller has one piece to trade and draws a quote, constrained as
in Gode and Sunder (1993): a buyer evenly from 1 to what the piece is worth to it, a seller evenly
from what it costs to `price_max`. All quotes are then cleared at once, at one price, exactly as
`call_market` clears one order a head (k-double auction, equal prices by time): the same pairs, in
the same order, at the same price. Nothing is journaled; where evidence is wanted, use a market.
"""

from typing import Any

from msgspec import Struct

from souq.core.money import BPS
from souq.lab.economics import LabExtraMissing

HALF_BPS = BPS // 2


class Call(Struct, frozen=True):
    """How one round cleared: what everybody pays a piece, and who deals with whom.

    `buyers` and `sellers` are numpy columns of positions, a row a deal, the best prices first.
    """

    units: int
    buyers: Any
    sellers: Any

    @property
    def deals(self) -> int:
        """Give how many pieces changed hands."""
        return len(self.buyers)


class Round(Struct, frozen=True):
    """What one round came to. `gained_units` is the surplus of all its deals."""

    units: int
    deals: int
    gained_units: int


class Crowd:
    """Buyers and sellers, by what a piece is worth to them or costs them; all of them from 1 up."""

    def __init__(self, values: Any, costs: Any, *, price_max: int, seed: int) -> None:
        """Take two columns of whole units. Raises ValueError for limits outside 1 to price_max."""
        numpy = _numpy()
        self.values = numpy.asarray(values, dtype=numpy.int64)
        self.costs = numpy.asarray(costs, dtype=numpy.int64)
        for name, column in (("values", self.values), ("costs", self.costs)):
            if column.size and not 1 <= column.min() <= column.max() <= price_max:
                raise ValueError(f"{name} must lie between 1 and price_max, which is {price_max}")
        self.price_max = price_max
        self._rng = numpy.random.default_rng(seed)

    @property
    def surplus_max(self) -> int:
        """Sum the gains of all deals worth making, the most a round can gain."""
        numpy = _numpy()
        count = min(len(self.values), len(self.costs))
        gains = numpy.sort(self.values)[::-1][:count] - numpy.sort(self.costs)[:count]
        return int(gains[gains > 0].sum())

    def quotes(self) -> tuple[Any, Any]:
        """Draw a bid for every buyer and an ask for every seller."""
        draw = self._rng.integers
        return draw(1, self.values, endpoint=True), draw(self.costs, self.price_max, endpoint=True)

    def play(self, k_bps: int = HALF_BPS) -> Round:
        """Let everybody quote once, and clear."""
        bids, asks = self.quotes()
        call = clear(bids, asks, k_bps=k_bps, top_units=self.price_max)
        gained = self.values[call.buyers].sum() - self.costs[call.sellers].sum()
        return Round(call.units, call.deals, int(gained))


def clear(bids: Any, asks: Any, *, k_bps: int = HALF_BPS, top_units: int) -> Call:
    """Clear bids and asks for one piece each; of equal prices the one that stands first goes first.

    The price is low + k (high - low), rounded down, where low and high bound the prices at which
    exactly as much trades.
    """
    numpy = _numpy()
    # Stable, so that equal prices stay in the order of their coming.
    by_bid = numpy.argsort(-bids, kind="stable")
    by_ask = numpy.argsort(asks, kind="stable")
    count = min(len(bids), len(asks))
    best_bids, best_asks = bids[by_bid[:count]], asks[by_ask[:count]]
    # Bids fall and asks rise, so that those who can trade all come before those who cannot.
    deals = int(numpy.count_nonzero(best_bids >= best_asks))
    if not deals:
        return Call(0, by_bid[:0], by_ask[:0])
    bid_next = int(bids[by_bid[deals]]) if deals < len(bids) else 0
    ask_next = int(asks[by_ask[deals]]) if deals < len(asks) else top_units
    low = max(int(best_asks[deals - 1]), bid_next)
    high = min(int(best_bids[deals - 1]), ask_next)
    return Call(low + k_bps * (high - low) // BPS, by_bid[:deals], by_ask[:deals])


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        raise LabExtraMissing("a crowd needs numpy: pip install 'souq[lab]'") from None
    return numpy
