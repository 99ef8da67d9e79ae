"""Compute lanes: who has places, what they cost, and what becomes of those who leave."""

from typing import Any

import pytest

from souq.core.mechanisms import compute_lane
from souq.core.mechanisms.compute_lane import JOBS_MAX, JOBS_OF_AGENT_MAX, NOTICE, pledge, standing
from souq.core.mechanisms.compute_lane.records import (
    LANES,
    CloseLane,
    LaneCleared,
    LaneIntervalBegan,
    LaneJobEnded,
    LaneJobPlaced,
    LaneJobPreempted,
    OpenComputeLane,
    PlaceLaneBid,
    ReleaseLaneJob,
    ReserveLane,
)
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, MINUTE_US, SECOND_US
from souq.lab.hall import Hall
from tests.mechanisms.lanes import (
    Lane,
    Reckoning,
    bid,
    into,
    of,
    open_lane,
    prices,
    usd,
)


def endings(lane: Lane) -> dict[int, str]:
    return {event.job: event.why for event in of(lane.told, LaneJobEnded)}


def paid(lane: Lane) -> dict[str, int]:
    return {buyer: units for buyer, _, _, _, units in lane.trades}


def test_a_day_by_hand() -> None:
    """Four processors and every class, worked out on paper.

    minute   0    1    2    3    4
    bea      2    2    2              reserved at 50
    eve      1    .    .    1    1    preemptible, cap 30: three minutes by the sixth
    fay      1    .    .    1         preemptible, cap 20: two minutes by the fourth
    dan           2    2    2         standard, cap 40: three minutes by the fourth
    hal           .                   preemptible, cap 25: only the first minute would do
    gus                     .         preemptible, cap 15, two at once: only the third would do
    price   10   30   10   15   10    eve lost to dan; in 2 there was nothing to lose; gus lost
    """
    lane = Lane()
    sol, bea, eve, fay, dan, hal, gus = lane.join(7)
    run = open_lane(lane, sol, capacity=4, intervals=8)
    lane.move(bea, ReserveLane(run, 2, 0, 3))
    bid(lane, run, eve, "preemptible", 30, intervals=3, within=7)
    bid(lane, run, fay, "preemptible", 20, intervals=2, within=5)
    lane.pass_time(into(0))
    bid(lane, run, dan, "standard", 40, quantity=2, intervals=3, within=4)
    bid(lane, run, hal, "preemptible", 25, within=2)
    lane.pass_time(into(2))
    bid(lane, run, gus, "preemptible", 15, quantity=2, within=2)
    lane.pass_time(into(8))
    found = Reckoning(lane.told)
    assert found.had == {1: [0, 1, 2], 2: [0, 3, 4], 3: [0, 3], 4: [1, 2, 3], 5: [], 6: []}
    assert prices(lane.told)[:5] == [10, 30, 10, 15, 10]
    assert [why for _, why in sorted(endings(lane).items())] == ["done"] * 4 + ["expired"] * 2
    assert paid(lane) == {
        bea: 2 * 3 * 50,
        eve: 10 + 15 + 10,
        fay: 10 + 15,
        dan: 2 * (30 + 10 + 15),
    }


@pytest.mark.parametrize(
    ("caps", "price"),
    [
        ((30,), 10),
        ((30, 20), 10),
        ((30, 20, 15), 15),
        ((30, 20, 15, 12), 15),
        ((30, 30, 30), 30),
    ],
)
def test_the_price_is_the_highest_bid_that_lost_or_the_reserve(
    caps: tuple[int, ...], price: int
) -> None:
    lane = Lane()
    sol, *bidders = lane.join(1 + len(caps))
    run = open_lane(lane, sol, capacity=2)
    for agent, cap in zip(bidders, caps, strict=True):
        bid(lane, run, agent, "preemptible", cap, within=2)
    lane.pass_time(into(1))
    assert prices(lane.told)[0] == price
    assert set(paid(lane).values()) == {price}
    assert list(paid(lane)) == bidders[:2]


def test_what_was_too_large_for_the_lane_sets_no_price() -> None:
    lane = Lane()
    sol, bea, dan, eve = lane.join(4)
    run = open_lane(lane, sol, capacity=3)
    lane.move(bea, ReserveLane(run, 1, 0, 1))
    bid(lane, run, dan, "standard", 90, quantity=3, within=2)
    bid(lane, run, eve, "standard", 20, within=2)
    lane.pass_time(into(1))
    assert prices(lane.told)[0] == 10
    assert paid(lane) == {bea: 50, eve: 10}


