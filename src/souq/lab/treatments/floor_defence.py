"""Sellers guard what they would take against whoever probes for it: everybody, adversaries too.
Each part can be chosen alone or with the others, and costs some honest deals.

- `grain`: floors are rounded up to multiples of this share of the asking price, so that no number
  of answers tells them apart within one grain: with a grain of 1/k, whoever knows of it learns
  log2 k bits at most. But a bid between floor and grain, which both would gain by, is refused.
- `shade`: each thing's floor is moved up, by a share of the way to the asking price that is drawn
  for it once, from 0 to this. Once, since noise that is drawn anew for each talk averages out.
- `talks_max`: after so many talks with one buyer over one thing, further ones are turned down
  unread, which tells nothing.
"""

import random
from collections import Counter
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from souq.agents import Agent, Turn, turn_of
from souq.agents.trader import Thing
from souq.core.mechanisms.moves import Reject
from souq.lab.adversaries.share import Share
from souq.lab.setup import Around, Setup
from souq.views.observation import NegotiationSeen, Observation

NAME = "floor_defence"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is 0 is not used."""

    grain: Share = 0
    shade: Share = 0
    talks_max: Annotated[int, Meta(ge=0, le=100)] = 0


class Guarded:
    """An agent that talks with one buyer over one thing so many times, and no more."""

    def __init__(self, agent: Agent, talks_max: int) -> None:
        self._agent = agent
        self._talks_max = talks_max
        self._is_over: dict[str, bool] = {}  # by negotiation, whether it is one too many
        self._talks: Counter[tuple[str, str]] = Counter()

    async def wake(self, seen: Observation, note: str) -> Turn:
        """Turn down whoever asks too often; else do as before."""
        for talk in seen.negotiations:
            if talk.is_my_turn and self._is_too_many(seen, talk):
                return Turn(Reject(talk.id))
        return await turn_of(self._agent, seen, note)

    def _is_too_many(self, seen: Observation, talk: NegotiationSeen) -> bool:
        if talk.id not in self._is_over:
            given = [leg for leg in talk.goods if leg.giver == seen.agent]
            # What one asked for oneself, by offering it, is no probe.
            pairs = [(leg.taker, leg.listing) for leg in given if not talk.mine]
            self._talks.update(pairs)
            self._is_over[talk.id] = any(self._talks[pair] > self._talks_max for pair in pairs)
        return self._is_over[talk.id]


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Tell agents a guarded floor instead of the real one; mandates stay as they are."""
    if settings == Settings():
        raise ValueError("floor_defence: choose grain, shade or talks_max")
    for part in setup.parts:
        things = tuple(guarded(thing, settings, rng.random()) for thing in part.person.things)
        part.person = msgspec.structs.replace(part.person, things=things)
        if settings.talks_max:
            part.around.append(_limited(settings.talks_max))


def guarded(thing: Thing, settings: Settings, luck: float) -> Thing:
    """Give a thing with the floor that is kept to in its place, never above what is asked."""
    ask, floor = thing.ask_units, thing.floor_units
    floor += round((ask - floor) * settings.shade * luck)
    if settings.grain and ask:
        grain = max(1, round(ask * settings.grain))
        floor = min(ask, -(-floor // grain) * grain)
    return msgspec.structs.replace(thing, floor_units=floor)


def _limited(talks_max: int) -> Around:
    return lambda agent, place: Guarded(agent, talks_max)
