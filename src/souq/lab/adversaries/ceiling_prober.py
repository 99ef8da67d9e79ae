"""Finds out the most a buyer would pay: as a seller it gives way by a quarter dollar at a time, to
see how far the buyer climbs, and takes the best bid just before most buyers would walk away.
"""

import random
from collections.abc import Sequence

from msgspec import Struct

from souq.agents import Agent
from souq.agents.strategies import STRATEGIES
from souq.agents.tactic import Role, Tactic, clamp
from souq.agents.trader import PATIENCE, QUANTUM_UNITS
from souq.lab.adversaries.share import Share
from souq.lab.population import generator
from souq.lab.setup import Part, Place, Setup, trader_with

NAME = "ceiling_prober"
LEAST = 1
CLIMBS = PATIENCE - 1  # a buyer of usual patience has then one answer left


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share`: of all people."""

    share: Share = 0


class Climbing:
    """Lets the other side climb, as a seller; buys by another tactic."""

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
        """Give hardly less than before; in the end the best bid, and never less than the limit."""
        if role == "buyer":
            return self._buying.price(
                role, opening=opening, limit=limit, progress=progress, mine=mine, theirs=theirs
            )
        if len(mine) >= CLIMBS and theirs:
            return clamp(role, max(theirs), limit)
        # Who names the same price again and again is taken to be done.
        return clamp(role, opening - len(mine) * QUANTUM_UNITS, limit)


def enlist(setup: Setup, parts: list[Part], settings: Settings, rng: random.Random) -> None:
    """Let these people's agents sell like this."""
    for part in parts:
        part.make = _made


def _made(place: Place) -> Agent:
    person = place.part.person
    rng = generator(place.setup.seed, f"agent {person.number}")
    return trader_with(place, Climbing(STRATEGIES[person.style](rng)), rng)