def test_nobody_pays_more_than_its_cap_where_a_larger_bid_lost() -> None:
    lane = Lane()
    sol, bea, dan, eve = lane.join(4)
    run = open_lane(lane, sol, capacity=4)
    bid(lane, run, bea, "standard", 100, quantity=3, within=2)
    bid(lane, run, dan, "standard", 90, quantity=2, within=2)
    bid(lane, run, eve, "standard", 20, quantity=1, within=2)
    lane.pass_time(into(1))
    assert prices(lane.told)[0] == 90
    assert paid(lane) == {bea: 270, eve: 20}


def test_a_running_standard_job_pays_the_spot_price_up_to_its_cap_and_keeps_its_place() -> None:
    lane = Lane()
    sol, bea, dan = lane.join(3)
    run = open_lane(lane, sol, capacity=1)
    bid(lane, run, bea, "standard", 20, intervals=3, within=4)
    lane.pass_time(into(0))
    bid(lane, run, dan, "standard", 500, within=2)
    lane.pass_time(into(3))
    assert prices(lane.told)[:3] == [10, 10, 10]  # nobody could take the place: nobody lost it
    assert paid(lane) == {bea: 30}
    assert endings(lane) == {2: "expired", 1: "done"}
    lane = Lane()
    sol, bea, dan, eve = lane.join(4)
    run = open_lane(lane, sol, capacity=2)
    bid(lane, run, bea, "standard", 20, intervals=2, within=3)
    lane.pass_time(into(0))
    for agent, cap in ((dan, 500), (eve, 400)):
        bid(lane, run, agent, "standard", cap, within=2)
    lane.pass_time(into(2))
    assert prices(lane.told)[:2] == [10, 400]
    assert paid(lane) == {bea: 10 + 20, dan: 400}


def test_among_equals_the_one_with_least_time_to_spare_then_the_earlier_comes_first() -> None:
    lane = Lane()
    sol, bea, dan, eve = lane.join(4)
    run = open_lane(lane, sol, capacity=1)
    bid(lane, run, bea, "standard", 30, within=5)
    bid(lane, run, dan, "standard", 30, within=3)
    bid(lane, run, eve, "standard", 30, within=3)
    lane.pass_time(into(4))
    assert [event.placed for event in of(lane.told, LaneCleared)][:3] == [(2,), (3,), (1,)]


def test_a_dear_bid_that_can_wait_yields_to_a_cheap_one_that_cannot() -> None:
    lane = Lane()
    sol, bea, dan = lane.join(3)
    run = open_lane(lane, sol, capacity=1)
    bid(lane, run, bea, "standard", 90, intervals=2, within=4)
    bid(lane, run, dan, "standard", 20, intervals=1, within=2)
    lane.pass_time(into(4))
    assert Reckoning(lane.told).had == {1: [1, 2], 2: [0]}
    assert paid(lane) == {dan: 10, bea: 20}


def test_a_dear_bid_goes_first_where_nobody_is_shut_out() -> None:
    lane = Lane()
    sol, bea, dan = lane.join(3)
    run = open_lane(lane, sol, capacity=1)
    bid(lane, run, dan, "preemptible", 20, intervals=1, within=7)
    bid(lane, run, bea, "standard", 90, intervals=3, within=7)
    lane.pass_time(into(5))
    assert Reckoning(lane.told).had == {1: [3], 2: [0, 1, 2]}


def test_who_loses_a_place_is_told_so_long_before_and_pays_for_the_time_it_had() -> None:
    lane = Lane()
    sol, bea, dan = lane.join(3)
    run = open_lane(lane, sol, capacity=1, notice_us=10 * SECOND_US)
    bid(lane, run, bea, "preemptible", 20, intervals=2)
    lane.pass_time(into(0))
    bid(lane, run, dan, "standard", 30, within=2)
    lane.pass_time(into(1))
    ((at, notice),) = [one for one in lane.told if isinstance(one[1], LaneJobPreempted)]
    assert (notice.agent, notice.interval) == (bea, 1)
    ((began, _),) = [
        one for one in lane.told if isinstance(one[1], LaneIntervalBegan) and one[1].interval == 1
    ]
    assert began - at == 10 * SECOND_US
    lane.pass_time(into(4))
    assert Reckoning(lane.told).had == {1: [0, 2], 2: [1]}
    assert paid(lane) == {bea: 20, dan: 20}


