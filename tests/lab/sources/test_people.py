"""People as JSON: out, edited, and in again; and what is said of a slip of the pen."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from souq.lab import goods
from souq.lab.population import Population, draw
from souq.lab.sources import BadSource, people

ADA: dict[str, Any] = {
    "name": "Ada",
    "style": "linear",
    "budget_usd": 100,
    "things": [
        {"ref": "g1", "title": "Lamp", "category": "home", "ask_usd": 20, "floor_usd": 12.5}
    ],
}
BEN: dict[str, Any] = {
    "name": "Ben",
    "style": "boulware",
    "budget_usd": 40.01,
    "wants": {"home": 2},
    "values": {"g1": 14.25},
    "adverts": {"home": 10},
}


def drawn() -> Population:
    return draw(goods.bundled(), people=30, seed=7, per_person=6, budget_units=100_000_000)


def written(at: Path, *rows: Any, **more: Any) -> Path:
    path = at / "people.json"
    path.write_text(json.dumps({"people": rows, **more}))
    return path


def test_a_population_that_was_drawn_is_written_and_read_again_to_the_unit(tmp_path: Path) -> None:
    population = drawn()
    people.write(population, tmp_path / "people.json")
    assert people.read(tmp_path / "people.json") == population
    odd = msgspec.structs.replace(population.people[0], budget_units=1, number=99)
    again = Population(3, (odd, *population.people[1:]))
    people.write(again, tmp_path / "people.json")
    assert people.read(tmp_path / "people.json") == again


def test_what_is_edited_in_the_file_is_what_changes(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    people.write(drawn(), path)
    content = path.read_text()
    assert content.count('"budget_usd": 100.00') == 30
    path.write_text(content.replace('"budget_usd": 100.00', '"budget_usd": 12.34', 1))
    first, *others = people.read(path).people
    assert first == msgspec.structs.replace(drawn().people[0], budget_units=12_340_000)
    assert tuple(others) == drawn().people[1:]


def test_little_needs_to_be_said(tmp_path: Path) -> None:
    population = people.read(written(tmp_path, ADA, BEN))
    ada, ben = population.people
    assert (population.seed, ada.number, ben.number) == (0, 1, 2)
    assert (ada.wants, ada.values, ben.things) == ({}, {}, ())
    [lamp] = ada.things
    assert (lamp.ask_units, lamp.floor_units, lamp.may_barter) == (20_000_000, 12_500_000, False)
    assert (lamp.subject, lamp.description) == ("goods", "")
    assert (ben.values, ben.adverts) == ({"g1": 14_250_000}, {"home": 10_000_000})
    assert ben.budget_units == 40_010_000


LAMP = ADA["things"][0]


@pytest.mark.parametrize(
    ("ada", "ben", "complaint"),
    [
        ({"name": None}, {}, "person 1: name: is missing; add it"),
        ({"name": 5}, {}, "person 1: name: is not text; put it in quotes"),
        ({"name": " "}, {}, "name: is empty; give it a word"),
        ({"name": "Ben"}, {}, "the name 'Ben' stands twice; give each its own"),
        ({"number": 2}, {}, "the number '2' stands twice"),
        ({"number": 0}, {}, "person 1 (Ada): number: is no whole number of 1 or more"),
        ({}, {"style": "bold"}, "person 2 (Ben): style: 'bold' is none; choose aggressive"),
        ({}, {"budget_usd": "40"}, "person 2 (Ben): budget_usd: is not a number; write dollars"),
        ({}, {"budget_usd": None}, "person 2 (Ben): budget_usd: is missing; add a number"),
        ({}, {"budget_usd": True}, "budget_usd: is not a number"),
        ({}, {"budget_usd": -1}, "budget_usd: '-1' is not an amount; write dollars"),
        ({}, {"budget_usd": float("nan")}, "budget_usd: 'NaN' is not an amount"),
        ({}, {"budget_usd": 1e300}, "budget_usd: '1e+300' is not an amount"),
        ({}, {"budget_usd": 0.0000001}, "budget_usd: '1e-07' is not an amount"),
        ({}, {"budget": 5}, "person 2 (Ben): 'budget' is no field of a person; it has number"),
        ({"things": {}}, {}, "person 1 (Ada): things: is not a list"),
        ({"things": [5]}, {}, "person 1 (Ada): things: number 1: is not an object"),
        ({"things": [LAMP, LAMP]}, {}, "things: the title 'Lamp' stands twice"),
        ({"things": [LAMP, LAMP | {"title": "L2"}]}, {}, "the ref 'g1' stands twice"),
        (
            {"things": [LAMP | {"floor_usd": 21}]},
            {},
            "person 1 (Ada): things: number 1 (g1): floor_usd: is above ask_usd; nobody",
        ),
        ({"things": [LAMP | {"ask_usd": []}]}, {}, "number 1 (g1): ask_usd: is not a number"),
        ({"things": [LAMP | {"may_barter": 1}]}, {}, "may_barter: is neither true nor false;"),
        (
            {"things": [LAMP | {"subject": "love"}]},
            {},
            "subject: 'love' is none; choose goods, service",
        ),
        ({"things": [LAMP | {"category": "c" * 99}]}, {}, "category: has more than 64 characters"),
        ({"things": [LAMP | {"colour": "red"}]}, {}, "'colour' is no field of things: number 1"),
        ({"things": [LAMP | {"title": "\ud800"}]}, {}, "title: holds half of a surrogate pair"),
        ({}, {"wants": ["home"]}, "person 2 (Ben): wants: is not an object; write {name"),
        ({}, {"wants": {"home": 0}}, "wants: 'home': is no whole number of 1 or more"),
        ({}, {"wants": {"home": 1.5}}, "wants: 'home': is no whole number of 1"),
        ({}, {"wants": {"": 1}}, "wants: a category has 1 to 64 characters"),
        ({}, {"adverts": {"toys": 5}}, "adverts: 'toys' is not wanted; add it to wants"),
        ({}, {"values": {"g9": 5}}, "person 2 (Ben): values: 'g9' is nobody's thing; name a ref"),
        ({"values": {"g1": 5}}, {}, "person 1 (Ada): values: 'g1' is this person's own; floor_usd"),
        ({}, {"wants": {}, "adverts": {}}, "values: 'g1' is of category home, not wanted; add"),
        ({}, {"values": {"g1": 0}}, "values: 'g1' is worth 0; leave it out"),
        ({}, {"values": {"g1": "5"}}, "person 2 (Ben): values: 'g1': is not a number"),
    ],
)
def test_what_is_wrong_is_named_by_person_and_field(
    tmp_path: Path, ada: dict[str, Any], ben: dict[str, Any], complaint: str
) -> None:
    path = written(tmp_path, ADA | ada, BEN | ben)
    with pytest.raises(BadSource) as caught:
        people.read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert complaint in message
    assert "; " in message, "says what to do"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"people": [\n{"name": "Ada",}]}', "line 2, column"),
        ("", "line 1, column 1: is not JSON"),
        ("[]", "the file: is not an object"),
        ("{}", "has no list of people; write it under people"),
        ('{"people": []}', "holds fewer than two people"),
        ('{"people": [1, 2]}', "person 1: is not an object"),
        ('{"people": [], "people": []}', "'people' stands twice in one object; keep one"),
        ('{"people": [], "fee": 1}', "'fee' is no field of the file; it has seed, people"),
        ('{"people": [], "seed": "7"}', "seed: is no whole number of 0 or more"),
        ('{"people": ' + "[" * 100_000, "too deep"),
    ],
)
def test_a_file_that_is_none_is_told_where(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "people.json"
    path.write_text(content)
    with pytest.raises(BadSource) as caught:
        people.read(path)
    assert complaint in str(caught.value)
    assert "; " in str(caught.value)


def test_a_file_that_is_not_there_or_not_utf8_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"absent: cannot be read \(No such file"):
        people.read(tmp_path / "absent")
    (tmp_path / "latin").write_bytes('{\n"people": "ä"}'.encode("latin-1"))
    with pytest.raises(BadSource, match=r"latin:2: is not valid UTF-8; save"):
        people.read(tmp_path / "latin")
