"""What happens in a compute lane, as its journal tells it."""

from typing import Literal

from msgspec import Struct

from souq.core.money import Money

Tier = Literal["guaranteed", "standard", "preemptible"]


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
