"""What a market was worth: surplus made, surplus there was to make, and who got it."""

from collections.abc import Iterable

from msgspec import Struct

from souq.lab.extra import load
from souq.lab.population import Population, true_worth
from souq.lab.tables import ItemRow
from souq.views.surveillance.measures import efficiency as efficiency


class SurplusShares(Struct, frozen=True):
    """Who got the surplus, as shares of 1. A side that lost has less than 0."""

    buyers: float
    sellers: float


class Regret(Struct, frozen=True):
    """How much more the seller and the buyer of one item could have had, in units."""

    seller_units: int
    buyer_units: int


def best_surplus(population: Population) -> int:
    """Give the largest total surplus any allocation could reach, budgets aside, in units.

    Exact: each good goes to at most one buyer and each wanted piece takes at most one good, a
    linear assignment problem (Kuhn 1955) solved by scipy on integers below 2**53. Raises
    LabExtraMissing.
    """
    numpy = load("numpy", of="the best possible surplus")
    optimize = load("scipy.optimize", of="the best possible surplus")
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
                worth = true_worth(population.truths, thing.ref, values.get(thing.ref, 0))
                gain[row, column] = max(0, worth - thing.floor_units)
    rows, columns = optimize.linear_sum_assignment(gain, maximize=True)
    return int(gain[rows, columns].sum())


def surplus_shares(sold: Iterable[ItemRow]) -> SurplusShares | None:
    """Give how buyers and sellers divided the surplus; None where none was made."""
    rows = list(sold)
    whole = sum(row.worth_units - row.floor_units for row in rows)
    if whole <= 0:
        return None
    return SurplusShares(
        buyers=sum(row.worth_units - row.price_units for row in rows) / whole,
        sellers=sum(row.price_units - row.floor_units for row in rows) / whole,
    )


def regret(gain_units: int, *, floor_units: int, worth_units: int) -> int:
    """Give how much more one side of a bargain could have gained, had it known the other's limit.

    Against somebody who would have agreed to anything up to its own reservation price, the best
    response to complete information is to settle exactly there, and gain all of the surplus
    (worth less floor), or to walk away where there is none. Regret is that, less what was gained;
    never below 0, since who got more was handed it by the other's mistake. Without a deal the
    gain is 0. This is the regret of Linhart and Radner (1989), after Savage (1951). It bounds
    what better bargaining could have brought; a patient opponent would have left less.
    """
    return max(0, max(0, worth_units - floor_units) - gain_units)


def regrets(row: ItemRow) -> Regret:
    """Give both sides' regret over one item sold; without mistakes they sum to its surplus."""
    limits = {"floor_units": row.floor_units, "worth_units": row.worth_units}
    return Regret(
        seller_units=regret(row.price_units - row.floor_units, **limits),
        buyer_units=regret(row.worth_units - row.price_units, **limits),
    )
