"""What jobs of a compute lane used becomes agreements, and the lane ends with the last of them."""

from souq.core.agreement import Agreement, CashLeg, GoodsLeg, Leg
from souq.core.mechanisms.compute_lane.records import (
    JOBS,
    LANES,
    Job,
    Lane,
    LaneEnded,
    LaneJobSettled,
    LaneJobUnsettled,
    jobs,
)
from souq.core.mechanisms.moves import Outcome
from souq.core.money import Money
from souq.core.state import Draft, View, row_of


def legs(lane: Lane, buyer: str, quantity: int, units: int) -> tuple[Leg, ...]:
    """Say that the provider gives units of capacity, for an interval each, and what they cost."""
    return (
        GoodsLeg(lane.seller, buyer, lane.listing, quantity),
        CashLeg(buyer, lane.seller, Money(units, lane.reserve.asset)),
    )


def outcome(view: View, id: str) -> Outcome | None:
    """Make an agreement over what each job used as it ends, and end with the last."""
    lane = row_of(view, LANES, id)
    job = None if lane.why == "provider_unable" else _first_ended(view, id)
    if job is not None:
        used = legs(lane, job.agent, job.quantity * job.had, job.owed)
        return Outcome("", (Agreement((job.agent, lane.seller), used),), is_final=True)
    why = lane.why or ("closed" if lane.is_closing and not lane.live else "")
    if not why:
        return None
    asset = lane.reserve.asset
    owing = jobs(view, id, "unsettled") if lane.unsettled else ()
    return Outcome(
        why,
        forfeits=tuple(CashLeg(job.agent, lane.seller, Money(job.owed, asset)) for job in owing),
    )


def _first_ended(view: View, id: str) -> Job | None:
    found = view.first(JOBS, f"{id}/ended")
    return None if found is None else found[1]


def _need_ended(view: View, id: str) -> Job:
    job = _first_ended(view, id)
    assert job is not None, f"an agreement over no job of {id}"
    return job


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note that a job's use became an agreement."""
    job = _need_ended(draft, id)
    quantity = job.quantity * job.had
    draft.emit(LaneJobSettled(id, job.agent, job.number, quantity, job.owed))
    return (job.agent, row_of(draft, LANES, id).seller)


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> tuple[str, ...]:
    """Leave what is owed to the lane's end; a provider who can agree to nothing ends it now."""
    job = _need_ended(draft, id)
    if agent == job.agent or job.refund:
        draft.emit(LaneJobUnsettled(id, job.agent, job.number, job.owed))
    else:
        draft.emit(LaneEnded(id, "provider_unable"))
    return agreement.parties
