"""What time does to a compute lane: it gives places out, begins intervals, and ends jobs."""

from souq.core.mechanisms.compute_lane.clearing import Bid, clear
from souq.core.mechanisms.compute_lane.records import (
    LANES,
    LIVE,
    Job,
    Lane,
    LaneCleared,
    LaneEnded,
    LaneIntervalBegan,
    LaneJobEnded,
    LaneJobPlaced,
    LaneJobPreempted,
    free,
    jobs,
)
from souq.core.rules import SECOND_US
from souq.core.state import Draft, row_of

AHEAD_MAX = 1_000  # intervals that a job may take, and that a clearing looks ahead


def pass_on(draft: Draft, id: str) -> tuple[str, ...]:
    """Do what is due, and give whose jobs ended owing nothing."""
    lane = row_of(draft, LANES, id)
    if draft.at >= lane.begins_at(lane.intervals):
        return _finish(draft, id)
    if draft.at - lane.due_at() >= SECOND_US:  # the market stood still meanwhile
        past = lane.next_free(draft.at) - 1
        draft.emit(LaneIntervalBegan(id, past, is_void=True))
        return ()
    if lane.begun < lane.cleared:
        return _begin(draft, id, lane)
    _clear(draft, id, lane)
    return () if lane.notice_us else _begin(draft, id, row_of(draft, LANES, id))


def end(draft: Draft, job: Job, why: str, refund_units: int = 0) -> tuple[str, ...]:
    """End a job; give its owner where nothing is owed, so that nothing else follows."""
    draft.emit(LaneJobEnded(job.negotiation, job.agent, job.number, why, refund_units))
    return () if job.owed > refund_units else (job.agent,)


def _clear(draft: Draft, id: str, lane: Lane) -> None:
    """Give the next interval's places out."""
    now = lane.cleared
    bidding = sorted(jobs(draft, id, "bids"), key=lambda job: (-job.cap, job.by - job.need))
    bids = []
    if not lane.is_closing:
        for job in bidding:
            if 0 < job.need <= job.by - now:
                is_kept = job.tier == "standard"
                bids.append(Bid(job.number, job.cap, job.quantity, job.need, job.by - now, is_kept))
    ahead = min(lane.intervals - now, AHEAD_MAX, max((bid.by for bid in bids), default=1))
    price, placed = clear(bids, free(draft, id, lane, now, ahead))
    units = lane.reserve.units if price is None else price
    draft.emit(LaneCleared(id, now, units, placed))
    has_place = frozenset(placed)
    for job in bidding:
        had_place = now > 0 and job.paid == now - 1
        if job.number in has_place and not had_place:
            draft.emit(LaneJobPlaced(id, job.agent, job.number, now, job.quantity))
        elif had_place and job.number not in has_place and job.need:
            draft.emit(LaneJobPreempted(id, job.agent, job.number, now))


def _begin(draft: Draft, id: str, lane: Lane) -> tuple[str, ...]:
    """End what is done with, and charge everybody who has a place in the interval that begins."""
    touched: tuple[str, ...] = ()
    for job in list(jobs(draft, id, *LIVE)):
        why = _over(job, lane)
        if why:
            touched += end(draft, job, why)
    draft.emit(LaneIntervalBegan(id, lane.begun))
    return touched


def _over(job: Job, lane: Lane) -> str:
    """Say why a job is over as the next interval begins, or give "" where it goes on."""
    now = lane.begun
    if not job.need:
        return "done"
    if job.stage != "bids":
        return "interrupted" if job.until <= now else ""
    if job.placed == now:
        return ""
    if lane.is_closing:
        return "lane_closed"
    if now + 1 + job.need <= job.by:
        return ""
    if not job.had:
        return "expired"
    return "preempted" if job.tier == "preemptible" else "interrupted"


def _finish(draft: Draft, id: str) -> tuple[str, ...]:
    touched: tuple[str, ...] = ()
    for job in list(jobs(draft, id, *LIVE)):
        touched += end(draft, job, "lane_closed" if job.need else "done")
    draft.emit(LaneEnded(id, "ended"))
    return touched
