"""R2. ZIP traders converge to the equilibrium price within days; ZI-C traders never do.

A shout is an order; whoever is willing, one drawn by lot, answers it with an order at its price,
and a shout that nobody takes is taken back. A day ends after so many of those in a row.
"""

import random
from collections.abc import Callable, Iterator
from math import sqrt
from statistics import fmean, stdev

from msgspec import Struct

from souq.agents.bidding.zero_intelligence import ZeroIntelligence
from souq.agents.bidding.zip import Zip
from souq.agents.tactic import Role
from souq.core.mechanisms import double_auction
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.replication import Finding, Scale
from souq.replications.schedules import S2, S2_FLAT, Floor, Path, Schedule
from souq.views.surveillance.measures import smiths_alpha as smiths_alpha

ID = "R2"
TITLE = "ZIP traders converge, ZI-C traders do not"
SOURCE = "Cliff & Bruten 1997"
TAPE = "05a4455c82b38b39"

DAYS = 10
EQUILIBRIUM = 200
FAILURES = 100  # shouts in a row that nobody takes


class Day(Struct, frozen=True):
    """A day: Smith's alpha, how far prices are from the equilibrium in per cent; the surplus."""

    alpha: float
    efficiency: float


def days_of(
    path: Path, schedule: Schedule, rng: random.Random, *, is_learning: bool, days: int = DAYS
) -> list[Day]:
    """Let ZIP traders, or ZI-C traders, trade for some days."""
    roles = [(role, limits[0]) for role, limits in schedule.roles]
    floor = Floor(path, [role for role, _ in roles])
    if is_learning:
        learners = [Zip(rng, role, limit) for role, limit in roles]
        return [_day(floor, schedule, learners, rng, _listening(learners)) for _ in range(days)]
    others = [ZeroIntelligence(rng, role, (limit,), schedule.price_max) for role, limit in roles]
    return [_day(floor, schedule, others, rng, _deaf) for _ in range(days)]


Hear = Callable[[int, Role, bool, list[int]], None]


def _deaf(price: int, by: Role, is_taken: bool, active: list[int]) -> None:
    """Learn nothing."""


def _listening(traders: list[Zip]) -> Hear:
    def hear(price: int, by: Role, is_taken: bool, active: list[int]) -> None:
        for n, trader in enumerate(traders):
            trader.hear(price, by, is_taken=is_taken, is_active=n in active)

    return hear


def _day(
    floor: Floor,
    schedule: Schedule,
    traders: list[Zip] | list[ZeroIntelligence],
    rng: random.Random,
    hear: Hear,
) -> Day:
    limits = [limits[0] for _, limits in schedule.roles]
    prices, gained, failures = [], 0, 0
    active = list(range(len(traders)))
    while failures < FAILURES and len({traders[n].role for n in active}) == 2:
        n = rng.choice(active)
        by, price = traders[n].role, traders[n].price()
        assert price is not None, "a trader's unit is there every day"
        willing = [m for m in active if traders[m].role != by and traders[m].would_take(price)]
        floor.quote(n, price)
        hear(price, by, bool(willing), active)
        if not willing:
            floor.take_back(n, floor.orders)
            failures += 1
            continue
        m = rng.choice(willing)
        floor.quote(m, price)
        buyer, seller = (n, m) if by == "buyer" else (m, n)
        gained += limits[buyer] - limits[seller]
        prices.append(price)
        failures = 0
        active = [one for one in active if one not in (n, m)]
    return Day(smiths_alpha(prices, EQUILIBRIUM), gained / schedule.surplus_max)


def _all(schedule: Schedule, runs: int, seed: int, *, is_learning: bool) -> list[list[Day]]:
    return [
        days_of(
            Kernel(double_auction),
            schedule,
            random.Random(f"R2 {seed} {n}"),
            is_learning=is_learning,
            days=DAYS if is_learning else 1,
        )
        for n in range(runs)
    ]


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    for name, schedule, alpha_max, learned, drawn in (
        ("S2", S2, 4.0, "measured: 1.9 %", "measured: 24 %"),
        ("S2 with flat supply", S2_FLAT, 1.5, "measured: 0.5 %", "measured: 20 %"),
    ):
        yield from _on(name, schedule, scale, alpha_max, learned=learned, drawn=drawn)


def _on(
    name: str, schedule: Schedule, scale: Scale, alpha_max: float, *, learned: str, drawn: str
) -> Iterator[Finding]:
    runs = scale.draws(12, 100)
    learning = _all(schedule, runs, scale.seed, is_learning=True)
    last = [days[-1].alpha for days in learning]
    days_drawn = _all(schedule, 4 * runs, scale.seed, is_learning=False)
    random_alphas = [days[0].alpha for days in days_drawn]
    mean, error = fmean(random_alphas), stdev(random_alphas) / sqrt(4 * runs)
    yield Finding(
        f"ZIP traders on {name}: Smith's alpha on day {DAYS}, in per cent",
        learned,
        1.9 if schedule is S2 else 0.5,
        0.0,
        alpha_max,
        fmean(last),
        runs,
        stdev(last) / sqrt(runs),
    )
    yield Finding(
        f"ZI-C traders on {name}: alpha on any day, in per cent",
        drawn,
        24.0 if schedule is S2 else 20.0,
        20.0 if schedule is S2 else 20.0 - 4 * error,
        28.0 if schedule is S2 else 20.0 + 4 * error,
        mean,
        4 * runs,
        error,
    )
    yield Finding(
        f"ZI-C's alpha on {name}, as so many times ZIP's on day {DAYS}",
        "measured: 12.6" if schedule is S2 else "measured: 40",
        12.6 if schedule is S2 else 40.0,
        5.0,
        1_000.0,
        mean / fmean(last),
        runs,
    )
    yield Finding(
        f"ZI-C traders on {name} come as near to the equilibrium as ZIP",
        learned,
        1.9 if schedule is S2 else 0.5,
        0.0,
        alpha_max,
        mean,
        4 * runs,
        error,
        is_control=True,
    )


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Play two days of S2 both ways."""
    kernel, hall = Kernel(double_auction), Hall(double_auction)
    for path in (kernel, hall):
        days_of(path, S2, random.Random(f"R2 {seed}"), is_learning=True, days=2)
    return kernel.trades, hall.trades
