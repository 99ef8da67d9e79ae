"""What a person told their agent, from a TOML file: the same for a scripted agent and for a model.

name = "Bea"
budget = 100               # the most to spend in all
style = "friendly and brief"
wishes = ["One present to yourself, under $5, is fine."]
owns = ["a red road bike"] # so that nobody buys it twice
never = ["anything with nuts in it"]

[[things]]                 # to sell
title = "Brass lamp"
category = "home"
ask = 90
floor = 60                 # the least to take; else what is asked

[[wants]]                  # to buy
category = "books"
what = "an old atlas"
most = "30.50"             # for one
count = 2
"""

import hashlib
import re
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from souq.agents.trader import Thing
from souq.core.mandate import GoodsLimit, Limits
from souq.core.money import Asset

REF_MAX = 40
_SHARE = re.compile(r"0(\.\d{1,6})?|1(\.0{1,6})?")
Amount = str | int  # a number with a point is kept as its text, never a float


class BadBrief(ValueError):
    """What a person wrote cannot be meant; the message says what is wrong, and where."""


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
    what: str = ""


class Understanding(Struct, frozen=True, forbid_unknown_fields=True):
    """How well the person's own choices agreed with what was understood: so many pairs of `pairs`.

    `least` is the share below which the agent only proposes, and the person approves.
    """

    agreed: int
    pairs: int
    least: str = "0.6"

    def __post_init__(self) -> None:
        """Raise ValueError for a share that is none."""
        if not _SHARE.fullmatch(self.least):
            raise ValueError(f"`least` is a share such as 0.6, not {self.least[:20]!r}")

    @property
    def is_enough(self) -> bool:
        """Tell whether the agent may act by itself."""
        return self.agreed >= float(self.least) * self.pairs


class Brief(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole brief. `wants` stand in the order in which the person would rather have them."""

    name: str = ""
    budget: Amount | None = None
    style: str = ""
    wishes: tuple[str, ...] = ()
    owns: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    things: tuple[ThingTold, ...] = ()
    wants: tuple[WantTold, ...] = ()
    understanding: Understanding | None = None


AnyBrief = TypeVar("AnyBrief", bound=Brief)


def read(path: Path) -> Brief:
    """Read a file. Raises BadBrief."""
    return read_as(path, Brief)


def read_as(path: Path, kind: type[AnyBrief]) -> AnyBrief:
    """Read a file as a brief that says more. Raises BadBrief."""
    try:
        told = tomllib.loads(path.read_text("utf-8-sig"), parse_float=str)
        return msgspec.convert(told, kind)
    except OSError as error:
        raise BadBrief(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBrief(f"{path} is no TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise BadBrief(f"{path}: {_in_words(str(error))}") from None


def things_of(brief: Brief, asset: Asset, where: str = "") -> tuple[Thing, ...]:
    """Give what is to be sold, its prices as units; `where` the brief lies. Raises BadBrief."""
    found: dict[str, Thing] = {}
    for n, one in enumerate(brief.things, 1):
        here = f"{where}thing {n} “{one.title}”"
        ask = units(one.ask, asset, f"{here}, ask")
        floor = ask if one.floor is None else units(one.floor, asset, f"{here}, floor")
        if floor > ask:
            raise BadBrief(f"{here}: its floor {one.floor} is above the {one.ask} it asks")
        if one.title in found:
            raise BadBrief(f"{here}: another has this title, and an agent tells things by title")
        found[one.title] = Thing(
            ref=_ref(one.title, {thing.ref for thing in found.values()}),
            title=one.title,
            description=one.description,
            category=one.category,
            subject="goods",
            ask_units=ask,
            floor_units=floor,
            may_barter=one.may_barter,
        )
    return tuple(found.values())


def wants_of(brief: Brief, asset: Asset, where: str = "") -> dict[str, tuple[int, int]]:
    """Give, by category, the most to pay for one and how many. Raises BadBrief."""
    found: dict[str, tuple[int, int]] = {}
    for n, one in enumerate(brief.wants, 1):
        here = f"{where}want {n} “{one.category}”"
        if one.count < 1:
            raise BadBrief(f"{here}: a count is 1 or more, not {one.count}")
        most = units(one.most, asset, f"{here}, most")
        before = found.get(one.category, (0, 0))
        found[one.category] = (max(most, before[0]), one.count + before[1])
    return found


def limits_of(brief: Brief, asset: Asset, where: str = "") -> Limits:
    """Give the mandate that holds an agent to a brief, whatever it says. Raises BadBrief.

    Where the person's choices did not agree enough with what was understood, every deal waits for
    the person.
    """
    wants = wants_of(brief, asset, where)
    most = sum(units(one.most, asset, where) * one.count for one in brief.wants)
    budget = most if brief.budget is None else units(brief.budget, asset, f"{where}budget")
    return Limits(
        asset=asset.code,
        lifetime_units=budget,
        goods={
            thing.ref: GoodsLimit(thing.floor_units, thing.may_barter)
            for thing in things_of(brief, asset, where)
        },
        ceilings={category: price for category, (price, _) in wants.items()},
        approval_always=brief.understanding is not None and not brief.understanding.is_enough,
    )


def _ref(title: str, taken: set[str]) -> str:
    """Name a thing after its title, so that a mandate's floor stays its own in a longer brief."""
    words = "-".join(re.findall(r"[a-z0-9]+", title.lower()))[:REF_MAX].strip("-")
    if not words or words in taken:
        words = f"{words[: REF_MAX - 9]}-{hashlib.sha256(title.encode()).hexdigest()[:8]}".lstrip(
            "-"
        )
    return words


def units(amount: Amount, asset: Asset, what: str) -> int:
    """Read an amount. Raises BadBrief."""
    try:
        found = asset.parse(str(amount)).units
    except ValueError as error:
        raise BadBrief(f"{what}: {error}") from None
    if found < 0:
        raise BadBrief(f"{what}: an amount is 0 or more, not {amount}")
    return found


def _in_words(problem: str) -> str:
    """Say `things[0].ask` as people count: in thing 1, ask."""
    what, _, path = problem.partition(" - at `$")
    match = re.match(r"\.?(?P<noun>thing|want)s\[(?P<n>\d+)\](?:\.(?P<field>\w+))?", path)
    if match is None:
        field = path.strip(".`")
        return f"in {field}: {what}" if field else what
    field = f", {match['field']}" if match["field"] else ""
    return f"in {match['noun']} {int(match['n']) + 1}{field}: {what}"
