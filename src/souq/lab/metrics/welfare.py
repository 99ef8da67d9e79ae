"""Who gained: surplus made, how much of what there was, and how evenly it fell."""

from collections import Counter

from souq.lab.economics import best_surplus, gini, worst_tenth
from souq.lab.tidying import Told

USD = 1_000_000


def gains(told: Told) -> list[int]:
    """Give what each person gained, in units."""
    found: Counter[str] = Counter()
    for sale in told.sold:
        found[sale.buyer] += sale.buyer_gain
        found[sale.seller] += sale.seller_gain
    return [found[agent] for agent in told.people]


def _surplus(told: Told) -> float:
    return sum(gains(told)) / USD


def _per_person(told: Told) -> float | None:
    return _surplus(told) / len(told.people) if told.people else None


def _efficiency(told: Told) -> float | None:
    best = best_surplus(told.population)
    return sum(gains(told)) / best if best else None


def _buyers_share(told: Told) -> float | None:
    both = sum(gains(told))
    return sum(sale.buyer_gain for sale in told.sold) / both if both > 0 else None


def _gini(told: Told) -> float | None:
    # Barter and fraud can leave somebody below zero, where the coefficient is not defined.
    found = [max(0, one) for one in gains(told)]
    return gini(found) if sum(found) else None


def _worst_tenth(told: Told) -> float | None:
    return worst_tenth(gains(told)) / USD if told.people else None


METRICS = {
    "surplus": ("what all gained together", "$", _surplus),
    "surplus_per_person": ("what a person gained, on average", "$", _per_person),
    "efficiency": ("surplus, of the best that any allocation could make", "share", _efficiency),
    "buyers_share": ("the buyers' part of all surplus", "share", _buyers_share),
    "gini_surplus": ("how unevenly surplus fell: 0 evenly, 1 to one person", "", _gini),
    "worst_tenth": ("what a person of the worst-off tenth gained, on average", "$", _worst_tenth),
}
