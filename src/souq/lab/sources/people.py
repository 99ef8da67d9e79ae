"""People as one JSON file: what each has, wants, can spend, and what things are worth to them.

    {"seed": 7, "people": [
      {"name": "Ada", "budget_usd": 100, "style": "linear",
       "things": [{"ref": "g1", "title": "Brass lamp", "category": "home",
                   "ask_usd": 20, "floor_usd": 12.50}],
       "wants": {"books": 2}, "values": {"g2": 14.25}, "adverts": {"books": 10}},
      …]}

`things` are for sale: `ref` is the file's own name of one, `floor_usd` the least to take for it.
`wants` says how many pieces of a category at most, `values` what a thing of somebody else's is
worth to this person, `adverts` which want is announced, at what price. A name, a budget and a
style are needed; the rest may be left out, as may a thing's `description`, `subject` and
`may_barter`. `write` and `read` are each other's inverse, so a population that was drawn can be
exported, edited and brought back.
"""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Thing
from souq.core.listing import CATEGORY_MAX, QUANTITY_MAX, TEXT_MAX, TITLE_MAX, Subject
from souq.core.money import USD
from souq.lab.population import Person, Population
from souq.lab.sources.bad_source import BadSource, text, units

KIND = "a file of people as JSON"
NAME_MAX, REF_MAX = 200, 64
_PERSON = ("number", "name", "style", "budget_usd", "things", "wants", "values", "adverts")
_THING = (
    *("ref", "title", "description", "category", "subject"),
    *("ask_usd", "floor_usd", "may_barter"),
)
_WHOLE = re.compile(r"\d{1,15}")
_encoder = msgspec.json.Encoder(decimal_format="number")

Row = dict[str, Any]
Item = TypeVar("Item")


class _Number(str):
    """A number as it was written; nothing is lost before it is known what it counts."""


def write(population: Population, path: Path) -> None:
    """Write people so that they can be edited, and read again to the unit."""
    rows = {"seed": population.seed, "people": list(map(_row, population.people))}
    path.write_bytes(msgspec.json.format(_encoder.encode(rows), indent=2) + b"\n")


def _row(person: Person) -> Row:
    return {
        "number": person.number,
        "name": person.name,
        "style": person.style,
        "budget_usd": _usd(person.budget_units),
        "things": [
            {
                "ref": thing.ref,
                "title": thing.title,
                "description": thing.description,
                "category": thing.category,
                "subject": thing.subject,
                "ask_usd": _usd(thing.ask_units),
                "floor_usd": _usd(thing.floor_units),
                "may_barter": thing.may_barter,
            }
            for thing in person.things
        ],
        "wants": person.wants,
        "values": {ref: _usd(worth) for ref, worth in person.values.items()},
        "adverts": {category: _usd(price) for category, price in person.adverts.items()},
    }


def _usd(amount_units: int) -> Decimal:
    return Decimal(USD.format(amount_units))


def read(path: Path) -> Population:
    """Read people. Raises BadSource that names the person and the field."""
    content = text(path, kind=KIND)
    try:
        return _population(_parsed(content))
    except BadSource as error:
        raise BadSource(f"{path}: {error}") from None


