"""A compute lane: capacity by the interval, reserved at a posted price or bid for at a spot price.

A provider opens a lane on a listing of capacity, whose stock is in units of capacity for one
interval: 8 processors for 60 minutes are 480. Whoever needs some takes one of three classes:

- *guaranteed*: places in stated intervals, reserved in advance at a posted price while any are
  left. No bid ever takes them away.
- *standard*: a bid for a number of intervals in a row before a deadline. Once it has a place it
  keeps it until its work is done.
- *preemptible*: a bid for so many intervals before a deadline, not in a row. It has places one
  interval at a time, may lose them, and pays for those it had though it is never done.

Rules.

- *Clearing.* `notice_us` before an interval begins, its places are given out, and who is to lose
  one is told. What reservations and running standard jobs leave goes to bids by price; among
  equals to the one with the least time to spare, then to the earlier. Only where that would shut
  out a bid that could be served in time if dearer ones waited, do they wait, as long as their own
  deadlines allow.
- *Price.* One spot price an interval: the highest bid that lost, or the reserve where none did. A
  bid lost that has no place and could have begun had nobody else bid; one that waits for a cheaper
  one has not lost. Everybody placed by a bid, running standard jobs too, pays that price, but no
  more than its own cap. Reservations pay the posted price.
- *Money.* Cap x quantity x intervals is held with the bid. When a job is over (done, released by
  its owner, preempted past its deadline, expired, interrupted by a halt, or the lane closed), one
  agreement is made over all it used, at the prices it had; the rest is free at once. Delivery and
  acceptance follow as in any contract. Its goods are the units of capacity it had, for each
  interval begun.
- *Leaving.* A job may be released at any instant. The rest of the interval is paid back by time, to
  the microsecond, and what is owed is rounded down: the buyer's favour. Where the provider's
  mandate has a floor that this falls below, it is paid as the lane ends, without a contract. A
  place not yet begun costs nothing.
- *Deadlines.* A bid that could not end in time is refused. One that cannot any more, since places
  went to others, ends at once, and owes for what it had.
- *Silence.* The lane ends after its last interval. A provider may close it sooner: then bids end at
  the next interval, while reservations and running standard jobs are kept. One whose authority is
  taken away loses the lane at the first agreement it cannot keep, and is paid nothing more. A buyer
  whose authority is taken away is served on what is held; what it owes goes to the provider when
  the lane ends.
- *Halts.* An interval that could not begin within a second of its time is void: nobody has it and
  nobody pays. Running standard jobs bid again for what they have left.
- *Approval.* What was used cannot be declined, so an agent whose mandate asks for approval of such
  a deal, or of all its jobs in the lane together, cannot bid.
- *Visible* are the lane, reservations, prices, who has places, and preemptions; caps and deadlines
  only to their owner (and to whoever keeps the journal).

The uniform price at the highest losing bid follows multi-unit Vickrey pricing (1961) where each
wants one unit for one interval; with jobs of many sizes and deadlines a bidder may gain by shading,
as in every such market (Ausubel and Cramton 2002), and nothing else is claimed.
"""

from typing import Any

from souq.core.listing import check_price
from souq.core.mechanisms.compute_lane import folding, records, settling
from souq.core.mechanisms.compute_lane.intervals import AHEAD_MAX, end, pass_on
from souq.core.mechanisms.compute_lane.records import (
    HOLDERS,
    JOBS,
    LANES,
    LIVE,
    CloseLane,
    ComputeLaneOpened,
    Job,
    Lane,
    LaneBidPlaced,
    LaneClosing,
    LaneReserved,
    OpenComputeLane,
    PlaceLaneBid,
    ReleaseLaneJob,
    ReserveLane,
    free,
)
from souq.core.mechanisms.moves import (
    NOTHING,
    Effect,
    Item,
    Notice,
    Pledge,
    Standing,
    expiry,
    full,
    need_mine,
    need_own,
    need_total,
    stake,
)
from souq.core.mechanisms.parties import joined, opener
from souq.core.money import UNITS_MAX, Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import SECOND_US
from souq.core.state import Draft, View, row_of

NAME = "compute_lane"
INTERVALS_MAX = 100_000
JOBS_MAX = 1_000
JOBS_OF_AGENT_MAX = 100


