"""What a person tells a scripted agent, from a TOML file.

[[things]]                 # to sell
title = "Brass lamp"
category = "home"
ask = "900"
floor = "600"

[[wants]]                  # to buy
category = "books"
most = "30"                # for one
count = 2
"""

import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct

from souq.agents.trader import Thing
from souq.cli.output import Mistake
from souq.core.money import Asset


class ThingTold(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    title: str
    category: str
    ask: str
    floor: str = "0"
    description: str = ""
    may_barter: bool = False


class WantTold(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    category: str
    most: str
    count: int = 1


class Told(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file."""

    things: list[ThingTold] = []
    wants: list[WantTold] = []


def read(path: Path) -> Told:
    """Read a file. Raises Mistake, which says what is wrong and where."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Told)
    except OSError as error:
        raise Mistake(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Mistake(f"{path} is no TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise Mistake(f"{path}: {error}") from None


def things_of(told: Told, asset: Asset) -> tuple[Thing, ...]:
    """Give what is to be sold, its prices as units. Raises Mistake."""
    titles = [one.title for one in told.things]
    if len(set(titles)) != len(titles):
        raise Mistake("two things have the same title, and an agent tells its things by title")
    return tuple(
        Thing(
            ref=f"g{n}",
            title=one.title,
            description=one.description,
            category=one.category,
            subject="goods",
            ask_units=units(one.ask, asset, one.title),
            floor_units=units(one.floor, asset, one.title),
            may_barter=one.may_barter,
        )
        for n, one in enumerate(told.things, 1)
    )


def units(text: str, asset: Asset, what: str) -> int:
    """Read an amount. Raises Mistake."""
    try:
        found = asset.parse(text).units
    except ValueError as error:
        raise Mistake(f"{what}: {error}") from None
    if found < 0:
        raise Mistake(f"{what}: an amount is 0 or more, not {text}")
    return found
