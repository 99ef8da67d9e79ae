"""Sellers who agreed never to sell below a share of what they ask, and who tell each other how far
a buyer went: nobody of them takes less of it, in shares of what is asked, than another was bid.
"""

import random
from typing import Literal

import msgspec
from msgspec import Struct

from souq.agents import Agent, Turn, turn_of
from souq.agents.trader import Thing
from souq.core.mechanisms.moves import Accept, Reject
from souq.lab.adversaries.share import Share
from souq.lab.setup import Part, Place, Setup, trader_of
from souq.views.observation import NegotiationSeen, Observation

NAME = "colluders"
LEAST = 2
MARK = "~"  # how a message begins that they mean for each other


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share`: of all people. `price_floor`: of what is asked, the least any of them takes. `over`:
    where they tell each other of bids: outside the market, or by messages that all can read.
    """

    share: Share = 0
    price_floor: Share = 0.9
    over: Literal["outside", "messages"] = "outside"


class Cartel(Struct):
    """Who is in it, and by buyer the highest share of an asking price that it was told to bid."""

    over: str
    agents: set[str] = set()
    bids: dict[str, float] = {}

    def note(self, buyer: str, share: float) -> bool:
        """Keep the highest bid of a buyer; tell whether this was one."""
        is_news = share > self.bids.get(buyer, 0)
        if is_news:
            self.bids[buyer] = share
        return is_news


class Colluder:
    """A trader that keeps to what the cartel knows of a buyer."""

    def __init__(self, trader: Agent, place: Place, cartel: Cartel) -> None:
        self._trader = trader
        self._place = place
        self._told = cartel
        # Over messages, each knows what it was bid and what it has read, and no more.
        self._known = cartel if cartel.over == "outside" else Cartel(cartel.over)

    async def wake(self, seen: Observation, note: str) -> Turn:
        """Trade; but take from no buyer less than it bid to another of us."""
        self._read(seen)
        news = ""
        for talk in seen.negotiations:
            share = self._bid_share(seen, talk)
            if share and talk.is_my_turn:
                buyer = next(one for one in talk.parties if one != seen.agent)
                if self._known.note(buyer, share):
                    news = f"{MARK} {buyer} {round(share * 100)}"
        turn = await turn_of(self._trader, seen, note)
        if isinstance(turn.operation, Accept):
            turn = self._held(seen, turn, turn.operation)
        if news and not turn.message and self._told.over == "messages":
            turn = msgspec.structs.replace(turn, message=news)
        return turn

    def _read(self, seen: Observation) -> None:
        for said in seen.messages:
            words = said.text.split()
            if said.agent in self._told.agents and len(words) == 3 and words[0] == MARK:
                self._known.note(words[1], int(words[2]) / 100)

    def _held(self, seen: Observation, turn: Turn, accept: Accept) -> Turn:
        for talk in seen.negotiations:
            if talk.id == accept.negotiation:
                share = self._bid_share(seen, talk)
                buyer = next(one for one in talk.parties if one != seen.agent)
                # Messages round to whole per cent.
                if share and share < self._known.bids.get(buyer, 0) - 0.005:
                    return Turn(Reject(talk.id))
        return turn

    def _bid_share(self, seen: Observation, talk: NegotiationSeen) -> float:
        """Give the bid on the table as a share of what is asked; 0 where it is none for us."""
        if any(leg.giver != seen.agent for leg in talk.goods):
            return 0
        asks = {one.id: one.price_units or 0 for one in seen.listings}
        asked = sum(asks.get(leg.listing, 0) for leg in talk.goods)
        return talk.units / asked if asked else 0


def enlist(setup: Setup, parts: list[Part], settings: Settings, rng: random.Random) -> None:
    """Bind these people's agents to one cartel."""
    cartel = Cartel(settings.over)

    def raised(thing: Thing) -> Thing:
        floor = max(thing.floor_units, round(thing.ask_units * settings.price_floor))
        return msgspec.structs.replace(thing, floor_units=floor)

    def made(place: Place) -> Agent:
        cartel.agents.add(place.agent)
        person = place.part.person
        things = tuple(map(raised, person.things))
        part = msgspec.structs.replace(
            place.part, person=msgspec.structs.replace(person, things=things)
        )
        return Colluder(trader_of(msgspec.structs.replace(place, part=part)), place, cartel)

    for part in parts:
        part.make = made