NOTICE = {
    "listing": "the listing whose capacity is sold",
    "asset": "what prices are in",
    "capacity": "units of capacity in each interval",
    "interval_us": "how long an interval is",
    "intervals": "how many there are",
    "starts_at": "when the first begins",
    "notice_us": "how long before an interval its places are given out",
    "reserve_units": "the least price of a unit in one interval",
    "guaranteed_units": "the price of reserving one",
    "next_interval": "the first interval whose places are still to be given out",
    "last_units": "the latest spot price",
    "jobs": "how many jobs there are",
    "is_closing": "whether the provider takes no more jobs",
}


def _open(draft: Draft, agent: Agent, command: OpenComputeLane, id: str) -> Effect:
    for name, most in (("capacity", UNITS_MAX), ("intervals", INTERVALS_MAX)):
        if not 0 < getattr(command, name) <= most:
            raise invalid(name, f"above 0, and at most {most}")
    if command.interval_us < SECOND_US:
        raise invalid("interval_us", "at least a second")
    if not 0 <= command.notice_us < min(command.interval_us, command.starts_in_us):
        raise invalid("notice_us", "shorter than an interval, and than the time until the first")
    for name in ("reserve", "guaranteed"):
        price: Money = getattr(command, name)
        check_price(draft, price, name, asset=command.reserve.asset, units_min=1)
    lasts_us = command.interval_us * command.intervals
    starts_at = expiry(draft, command.starts_in_us + lasts_us, "intervals") - lasts_us
    item = Item(command.listing, command.capacity * command.intervals)
    listing = need_own(draft, agent, item, NAME, side="sell")
    if listing.subject != "capacity":
        raise invalid("listing", "offers capacity")
    draft.emit(
        ComputeLaneOpened(
            id,
            agent.id,
            agent.principal,
            listing.id,
            command.capacity,
            command.interval_us,
            command.intervals,
            starts_at,
            command.notice_us,
            command.reserve,
            command.guaranteed,
        )
    )
    least = min(command.reserve, command.guaranteed) * item.quantity
    return Effect((agent.id,), stake(agent.id, "", listing.id, item.quantity, least), is_final=True)


def _bid(draft: Draft, agent: Agent, command: PlaceLaneBid, id: str) -> Effect:
    lane = row_of(draft, LANES, id)
    _need_room(draft, lane, agent, command, id)
    cap, reserve = command.cap, lane.reserve
    check_price(draft, cap, "cap", asset=reserve.asset, units_min=reserve.units)
    if command.within_us <= 0:
        raise invalid("within_us", "above 0")
    in_time = (draft.at + command.within_us - lane.starts_at) // lane.interval_us
    by = min(in_time, lane.intervals)
    if lane.next_free(draft.at) + command.intervals > by:
        raise invalid("within_us", "it could not end in time, or the lane ends before")
    total = need_total(cap, command.quantity * command.intervals)
    draft.emit(
        LaneBidPlaced(
            id,
            agent.id,
            lane.jobs + 1,
            command.tier,
            command.quantity,
            command.intervals,
            by,
            cap.units,
        )
    )
    return _bound(lane, agent, command.quantity * command.intervals, total)


def _reserve(draft: Draft, agent: Agent, command: ReserveLane, id: str) -> Effect:
    lane = row_of(draft, LANES, id)
    _need_room(draft, lane, agent, command, id)
    if not lane.next_free(draft.at) <= command.first <= lane.intervals - command.intervals:
        raise invalid("first", "its intervals are given out already, or past the lane's end")
    left = min(free(draft, id, lane, command.first, command.intervals))
    if left < command.quantity:
        raise Refused(
            Reason.NOT_ENOUGH_STOCK, listing=lane.listing, available=left, asked=command.quantity
        )
    units = lane.guaranteed.units
    total = need_total(lane.guaranteed, command.quantity * command.intervals)
    draft.emit(
        LaneReserved(
            id,
            agent.id,
            lane.jobs + 1,
            command.quantity,
            command.intervals,
            command.first,
            units,
        )
    )
    return _bound(lane, agent, command.quantity * command.intervals, total)


