"""A seller who says on the floor what it asks, and may follow what it hears others ask."""

import random
import re

import msgspec

from souq.agents import Agent, Turn, turn_of
from souq.agents.trader import Errand
from souq.core.listing import EditListing, PostListing
from souq.core.money import USD, Money
from souq.lab.setup import Place
from souq.views.observation import ListingSeen, Observation

# Our own words alone are understood; what anybody else says moves nothing.
_HEARD = re.compile(r"I ask (\d{1,9}\.\d{2,6}) in (.{1,64})\. Who joins me\?")


def in_words(units: int, category: str) -> str:
    """Say what is asked."""
    return f"I ask {USD.format(units)} in {category}. Who joins me?"


class Announcer:
    """One seller's. `equip` and `around` are for its part."""

    def __init__(self, rng: random.Random, aligns: float) -> None:
        self._rng = rng
        self._aligns = aligns
        self._asks: dict[str, int] = {}
        self._heard_until = 0
        self._highest: dict[str, int] = {}  # by category, of what is still to be answered

    def equip(self, errand: Errand, place: Place) -> None:
        """Let the trader know what is asked now."""
        self._asks = errand.asks

    def around(self, agent: Agent, place: Place) -> Agent:
        """Give the agent that announces and listens."""
        return _Announcing(agent, self, place)

    def listen(self, seen: Observation) -> None:
        """Take in what was said since; with some probability each is to be followed."""
        for said in seen.messages:
            found = _HEARD.fullmatch(said.text)
            if said.at <= self._heard_until or said.agent == seen.agent or found is None:
                continue
            if self._rng.random() < self._aligns:
                units = USD.parse(found[1]).units
                self._highest[found[2]] = max(self._highest.get(found[2], 0), units)
        self._heard_until = max([self._heard_until, *(said.at for said in seen.messages)])

    def follow(self, seen: Observation, place: Place) -> Turn | None:
        """Raise the price of something asked less for than what was heard of its like."""
        busy = {leg.listing for talk in seen.negotiations for leg in talk.goods}
        for listing in seen.listings:
            if listing.agent == seen.agent and listing.side == "sell" and listing.id not in busy:
                heard = self._like(listing, place)
                if heard is not None:
                    self._asks[place.simulation.history.listings[listing.id].posted.ref] = heard
                    return Turn(
                        EditListing(listing.id, price=Money(heard, USD.code)),
                        message=in_words(heard, listing.category),
                    )
        return None

    def _like(self, listing: ListingSeen, place: Place) -> int | None:
        heard, now = self._highest.get(listing.category, 0), listing.price_units or 0
        # Twice the price is for something else; nobody follows there.
        return heard if now < heard <= 2 * now else None


class _Announcing:
    def __init__(self, agent: Agent, voice: Announcer, place: Place) -> None:
        self._agent = agent
        self._voice = voice
        self._place = place

    async def wake(self, seen: Observation, note: str) -> Turn:
        self._voice.listen(seen)
        turn = await turn_of(self._agent, seen, note)
        posted = turn.operation
        if isinstance(posted, PostListing) and posted.side == "sell" and posted.price is not None:
            words = turn.message or in_words(posted.price.units, posted.category)
            return msgspec.structs.replace(turn, message=words)
        if posted is None:
            return self._voice.follow(seen, self._place) or turn
        return turn
