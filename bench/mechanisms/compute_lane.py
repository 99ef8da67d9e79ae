"""How many intervals of a compute lane are cleared a second, with a hundred jobs and a thousand."""

from functools import partial
from random import Random
from typing import Literal

from bench.mechanisms.rates import Rates
from souq.core.mechanisms import compute_lane
from souq.core.mechanisms.compute_lane import JOBS_OF_AGENT_MAX
from souq.core.mechanisms.compute_lane.records import OpenComputeLane, PlaceLaneBid, ReserveLane
from souq.core.money import Money
from souq.core.rules import SECOND_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel

Tier = Literal["standard", "preemptible"]
INTERVALS = 60
CLEARED = 20


def measure(rates: Rates) -> None:
    """Clear intervals in the kernel, and in a whole market in memory."""
    for jobs in (100, 1_000):
        lane = _filled(Kernel(compute_lane), jobs)
        rates.rate(f"lane intervals, {jobs:,} jobs, kernel", CLEARED, partial(_clear, lane))
    hall = _filled(Hall(compute_lane), 1_000)
    rates.rate("lane intervals, 1,000 jobs, market", CLEARED, partial(_clear, hall))


def _filled(path: Kernel | Hall, jobs: int) -> Kernel | Hall:
    """Open a lane that has places for about half of what is asked for, and fill it with jobs."""
    chance = Random(5)
    sol, *buyers = path.join(1 + -(-jobs // JOBS_OF_AGENT_MAX))
    capacity = jobs // 2
    listing = path.post(sol, available=capacity * INTERVALS, subject="capacity")
    terms = (capacity, 10 * SECOND_US, INTERVALS, _usd(10), _usd(50), 10 * SECOND_US)
    run = path.open(sol, OpenComputeLane(listing, *terms))
    for n in range(jobs):
        buyer = buyers[n % len(buyers)]
        if n % 5 == 0:
            path.move(buyer, ReserveLane(run, 1, chance.randint(0, 9), CLEARED + 10))
        else:
            tier: Tier = chance.choice(("standard", "preemptible"))
            cap, need = _usd(chance.randint(10, 200)), chance.randint(15, 30)
            bid = PlaceLaneBid(run, tier, chance.randint(1, 2), need, cap, 610 * SECOND_US)
            path.move(buyer, bid)
    return path


def _usd(units: int) -> Money:
    return Money(units, "USD")


def _clear(path: Kernel | Hall) -> None:
    path.pass_time((9 + 10 * CLEARED) * SECOND_US)
