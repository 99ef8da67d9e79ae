"""Who got how much: the middle, the worst off, inequality and concentration."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from statistics import fmean

from souq.lab.tables import ItemRow
from souq.views.surveillance.measures import gini as gini
from souq.views.surveillance.measures import hhi


def median(values: Sequence[int]) -> int:
    """Give the middle value, the lower of two, so that money stays whole units; 0 of nothing."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else 0


def worst_tenth(values: Sequence[float]) -> float:
    """Give the mean of the lowest tenth, at least one of them. Raises ValueError for none.

    Project Swap's measure of who is left behind; unlike a minimum it does not sink with size.
    """
    if not values:
        raise ValueError("nobody is in the worst tenth of no people: give at least one value")
    return fmean(sorted(values)[: ceil(len(values) / 10)])


def revenue_hhi(sold: Iterable[ItemRow]) -> float:
    """Give the Herfindahl-Hirschman index of sellers' revenue: 10,000 is one alone, 0 of none."""
    revenue: dict[str, int] = defaultdict(int)
    for row in sold:
        revenue[row.seller] += row.price_units
    return hhi(revenue)
