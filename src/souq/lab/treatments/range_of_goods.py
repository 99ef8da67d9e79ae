"""Range of goods: how many categories there are, how alike things are, and how many are the same.

Categories are merged until so many are left. Likeness draws asking prices of a category together,
with floors and worths in proportion, until at 1 all ask the same. Copies make each person bring so
many of one thing, worth the same to whoever wants one. It changes people, and so agents of any
kind.
"""

import random
from collections import defaultdict
from statistics import median_low

import msgspec
from msgspec import Struct

from souq.agents.trader import QUANTUM_UNITS, Thing
from souq.lab.population import Person
from souq.lab.setup import Setup
from souq.lab.shares import check_bounds, check_share

NAME = "range_of_goods"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`categories` 0 leaves them all; `likeness` 0 leaves prices; `copies` 1 leaves things."""

    categories: int = 0
    likeness: float = 0
    copies: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_share(likeness=self.likeness)
        check_bounds(self, categories=(0, 1_000), copies=(1, 100))


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Change what people bring, want and value."""
    if settings.categories:
        _merge(setup, settings.categories, rng)
    if settings.copies > 1:
        _copy(setup, settings.copies)
    if settings.likeness:
        _draw_together(setup, settings.likeness)
    setup.authorise()


def _merge(setup: Setup, count: int, rng: random.Random) -> None:
    names = sorted({thing.category for part in setup.parts for thing in part.person.things})
    if count > len(names):
        raise ValueError(f"range_of_goods.categories is {count}, and there are {len(names)}")
    rng.shuffle(names)
    into = {name: names[n % count] for n, name in enumerate(names)}
    for part in setup.parts:
        person = part.person
        wants: dict[str, int] = defaultdict(int)
        for category, number in person.wants.items():
            wants[into.get(category, category)] += number
        things = tuple(
            msgspec.structs.replace(thing, category=into[thing.category]) for thing in person.things
        )
        adverts = {into.get(one, one): units for one, units in person.adverts.items()}
        setup.change(part, things=things, wants=dict(wants), adverts=adverts)


def _copy(setup: Setup, copies: int) -> None:
    same: dict[str, str] = {}  # by ref, the ref of what it is a copy of
    for part in setup.parts:
        found: list[Thing] = []
        for n, thing in enumerate(part.person.things):
            first = found[n // copies * copies] if n % copies else thing
            title = first.title if first is thing else f"{first.title[:180]} ({thing.ref})"
            found.append(msgspec.structs.replace(first, ref=thing.ref, title=title))
            same[thing.ref] = first.ref
        setup.change(part, things=tuple(found))
    for part in setup.parts:
        values = part.person.values
        alike = {ref: values[first] for ref, first in same.items() if first in values}
        setup.change(part, values=alike)


def _draw_together(setup: Setup, likeness: float) -> None:
    asks: dict[str, list[int]] = defaultdict(list)
    for part in setup.parts:
        for thing in part.person.things:
            if thing.ask_units:
                asks[thing.category].append(thing.ask_units)
    middle = {category: median_low(units) for category, units in asks.items()}
    factors: dict[str, float] = {}
    for part in setup.parts:
        things = []
        for thing in part.person.things:
            if thing.ask_units:
                target = thing.ask_units + likeness * (middle[thing.category] - thing.ask_units)
                factors[thing.ref] = target / thing.ask_units
                thing = _scaled(thing, factors[thing.ref])
            things.append(thing)
        setup.change(part, things=tuple(things))
    for part in setup.parts:
        setup.change(part, values=_values(part.person, factors))


def _scaled(thing: Thing, factor: float) -> Thing:
    ask, floor = _quantised(thing.ask_units * factor), _quantised(thing.floor_units * factor)
    return msgspec.structs.replace(thing, ask_units=ask, floor_units=min(ask, floor))


def _values(person: Person, factors: dict[str, float]) -> dict[str, int]:
    return {ref: _quantised(worth * factors.get(ref, 1)) for ref, worth in person.values.items()}


def _quantised(units: float) -> int:
    return round(units / QUANTUM_UNITS) * QUANTUM_UNITS
