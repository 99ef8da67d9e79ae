"""The words of the little language for compute lanes.

sol opens a lane of 2 on rack for 6 intervals of 1 hour, from 1 USD, reserved at 5 USD, in 2 days
  [with 2 minutes notice]
bea bids 3 USD x2 standard|preemptible for 3 intervals within 1 hour
bea reserves x1 for 2 intervals from 0 | bea releases job 2 | sol closes the lane
the price in N1 is 2 USD | job 2 of N1 waits|has a place|is over | job 2 of N1 had 3 intervals
"""

from typing import Any

from souq.core.mechanisms.compute_lane.records import (
    JOBS,
    LANES,
    CloseLane,
    OpenComputeLane,
    PlaceLaneBid,
    ReleaseLaneJob,
    ReserveLane,
)
from tests.scenarios.words import CASH, claim, interval, money, shown, step


@step(
    rf"opens a lane of (\d+) on (\w+) for (\d+) intervals of ([\w ]+), from ({CASH}),"
    rf" reserved at ({CASH}), in ([\w ]+?)(?: with ([\w ]+) notice)?"
)
def _opens(play: Any, who: str, said: Any) -> Any:
    capacity, thing, intervals, length, reserve, guaranteed, starts_in, notice = said.groups()
    return OpenComputeLane(
        play.thing(thing),
        int(capacity),
        interval(length),
        int(intervals),
        money(reserve),
        money(guaranteed),
        interval(starts_in),
        interval(notice) if notice else 0,
    )


@step(rf"bids ({CASH}) x(\d+) (standard|preemptible) for (\d+) intervals? within ([\w ]+)")
def _bids(play: Any, who: str, said: Any) -> Any:
    cap, quantity, tier, intervals, within = said.groups()
    run = play.talk(who)
    return PlaceLaneBid(run, tier, int(quantity), int(intervals), money(cap), interval(within))


@step(r"reserves x(\d+) for (\d+) intervals? from (\d+)")
def _reserves(play: Any, who: str, said: Any) -> Any:
    quantity, intervals, first = map(int, said.groups())
    return ReserveLane(play.talk(who), quantity, first, intervals)


@step(r"releases job (\d+)")
def _releases(play: Any, who: str, said: Any) -> Any:
    return ReleaseLaneJob(play.talk(who), int(said[1]))


@step(r"closes the lane")
def _closes(play: Any, who: str, said: Any) -> Any:
    return CloseLane(play.talk(who))


@claim(rf"the price in (N\d+) is ({CASH})")
def _price(play: Any, said: Any) -> Any:
    return shown(play.engine.state.rows(LANES)[said[1]].units), said[2]


@claim(r"job (\d+) of (N\d+) (waits|has a place|is over)")
def _job(play: Any, said: Any) -> Any:
    job, lane = _found(play, said)
    if job is None:
        return "is over", said[3]
    has_place = job.paid >= 0 and job.paid == lane.begun - 1
    return "has a place" if has_place else "waits", said[3]


@claim(r"job (\d+) of (N\d+) had (\d+) intervals?")
def _had(play: Any, said: Any) -> Any:
    return _found(play, said)[0].had, int(said[3])


def _found(play: Any, said: Any) -> Any:
    state = play.engine.state
    return state.get(JOBS, f"{said[2]}/{said[1]}"), state.get(LANES, said[2])
