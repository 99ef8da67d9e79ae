"""What each side is told: kinds of agents, floors, worths, the going rate, records.

Scripted buyers who know a floor pay no more than half-way from it to their worth; who know the
going rate (what is paid of what is asked, in the middle of all sales so far) pay no more than that;
who see records pass poor ones by. Scripted sellers who know worths ask what the thing is worth to
whoever wants it most. To the kind of an agent, no script reacts: what cards say, and all the rest,
models are told in words. Records are made when a round is over, so they need more than one round to
matter.
"""

import random
from functools import partial

from msgspec import Struct

from souq.core.money import USD
from souq.lab.players.informed import (
    GoingRate,
    heed_records,
    know_floors,
    know_rate,
    know_worths,
)
from souq.lab.setup import Part, Setup
from souq.lab.shares import check_share, drawn
from souq.lab.simulation import Simulation

NAME = "information"
TOLD_MAX = 30  # lines that a model is told of single things


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who knows what. `share` of the people are told; cards are for everybody.

    `kinds`: cards say what an agent runs on. `floors`: buyers know the least that sellers take.
    `worths`: sellers know the most that anybody would pay. `going_rate`: buyers know what is
    usually paid. `records`: buyers see what sellers have shown, and shun those of whose deals less
    than `least_good` went well.
    """

    kinds: bool = False
    floors: bool = False
    worths: bool = False
    going_rate: bool = False
    records: bool = False
    least_good: float = 0.6
    share: float = 1

    def __post_init__(self) -> None:
        """Raise ValueError for what is no share."""
        check_share(share=self.share, least_good=self.least_good)


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Tell people."""
    if settings.kinds:
        for part in setup.parts:
            part.declares = part.runs_on
        setup.prepare.append(_tell_kinds)
    rate = GoingRate()
    for part in drawn(setup.parts, settings.share, rng):
        if settings.floors:
            part.errands.append(know_floors)
            part.told = (*part.told, *_floors_told(part, setup))
        if settings.worths:
            part.errands.append(know_worths)
            part.told = (*part.told, *_worths_told(part, setup))
        if settings.going_rate:
            part.errands.append(partial(know_rate, rate=rate))
            part.told = (*part.told, "Look at what things went for before you name a price.")
        if settings.records:
            part.errands.append(partial(heed_records, least=settings.least_good))
            part.told = (*part.told, "Buy nothing from agents with a poor record.")


def _tell_kinds(simulation: Simulation, parts: dict[str, Part]) -> None:
    said = ", ".join(f"{agent}: {part.declares}" for agent, part in parts.items() if part.declares)
    if said:
        for part in parts.values():
            part.told = (*part.told, f"What the other agents say they run on: {said}.")


def _floors_told(part: Part, setup: Setup) -> list[str]:
    wanted = [
        f'The least its owner takes for "{thing.title}" is {USD.format(thing.floor_units)}.'
        for person in setup.population.people
        for thing in person.things
        if thing.ref in part.person.values
    ]
    return wanted[:TOLD_MAX]


def _worths_told(part: Part, setup: Setup) -> list[str]:
    found = []
    for thing in part.person.things:
        most = max((one.values.get(thing.ref, 0) for one in setup.population.people), default=0)
        if most:
            words = f'The most that anybody would pay for "{thing.title}" is {USD.format(most)}.'
            found.append(words)
    return found[:TOLD_MAX]