def _need_room(
    draft: Draft, lane: Lane, agent: Agent, command: PlaceLaneBid | ReserveLane, id: str
) -> None:
    if lane.is_closing or draft.at >= lane.begins_at(lane.intervals):
        raise Refused(Reason.CLOSED, id=id)
    if agent.principal == lane.principal:
        raise Refused(Reason.SAME_PRINCIPAL)
    for name, most in (("quantity", lane.capacity), ("intervals", AHEAD_MAX)):
        if not 0 < getattr(command, name) <= most:
            raise invalid(name, f"above 0, and at most {most}")
    own = draft.get(HOLDERS, f"{id}/{agent.id}")
    if own is not None and own.jobs >= JOBS_OF_AGENT_MAX:
        raise full(yours_max=JOBS_OF_AGENT_MAX)
    if lane.live + lane.unsettled >= JOBS_MAX:
        raise full(jobs_max=JOBS_MAX)


def _bound(lane: Lane, agent: Agent, quantity: int, total: Money) -> Effect:
    legs = stake(lane.seller, agent.id, lane.listing, quantity, total)
    return Effect((agent.id,), legs, is_final=True)


def _release(draft: Draft, agent: Agent, command: ReleaseLaneJob, id: str) -> Effect:
    lane = row_of(draft, LANES, id)
    key, was_there = f"{id}/{command.job}", 0 < command.job <= lane.jobs
    job = need_mine(draft.get(JOBS, key), agent, key, was_there=was_there)
    if job.stage not in LIVE:
        raise Refused(Reason.CLOSED, id=key)
    return Effect(end(draft, job, "released", _unused(lane, job, draft.at)))


def _unused(lane: Lane, job: Job, at: int) -> int:
    """Give what the rest of the interval at hand was to cost, if the job has a place in it."""
    if job.paid < 0 or at >= lane.begins_at(job.paid + 1):
        return 0
    price = job.units * job.quantity
    return price - price * (at - lane.begins_at(job.paid)) // lane.interval_us


def _close(draft: Draft, agent: Agent, command: CloseLane, id: str) -> Effect:
    lane = row_of(draft, LANES, id)
    if agent.id != lane.seller:
        raise Refused(Reason.NOT_YOURS, id=id)
    if lane.is_closing:
        raise Refused(Reason.CLOSED, id=id)
    draft.emit(LaneClosing(id, agent.id))
    return Effect()


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know, and the instant at which something happens next."""
    lane = row_of(view, LANES, id)
    notice: Notice = {
        "listing": lane.listing,
        "asset": lane.reserve.asset,
        "capacity": lane.capacity,
        "interval_us": lane.interval_us,
        "intervals": lane.intervals,
        "starts_at": lane.starts_at,
        "notice_us": lane.notice_us,
        "reserve_units": lane.reserve.units,
        "guaranteed_units": lane.guaranteed.units,
        "next_interval": lane.next_free(view.at),
        "last_units": lane.units,
        "jobs": lane.live,
        "is_closing": lane.is_closing,
    }
    return Standing(opener(view, id), (), "", lane.due_at(), (), notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """The provider sets aside what it has not sold yet, each buyer what its jobs could cost."""
    lane = row_of(view, LANES, id)
    if agent == lane.seller:
        left = lane.capacity * lane.intervals - lane.sold
        return Pledge(goods=(Item(lane.listing, left),)) if left else NOTHING
    own = view.get(HOLDERS, f"{id}/{agent}")
    return NOTHING if own is None else Pledge(own.held, own.held, lane.reserve.asset)


outcome = settling.outcome
settled = settling.settled
unable = settling.unable
lapse = pass_on
forget = folding.forget

IS_PREPAID = True
OPENS: dict[type, Any] = {OpenComputeLane: _open}
MOVES: dict[type, Any] = {
    PlaceLaneBid: _bid,
    ReserveLane: _reserve,
    ReleaseLaneJob: _release,
    CloseLane: _close,
}
JOINS: tuple[type, ...] = (PlaceLaneBid, ReserveLane)
FREES: tuple[type, ...] = (ReleaseLaneJob, CloseLane)
TABLES, EVOLVE, SEEN = records.TABLES, folding.EVOLVE, records.SEEN
