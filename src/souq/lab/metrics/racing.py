"""Who got what was contested: the quick, or whoever it is worth most to."""

from collections import Counter
from statistics import fmean

from souq.lab.marks import read_mark
from souq.lab.tidying import Told
from souq.lab.treatments.batch_window import QUICK


def _quick_advantage(told: Told) -> float | None:
    quick = set(read_mark(told.history, QUICK) or ())
    bought = Counter(told.name(sale.buyer) in quick for sale in told.sold)
    slow = len(told.people) - len(quick)
    if not (quick and slow and bought[False]):
        return None
    return bought[True] / len(quick) / (bought[False] / slow)


def _best_taker(told: Told) -> float | None:
    most: dict[str, int] = {}
    for person in told.people.values():
        for ref, worth in person.values.items():
            most[ref] = max(most.get(ref, 0), worth)
    found = []
    for sale in told.sold:
        ref = told.history.listings[sale.listing].posted.ref
        true = most.get(ref, 0) * told.population.truths.get(ref, 100) / 100
        if true:
            found.append(sale.worth_units / true)
    return fmean(found) if found else None


METRICS = {
    "quick_advantage": (
        "things that a quick person bought, for each that a slow one did",
        "",
        _quick_advantage,
    ),
    "best_taker": (
        "what a thing is worth to whoever bought it, of the most that it is worth to anybody",
        "share",
        _best_taker,
    ),
}
