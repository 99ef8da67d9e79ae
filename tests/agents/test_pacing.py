"""Bidding for compute: a budget that lasts just as long as planned, and jobs done in time."""

from random import Random
from typing import Any

import pytest

from souq.agents.bidding.pacing import TIERS, Choice, Pacing, choose, patient_cap
from souq.core.mechanisms.compute_lane.records import LaneJobEnded, ReserveLane
from souq.core.refusal import Refused
from souq.core.rules import MINUTE_US, SECOND_US
from tests.mechanisms.lanes import Lane, Tier, bid, of, open_lane, prices

ROUNDS = 300
VALUE = 150
SOON_US = MINUTE_US + 31 * SECOND_US  # from the middle of an interval to the end of the next


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(10))
def test_a_paced_budget_is_spent_within_a_twentieth_of_plan_and_never_exceeded(
    seed: int, share: float
) -> None:
    chance = Random(seed)
    budget = int(ROUNDS * 30 * share)
    pacing, spent = Pacing(budget, ROUNDS), 0
    for n in range(ROUNDS):
        price = int(50 * chance.lognormvariate(0, 0.5))
        cost = price if pacing.cap(VALUE) >= price else 0
        pacing.saw(cost)
        spent += cost
        assert spent <= budget
        if n + 1 == ROUNDS // 2:
            assert 0.4 * budget <= spent <= 0.6 * budget
    assert spent >= 0.95 * budget


def test_without_pacing_the_same_budget_is_gone_halfway() -> None:
    chance, left, gone_at = Random(1), ROUNDS * 15, 0
    for n in range(ROUNDS):
        price = int(50 * chance.lognormvariate(0, 0.5))
        if price <= VALUE and left >= price:
            left, gone_at = left - price, n
    assert gone_at < ROUNDS / 2


@pytest.mark.parametrize("jump", [0.2, 3.0])
def test_pacing_follows_prices_that_jump_halfway(jump: float) -> None:
    chance, budget = Random(4), ROUNDS * 20
    pacing, spent = Pacing(budget, ROUNDS), 0
    for n in range(ROUNDS):
        level = 30 * (jump if n > ROUNDS / 2 else 1)
        price = max(1, int(level * chance.lognormvariate(0, 0.4)))
        cost = min(price * (2 if jump < 1 else 1), 10**9)
        cost = cost if pacing.cap(VALUE, 2 if jump < 1 else 1) >= price else 0
        pacing.saw(cost)
        spent += cost
    assert 0.95 * budget <= spent <= budget or pacing.multiplier == 1.0


def test_pacing_never_bids_above_value_nor_above_what_is_left() -> None:
    pacing = Pacing(100, 2)
    assert pacing.cap(40) == 40
    assert pacing.cap(400) == 100
    assert pacing.cap(400, quantity=3) == 33
    pacing.saw(100)
    assert pacing.cap(400) == 0
    with pytest.raises(ValueError, match="more than was left"):
        pacing.saw(1)
    pacing.saw(0)
    assert pacing.cap(1) == 0


def test_a_paced_bidder_in_a_lane_spends_its_plan() -> None:
    chance = Random(11)
    lane, budget, rounds = Lane(), 5_000, 200
    sol, bea, *rivals = lane.join(5)
    run = open_lane(lane, sol, capacity=2, intervals=2 * rounds)
    pacing = Pacing(budget, rounds)
    for n in range(rounds):
        lane.pass_time(2 * n * MINUTE_US + 30 * SECOND_US)
        for agent in rivals:
            bid(lane, run, agent, "preemptible", chance.randint(20, 100), within_us=SOON_US)
        before = sum(units for buyer, *_, units in lane.trades if buyer == bea)
        cap = pacing.cap(VALUE)
        if cap >= 10:
            bid(lane, run, bea, "preemptible", cap, within_us=SOON_US)
        lane.pass_time((2 * n + 2) * MINUTE_US + SECOND_US)
        pacing.saw(sum(units for buyer, *_, units in lane.trades if buyer == bea) - before)
    assert 0.95 * budget <= budget - pacing.left_units <= budget


