"""Compute lanes at random: whatever comes, no interval is oversold and no unit of money is lost."""

from random import Random
from typing import Any

import pytest

from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.mechanisms import compute_lane
from souq.core.mechanisms.compute_lane.clearing import Bid, clear
from souq.core.mechanisms.compute_lane.records import (
    CloseLane,
    LaneBidPlaced,
    LaneCleared,
    LaneIntervalBegan,
    LaneJobPreempted,
    LaneReserved,
    ReleaseLaneJob,
    ReserveLane,
)
from souq.core.refusal import Refused
from souq.core.rules import MINUTE_US, SECOND_US
from souq.lab.hall import Hall
from tests.mechanisms.lanes import Lane, Reckoning, Tier, bid, of, open_lane, told_in

INTERVALS = 24


def live_through(path: Any, seed: int) -> None:
    """Let buyers come and go at random for a day of intervals; some moves are refused."""
    chance = Random(seed)
    sol, *buyers = path.join(5)
    notice_us = chance.choice((0, 7 * SECOND_US))
    capacity = chance.randint(1, 6)
    run = open_lane(path, sol, capacity=capacity, intervals=INTERVALS, notice_us=notice_us)
    closes_at = chance.choice((INTERVALS // 2, INTERVALS))
    until = 0
    while until < (INTERVALS - 1) * MINUTE_US:
        until += chance.randint(0, 40) * SECOND_US + chance.randint(0, 999)
        path.pass_time(until)
        if until > closes_at * MINUTE_US:
            path.move(sol, CloseLane(run))
            break
        try:
            _move(path, run, chance, chance.choice(buyers))
        except Refused:
            continue
    path.pass_time(until + (INTERVALS + 2) * MINUTE_US)


def _move(path: Any, run: str, chance: Random, buyer: str) -> None:
    quantity, intervals = chance.randint(1, 3), chance.randint(1, 5)
    match chance.randint(1, 8):
        case 1 | 2:
            path.move(buyer, ReserveLane(run, quantity, chance.randint(0, INTERVALS), intervals))
        case 3:
            path.move(buyer, ReleaseLaneJob(run, chance.randint(1, 40)))
        case _:
            tier: Tier = chance.choice(("standard", "preemptible"))
            cap, within = chance.randint(10, 60), intervals + chance.randint(0, 6)
            bid(path, run, buyer, tier, cap, quantity=quantity, intervals=intervals, within=within)


def check_promises(told: Any) -> Reckoning:
    """Check what every class was promised, on events alone."""
    found = Reckoning(told)  # asserts that no interval is oversold
    for number, job in found.jobs.items():
        had, why = found.had[number], found.ended[number]
        if isinstance(job, LaneReserved):
            promised = list(range(job.first, job.first + job.intervals))
            assert had == promised[: len(had)], "a reserved place is had as it was reserved"
            assert why in {"done", "released"}
            assert why == "released" or had == promised
        else:
            assert all(now < job.by for now in had), "nobody works past its deadline"
            assert why != "done" or len(had) == job.intervals
            assert found.owed[number] <= job.units * job.quantity * len(had)
        if isinstance(job, LaneBidPlaced) and job.tier == "standard" and had:
            assert had == list(range(had[0], had[-1] + 1)), "it keeps its place"
            assert why in {"done", "released"}, "nobody takes it"
    return found


@pytest.mark.parametrize("seed", range(60))
def test_every_class_has_what_it_was_promised(seed: int) -> None:
    lane = Lane()
    live_through(lane, seed)
    found = check_promises(lane.told)
    assert sum(units for *_, units in lane.trades) == found.owed.total()
    assert sum(quantity for *_, quantity, _ in lane.trades) == sum(
        found.jobs[number].quantity * len(had)
        for number, had in found.had.items()
        if found.owed[number]
    )
    for table in compute_lane.TABLES:
        assert not lane.rows(table)


def test_the_sweeps_meet_everything() -> None:
    ends, tiers, preempted = set(), set(), 0
    for seed in range(60):
        lane = Lane()
        live_through(lane, seed)
        found = Reckoning(lane.told)
        ends |= set(found.ended.values())
        tiers |= {getattr(job, "tier", "guaranteed") for job in found.jobs.values()}
        preempted += len(of(lane.told, LaneJobPreempted))
    assert ends == {"done", "released", "expired", "preempted", "lane_closed"}
    assert tiers == {"guaranteed", "standard", "preemptible"}
    assert preempted > 60


@pytest.mark.parametrize("seed", range(6))
def test_money_is_conserved_to_the_unit(seed: int) -> None:
    hall = Hall(compute_lane, purse_units=4_000)
    live_through(hall, seed)
    told = told_in(hall)
    owed = check_promises(told).owed
    state = hall.simulation.engine.state
    accounts = state.rows(ACCOUNTS)
    assert sum(hold.amount for hold in state.rows(HOLDS).values()) == owed.total()
    for n in range(2, 6):
        spent = sum(units for buyer, *_, units in hall.trades if buyer == f"A{n}")
        assert accounts[f"wallet:P{n}/USD"].available == 4_000 - spent
    assert owed.total() == sum(units for *_, units in hall.trades)
    assert hall.trades


@pytest.mark.parametrize("seed", range(40))
def test_the_price_is_that_of_a_second_reading(seed: int) -> None:
    """For jobs of one unit and one interval: sort the caps, and read the first that lost."""
    chance = Random(seed)
    lane = Lane()
    sol, *buyers = lane.join(9)
    capacity = chance.randint(1, 6)
    run = open_lane(lane, sol, capacity=capacity)
    caps = [chance.randint(10, 40) for _ in buyers]
    for agent, cap in zip(buyers, caps, strict=True):
        bid(lane, run, agent, chance.choice(("standard", "preemptible")), cap, within=2)
    lane.pass_time(5 * MINUTE_US)
    cleared = of(lane.told, LaneCleared)[0]
    ordered = sorted(caps, reverse=True)
    assert cleared.units == (ordered[capacity] if len(ordered) > capacity else 10)
    assert sorted(caps[number - 1] for number in cleared.placed) == sorted(ordered[:capacity])


@pytest.mark.parametrize("seed", range(40))
def test_no_misreport_pays_where_each_wants_one_unit_for_one_interval(seed: int) -> None:
    chance = Random(seed)
    capacity = chance.randint(1, 3)
    others = [chance.randint(10, 20) for _ in range(4)]
    value = chance.randint(10, 20)

    def surplus(cap: int) -> int:
        caps = [*others, cap]
        bids = [Bid(n, units, 1, 1, 1, is_kept=False) for n, units in enumerate(caps)]
        bids.sort(key=lambda one: -one.cap)
        cleared = clear(bids, [capacity])
        return value - (cleared.price or 10) if len(others) in cleared.placed else 0

    honest = surplus(value)
    assert honest >= 0
    assert all(surplus(cap) <= honest for cap in range(10, 22))


@pytest.mark.parametrize("seed", range(30))
def test_a_clearing_never_gives_more_than_there_is(seed: int) -> None:
    chance = Random(seed)
    free = [chance.randint(0, 8) for _ in range(12)]
    bids = sorted(
        (
            Bid(
                n,
                chance.randint(1, 50),
                chance.randint(1, 4),
                need := chance.randint(1, 5),
                need + chance.randint(0, 10),
                chance.random() < 0.5,
            )
            for n in range(25)
        ),
        key=lambda one: -one.cap,
    )
    cleared = clear(bids, free)
    left = list(free)
    for bid_ in bids:
        if bid_.number in cleared.placed:
            for time in range(bid_.need if bid_.is_kept else 1):
                left[time] -= bid_.units
    assert min(left) >= 0
    assert len(set(cleared.placed)) == len(cleared.placed)
    without = [one for one in bids if one.number not in cleared.placed]
    assert cleared.price is None or cleared.price in {one.cap for one in without}
    idle = [one for one in without if not one.is_kept and one.units <= left[0]]
    assert not idle, "no place stays empty that a preemptible job could have"


def test_an_interval_is_cleared_once_and_begins_once() -> None:
    lane = Lane()
    live_through(lane, 3)
    cleared = [event.interval for event in of(lane.told, LaneCleared)]
    began = [event.interval for event in of(lane.told, LaneIntervalBegan)]
    assert cleared == sorted(set(cleared))
    assert began == cleared[: len(began)]
