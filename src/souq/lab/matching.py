"""Who should hold what: top trading cycles, the best assignment, and how good a holding is.

Preferences are strict: each person ranks every good, best first. Each person holds one good.
"""

from collections.abc import Mapping, Sequence

from souq.lab.economics import LabExtraMissing

Preferences = Mapping[str, Sequence[str]]
Holdings = Mapping[str, str]


def top_trading_cycles(preferences: Preferences, endowment: Holdings) -> dict[str, str]:
    """Give the one allocation in the strict core (Shapley and Scarf 1974, Gale's algorithm).

    Everybody points at whoever holds the best good left; those on a cycle trade and leave. Strict
    preferences make the result unique, so the order in which cycles are found does not matter.
    """
    owner_of = {good: person for person, good in endowment.items()}
    if len(owner_of) != len(endowment) or owner_of.keys() != _goods(preferences):
        raise ValueError("everybody holds one good, and ranks all of them")
    best = dict.fromkeys(preferences, 0)  # how far down the list the best good left stands
    result: dict[str, str] = {}

    def favourite(person: str) -> str:
        ranking = preferences[person]
        while owner_of[ranking[best[person]]] in result:
            best[person] += 1
        return ranking[best[person]]

    for start in preferences:
        path = [] if start in result else [start]
        while path:
            owner = owner_of[favourite(path[-1])]
            if owner not in path:
                path.append(owner)
                continue
            cycle = path[path.index(owner) :]
            result.update({person: favourite(person) for person in cycle})
            del path[-len(cycle) :]
    return result


def best_assignment(preferences: Preferences) -> dict[str, str]:
    """Give an assignment with the largest total score, whatever anybody held before.

    Exact: a linear assignment problem (Kuhn 1955) on whole ranks. Raises LabExtraMissing.
    """
    try:
        # Imported where it is used: barter itself runs, and this module loads, without the extra.
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        raise LabExtraMissing(
            "the best possible assignment needs scipy: pip install 'souq[lab]'"
        ) from None
    people, goods = list(preferences), sorted(_goods(preferences))
    places = [{good: rank for rank, good in enumerate(preferences[one])} for one in people]
    rows, columns = linear_sum_assignment([[place[good] for good in goods] for place in places])
    return {people[int(row)]: goods[int(column)] for row, column in zip(rows, columns, strict=True)}


def score(ranking: Sequence[str], good: str) -> float:
    """Give 1 for the top of one's own list, 0 for its bottom, evenly spaced between."""
    return 1 - ranking.index(good) / (len(ranking) - 1)


def scores(preferences: Preferences, holdings: Holdings) -> dict[str, float]:
    """Give everybody's score."""
    return {person: score(ranking, holdings[person]) for person, ranking in preferences.items()}


def mean(values: Sequence[float]) -> float:
    """Give the mean, rounded so that it does not depend on the order of summing."""
    return round(sum(values) / len(values), 9)


def _goods(preferences: Preferences) -> set[str]:
    return {good for ranking in preferences.values() for good in ranking}
