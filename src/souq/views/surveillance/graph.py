"""Graphs of who dealt with whom: strong ties, strongly connected groups, plain components."""

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from souq.views.surveillance.rows import Edge, Trade

Pair = tuple[str, str]


class Tie(Struct):
    """All deals of one seller with one buyer, in a market."""

    seller: str
    buyer: str
    trades: list[Trade]
    units: int = 0

    @property
    def edge(self) -> Edge:
        """Give it as evidence; money goes from the buyer to the seller."""
        return Edge(self.buyer, self.seller, self.units, len(self.trades))


def ties(trades: Iterable[Trade]) -> dict[Pair, Tie]:
    """Gather deals by seller and buyer; those with oneself are left out."""
    found: dict[Pair, Tie] = {}
    for trade in trades:
        if trade.seller == trade.buyer:
            continue
        pair = trade.seller, trade.buyer
        tie = found.get(pair)
        if tie is None:
            tie = found[pair] = Tie(trade.seller, trade.buyer, [])
        tie.trades.append(trade)
        tie.units += trade.units
    return found


def strong(found: Mapping[Pair, Tie], *, repeats_min: int, chance_max: float) -> dict[Pair, Tie]:
    """Keep ties with far more deals than chance gives two so busy: a Poisson tail at most so small.

    What is expected follows from how often the one sells and the other buys in the same deals.
    """
    sells: dict[str, int] = {}
    buys: dict[str, int] = {}
    for (seller, buyer), tie in found.items():
        sells[seller] = sells.get(seller, 0) + len(tie.trades)
        buys[buyer] = buys.get(buyer, 0) + len(tie.trades)
    whole = sum(sells.values())
    kept = {}
    for (seller, buyer), tie in found.items():
        count = len(tie.trades)
        if count < repeats_min:
            continue
        # Their own deals are left out of what others' deals lead one to expect.
        others = max(1, whole - count)
        expected = (sells[seller] - count + 1) * (buys[buyer] - count + 1) / others
        if poisson_tail(count, expected) <= chance_max:
            kept[seller, buyer] = tie
    return kept


def poisson_tail(count: int, mean: float) -> float:
    """Give the probability of `count` or more where `mean` are expected."""
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if count <= mean:
        return 1.0  # nothing out of the ordinary; no need to know how little
    term = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    total, n = 0.0, count
    while term > total * 1e-12:
        total += term
        n += 1
        term *= mean / n
    return min(1.0, total)


def binomial_tail(hits: int, trials: int, share: float) -> float:
    """Give the probability of `hits` or more in so many trials."""
    if hits <= 0:
        return 1.0
    if share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    log_share, log_rest = math.log(share), math.log1p(-share)
    whole = math.lgamma(trials + 1)
    return min(
        1.0,
        math.fsum(
            math.exp(
                whole
                - math.lgamma(n + 1)
                - math.lgamma(trials - n + 1)
                + n * log_share
                + (trials - n) * log_rest
            )
            for n in range(hits, trials + 1)
        ),
    )


def components(pairs: Iterable[Pair]) -> list[list[str]]:
    """Give the groups that hang together, whatever the direction; sorted."""
    beside: dict[str, set[str]] = {}
    for one, other in pairs:
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    seen: set[str] = set()
    groups = []
    for root in sorted(beside):
        if root in seen:
            continue
        group, edge = {root}, [root]
        while edge:
            new = beside[edge.pop()] - group
            group |= new
            edge += new
        seen |= group
        groups.append(sorted(group))
    return groups


def by_market(trades: Sequence[Trade]) -> dict[str, list[Trade]]:
    """Part deals by market."""
    found: dict[str, list[Trade]] = {}
    for trade in trades:
        found.setdefault(trade.market, []).append(trade)
    return found
