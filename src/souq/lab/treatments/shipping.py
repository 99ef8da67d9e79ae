"""Shipping constraints: some things must be sent, at a cost; the rest is met for in one's district.

People live in districts. What is not shipped changes hands only between people of one district;
what is shipped costs its taker the shipping on top of the price, which scripted buyers take off
what it is worth to them. Shipping is paid to the seller, who has to pay the carrier: it is nobody's
gain. Models see neither a listing's delivery nor its shipping; they are told their district, and
whom they can meet.
"""

import random
from functools import partial

import msgspec
from msgspec import Struct

from souq.agents import Agent, Turn, turn_of
from souq.agents.trader import Errand
from souq.core.listing import PostListing
from souq.core.money import USD
from souq.lab.setup import Part, Place, Setup
from souq.lab.shares import check_bounds, check_share, drawn
from souq.lab.simulation import Simulation
from souq.views.observation import ListingSeen, Observation

NAME = "shipping"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which things are shipped, what that costs in dollars, and how many districts there are."""

    shipped: float = 0.5
    cost: str = "4"
    districts: int = 3

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_share(shipped=self.shipped)
        check_bounds(self, districts=(1, 100))
        if USD.parse(self.cost).units < 0:
            raise ValueError("cost is an amount of 0 or more")


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Part people, and say what is sent."""
    things = [thing.ref for part in setup.parts for thing in part.person.things]
    shipped = frozenset(drawn(things, settings.shipped, rng))
    cost = USD.parse(settings.cost).units
    lives = {part.person.number: rng.randrange(settings.districts) for part in setup.parts}
    districts: dict[str, int] = {}  # by agent, once all have joined

    def settle(simulation: Simulation, parts: dict[str, Part]) -> None:
        districts.update((agent, lives[one.person.number]) for agent, one in parts.items())
        for me, part in parts.items():
            near = [agent for agent in parts if agent != me and districts[agent] == districts[me]]
            words = f"You can meet these agents only; the rest must ship: {', '.join(near)}."
            part.told = (*part.told, words)

    setup.prepare.append(settle)
    for part in setup.parts:
        part.errands.append(partial(_reckon, districts=districts))
        part.around.append(partial(_Sender, shipped=shipped, cost=cost))


def _reckon(errand: Errand, place: Place, districts: dict[str, int]) -> None:
    """Take shipping off a thing's worth; what cannot be had is worth nothing."""
    worth, listings = errand.worth, place.simulation.history.listings

    def reached(listing: ListingSeen) -> int:
        posted = listings[listing.id].posted
        if posted.delivery == "ship":
            return max(0, worth(listing) - posted.shipping_units)
        is_near = districts.get(listing.agent) == districts.get(place.agent)
        return worth(listing) if is_near else 0

    errand.worth = reached


class _Sender:
    """Whoever plays a person, with what it lists marked as sent or met for."""

    def __init__(self, agent: Agent, place: Place, shipped: frozenset[str], cost: int) -> None:
        self._agent = agent
        self._shipped = shipped
        self._cost = cost

    async def wake(self, seen: Observation, note: str) -> Turn:
        turn = await turn_of(self._agent, seen, note)
        posted = turn.operation
        if isinstance(posted, PostListing) and posted.ref in self._shipped:
            sent = msgspec.structs.replace(posted, delivery="ship", shipping_units=self._cost)
            return msgspec.structs.replace(turn, operation=sent)
        return turn
