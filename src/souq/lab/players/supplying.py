"""Suppliers of one kind of help, who look at how busy they are, and the people who need it.

A supplier has so many hands; each job keeps one busy for a while. The more of them have been busy
of late, the more it asks, and never less than a job costs it. One held in reserve comes when the
price is good enough, and goes again when it has been idle for long.
"""

import random
from collections.abc import Callable

import msgspec
from msgspec import Struct

from souq.agents import Agent, Turn, turn_of
from souq.agents.trader import QUANTUM_UNITS, Thing
from souq.core.listing import EditListing, PostListing, WithdrawListing
from souq.core.mechanisms import posted_price
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.seal import PublicText
from souq.views.observation import ListingSeen, Observation

USUAL = 0.5  # of its hands busy, a supplier asks its rate
LATELY = 0.1  # how much the last look counts in what has been of late
IDLE = 0.1  # of its hands busy of late, one of the reserve goes
ASSET = "USD"


class Manner(Struct, frozen=True):
    """How a supplier runs. `slope` 0 keeps its rate; `enters_at` 0: it is there from the start."""

    hands: int
    job_us: int
    rate_units: int
    cost_units: int
    slope: float
    enters_at: int = 0


class Supplier:
    """One of them. `jobs` are what it can sell in a week, one after the other.

    Its watch is `clock`: what it sees is as of the last record, and on a floor where nothing
    happens until somebody is free again, that would be for ever.
    """

    def __init__(self, jobs: tuple[Thing, ...], manner: Manner, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._jobs = list(jobs)
        self._category = jobs[0].category
        self._manner = manner
        self._is_here = not manner.enters_at
        self._lately = USUAL
        self._listed: set[str] = set()
        self._posted = 0  # since the last look
        self._busy: list[int] = []  # until when, for each hand

    def wake(self, seen: Observation, note: str) -> Turn:
        """Count hands, move the rate, and offer whoever is free at it."""
        floor = [one for one in seen.listings if one.category == self._category]
        if not self._is_here and not self._comes(floor, seen.agent):
            return Turn()
        mine = [one for one in floor if one.agent == seen.agent]
        self._count(mine, self._clock())
        rate = self._rate()
        if self._lately < IDLE and self._manner.enters_at:
            if mine:
                self._listed.discard(mine[0].id)
                return Turn(WithdrawListing(mine[0].id))
            self._is_here, self._lately = False, USUAL
            return Turn()
        if self._jobs and len(mine) + len(self._busy) < self._manner.hands:
            self._posted = 1
            return Turn(_posting(self._jobs.pop(0), rate))
        for listing in mine:
            if listing.price_units != rate:
                return Turn(EditListing(listing.id, price=Money(rate, ASSET)))
        return Turn()

    def _comes(self, floor: list[ListingSeen], me: str) -> bool:
        asked = sorted(one.price_units or 0 for one in floor if one.agent != me)
        going = asked[(len(asked) - 1) // 2] if asked else 0
        self._is_here = going >= self._manner.enters_at
        return self._is_here

    def _count(self, mine: list[ListingSeen], at: int) -> None:
        self._busy = [until for until in self._busy if until > at]
        here = {one.id for one in mine}
        # What is gone was sold, since nobody else takes it down; so was what never was seen there.
        sold = len(self._listed - here) + self._posted - len(here - self._listed)
        self._busy += [at + self._manner.job_us] * max(0, sold)
        self._listed, self._posted = here, 0

    def _rate(self) -> int:
        manner, share = self._manner, len(self._busy) / self._manner.hands
        self._lately += LATELY * (share - self._lately)
        rate = manner.rate_units * (1 + manner.slope * (self._lately - USUAL))
        return max(manner.cost_units, round(rate) // QUANTUM_UNITS * QUANTUM_UNITS)


def _posting(job: Thing, rate: int) -> PostListing:
    return PostListing(
        title=PublicText(job.title),
        category=job.category,
        price=Money(rate, ASSET),
        subject=job.subject,
        mechanisms=(posted_price.NAME,),
        ref=job.ref,
    )


class Demand(Struct):
    """How likely somebody needs help when it wakes; a shock changes it for everybody at once."""

    chance: float


class Customer:
    """Whoever plays a person, and sees to it that help is taken when there is need of it."""

    def __init__(
        self, agent: Agent, demand: Demand, category: str, most_units: int, rng: random.Random
    ) -> None:
        self._agent = agent
        self._demand = demand
        self._category = category
        self._most_units = most_units
        self._rng = rng

    async def wake(self, seen: Observation, note: str) -> Turn:
        """Take the cheapest help where there is need, or else wake the agent."""
        help = [one for one in seen.listings if one.category == self._category]
        most = min(self._most_units, seen.available_units)
        if self._rng.random() < self._demand.chance:
            fits = [
                (one.price_units or 0, one.id) for one in help if (one.price_units or 0) <= most
            ]
            if fits:
                price, listing = min(fits)
                return Turn(TakePrice(listing, Money(price, ASSET)))
        others = tuple(one for one in seen.listings if one.category != self._category)
        return await turn_of(self._agent, msgspec.structs.replace(seen, listings=others), note)
