"""What is asked, what happens and what is remembered in a run of `compute_lane`.

A job is a bid for places, or a reservation; it goes from stage to stage until it is over:

    bids       waits for places, or has them one interval at a time
    reserved   has places in intervals to come
    running    keeps its places until its work is done
    ended      is over, and what it used is about to become an agreement
    unsettled  is over, and a mandate forbids its agreement; what it owes stays held
"""

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from souq.core.index import Rank
from souq.core.money import Money
from souq.core.state import Table, View, row_of

Tier = Literal["guaranteed", "standard", "preemptible"]
Stage = Literal["bids", "reserved", "running", "ended", "unsettled"]
LIVE: tuple[Stage, ...] = ("bids", "reserved", "running")
STAGES: tuple[Stage, ...] = (*LIVE, "ended", "unsettled")


class OpenComputeLane(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Sell capacity by the interval, on a listing that has as much for all of them.

    `reserve` is the least a unit goes for in one interval, `guaranteed` the price of reserving it.
    Losers of a place are told `notice_us` before.
    """

    listing: str
    capacity: int
    interval_us: int
    intervals: int
    reserve: Money
    guaranteed: Money
    starts_in_us: int
    notice_us: int = 0


class PlaceLaneBid(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Bid for `quantity` units over so many intervals that end within `within_us` from now.

    `cap` is the most to pay for a unit in one interval. A standard job has its intervals in a row;
    a preemptible one as they come.
    """

    negotiation: str
    tier: Literal["standard", "preemptible"]
    quantity: int
    intervals: int
    cap: Money
    within_us: int


class ReserveLane(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Reserve units in stated intervals, the lane's first being 0, at the posted price."""

    negotiation: str
    quantity: int
    first: int
    intervals: int = 1


class ReleaseLaneJob(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End a job of one's own, or take its bid back; it pays for the time it had."""

    negotiation: str
    job: int


class CloseLane(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take no more jobs. What is promised is kept; bids end with the interval. By the provider."""

    negotiation: str


class ComputeLaneOpened(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    capacity: int
    interval_us: int
    intervals: int
    starts_at: int
    notice_us: int
    reserve: Money
    guaranteed: Money


class LaneBidPlaced(Struct, frozen=True, tag=True):
    """`units` is the cap on a unit of capacity for an interval; `by` is the deadline's interval."""

    negotiation: str
    agent: str
    job: int
    tier: Tier
    quantity: int
    intervals: int
    by: int
    units: int


class LaneReserved(Struct, frozen=True, tag=True):
    """Places from interval `first` on; `units` is the price of a unit for an interval."""

    negotiation: str
    agent: str
    job: int
    quantity: int
    intervals: int
    first: int
    units: int


class LaneCleared(Struct, frozen=True, tag=True):
    """Who has a place in an interval, of those who bid, and the spot price in `units`."""

    negotiation: str
    interval: int
    units: int
    placed: tuple[int, ...]


class LaneJobPlaced(Struct, frozen=True, tag=True):
    """A job that bid has a place, from this interval on."""

    negotiation: str
    agent: str
    job: int
    interval: int
    quantity: int


class LaneJobPreempted(Struct, frozen=True, tag=True):
    """Notice: from this interval on the job has no place. It goes on bidding."""

    negotiation: str
    agent: str
    job: int
    interval: int


class LaneIntervalBegan(Struct, frozen=True, tag=True, omit_defaults=True):
    """Places are had, and owed for.

    `is_void`: the market stood still as it began, and as others before it; nobody has a place.
    """

    negotiation: str
    interval: int
    is_void: bool = False


class LaneJobEnded(Struct, frozen=True, tag=True, omit_defaults=True):
    """`why`: done, released, preempted, expired, interrupted or lane_closed.

    `refund_units` is the part of the last interval's price that it gets back.
    """

    negotiation: str
    agent: str
    job: int
    why: str
    refund_units: int = 0


class LaneJobSettled(Struct, frozen=True, tag=True):
    """What a job used became an agreement over `quantity` units for an interval each."""

    negotiation: str
    agent: str
    job: int
    quantity: int
    units: int


class LaneJobUnsettled(Struct, frozen=True, tag=True):
    """A mandate does not allow the agreement; `units` go to the provider as the lane ends."""

    negotiation: str
    agent: str
    job: int
    units: int


class LaneClosing(Struct, frozen=True, tag=True):
    """No more jobs, and no more places but those already promised."""

    negotiation: str
    agent: str


class LaneEnded(Struct, frozen=True, tag=True):
    """`why`: ended, or provider_unable."""

    negotiation: str
    why: str


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


def job_of(view: View, id: str, number: int) -> Job:
    """Give a job of a lane."""
    return row_of(view, JOBS, f"{id}/{number}")


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


SEEN: dict[type, Any] = {
    ComputeLaneOpened: "public",
    LaneBidPlaced: "own",
    LaneReserved: "public",
    LaneCleared: "public",
    LaneJobPlaced: "public",
    LaneJobPreempted: "public",
    LaneIntervalBegan: "public",
    LaneJobEnded: "public",
    LaneJobSettled: "own",
    LaneJobUnsettled: "own",
    LaneClosing: "public",
    LaneEnded: "public",
}