def _parsed(content: str) -> Row:
    try:
        found = json.loads(
            content,
            object_pairs_hook=_object,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_Number,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadSource(f"{where}: is not JSON ({error.msg}); correct it there") from None
    except RecursionError:
        raise BadSource("has lists too deep to read; write {...} as described") from None
    return _need_object(found, "the file")


def _object(pairs: list[tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) < len(pairs):  # JSON keeps the last of two, and says nothing
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadSource(f"{_shown(twice)} stands twice in one object; keep one of them")
    return found


def _population(file: Row) -> Population:
    _need_known(file, ("seed", "people"), "the file")
    seed = _whole(file.get("seed", _Number("0")), "seed", least=0)
    rows = file.get("people")
    if not isinstance(rows, list):
        raise BadSource("has no list of people; write it under people")
    people: list[Person] = []
    for n, row in enumerate(rows, start=1):
        _need_object(row, f"person {n}")
        name = row.get("name")
        told = f"person {n} ({name})" if _is_words(name) and name else f"person {n}"
        try:
            people.append(_person(row, n))
        except BadSource as error:
            raise BadSource(f"{told[:80]}: {error}") from None
    if len(people) < 2:
        raise BadSource("holds fewer than two people; a market needs two")
    _need_each_once([one.name for one in people], "the name")
    _need_each_once([str(one.number) for one in people], "the number")
    _need_each_once([thing.ref for one in people for thing in one.things], "the ref")
    _check_values(people)
    return Population(seed, tuple(people))


def _person(row: Row, n: int) -> Person:
    _need_known(row, _PERSON, "a person")
    style = _words(row, "style", length_max=NAME_MAX)
    if style not in STRATEGIES:
        raise BadSource(f"style: {_shown(style)} is none; choose {', '.join(sorted(STRATEGIES))}")
    listed = row.get("things", [])
    if not isinstance(listed, list):
        raise BadSource("things: is not a list; write [{...}, …]")
    things = tuple(_thing(one, at) for at, one in enumerate(listed, start=1))
    # Whoever sells two things of one title could not tell which of them an offer is for.
    _need_each_once([thing.title for thing in things], "things: the title")
    wants = {
        category: _whole(count, f"wants: {_shown(category)}", least=1)
        for category, count in _mapping(row, "wants").items()
    }
    for category in wants:
        _check_category(category, "wants")
    adverts = _amounts(row, "adverts")
    for category in adverts:
        if category not in wants:
            raise BadSource(f"adverts: {_shown(category)} is not wanted; add it to wants")
    return Person(
        number=_whole(row.get("number", _Number(n)), "number", least=1),
        name=_words(row, "name", length_max=NAME_MAX),
        style=style,
        budget_units=_amount(row, "budget_usd", "budget_usd"),
        things=things,
        wants=wants,
        values=_amounts(row, "values"),
        adverts=adverts,
    )


def _thing(row: Any, at: int) -> Thing:
    where = f"things: number {at}"
    _need_object(row, where)
    _need_known(row, _THING, where)
    try:
        ask, floor = _amount(row, "ask_usd", "ask_usd"), _amount(row, "floor_usd", "floor_usd")
        if floor > ask:
            raise BadSource("floor_usd: is above ask_usd; nobody asks less than they would take")
        subject = _words(row, "subject", length_max=NAME_MAX, default="goods")
        if subject not in get_args(Subject):
            raise BadSource(
                f"subject: {_shown(subject)} is none; choose {', '.join(get_args(Subject))}"
            )
        category = _words(row, "category", length_max=CATEGORY_MAX)
        _check_category(category, "category")
        may_barter = row.get("may_barter", False)
        if not isinstance(may_barter, bool):
            raise BadSource("may_barter: is neither true nor false; write one of them")
        return Thing(
            ref=_words(row, "ref", length_max=REF_MAX),
            title=_words(row, "title", length_max=TITLE_MAX),
            description=_words(row, "description", length_max=TEXT_MAX, default=""),
            category=category,
            subject=subject,  # type: ignore[arg-type]
            ask_units=ask,
            floor_units=floor,
            may_barter=may_barter,
        )
    except BadSource as error:
        ref = row.get("ref")
        named = f" ({ref[:REF_MAX]})" if isinstance(ref, str) else ""
        raise BadSource(f"{where}{named}: {error}") from None


def _check_values(people: Sequence[Person]) -> None:
    """Raise BadSource where a value is of nothing on sale, of one's own, or of what is no want."""
    owners = {thing.ref: (one.number, thing) for one in people for thing in one.things}
    for n, one in enumerate(people, start=1):
        for ref, worth in one.values.items():
            where = f"person {n} ({one.name}): values: {_shown(ref)}"
            owner, thing = owners.get(ref, (0, None))
            if thing is None:
                raise BadSource(f"{where} is nobody's thing; name a ref that somebody has")
            if owner == one.number:
                raise BadSource(f"{where} is this person's own; floor_usd says its worth")
            if thing.category not in one.wants:
                raise BadSource(
                    f"{where} is of category {thing.category}, not wanted; add that to wants"
                )
            if not worth:
                raise BadSource(f"{where} is worth 0; leave it out")


def _need_object(found: Any, where: str) -> Row:
    if not isinstance(found, dict):
        raise BadSource(f"{where}: is not an object; write {{...}}")
    return found


def _need_known(row: Row, known: Sequence[str], where: str) -> None:
    for field in row:
        if field not in known:  # passed over, a slip of the pen would change the market unseen
            raise BadSource(f"{_shown(field)} is no field of {where}; it has {', '.join(known)}")


def _need_each_once(names: Sequence[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadSource(f"{what} {_shown(name)} stands twice; give each its own")
        seen.add(name)


def _check_category(category: str, where: str) -> None:
    if not 0 < len(category) <= CATEGORY_MAX:
        raise BadSource(f"{where}: a category has 1 to {CATEGORY_MAX} characters; rename it")


def _words(row: Row, field: str, *, length_max: int, default: str | None = None) -> str:
    found = row.get(field, default)
    if found is None:
        raise BadSource(f"{field}: is missing; add it as text")
    if not _is_words(found):
        raise BadSource(f"{field}: is not text; put it in quotes")
    if default is None and not found.strip():
        raise BadSource(f"{field}: is empty; give it a word")
    if len(found) > length_max:
        raise BadSource(f"{field}: has more than {length_max} characters; shorten it")
    if any("\ud800" <= sign <= "\udfff" for sign in found):
        raise BadSource(f"{field}: holds half of a surrogate pair; remove it")
    return str(found)


def _is_words(found: Any) -> bool:
    return isinstance(found, str) and not isinstance(found, _Number)


def _amount(row: Row, field: str, where: str) -> int:
    found = row.get(field)
    if found is None:
        raise BadSource(f"{where}: is missing; add a number of dollars")
    if not isinstance(found, _Number):
        raise BadSource(f"{where}: is not a number; write dollars without quotes or $")
    try:
        return units(found)
    except BadSource as error:
        raise BadSource(f"{where}: {error}") from None


def _amounts(row: Row, field: str) -> dict[str, int]:
    found = _mapping(row, field)
    return {name: _amount(found, name, f"{field}: {_shown(name)}") for name in found}


def _mapping(row: Row, field: str) -> Row:
    found = row.get(field, {})
    if not isinstance(found, dict):
        raise BadSource(f"{field}: is not an object; write {{name: number, …}}")
    return found


def _whole(found: Any, where: str, *, least: int) -> int:
    is_whole = isinstance(found, _Number) and _WHOLE.fullmatch(found)
    if not is_whole or not least <= int(found) <= QUANTITY_MAX**2:
        raise BadSource(f"{where}: is no whole number of {least} or more; correct it")
    return int(found)


def _shown(name: str) -> str:
    return repr(name[:60])
