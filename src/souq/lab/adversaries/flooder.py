"""Keeps everybody busy: bids next to nothing for whatever it may, asks for things it does not want,
changes its prices back and forth, takes its listings down and puts them up again.
"""

import random
from typing import Annotated

from msgspec import Meta, Struct

from souq.agents import Agent, Turn
from souq.agents.trader import QUANTUM_UNITS, Thing
from souq.core.listing import EditListing, PostListing, WithdrawListing
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Item
from souq.core.money import Money
from souq.core.seal import PublicText
from souq.lab.adversaries.share import Share
from souq.lab.population import generator
from souq.lab.setup import Part, Place, Setup
from souq.views.observation import ListingSeen, Observation

NAME = "flooder"
LEAST = 1
_KINDS = ("offer", "want", "edit", "withdraw")
_WEIGHTS = (12, 3, 3, 2)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share`: of all people. `weight`: how often one acts, where others act once."""

    share: Share = 0
    weight: Annotated[int, Meta(ge=1, le=1_000)] = 10


class Flooder:
    """Means none of what it does. It answers nobody."""

    def __init__(self, place: Place, rng: random.Random) -> None:
        self._person = place.part.person
        self._asset = place.setup.rules.assets[0].code
        self._rng = rng
        self._unlisted = list(self._person.things)

    def wake(self, seen: Observation, note: str) -> Turn:
        """Do something."""
        own = [one for one in seen.listings if one.agent == seen.agent and one.side == "sell"]
        kind = self._rng.choices(_KINDS, _WEIGHTS)[0]
        if self._unlisted:
            return self._list(self._unlisted.pop())
        if kind == "edit" and own:
            return self._edit(self._rng.choice(own))
        if kind == "withdraw" and own:
            return self._withdraw(self._rng.choice(own))
        others = [
            one
            for one in seen.listings
            if one.agent != seen.agent
            and one.side == "sell"
            and one.category in self._person.wants
            and (one.price_units or 0) > QUANTUM_UNITS
        ]
        if kind == "offer" and others:
            item = Item(self._rng.choice(others).id)
            return Turn(MakeOffer((item,), Money(QUANTUM_UNITS, self._asset)))
        category = self._rng.choice(sorted(self._person.wants))
        price = Money(QUANTUM_UNITS, self._asset)
        return Turn(PostListing(PublicText("Anything at all"), category, price, side="want"))

    def _list(self, thing: Thing) -> Turn:
        return Turn(
            PostListing(
                title=PublicText(thing.title),
                category=thing.category,
                price=Money(thing.ask_units, self._asset),
                subject=thing.subject,
                ref=thing.ref,
            )
        )

    def _edit(self, listing: ListingSeen) -> Turn:
        units = max(QUANTUM_UNITS, round((listing.price_units or 0) * self._rng.uniform(0.8, 1.25)))
        return Turn(EditListing(listing.id, Money(units, self._asset)))

    def _withdraw(self, listing: ListingSeen) -> Turn:
        self._unlisted += [one for one in self._person.things if one.title == listing.title]
        return Turn(WithdrawListing(listing.id))


def enlist(setup: Setup, parts: list[Part], settings: Settings, rng: random.Random) -> None:
    """Let these people's agents flood the market."""
    for part in parts:
        part.make, part.weight = _made, settings.weight


def _made(place: Place) -> Agent:
    return Flooder(place, generator(place.setup.seed, f"flood {place.part.person.number}"))
