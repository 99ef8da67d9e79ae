"""How events change a compute lane."""

from typing import Any

import msgspec

from souq.core.mechanisms.compute_lane.records import (
    HOLDERS,
    JOBS,
    LANES,
    LIVE,
    STAGES,
    ComputeLaneOpened,
    Holder,
    Job,
    Lane,
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
    job_of,
    jobs,
)
from souq.core.state import DEADLINES, View, drop_group, row_of


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    for job in list(jobs(view, id, *STAGES)):
        view.drop(JOBS, f"{id}/{job.number}")
    drop_group(view, HOLDERS, id)
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
    lane = msgspec.structs.replace(row_of(view, LANES, id), **fields)
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
    id, lane = job.negotiation, row_of(view, LANES, job.negotiation)
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
        job = job_of(view, id, number)
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
    price = row_of(view, LANES, id).units
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
    job = job_of(view, id, event.job)
    owed = job.owed - event.refund_units
    if owed:
        _put(view, job, stage="ended", owed=owed, refund=event.refund_units)
    else:
        _drop(view, job)
    _change(view, id, live=row_of(view, LANES, id).live - 1)


def _drop(view: View, job: Job) -> None:
    _hold(view, job, jobs=-1, units=-job.held)
    view.drop(JOBS, f"{job.negotiation}/{job.number}")


def _settled(view: View, event: LaneJobSettled) -> None:
    id = event.negotiation
    _drop(view, job_of(view, id, event.job))
    _change(view, id, sold=row_of(view, LANES, id).sold + event.quantity)


def _unsettled(view: View, event: LaneJobUnsettled) -> None:
    id = event.negotiation
    job = job_of(view, id, event.job)
    _hold(view, job, jobs=0, units=job.owed - job.held)
    _put(view, job, stage="unsettled")
    _change(view, id, unsettled=row_of(view, LANES, id).unsettled + 1)


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
