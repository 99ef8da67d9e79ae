"""How fast supply catches up with a shock of demand, by the price at which help is taken."""

from statistics import median
from typing import Any

from souq.core.rules import HOUR_US
from souq.lab.marks import read_mark
from souq.lab.metrics.welfare import USD
from souq.lab.tidying import Told
from souq.lab.treatments.elastic_supply import CATEGORY, SHOCK

BAND = 0.1  # of the price before, within which it is back
DEALS = 9  # the middle of so many is the price


def _prices(told: Told) -> list[tuple[int, float]]:
    """Give when it was, and the middle price of the deals up to then."""
    paid = [
        (told.history.deals[sale.contract].at, sale.units)
        for sale in told.sold
        if told.history.listings[sale.listing].posted.category == CATEGORY
    ]
    return [
        (paid[n][0], median(units for _, units in paid[n + 1 - DEALS : n + 1]))
        for n in range(DEALS - 1, len(paid))
    ]


def _around(told: Told) -> tuple[Any, float, list[tuple[int, float]]] | None:
    """Give the shock, the price before it, and the prices after it."""
    shock = read_mark(told.history, SHOCK)
    if shock is None:
        return None
    prices = _prices(told)
    before = [price for at, price in prices if at < shock["at"]]
    after = [(at, price) for at, price in prices if at >= shock["at"]]
    # Prices swing a little even where nothing happens, and take a while to settle at first.
    settled = before[len(before) // 2 :]
    return (shock, median(settled), after) if settled and after else None


def _peak(told: Told) -> float | None:
    found = _around(told)
    if found is None:
        return None
    _, before, after = found
    return max(price for _, price in after) / before


def _before(told: Told) -> float | None:
    found = _around(told)
    return None if found is None else found[1] / USD


def _after(told: Told) -> float | None:
    found = _around(told)
    return None if found is None else median(price for _, price in found[2]) / USD


def _rebalance_us(told: Told) -> tuple[int, int] | None:
    """Give how long until the price is back from its peak, and how long a turn is."""
    found = _around(told)
    if found is None:
        return None
    shock, before, after = found
    furthest = max(abs(price - before) for _, price in after)
    if furthest <= BAND * before:
        return 0, shock["turn_us"]  # never away
    peak = next(n for n, (_, price) in enumerate(after) if abs(price - before) == furthest)
    for at, price in after[peak:]:
        if abs(price - before) <= BAND * before:
            return at - shock["at"], shock["turn_us"]
    return None  # not back when the week was over


def _turns(told: Told) -> float | None:
    found = _rebalance_us(told)
    return None if found is None else found[0] / found[1]


def _hours(told: Told) -> float | None:
    found = _rebalance_us(told)
    return None if found is None else found[0] / HOUR_US


def _is_back(told: Told) -> float | None:
    return None if _around(told) is None else float(_rebalance_us(told) is not None)


def _jobs(told: Told) -> float | None:
    if read_mark(told.history, SHOCK) is None:
        return None
    listings = told.history.listings
    return sum(listings[sale.listing].posted.category == CATEGORY for sale in told.sold)


METRICS = {
    "help_before": ("middle price of help before the shock, once it had settled", "$", _before),
    "help_after": ("middle price of help after the shock", "$", _after),
    "shock_peak": ("highest price of help after the shock, of that before it", "", _peak),
    "rebalanced": (
        "1 where the price of help was back within 10 % before the week was over",
        "",
        _is_back,
    ),
    "rebalance_turns": (
        "turns of anybody's until it was back; null where it never was",
        "",
        _turns,
    ),
    "rebalance_hours": ("hours of the market until it was back; null likewise", "", _hours),
    "help_taken": ("jobs of help that were taken", "", _jobs),
}