def test_a_bid_after_the_notice_waits_for_the_next_interval() -> None:
    lane = Lane()
    sol, bea, dan = lane.join(3)
    run = open_lane(lane, sol, capacity=1, notice_us=10 * SECOND_US)
    bid(lane, run, bea, "preemptible", 20, intervals=2)
    lane.pass_time(into(1) - 5 * SECOND_US)
    bid(lane, run, dan, "preemptible", 90, within=3)
    with pytest.raises(Refused):
        lane.move(dan, ReserveLane(run, 1, 1, 1))
    lane.pass_time(into(3))
    assert Reckoning(lane.told).had[2] == [2]


def test_a_reservation_takes_what_preemptible_jobs_have_and_nothing_takes_it() -> None:
    lane = Lane()
    sol, bea, dan, eve = lane.join(4)
    run = open_lane(lane, sol, capacity=2)
    bid(lane, run, bea, "preemptible", 999, quantity=2, intervals=4)
    lane.pass_time(into(0))
    lane.move(dan, ReserveLane(run, 2, 1, 2))
    lane.pass_time(into(1))
    bid(lane, run, eve, "standard", 9_999, within=2)
    lane.pass_time(into(5))
    assert Reckoning(lane.told).had == {1: [0, 3, 4, 5], 2: [1, 2], 3: []}
    assert paid(lane)[dan] == 2 * 2 * 50


def test_reservations_stop_where_capacity_does() -> None:
    lane = Lane()
    sol, bea, dan = lane.join(3)
    run = open_lane(lane, sol, capacity=3)
    lane.move(bea, ReserveLane(run, 2, 2, 2))
    with pytest.raises(Refused) as no:
        lane.move(dan, ReserveLane(run, 2, 3, 2))
    assert no.value.reason == Reason.NOT_ENOUGH_STOCK
    assert no.value.facts == {"listing": "L1", "available": 1, "asked": 2}
    lane.move(dan, ReserveLane(run, 1, 2, 2))
    lane.move(dan, ReserveLane(run, 3, 4, 2))


def test_a_standard_job_begins_only_where_no_reservation_stands_in_its_way() -> None:
    lane = Lane()
    sol, bea, dan = lane.join(3)
    run = open_lane(lane, sol, capacity=1)
    lane.move(bea, ReserveLane(run, 1, 1, 1))
    bid(lane, run, dan, "standard", 90, intervals=2, within=7)
    lane.pass_time(into(5))
    assert Reckoning(lane.told).had == {1: [1], 2: [2, 3]}


