"""The measures of a market, each defined once: what it yields, who has it, how its prices move.

Shares and ratios are floats, for people to read; nothing here decides about money. Of nothing,
every measure is 0 unless it says otherwise.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import log, sqrt
from statistics import fmean, median, pstdev

from souq.views.surveillance.rows import Fill, Order, OrderGone, Trade

HHI_MAX = 10_000
HHI_MODERATE, HHI_HIGH = 1_000, 1_800  # where the US merger guidelines of 2023 draw their lines


def efficiency(realised: int, most: int) -> float:
    """Give the share of the surplus there was to make that was made."""
    return realised / most if most else 0.0


def smiths_alpha(prices: Sequence[int], equilibrium: int) -> float:
    """Give how far prices are from equilibrium (Smith 1962), in per cent of it; 100 of none."""
    squares = [(price - equilibrium) ** 2 for price in prices]
    return 100 * sqrt(fmean(squares)) / equilibrium if squares else 100.0


def dispersion(prices: Sequence[int]) -> float:
    """Give the standard deviation of prices, as a share of their mean."""
    return pstdev(prices) / fmean(prices) if prices and any(prices) else 0.0


def hhi(sold: Mapping[str, int]) -> float:
    """Give the Herfindahl-Hirschman index of what each has sold: 10,000 is one alone."""
    whole = sum(sold.values())
    return HHI_MAX * sum((units / whole) ** 2 for units in sold.values()) if whole else 0.0


def gini(values: Sequence[int]) -> float:
    """Give the Gini coefficient of non-negative values: 0 all equal, towards 1 one has all."""
    ordered = sorted(values)
    total, count = sum(ordered), len(ordered)
    if not total:
        return 0.0
    weighted = sum(rank * value for rank, value in enumerate(ordered, start=1))
    return 2 * weighted / (count * total) - (count + 1) / count


def profit_gain(profit: float, *, competition: float, monopoly: float) -> float:
    """Give how far a profit lies from that of competition, 0, to that of monopoly, 1."""
    return (profit - competition) / (monopoly - competition)


def lead_lag(leader: Sequence[int], follower: Sequence[int], lag: int) -> float:
    """Give the correlation of one's changes of price with the other's, `lag` steps later."""
    before = [b - a for a, b in pairwise(leader)]
    after = [b - a for a, b in pairwise(follower)][lag:]
    pairs = list(zip(before, after, strict=False))
    if not pairs:
        return 0.0
    xs, ys = zip(*pairs, strict=True)
    spread = pstdev(xs) * pstdev(ys)
    middle_x, middle_y = fmean(xs), fmean(ys)
    return fmean((x - middle_x) * (y - middle_y) for x, y in pairs) / spread if spread else 0.0


def volatility(prices: Sequence[int]) -> float:
    """Give the realised volatility: the root of the summed squares of log returns."""
    return sqrt(sum(log(after / before) ** 2 for before, after in pairwise(prices)))


def order_to_trade(orders: Iterable[Order], fills: Iterable[Fill]) -> float:
    """Give how many orders were placed for each trade; of no trade, how many there were."""
    placed, traded = sum(1 for _ in orders), sum(1 for _ in fills)
    return placed / max(1, traded)


def concentration(trades: Iterable[Trade], who: str) -> float:
    """Give the HHI of what one principal turned over with each counterparty."""
    found: dict[str, int] = {}
    for trade in trades:
        if who in (trade.seller, trade.buyer):
            other = trade.buyer if who == trade.seller else trade.seller
            found[other] = found.get(other, 0) + trade.units
    return hhi(found)


def spread(best_bid: int, best_ask: int) -> float:
    """Give the distance from the best bid to the best ask, as a share of their middle."""
    return 2 * (best_ask - best_bid) / (best_ask + best_bid)


def fill_time_us(orders: Sequence[Order], fills: Sequence[Fill]) -> float:
    """Give the median time from an order to its first trade; orders that never trade are left out.

    An order that trades at once counts with 0.
    """
    first: dict[tuple[str, int], int] = {}
    for fill in fills:
        for number in (fill.bid, fill.ask):
            first.setdefault((fill.book, number), fill.at)
    waits = [
        first[one.book, one.order] - one.at for one in orders if (one.book, one.order) in first
    ]
    return float(median(waits)) if waits else 0.0


def cancelled_share(orders: Sequence[Order], gone: Sequence[OrderGone]) -> float:
    """Give the share of the pieces ordered that their owners took back."""
    whole = sum(one.quantity for one in orders)
    return sum(one.quantity for one in gone if one.is_cancelled) / whole if whole else 0.0


def churn(trades: Sequence[Trade], middle: int) -> float:
    """Give the share of sellers before an instant who sold nothing from then on."""
    times = [trade.at for trade in trades]
    cut = bisect_right(times, middle - 1)
    before, after = ({one.seller for one in part} for part in (trades[:cut], trades[cut:]))
    return len(before - after) / len(before) if before else 0.0