def test_a_patient_cap_is_the_value_at_the_last_try_and_falls_with_every_one_more() -> None:
    seen = [20, 40, 60, 80]
    caps = [patient_cap(100, tries, seen) for tries in range(6)]
    assert caps[:2] == [100, 50]  # (80 + 60 + 40 + 20) / 4 is what one more try is worth
    assert caps == sorted(caps, reverse=True)
    assert caps[-1] > 20
    assert patient_cap(100, 5, []) == 100


@pytest.mark.parametrize("tries", [1, 3, 6])
def test_no_fixed_cap_gains_more_than_a_patient_one(tries: int) -> None:
    seen = [20, 40, 60, 80]

    def gain(caps: list[int]) -> float:
        """Sum over all courses of prices, exactly."""
        expected, alive = 0.0, 1.0
        for cap in caps:
            taken = [price for price in seen if price <= cap]
            expected += alive * sum(100 - price for price in taken) / len(seen)
            alive *= 1 - len(taken) / len(seen)
        return expected

    patient = gain([patient_cap(100, tries - n, seen) for n in range(tries + 1)])
    assert all(gain([cap] * (tries + 1)) <= patient + 1e-9 for cap in range(0, 101, 5))


@pytest.mark.parametrize(
    ("value", "need", "window", "posted", "seen", "choice"),
    [
        (100, 3, 3, 50, [90, 120, 130], Choice("guaranteed", 50)),
        (100, 3, 9, 95, [20, 30, 40], Choice("standard", 100)),
        (100, 1, 1, 200, [60, 60], Choice("standard", 100)),
        (40, 2, 4, 50, [60, 70], None),
        (100, 4, 3, 50, [20], None),
    ],
)
def test_the_class_follows_the_deadline_and_the_prices(
    value: int, need: int, window: int, posted: int, seen: list[int], choice: Choice | None
) -> None:
    assert choose(value, need=need, window=window, posted=posted, prices=seen) == choice


def gained(strategy: Any, seed: int, posted: int) -> int:
    """Give what one bidder gains in a lane among rivals: ten jobs, one after another."""
    chance = Random(seed)
    lane = Lane()
    sol, bea, *rivals = lane.join(5)
    run = open_lane(lane, sol, capacity=4, intervals=110, guaranteed=posted)
    worth: dict[int, int] = {}
    for n in range(100):
        lane.pass_time(n * MINUTE_US + 30 * SECOND_US)
        for agent in rivals:
            terms = {"quantity": chance.randint(1, 3), "intervals": chance.randint(1, 3)}
            tier: Tier = chance.choice(("standard", "preemptible"))
            bid(lane, run, agent, tier, chance.randint(10, 90), within=6, **terms)
        value, need, slack = chance.randint(20, 120), chance.randint(1, 4), chance.randint(0, 4)
        if n % 10:
            continue
        seen = prices(lane.told)[-30:]
        choice = strategy(value, need=need, window=need + slack, posted=posted, prices=seen)
        if choice is None or choice.cap < 10:
            continue
        try:
            if choice.tier == "guaranteed":
                lane.move(bea, ReserveLane(run, 1, n, need))
            else:
                within_us = (need + slack) * MINUTE_US + 31 * SECOND_US
                bid(lane, run, bea, choice.tier, choice.cap, intervals=need, within_us=within_us)
        except Refused:
            continue
        worth[lane.told[-1][1].job] = value * need
    lane.pass_time(112 * MINUTE_US)
    done = {event.job for event in of(lane.told, LaneJobEnded) if event.why == "done"}
    paid = sum(units for buyer, *_, units in lane.trades if buyer == bea)
    return sum(units for number, units in worth.items() if number in done) - paid


def always(tier: Any) -> Any:
    def strategy(value: int, *, posted: int, **_: Any) -> Choice | None:
        return Choice(tier, value) if tier != "guaranteed" or value > posted else None

    return strategy


def test_choosing_gains_more_than_any_one_class_whatever_reserving_costs() -> None:
    courses = [(seed, posted) for seed in range(6) for posted in (35, 65)]
    by_choice = sum(gained(choose, *one) for one in courses)
    by_class = {tier: sum(gained(always(tier), *one) for one in courses) for tier in TIERS}
    assert by_choice > max(by_class.values()), (by_choice, by_class)
    assert by_choice > 0
