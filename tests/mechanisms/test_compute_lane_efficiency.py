"""How much of the best possible a lane brings about, where jobs have deadlines and arrive unasked.

The best is found by an integer programme that knows all jobs in advance. What a job is worth is its
cap times its size, if it is done in time, and nothing otherwise; everybody bids the truth.
"""

from random import Random
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_matrix

from souq.core.mechanisms.compute_lane.records import LaneJobEnded
from souq.core.rules import MINUTE_US, SECOND_US
from tests.mechanisms.lanes import Lane, bid, of, open_lane

JOBS = 50
INTERVALS = 32
SEEDS = range(8)


class Work(NamedTuple):
    """A job that comes before interval `at` and must be done before interval `by`."""

    at: int
    by: int
    need: int
    units: int
    cap: int
    tier: Any

    @property
    def value(self) -> int:
        return self.cap * self.units * self.need


def workload(seed: int, *, standard: float, load: float) -> tuple[list[Work], int]:
    """Draw jobs, and a capacity of which they ask for the share `load`."""
    chance = Random(seed)
    jobs = []
    for _ in range(JOBS):
        need, units = chance.randint(1, 6), chance.randint(1, 4)
        at = chance.randrange(INTERVALS - need + 1)
        by = min(INTERVALS, at + need + chance.randint(0, 8))
        cap = chance.randint(10, 100)
        tier = "standard" if chance.random() < standard else "preemptible"
        jobs.append(Work(at, by, need, units, cap, tier))
    asked = sum(job.need * job.units for job in jobs)
    return jobs, max(4, round(asked / INTERVALS / load))


def reached(jobs: list[Work], capacity: int) -> int:
    """Play the lane, and sum what the jobs that were done are worth."""
    lane = Lane()
    sol, bea = lane.join(2)
    run = open_lane(lane, sol, capacity=capacity, intervals=INTERVALS)
    starts_at = lane.at + MINUTE_US
    numbered = sorted(jobs, key=lambda job: job.at)
    for job in numbered:
        lane.pass_time(starts_at + job.at * MINUTE_US - SECOND_US)
        ends_at = starts_at + job.by * MINUTE_US
        bid(
            lane,
            run,
            bea,
            job.tier,
            job.cap,
            quantity=job.units,
            intervals=job.need,
            within_us=ends_at + SECOND_US - lane.at,
        )
    lane.pass_time(starts_at + (INTERVALS + 1) * MINUTE_US)
    done = [event.job for event in of(lane.told, LaneJobEnded) if event.why == "done"]
    return sum(numbered[number - 1].value for number in done)


def best(jobs: list[Work], capacity: int) -> float:
    """Give the most that a plan knowing everything could reach, under the classes' own rules."""
    columns: list[tuple[int, int]] = []  # job, and start or interval; -1: all of it is done
    worth: list[float] = []
    for n, job in enumerate(jobs):
        if job.tier == "standard":
            starts = range(job.at, job.by - job.need + 1)
            columns += [(n, start) for start in starts]
            worth += [-job.value] * len(starts)
        else:
            columns += [(n, -1), *((n, time) for time in range(job.at, job.by))]
            worth += [-job.value, *[0] * (job.by - job.at)]
    rows = lil_matrix((INTERVALS + len(jobs), len(columns)))
    most = np.zeros(INTERVALS + len(jobs))
    most[:INTERVALS] = capacity
    for column, (n, time) in enumerate(columns):
        job = jobs[n]
        if job.tier == "standard":
            most[INTERVALS + n] = 1
            rows[INTERVALS + n, column] = 1
            for used in range(time, time + job.need):
                rows[used, column] = job.units
        elif time < 0:
            rows[INTERVALS + n, column] = job.need
        else:
            rows[INTERVALS + n, column] = -1
            rows[time, column] = job.units
    found = milp(
        np.array(worth),
        constraints=LinearConstraint(rows.tocsr(), -np.inf, most),
        integrality=np.ones(len(columns)),
        bounds=Bounds(0, 1),
        options={"time_limit": 20, "mip_rel_gap": 1e-3},
    )
    assert found.status == 0, found.message
    return float(-found.fun)


def shares(*, standard: float, load: float, seeds: Any = SEEDS) -> list[float]:
    found = []
    for seed in seeds:
        jobs, capacity = workload(seed, standard=standard, load=load)
        found.append(reached(jobs, capacity) / best(jobs, capacity))
    return found


@pytest.mark.parametrize("standard", [0.0, 0.5, 1.0])
def test_a_lane_reaches_19_parts_in_20_of_the_best_plan(standard: float) -> None:
    found = shares(standard=standard, load=0.85)
    assert max(found) <= 1.002, "the best is the best, but for the solver's gap"
    assert min(found) >= 0.95, found


@pytest.mark.parametrize(("standard", "least"), [(0.0, 0.95), (0.5, 0.95), (1.0, 0.9)])
def test_a_lane_that_is_asked_for_all_it_has_loses_a_tenth_at_most(
    standard: float, least: float
) -> None:
    """The plan knows what is still to come, and the lane does not.

    Of the first six seeds these two are solved quickest; the others come to 0.91 to 0.99.
    """
    found = shares(standard=standard, load=1.0, seeds=(2, 4))
    assert least <= min(found) < 0.97, found
