"""Compute lanes, played. Prices are in units, and intervals last a minute."""

from souq.core.mechanisms.compute_lane.records import CloseLane, ReleaseLaneJob, ReserveLane
from souq.core.rules import SECOND_US
from tests.mechanisms.lanes import bid, into, open_lane
from tests.mechanisms.plays import Path


def three_classes(path: Path) -> None:
    """Two places: one is reserved, one goes to the dearer bid, and the loser sets the price."""
    sol, bea, dan, eve = path.join(4)
    run = open_lane(path, sol)
    path.move(bea, ReserveLane(run, 1, 0, 2))
    bid(path, run, dan, "standard", 40, intervals=2, within=3)
    bid(path, run, eve, "preemptible", 30, intervals=1, within=2)
    path.pass_time(into(3))
    # Eve could only have had the first minute, and lost it: Dan pays 30 in it, and 10 after.
    assert path.trades == [(bea, sol, "L1", 2, 100), (dan, sol, "L1", 2, 40)]


def preempted_with_notice(path: Path) -> None:
    """A preemptible job loses its place to a dearer one, is told before, and has it back later."""
    sol, bea, dan = path.join(3)
    run = open_lane(path, sol, capacity=1, notice_us=10 * SECOND_US)
    bid(path, run, bea, "preemptible", 20, intervals=2)
    path.pass_time(into(0))
    bid(path, run, dan, "standard", 30, within=2)
    path.pass_time(into(4))
    assert path.trades == [(dan, sol, "L1", 1, 20), (bea, sol, "L1", 2, 20)]


def released_halfway(path: Path) -> None:
    """Who leaves at three quarters pays three quarters; a bid without a place owes nothing."""
    sol, bea, dan = path.join(3)
    run = open_lane(path, sol, capacity=1, reserve=100)
    bid(path, run, bea, "standard", 200, intervals=3)
    bid(path, run, dan, "preemptible", 100, intervals=1)
    path.pass_time(into(0) + 44 * SECOND_US + 200_000)  # 45.2 of 60 seconds: 75.3 of 100
    path.move(bea, ReleaseLaneJob(run, 1))
    path.move(dan, ReleaseLaneJob(run, 2))
    path.move(sol, CloseLane(run))
    assert path.trades == [(bea, sol, "L1", 1, 75)]


def past_its_deadline(path: Path) -> None:
    """A job that lost its place, and cannot end in time any more, owes for what it had."""
    sol, bea, dan = path.join(3)
    run = open_lane(path, sol, capacity=1)
    bid(path, run, bea, "preemptible", 20, intervals=3, within=4)
    path.pass_time(into(0))
    bid(path, run, dan, "standard", 30, within=2)
    path.pass_time(into(1))
    path.move(sol, CloseLane(run))
    path.pass_time(into(2))
    assert path.trades == [(bea, sol, "L1", 1, 10), (dan, sol, "L1", 1, 20)]


PLAYS = (three_classes, preempted_with_notice, released_halfway, past_its_deadline)
