"""What a market was worth: surplus made, surplus there was to make, and who got it."""

from collections.abc import Sequence

from souq.lab.population import Population
from souq.views.surveillance.measures import gini as gini


class LabExtraMissing(ImportError):
    """Something here needs the extra `lab`."""


def best_surplus(population: Population) -> int:
    """Give the largest total surplus any allocation could reach, budgets aside, in units.

    Exact: each good goes to at most one buyer and each wanted piece takes at most one good, a
    linear assignment problem (Kuhn 1955) solved by scipy on integers below 2**53.
    """
    try:
        import numpy
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        raise LabExtraMissing(
            "the best possible surplus needs scipy: pip install 'souq[lab]'"
        ) from None
    goods = [(n, thing) for n, person in enumerate(population.people) for thing in person.things]
    slots = [
        (n, category)
        for n, person in enumerate(population.people)
        for category, count in person.wants.items()
        for _ in range(count)
    ]
    gain = numpy.zeros((len(slots), len(goods)))
    for row, (buyer, category) in enumerate(slots):
        values = population.people[buyer].values
        for column, (seller, thing) in enumerate(goods):
            if thing.category == category and seller != buyer:
                truth = population.truths.get(thing.ref, 100)
                worth = values.get(thing.ref, 0) * truth // 100
                gain[row, column] = max(0, worth - thing.floor_units)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return int(gain[rows, columns].sum())


def median(values: Sequence[int]) -> int:
    """Give the middle value, the lower of two, so that money stays whole units; 0 of nothing."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else 0
