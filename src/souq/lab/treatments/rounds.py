"""Repeated rounds with accruing records and memory: do agents learn from outcomes?

What each person owns is brought in equal parts, round by round, and what nobody bought comes again.
Each round has its own budget, and is settled before the next. With memory, scripted buyers shun
whoever cheated them, and scripted sellers ask less for what did not sell; with records, buyers
shun whoever cheated others as well. A share of the people are cheats: their things are worth less
than they seem. Models keep their own notes between rounds, and are told to learn.
"""

import random
from functools import partial

import msgspec
from msgspec import Struct

from souq.agents.trader import Thing
from souq.core.agreement import goods
from souq.lab.marks import mark_at_opening
from souq.lab.players.informed import heed_records
from souq.lab.players.remembering import Memory
from souq.lab.setup import Part, Setup, limits_of
from souq.lab.shares import check_bounds, check_share, drawn
from souq.lab.simulation import Simulation

NAME = "rounds"
CHEATS = "cheats"
TOLD = "There are several rounds. Remember who treated you badly, and what did not sell."


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """How many rounds, what is kept between them, and who cheats.

    `lower_bps` is how much less is asked of what did not sell. `least_good`: with records, buyers
    shun whoever's deals went well in less than this share.
    """

    rounds: int = 3
    memory: bool = True
    records: bool = False
    lower_bps: int = 1_000
    least_good: float = 0.6
    cheats: float = 0
    true_percent: int = 40

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_share(cheats=self.cheats, least_good=self.least_good)
        check_bounds(self, rounds=(2, 20), lower_bps=(0, 10_000), true_percent=(0, 100))


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Hold the market in rounds."""
    if setup.rounds != 1:
        raise ValueError("the market has rounds already: name treatments.rounds before the others")
    setup.rounds = settings.rounds
    cheats = drawn(setup.parts, settings.cheats, rng)
    setup.falsify(
        {thing.ref: settings.true_percent for part in cheats for thing in part.person.things}
    )
    mark_at_opening(setup, CHEATS, [part.person.name for part in cheats])
    memory = Memory(lower_bps=settings.lower_bps)
    for part in setup.parts:
        if settings.memory:
            part.errands.append(memory.remind)
            part.told = (*part.told, TOLD)
        if settings.records:
            part.errands.append(partial(heed_records, least=settings.least_good))
    stock = _Stock(memory, setup.rounds)
    setup.prepare.append(stock.begin)
    setup.renew = stock.renew


class _Stock:
    """Who brings what in which round."""

    def __init__(self, memory: Memory, rounds: int) -> None:
        self._memory = memory
        self._rounds = rounds
        self._waiting: dict[int, list[tuple[Thing, ...]]] = {}  # by person, round by round
        self._simulations: list[Simulation] = []

    def begin(self, simulation: Simulation, parts: dict[str, Part]) -> None:
        """Keep all but the first round's things at home."""
        self._simulations = [simulation]
        for part in parts.values():
            things = part.person.things
            waiting = [things[n :: self._rounds] for n in range(self._rounds)]
            self._waiting[part.person.number] = waiting[1:]
            part.person = msgspec.structs.replace(part.person, things=waiting[0])

    def renew(self, setup: Setup, number: int) -> None:
        """Bring the next things, beside what nobody bought; learn from what was."""
        (simulation,) = self._simulations
        history = simulation.history
        sold = {
            history.listings[leg.listing].posted.ref
            for deal in history.deals.values()
            if not deal.is_void
            for leg in goods(deal.agreement.legs)
        }
        unsold: list[Thing] = []
        for part in setup.parts:
            left = tuple(thing for thing in part.person.things if thing.ref not in sold)
            unsold += left
            things = (*left, *self._waiting[part.person.number].pop(0))
            part.person = msgspec.structs.replace(part.person, things=things)
            part.limits = limits_of(part.person, setup.population)
        self._memory.learn(simulation, setup, unsold)
