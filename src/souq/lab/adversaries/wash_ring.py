"""Sell each other things that nobody sees, at a price they made up, to have a record of deals. What
they set aside for it goes round the ring once; otherwise they trade as before.
"""

import random
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from souq.agents import Agent, Turn, turn_of
from souq.agents.trader import QUANTUM_UNITS
from souq.core.listing import PostListing
from souq.core.mandate import GoodsLimit, Limits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.money import Money
from souq.core.seal import PublicText
from souq.lab.adversaries.share import Share
from souq.lab.setup import Part, Place, Setup, trader_of
from souq.views.observation import NegotiationSeen, Observation

NAME = "wash_ring"
LEAST = 2
TITLE = "Collector's item"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share`: of all people, who are all one ring. `deals`: how many things each sells to the
    next. `budget_share`: how much of its budget each spends on them.
    """

    share: Share = 0
    deals: Annotated[int, Meta(ge=1, le=100)] = 6
    budget_share: Share = 0.6


class Ring(Struct):
    """What its members agreed on outside the market. `names` are in the order of their buying."""

    category: str
    price: Money  # of a thing, made up
    names: list[str]
    refs: dict[str, list[str]]  # by name, what it sells to the next
    agents: dict[str, str] = {}  # by name, once they have come

    def seller_to(self, name: str) -> str:
        """Give whose things a member buys."""
        return self.agents.get(self.names[self.names.index(name) - 1], "")


class RingMember:
    """A trader that does its ring's business first."""

    def __init__(self, trader: Agent, ring: Ring, name: str) -> None:
        self._trader = trader
        self._ring = ring
        self._name = name
        self._unlisted = list(ring.refs[name])
        self._asked: set[str] = set()

    async def wake(self, seen: Observation, note: str) -> Turn:
        """Sell to the ring, buy of it, list for it; then trade."""
        ring = self._ring
        members = set(ring.agents.values())
        theirs = {
            one.id: one
            for one in seen.listings
            if one.agent in members and one.title.startswith(TITLE)
        }
        inner = [one for one in seen.negotiations if theirs.keys() & _named(one)]
        for talk in inner:
            if talk.is_my_turn and members.issuperset(talk.parties):
                return Turn(Accept(talk.id, talk.terms))
        for listing in theirs.values():
            if listing.agent == ring.seller_to(self._name) and listing.id not in self._asked:
                self._asked.add(listing.id)
                return Turn(MakeOffer((Item(listing.id),), ring.price))
        if self._unlisted:
            ref = self._unlisted.pop(0)
            title = PublicText(f"{TITLE} {ref}")
            return Turn(PostListing(title, ring.category, ring.price, ref=ref))
        return await turn_of(self._trader, self._without_ring(seen, inner), note)

    def _without_ring(self, seen: Observation, inner: list[NegotiationSeen]) -> Observation:
        """Give what the trader is to see: not the ring's talks, nor the money set aside for it."""
        to_buy = len(self._ring.refs[self._name]) - len(self._asked)
        promised = sum(talk.units for talk in inner if not talk.is_my_turn)
        return msgspec.structs.replace(
            seen,
            negotiations=tuple(one for one in seen.negotiations if one not in inner),
            available_units=max(
                0, seen.available_units - promised - to_buy * self._ring.price.units
            ),
        )


def _named(talk: NegotiationSeen) -> set[str]:
    return {leg.listing for leg in talk.goods}


def enlist(setup: Setup, parts: list[Part], settings: Settings, rng: random.Random) -> None:
    """Bind these people to one ring. Their people authorise what it takes, and no more."""
    budget = min(part.person.budget_units for part in parts)
    units = int(budget * settings.budget_share) // settings.deals // QUANTUM_UNITS * QUANTUM_UNITS
    if not units:
        raise ValueError("wash_ring: what they set aside does not pay for so many deals")
    category = rng.choice(
        sorted({thing.category for part in parts for thing in part.person.things})
    )
    ring = Ring(
        category,
        Money(units, setup.rules.assets[0].code),
        [part.person.name for part in parts],
        {
            part.person.name: [f"w{part.person.number}.{n + 1}" for n in range(settings.deals)]
            for part in parts
        },
    )

    def made(place: Place) -> Agent:
        name = place.part.person.name
        ring.agents[name] = place.agent
        return RingMember(trader_of(place), ring, name)

    for part in parts:
        part.limits = _widened(part.limits, ring, part.person.name)
        part.make = made


def _widened(limits: Limits, ring: Ring, name: str) -> Limits:
    sold = {ref: GoodsLimit() for ref in ring.refs[name]}
    ceilings = dict(limits.ceilings or {})
    ceilings[ring.category] = max(ceilings.get(ring.category, 0), ring.price.units)
    return msgspec.structs.replace(
        limits, goods={**(limits.goods or {}), **sold}, ceilings=ceilings
    )