@pytest.mark.parametrize("used_us", [1, 17, 29_999_999, 30_000_000, 59_999_999])
@pytest.mark.parametrize("cap", [1_000_003, 7])
def test_a_release_pays_for_time_had_rounded_in_the_buyers_favour(used_us: int, cap: int) -> None:
    lane = Lane()
    sol, bea = lane.join(2)
    run = open_lane(lane, sol, capacity=2, reserve=cap)
    bid(lane, run, bea, "standard", cap, quantity=2, intervals=3)
    starts_at = Reckoning(lane.told).opened.starts_at
    lane.pass_time(starts_at + MINUTE_US + used_us - 1)  # the release itself comes a moment later
    lane.move(bea, ReleaseLaneJob(run, 1))
    assert paid(lane) == {bea: 2 * cap + 2 * cap * used_us // MINUTE_US}
    assert pledge(lane, run, bea).held_units == 0


def test_a_place_not_begun_costs_nothing() -> None:
    lane = Lane()
    sol, bea = lane.join(2)
    run = open_lane(lane, sol, notice_us=10 * SECOND_US)
    bid(lane, run, bea, "standard", 20, intervals=3)
    lane.pass_time(into(0) - 5 * SECOND_US)
    assert of(lane.told, LaneJobPlaced)
    lane.move(bea, ReleaseLaneJob(run, 1))
    lane.pass_time(into(7))
    assert not lane.trades


def test_a_job_past_its_deadline_ends_at_once_and_owes_for_what_it_had() -> None:
    lane = Lane()
    sol, bea, dan = lane.join(3)
    run = open_lane(lane, sol, capacity=1)
    bid(lane, run, bea, "preemptible", 20, intervals=3, within=4)
    lane.pass_time(into(0))
    bid(lane, run, dan, "standard", 30, within=2)
    lane.pass_time(into(1))
    assert endings(lane) == {1: "preempted"}
    assert lane.trades == [(bea, sol, "L1", 1, 10)]


def test_the_provider_closes_and_keeps_what_was_promised() -> None:
    lane = Lane()
    sol, bea, dan, eve, fay = lane.join(5)
    run = open_lane(lane, sol, capacity=3)
    lane.move(bea, ReserveLane(run, 1, 3, 1))
    bid(lane, run, dan, "standard", 30, intervals=2)
    bid(lane, run, eve, "preemptible", 30, intervals=5)
    lane.pass_time(into(0))
    lane.move(sol, CloseLane(run))
    for command in (
        PlaceLaneBid(run, "standard", 1, 1, usd(99), 3 * MINUTE_US),
        ReserveLane(run, 1, 4, 1),
    ):
        with pytest.raises(Refused) as no:
            lane.move(fay, command)
        assert no.value.reason == Reason.CLOSED
    lane.pass_time(into(4))
    assert endings(lane) == {3: "lane_closed", 2: "done", 1: "done"}
    assert paid(lane) == {eve: 10, dan: 20, bea: 50}
    assert not lane.rows(LANES), "the lane is over"


def test_a_lane_without_jobs_sleeps() -> None:
    lane = Lane()
    sol, bea = lane.join(2)
    run = open_lane(lane, sol, intervals=500)
    lane.pass_time(into(100))
    assert not of(lane.told, LaneCleared)
    bid(lane, run, bea, "standard", 20, within=2)
    lane.pass_time(into(200))
    assert [event.interval for event in of(lane.told, LaneCleared)] == [101, 102]
    lane.pass_time(into(501))
    assert lane.trades == [(bea, sol, "L1", 1, 10)]


GOOD: dict[str, Any] = {
    "tier": "standard",
    "quantity": 1,
    "intervals": 1,
    "cap": usd(20),
    "within_us": 3 * MINUTE_US,
}


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"cap": usd(9)}, Reason.INVALID, "cap"),
        ({"cap": Money(20, "EUR")}, Reason.INVALID, "asset"),
        ({"quantity": 0}, Reason.INVALID, "quantity"),
        ({"quantity": 3}, Reason.INVALID, "quantity"),
        ({"intervals": 0}, Reason.INVALID, "intervals"),
        ({"intervals": 1_001}, Reason.INVALID, "intervals"),
        ({"within_us": 0}, Reason.INVALID, "within_us"),
        ({"within_us": MINUTE_US}, Reason.INVALID, "within_us"),
        ({"intervals": 3}, Reason.INVALID, "within_us"),
        ({"intervals": 7, "within_us": DAY_US}, Reason.INVALID, "within_us"),
        ({"cap": usd(2**53 - 1), "quantity": 2}, Reason.INVALID, "quantity"),
    ],
)
def test_a_bid_is_refused(change: dict[str, Any], reason: Reason, field: str) -> None:
    lane = Lane()
    sol, bea = lane.join(2)
    run = open_lane(lane, sol)
    before = len(lane.told)
    with pytest.raises(Refused) as no:
        lane.move(bea, PlaceLaneBid(run, **{**GOOD, **change}))
    assert (no.value.reason, no.value.facts["field"]) == (reason, field)
    assert len(lane.told) == before
    lane.move(bea, PlaceLaneBid(run, **GOOD))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"capacity": 0}, "capacity"),
        ({"intervals": 0}, "intervals"),
        ({"intervals": 100_001}, "intervals"),
        ({"interval_us": SECOND_US - 1}, "interval_us"),
        ({"notice_us": MINUTE_US}, "notice_us"),
        ({"notice_us": -1}, "notice_us"),
        ({"starts_in_us": 0}, "notice_us"),
        ({"reserve": usd(0)}, "reserve"),
        ({"guaranteed": Money(50, "EUR")}, "asset"),
        ({"starts_in_us": 31 * DAY_US}, "intervals"),
    ],
)
def test_an_opening_is_refused(change: dict[str, Any], field: str) -> None:
    lane = Lane()
    (sol,) = lane.join(1)
    good: dict[str, Any] = {
        "listing": lane.post(sol, available=12, subject="capacity"),
        "capacity": 2,
        "interval_us": MINUTE_US,
        "intervals": 6,
        "reserve": usd(10),
        "guaranteed": usd(50),
        "starts_in_us": MINUTE_US,
    }
    with pytest.raises(Refused) as no:
        lane.open(sol, OpenComputeLane(**{**good, **change}))
    assert no.value.facts["field"] == field
    lane.open(sol, OpenComputeLane(**good))


