"""What a person tells a scripted agent, from a TOML file.

[[things]]                 # to sell
title = "Brass lamp"
category = "home"
ask = 900
floor = 600                # the least to take; else what is asked

[[wants]]                  # to buy
category = "books"
most = "30.50"             # for one
count = 2
"""

import re
import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct

from souq.agents.trader import Thing
from souq.cli.output import Mistake
from souq.core.money import Asset

Amount = str | int  # a number with a point is kept as its text, never a float


class ThingTold(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    title: str
    category: str
    ask: Amount
    floor: Amount | None = None
    description: str = ""
    may_barter: bool = False


class WantTold(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    category: str
    most: Amount
    count: int = 1


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    things: list[ThingTold] = []
    wants: list[WantTold] = []


class Told(Struct, frozen=True):
    """A whole file, and where it lies."""

    path: str = ""
    things: list[ThingTold] = []
    wants: list[WantTold] = []


def read(path: Path) -> Told:
    """Read a file. Raises Mistake, which says what is wrong and where."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8-sig"), parse_float=str), _File)
    except OSError as error:
        raise Mistake(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Mistake(f"{path} is no TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise Mistake(f"{path}: {_in_words(str(error))}") from None
    return Told(str(path), found.things, found.wants)


def things_of(told: Told, asset: Asset) -> tuple[Thing, ...]:
    """Give what is to be sold, its prices as units. Raises Mistake."""
    found: dict[str, Thing] = {}
    for n, one in enumerate(told.things, 1):
        where = f"{told.path}: thing {n} “{one.title}”"
        ask = units(one.ask, asset, f"{where}, ask")
        floor = ask if one.floor is None else units(one.floor, asset, f"{where}, floor")
        if floor > ask:
            raise Mistake(f"{where}: its floor {one.floor} is above the {one.ask} it asks")
        if one.title in found:
            raise Mistake(f"{where}: another has this title, and an agent tells things by title")
        found[one.title] = Thing(
            ref=f"g{n}",
            title=one.title,
            description=one.description,
            category=one.category,
            subject="goods",
            ask_units=ask,
            floor_units=floor,
            may_barter=one.may_barter,
        )
    return tuple(found.values())


def wants_of(told: Told, asset: Asset) -> dict[str, tuple[int, int]]:
    """Give, by category, the most to pay for one and how many. Raises Mistake."""
    found = {}
    for n, one in enumerate(told.wants, 1):
        where = f"{told.path}: want {n} “{one.category}”"
        if one.count < 1:
            raise Mistake(f"{where}: a count is 1 or more, not {one.count}")
        found[one.category] = (units(one.most, asset, f"{where}, most"), one.count)
    return found


def units(amount: Amount, asset: Asset, what: str) -> int:
    """Read an amount. Raises Mistake."""
    try:
        found = asset.parse(str(amount)).units
    except ValueError as error:
        raise Mistake(f"{what}: {error}") from None
    if found < 0:
        raise Mistake(f"{what}: an amount is 0 or more, not {amount}")
    return found


def _in_words(problem: str) -> str:
    """Say `things[0].ask` as people count: in thing 1, ask."""
    what, _, path = problem.partition(" - at `$")
    match = re.match(r"\.?(?P<noun>thing|want)s\[(?P<n>\d+)\](?:\.(?P<field>\w+))?", path)
    if match is None:
        return what
    field = f", {match['field']}" if match["field"] else ""
    return f"in {match['noun']} {int(match['n']) + 1}{field}: {what}"
