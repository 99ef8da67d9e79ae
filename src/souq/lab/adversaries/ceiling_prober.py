"""Finds out the most a buyer would pay: as a seller it names a price half way between the best bid
and its own last one, however low the bid, and never its floor. A buyer who gives up is lost.
"""

import random
from collections.abc import Sequence

from msgspec import Struct

from souq.agents import Agent
from souq.agents.strategies import STRATEGIES
from souq.agents.tactic import Role, Tactic, clamp
from souq.lab.adversaries.share import Share
from souq.lab.population import generator
from souq.lab.setup import Part, Place, Setup, trader_with

NAME = "ceiling_prober"
LEAST = 1


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share`: of all people."""

    share: Share = 0


class Halving:
    """Halves, as a seller, what lies between the two sides; buys by another tactic."""

    def __init__(self, buying: Tactic) -> None:
        self.opening_share = buying.opening_share
        self._buying = buying

    def price(
        self,
        role: Role,
        *,
        opening: int,
        limit: int,
        progress: float,
        mine: Sequence[int],
        theirs: Sequence[int],
    ) -> int:
        """Give the middle of what is still possible, and never less than one would take."""
        if role == "buyer":
            return self._buying.price(
                role, opening=opening, limit=limit, progress=progress, mine=mine, theirs=theirs
            )
        if not mine or not theirs:
            return opening
        return clamp(role, (mine[-1] + max(theirs)) // 2, limit)


def enlist(setup: Setup, parts: list[Part], settings: Settings, rng: random.Random) -> None:
    """Let these people's agents sell like this."""
    for part in parts:
        part.make = _made


def _made(place: Place) -> Agent:
    person = place.part.person
    rng = generator(place.setup.seed, f"agent {person.number}")
    return trader_with(place, Halving(STRATEGIES[person.style](rng)), rng)
