"""How prices stand: from equilibrium, from market to market, and within a kind of goods."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean

from souq.lab.tables import ItemRow
from souq.views.surveillance.measures import dispersion
from souq.views.surveillance.measures import smiths_alpha as smiths_alpha


def item_dispersion(sold: Iterable[ItemRow]) -> float | None:
    """Give how much one item's price varies over the markets it was sold in.

    The coefficient of variation (standard deviation as a share of the mean, n in the denominator),
    averaged over items sold at least twice; None where no item was. By the law of one price it
    is 0. Repetitions must share one population: items are told apart by `item` alone.
    """
    prices = _by((row.item, row.price_units) for row in sold)
    found = [dispersion(one) for one in prices.values() if len(one) > 1]
    return fmean(found) if found else None


def category_dispersion(sold: Iterable[ItemRow]) -> dict[str, float]:
    """Give the coefficient of variation of prices in each category, different goods and all."""
    prices = _by((row.category, row.price_units) for row in sold)
    return {category: dispersion(prices[category]) for category in sorted(prices)}


def _by(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for key, units in pairs:
        found[key].append(units)
    return found
