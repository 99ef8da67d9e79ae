"""Who gets which agent: the shares that were asked for, by a draw that repeats."""

from collections import Counter

import pytest

from souq.lab import goods, population
from souq.lab.experiment.assignment import assign
from souq.lab.experiment.schema import Assignment, Kind
from souq.lab.population import Person, generator

PEOPLE = population.draw(
    goods.bundled(), people=200, seed=3, per_person=1, budget_units=10**8
).people
KINDS = {"strong": Kind(share=1), "weak": Kind(share=3)}


def kinds(asked: Assignment, seed: int = 1, repetition: int = 1, **more: Kind) -> dict[str, str]:
    rng = generator(seed, "test")
    return assign(PEOPLE, {**KINDS, **more}, asked, rng, repetition).kinds


def test_independent_draws_follow_the_shares_and_repeat() -> None:
    found = kinds(Assignment())
    assert 25 <= Counter(found.values())["strong"] <= 75  # mean 50, sd 6
    assert found == kinds(Assignment())
    assert found != kinds(Assignment(), seed=2)


def test_blocks_hold_exact_shares_within_each_stratum() -> None:
    asked = Assignment("blocked", "style")
    found = assign(PEOPLE, KINDS, asked, generator(1, "test"), 1)
    for stratum in set(found.blocks.values()):
        members = [name for name, block in found.blocks.items() if block == stratum]
        strong = sum(found.kinds[name] == "strong" for name in members)
        assert abs(strong - len(members) / 4) < 1
    assert len(set(found.blocks.values())) > 3


def test_budgets_are_parted_into_quarters() -> None:
    asked = Assignment("blocked", "budget")
    found = assign(PEOPLE, KINDS, asked, generator(1, "test"), 1)
    assert set(Counter(found.blocks.values()).values()) == {50}


def test_within_everybody_has_each_kind_once() -> None:
    even = {"strong": Kind(), "weak": Kind(), "plain": Kind()}
    rounds = [
        assign(PEOPLE, even, Assignment("within"), generator(1, "test"), n).kinds for n in (1, 2, 3)
    ]
    for person in PEOPLE:
        assert {one[person.name] for one in rounds} == even.keys()
    assert len(set(rounds[0].values())) == 3, "they do not all begin alike"


def test_whoever_is_named_gets_that_kind() -> None:
    name = PEOPLE[0].name
    found = kinds(Assignment(), boss=Kind(share=0, names=(name,)))
    assert found[name] == "boss"
    assert Counter(found.values())["boss"] == 1


def test_naming_a_stranger_is_refused() -> None:
    with pytest.raises(ValueError, match="Nobody"):
        kinds(Assignment(), boss=Kind(names=("Nobody",)))


def test_few_people_still_get_whole_agents() -> None:
    few: tuple[Person, ...] = PEOPLE[:3]
    found = assign(few, KINDS, Assignment("blocked"), generator(5, "test"), 1)
    assert len(found.kinds) == 3
