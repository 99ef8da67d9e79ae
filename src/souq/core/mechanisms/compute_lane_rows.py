"""What a compute lane remembers: the lane, its jobs, and what each agent has held in it.

A job is a bid for places, or a reservation; it goes from stage to stage until it is over:

    bids       waits for places, or has them one interval at a time
    reserved   has places in intervals to come
    running    keeps its places until its work is done
    ended      is over, and what it used is about to become an agreement
    unsettled  is over, and a mandate forbids its agreement; what it owes stays held
"""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.core.index import Rank
from souq.core.mechanisms.compute_lane_events import (
    ComputeLaneOpened,
    LaneBidPlaced,
    LaneCleared,
    LaneClosing,
    LaneEnded,
    LaneIntervalBegan,
    LaneJobEnded,
    LaneJobPlaced,
    LaneJobPreempted,
    LaneJobSettled,
    LaneJobUnsettled,
    LaneReserved,
    Tier,
)
from souq.core.money import Money
from souq.core.state import DEADLINES, Table, View

Stage = Literal["bids", "reserved", "running", "ended", "unsettled"]
LIVE: tuple[Stage, ...] = ("bids", "reserved", "running")
STAGES: tuple[Stage, ...] = (*LIVE, "ended", "unsettled")


class Lane(Struct, frozen=True):
    seller: str
    principal: str
    listing: str
    capacity: int
    interval_us: int
    intervals: int
    starts_at: int
    notice_us: int
    reserve: Money
    guaranteed: Money
    cleared: int = 0  # how many intervals are cleared, and how many of these have begun
    begun: int = 0
    units: int = 0  # the latest spot price
    sold: int = 0
    jobs: int = 0
    live: int = 0
    unsettled: int = 0
    is_closing: bool = False
    why: str = ""  # once it is over

    def begins_at(self, interval: int) -> int:
        """Give the instant an interval begins; the lane ends where the one past the last would."""
        return self.starts_at + interval * self.interval_us

    def next_free(self, at: int) -> int:
        """Give the first interval that is not cleared, nor about to be."""
        past = at + self.notice_us - self.starts_at
        return max(self.cleared, past // self.interval_us + 1)

    def due_at(self) -> int:
        """Give the instant something happens next: a clearing, a beginning, or the end."""
        if self.begun < self.cleared:
            return self.begins_at(self.begun)
        if not self.live or self.cleared >= self.intervals:
            return self.begins_at(self.intervals)
        return self.begins_at(self.cleared) - self.notice_us


class Job(Struct, frozen=True, gc=False, array_like=True):
    """`first` and `until` bound the intervals of a promised place; `by` those it can use at all.

    `placed` is the latest interval it was given a place in, and `paid` the latest it has begun to
    use, at a price of `units`.
    """

    negotiation: str
    agent: str
    number: int
    tier: Tier
    quantity: int
    intervals: int
    by: int
    cap: int
    stage: Stage
    first: int = 0
    until: int = 0
    had: int = 0
    owed: int = 0
    placed: int = -1
    paid: int = -1
    units: int = 0
    refund: int = 0

    @property
    def held(self) -> int:
        """Give all that it could cost."""
        return self.owed if self.stage == "unsettled" else self.cap * self.quantity * self.intervals

    @property
    def need(self) -> int:
        """Give how many intervals are left to do."""
        return self.intervals - self.had


class Holder(Struct, frozen=True, gc=False, array_like=True):
    """What the jobs of one agent hold in one lane."""

    negotiation: str
    agent: str
    jobs: int = 0
    held: int = 0


def _rank(job: Job) -> Rank:
    group = f"{job.negotiation}/{job.stage}"
    if job.stage == "bids":
        return Rank(group, -job.cap, job.number)
    return Rank(group, job.first if job.stage == "reserved" else 0, job.number)


LANES: Table[Lane] = Table("compute_lane", Lane)
JOBS: Table[Job] = Table("lane_jobs", Job, rank=_rank)
HOLDERS: Table[Holder] = Table("lane_holders", Holder, rank=lambda one: Rank(one.negotiation, 0, 0))
TABLES: tuple[Table[Any], ...] = (LANES, JOBS, HOLDERS)


def need_lane(view: View, id: str) -> Lane:
    """Give an open lane."""
    lane = view.get(LANES, id)
    assert lane is not None, f"no compute lane: {id}"
    return lane


def need_job(view: View, id: str, number: int) -> Job:
    """Give a job of a lane."""
    job = view.get(JOBS, f"{id}/{number}")
    assert job is not None, f"no job {number} in {id}"
    return job


def jobs(view: View, id: str, *stages: Stage) -> Iterator[Job]:
    """Iterate over a lane's jobs in some stages; nothing may change meanwhile."""
    for stage in stages:
        for _, job in view.walk(JOBS, f"{id}/{stage}"):
            yield job


def free(view: View, id: str, lane: Lane, first: int, count: int) -> list[int]:
    """Give what is promised to nobody, in so many intervals from one on."""
    steps = [0] * (count + 1)
    for job in jobs(view, id, "reserved", "running"):
        begins, ends = max(job.first - first, 0), min(job.until - first, count)
        if begins < ends:
            steps[begins] += job.quantity
            steps[ends] -= job.quantity
    left, found = lane.capacity, []
    for step in steps[:count]:
        left -= step
        found.append(left)
    return found


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    for job in list(jobs(view, id, *STAGES)):
        view.drop(JOBS, f"{id}/{job.number}")
    for key, _ in list(view.walk(HOLDERS, id)):
        view.drop(HOLDERS, key)
    view.drop(LANES, id)


def _opened(view: View, event: ComputeLaneOpened) -> None:
    lane = Lane(
        event.agent,
        event.principal,
        event.listing,
        event.capacity,
        event.interval_us,
        event.intervals,
        event.starts_at,
        event.notice_us,
        event.reserve,
        event.guaranteed,
    )
    view.put(LANES, event.negotiation, lane)
    view.put(DEADLINES, event.negotiation, lane.due_at())


def _change(view: View, id: str, **fields: Any) -> None:
    lane = msgspec.structs.replace(need_lane(view, id), **fields)
    view.put(LANES, id, lane)
    view.put(DEADLINES, id, lane.due_at())


def _put(view: View, job: Job, **fields: Any) -> None:
    changed = msgspec.structs.replace(job, **fields)
    view.put(JOBS, f"{job.negotiation}/{job.number}", changed)


def _hold(view: View, job: Job, *, jobs: int, units: int) -> None:
    key = f"{job.negotiation}/{job.agent}"
    found = view.get(HOLDERS, key) or Holder(job.negotiation, job.agent)
    if found.jobs + jobs:
        held = found.held + units
        view.put(HOLDERS, key, Holder(job.negotiation, job.agent, found.jobs + jobs, held))
    else:
        view.drop(HOLDERS, key)


def _came(view: View, job: Job) -> None:
    """Let a job in. A lane without jobs has let its intervals pass; it counts from now again."""
    id, lane = job.negotiation, need_lane(view, job.negotiation)
    view.put(JOBS, f"{id}/{job.number}", job)
    _hold(view, job, jobs=1, units=job.held)
    is_idle = not lane.live and lane.begun == lane.cleared
    now = lane.next_free(view.at) if is_idle else lane.cleared
    begun = now if is_idle else lane.begun
    _change(view, id, jobs=job.number, live=lane.live + 1, cleared=now, begun=begun)


def _bid(view: View, event: LaneBidPlaced) -> None:
    _came(
        view,
        Job(
            event.negotiation,
            event.agent,
            event.job,
            event.tier,
            event.quantity,
            event.intervals,
            event.by,
            event.units,
            "bids",
        ),
    )


def _reserved(view: View, event: LaneReserved) -> None:
    until = event.first + event.intervals
    _came(
        view,
        Job(
            event.negotiation,
            event.agent,
            event.job,
            "guaranteed",
            event.quantity,
            event.intervals,
            until,
            event.units,
            "reserved",
            event.first,
            until,
        ),
    )


def _cleared(view: View, event: LaneCleared) -> None:
    id, now = event.negotiation, event.interval
    for number in event.placed:
        job = need_job(view, id, number)
        if job.tier == "standard":
            _put(view, job, placed=now, stage="running", first=now, until=now + job.need)
        else:
            _put(view, job, placed=now)
    _change(view, id, cleared=now + 1, units=event.units)


def _began(view: View, event: LaneIntervalBegan) -> None:
    """Charge for the interval: the reserved their price, others no more than their cap."""
    id, now = event.negotiation, event.interval
    if event.is_void:
        _pass_over(view, id, now)
        return
    price = need_lane(view, id).units
    for job in list(jobs(view, id, *LIVE)):
        if job.placed != now and not job.first <= now < job.until:
            continue
        units = job.cap if job.tier == "guaranteed" else min(price, job.cap)
        _put(
            view,
            job,
            stage="bids" if job.tier == "preemptible" else "running",
            had=job.had + 1,
            owed=job.owed + units * job.quantity,
            paid=now,
            units=units,
        )
    _change(view, id, begun=now + 1)


def _pass_over(view: View, id: str, interval: int) -> None:
    """Let what was running bid again: the places it had were of intervals that are gone."""
    for job in list(jobs(view, id, "running")):
        if job.tier == "standard":
            _put(view, job, stage="bids", first=0, until=0)
    _change(view, id, cleared=interval + 1, begun=interval + 1)


def _ended(view: View, event: LaneJobEnded) -> None:
    id = event.negotiation
    job = need_job(view, id, event.job)
    owed = job.owed - event.refund_units
    if owed:
        _put(view, job, stage="ended", owed=owed, refund=event.refund_units)
    else:
        _drop(view, job)
    _change(view, id, live=need_lane(view, id).live - 1)


def _drop(view: View, job: Job) -> None:
    _hold(view, job, jobs=-1, units=-job.held)
    view.drop(JOBS, f"{job.negotiation}/{job.number}")


def _settled(view: View, event: LaneJobSettled) -> None:
    id = event.negotiation
    _drop(view, need_job(view, id, event.job))
    _change(view, id, sold=need_lane(view, id).sold + event.quantity)


def _unsettled(view: View, event: LaneJobUnsettled) -> None:
    id = event.negotiation
    job = need_job(view, id, event.job)
    _hold(view, job, jobs=0, units=job.owed - job.held)
    _put(view, job, stage="unsettled")
    _change(view, id, unsettled=need_lane(view, id).unsettled + 1)


def _told(view: View, event: LaneJobPlaced | LaneJobPreempted) -> None:
    """Change nothing: that is in the clearing, and this tells it to whom it concerns."""


EVOLVE: dict[type, Any] = {
    ComputeLaneOpened: _opened,
    LaneBidPlaced: _bid,
    LaneReserved: _reserved,
    LaneCleared: _cleared,
    LaneJobPlaced: _told,
    LaneJobPreempted: _told,
    LaneIntervalBegan: _began,
    LaneJobEnded: _ended,
    LaneJobSettled: _settled,
    LaneJobUnsettled: _unsettled,
    LaneClosing: lambda view, event: _change(view, event.negotiation, is_closing=True),
    LaneEnded: lambda view, event: _change(view, event.negotiation, why=event.why),
}
