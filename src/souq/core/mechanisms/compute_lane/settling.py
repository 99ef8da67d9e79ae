"""What jobs of a compute lane used becomes agreements, and the lane ends with the last of them."""

from souq.core.agreement import Agreement, CashLeg
from souq.core.mechanisms.compute_lane.records import (
    JOBS,
    LANES,
    Job,
    LaneEnded,
    LaneJobSettled,
    LaneJobUnsettled,
    jobs,
)
from souq.core.mechanisms.moves import Outcome, sale
from souq.core.money import Money
from souq.core.state import Draft, View, row_of


def outcome(view: View, id: str) -> Outcome | None:
    """Make an agreement over what each job used as it ends, and end with the last."""
    lane = row_of(view, LANES, id)
    job = None if lane.why == "provider_unable" else _first_ended(view, id)
    if job is not None:
        quantity, owed = job.quantity * job.had, Money(job.owed, lane.reserve.asset)
        used = sale(lane.seller, job.agent, lane.listing, quantity, owed)
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
