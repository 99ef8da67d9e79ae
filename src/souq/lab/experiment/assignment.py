"""Who gets which kind of agent: drawn from a seed, by a method that is said beforehand."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from souq.lab.experiment.schema import Assignment, Kind
from souq.lab.population import Person

QUARTERS = 4


class Assigned(Struct, frozen=True):
    """By person: the kind of its agent, and the stratum that it was drawn in."""

    kinds: dict[str, str]
    blocks: dict[str, str]


def assign(
    people: Sequence[Person],
    kinds: Mapping[str, Kind],
    asked: Assignment,
    rng: random.Random,
    repetition: int,
) -> Assigned:
    """Assign a kind to everybody. `repetition` is from 1; `within`, `rng` must be the same in all.

    Raises ValueError where a kind names somebody who is not there.
    """
    blocks = _strata(people, asked)
    named = {person: name for name, kind in kinds.items() for person in kind.names}
    if unknown := sorted(named.keys() - {person.name for person in people}):
        raise ValueError(f"agents name people who are not there: {', '.join(unknown[:5])}")
    free = [person.name for person in people if person.name not in named]
    shares = {name: kind.share for name, kind in kinds.items() if kind.share > 0}
    match asked.method:
        case "independent":
            drawn = rng.choices([*shares], [*shares.values()], k=len(free))
            found = dict(zip(free, drawn, strict=True))
        case "blocked":
            found = _blocked(free, blocks, shares, rng)
        case "within":
            names = [*shares]
            found = {
                person: names[(rng.randrange(len(names)) + repetition - 1) % len(names)]
                for person in free
            }
    every = named | found
    return Assigned({person.name: every[person.name] for person in people}, blocks)


def _strata(people: Sequence[Person], asked: Assignment) -> dict[str, str]:
    if asked.strata == "style":
        return {person.name: person.style for person in people}
    if asked.strata == "budget":
        ordered = sorted(people, key=lambda one: (one.budget_units, one.number))
        return {
            person.name: f"quarter {1 + QUARTERS * n // len(people)}"
            for n, person in enumerate(ordered)
        }
    return {}


def _blocked(
    people: Sequence[str],
    blocks: Mapping[str, str],
    shares: Mapping[str, float],
    rng: random.Random,
) -> dict[str, str]:
    strata: dict[str, list[str]] = defaultdict(list)
    for person in people:
        strata[blocks.get(person, "")].append(person)
    found: dict[str, str] = {}
    for name in sorted(strata):
        members = strata[name]
        rng.shuffle(members)
        found.update(zip(members, _deck(len(members), shares, rng), strict=True))
    return found


def _deck(count: int, shares: Mapping[str, float], rng: random.Random) -> list[str]:
    """Give exact shares of so many, what is left over going to whole kinds by lot."""
    total = sum(shares.values())
    deck = [name for name, share in shares.items() for _ in range(int(count * share / total))]
    rest = {name: count * share / total % 1 for name, share in shares.items()}
    while len(deck) < count:
        name = rng.choices([*rest], [*rest.values()])[0] if any(rest.values()) else min(rest)
        rest[name] = 0.0
        deck.append(name)
    return deck
