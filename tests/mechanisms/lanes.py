"""What tests of compute lanes share: ways to play, and a reckoning of their own.

The reckoning reads events alone and shares no code with the mechanism: who had which interval, and
what that costs by the rules as they are written.
"""

from collections import Counter
from typing import Any, Literal

from souq.core.mechanisms import compute_lane
from souq.core.mechanisms.compute_lane.records import (
    ComputeLaneOpened,
    LaneBidPlaced,
    LaneCleared,
    LaneIntervalBegan,
    LaneJobEnded,
    LaneReserved,
    OpenComputeLane,
    PlaceLaneBid,
)
from souq.core.money import Money
from souq.core.rules import MINUTE_US, SECOND_US
from souq.journal.replay import records
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel

Tier = Literal["standard", "preemptible"]


def usd(units: int) -> Money:
    return Money(units, "USD")


def open_lane(
    path: Any,
    seller: str,
    *,
    capacity: int = 2,
    intervals: int = 6,
    reserve: int = 10,
    guaranteed: int = 50,
    notice_us: int = 0,
) -> str:
    """Open a lane that begins a minute from the market's opening, give or take its first steps."""
    listing = path.post(seller, available=capacity * intervals, subject="capacity")
    return path.open(
        seller,
        OpenComputeLane(
            listing,
            capacity,
            MINUTE_US,
            intervals,
            usd(reserve),
            usd(guaranteed),
            MINUTE_US,
            notice_us,
        ),
    )


def bid(
    path: Any,
    run: str,
    agent: str,
    tier: Tier,
    cap: int,
    *,
    quantity: int = 1,
    intervals: int = 1,
    within: int = 7,
    within_us: int = 0,
) -> None:
    """Bid for intervals that end within so many minutes, or just so many microseconds."""
    terms = (tier, quantity, intervals, usd(cap), within_us or within * MINUTE_US)
    path.move(agent, PlaceLaneBid(run, *terms))


def into(count: int) -> int:
    """Give the instant so many minutes into the lane, and a second: the first begins at 1."""
    return (count + 1) * MINUTE_US + SECOND_US


Told = list[tuple[int, Any]]  # when, what


class Lane(Kernel):
    """A kernel that remembers what happened."""

    __slots__ = ("told",)

    def __init__(self) -> None:
        self.told: Told = []
        super().__init__(compute_lane)

    def emit(self, event: Any) -> None:
        self.told.append((self.at, event))
        super().emit(event)


def told_in(hall: Hall) -> Told:
    """Give what a whole market's journal tells of lanes."""
    kinds = tuple(compute_lane.EVOLVE)
    return [
        (record.at, event)
        for record in records(hall.simulation.engine.store)
        for event in record.events
        if isinstance(event, kinds)
    ]


def of(told: Told, kind: type) -> list[Any]:
    """Pick the events of one kind."""
    return [event for _, event in told if type(event) is kind]


def prices(told: Told) -> list[int]:
    """Give the spot price of each interval cleared."""
    return [event.units for event in of(told, LaneCleared)]


class Reckoning:
    """One lane's story, told again from its events."""

    def __init__(self, told: Told) -> None:
        self.opened: Any = of(told, ComputeLaneOpened)[0]
        self.jobs: dict[int, Any] = {}
        self.had: dict[int, list[int]] = {}
        self.owed: Counter[int] = Counter()
        self.ended: dict[int, str] = {}
        self._next: dict[int, Any] = {}
        self._paid: dict[int, int] = {}  # for a unit in the latest interval
        self._kept: dict[int, int] = {}  # standard jobs under way, and the interval they end before
        for at, event in told:
            self._note(at, event)

    def _note(self, at: int, event: Any) -> None:
        match event:
            case LaneBidPlaced() | LaneReserved():
                self.jobs[event.job] = event
                self.had[event.job] = []
            case LaneCleared():
                self._next[event.interval] = event
            case LaneIntervalBegan(is_void=True):
                self._kept.clear()
            case LaneIntervalBegan(interval=now):
                self._begin(now, self._next[now])
            case LaneJobEnded(job=number):
                assert number not in self.ended, "a job ends twice"
                self.ended[number] = event.why
                self._kept.pop(number, None)
                self.owed[number] -= event.refund_units
                if event.why == "released":
                    assert event.refund_units == self._refund(number, at)
                else:
                    assert not event.refund_units
            case _:
                pass

    def _begin(self, now: int, cleared: LaneCleared) -> None:
        live = self.jobs.keys() - self.ended.keys()
        for number in cleared.placed:
            job = self.jobs[number]
            assert number in live, "who has left has no place"
            if job.tier == "standard":
                assert number not in self._kept
                self._kept[number] = now + job.intervals - len(self.had[number])
        for number in sorted(live):
            job = self.jobs[number]
            if isinstance(job, LaneReserved):
                if job.first <= now < job.first + job.intervals:
                    self._charge(number, now, job.units)
            elif self._kept.get(number, 0) > now or number in cleared.placed:
                self._charge(number, now, min(cleared.units, job.units))
        used = sum(job.quantity for number, job in self.jobs.items() if now in self.had[number])
        assert used <= self.opened.capacity, "more is given than there is"

    def _charge(self, number: int, now: int, units: int) -> None:
        self.had[number].append(now)
        self.owed[number] += units * self.jobs[number].quantity
        self._paid[number] = units

    def _refund(self, number: int, at: int) -> int:
        opened = self.opened
        if not self.had[number]:
            return 0
        began = opened.starts_at + self.had[number][-1] * opened.interval_us
        used = min(opened.interval_us, at - began)
        price = self._paid[number] * self.jobs[number].quantity
        return price - price * used // opened.interval_us