@pytest.mark.parametrize(
    ("listing", "reason"),
    [
        ({"subject": "goods", "available": 12}, Reason.INVALID),
        ({"subject": "capacity", "side": "want", "available": 12}, Reason.INVALID),
        ({"subject": "capacity", "available": 11}, Reason.NOT_ENOUGH_STOCK),
        ({"subject": "capacity", "mechanisms": ("swap",)}, Reason.WRONG_MECHANISM),
    ],
)
def test_a_lane_stands_on_a_listing_with_capacity_for_all_its_intervals(
    listing: dict[str, Any], reason: Reason
) -> None:
    lane = Lane()
    sol, eve = lane.join(2)
    id = lane.post(sol, **listing)
    command = OpenComputeLane(id, 2, MINUTE_US, 6, usd(10), usd(50), MINUTE_US)
    with pytest.raises(Refused) as no:
        lane.open(sol, command)
    assert no.value.reason == reason
    with pytest.raises(Refused) as no:
        lane.open(eve, command)
    assert no.value.reason in {Reason.NOT_YOURS, reason}


def test_only_its_owner_releases_a_job_and_only_once() -> None:
    lane = Lane()
    sol, bea, eve = lane.join(3)
    run = open_lane(lane, sol)
    bid(lane, run, bea, "standard", 20, intervals=2)
    for agent, job, reason in (
        (eve, 1, Reason.NOT_YOURS),
        (sol, 1, Reason.NOT_YOURS),
        (bea, 2, Reason.NOT_FOUND),
        (bea, -1, Reason.NOT_FOUND),
    ):
        with pytest.raises(Refused) as no:
            lane.move(agent, ReleaseLaneJob(run, job))
        assert no.value.reason == reason
    lane.move(bea, ReleaseLaneJob(run, 1))
    with pytest.raises(Refused) as no:
        lane.move(bea, ReleaseLaneJob(run, 1))
    assert no.value.reason == Reason.CLOSED
    with pytest.raises(Refused) as no:
        lane.move(bea, CloseLane(run))
    assert no.value.reason == Reason.NOT_YOURS


def test_strangers_cannot_fill_a_lane() -> None:
    lane = Lane()
    sol, *bidders = lane.join(2 + JOBS_MAX // JOBS_OF_AGENT_MAX)
    run = open_lane(lane, sol)
    for agent in bidders[:-1]:
        for _ in range(JOBS_OF_AGENT_MAX):
            bid(lane, run, agent, "preemptible", 20)
        with pytest.raises(Refused) as no:
            bid(lane, run, agent, "preemptible", 20)
        assert no.value.facts == {"state": "Full", "yours_max": JOBS_OF_AGENT_MAX}
    with pytest.raises(Refused) as no:
        bid(lane, run, bidders[-1], "preemptible", 20)
    assert no.value.facts == {"state": "Full", "jobs_max": JOBS_MAX}


def test_the_notice_tells_no_bid() -> None:
    hall = Hall(compute_lane)
    sol, bea = hall.join(2)
    run = open_lane(hall, sol)
    bid(hall, run, bea, "standard", 8_437, intervals=2)
    seen = standing(hall.simulation.engine.state, run)
    assert set(seen.notice) == set(NOTICE)
    assert 8_437 not in seen.notice.values()
    assert seen.notice["jobs"] == 1
    assert seen.legs == ()


def test_who_has_a_place_is_told_once() -> None:
    lane = Lane()
    sol, bea, dan = lane.join(3)
    run = open_lane(lane, sol)
    bid(lane, run, bea, "preemptible", 20, intervals=3)
    bid(lane, run, dan, "standard", 20, intervals=2)
    lane.pass_time(into(5))
    told = [(event.agent, event.interval) for event in of(lane.told, LaneJobPlaced)]
    assert sorted(told) == [(bea, 0), (dan, 0)]
