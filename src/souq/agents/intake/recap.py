"""The recap: what was understood, line by line, and the words by which a person corrects it."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from souq.agents.brief import BadBrief, Brief, ThingTold, WantTold, limits_of, units
from souq.agents.intake import words
from souq.agents.intake.questions import (
    FIELDS,
    LINE_MAX,
    LISTS,
    TOPIC,
    Kind,
    check_item,
    field_of,
    items_of,
)
from souq.agents.intake.words import NotUnderstood
from souq.core.money import UNITS_MAX, Asset

ABOUT = ("name", "budget", "style", "owns", "never", "wishes")  # the numbered lines, from 1
HOW = (
    "Say yes, or what to change: its number or name and the new words, such as “2 100”, "
    "“s1 floor 50”, “remove w2”, “add thing”, “order 2 1”."
)
_KIND: dict[str, Kind] = {"s": "thing", "w": "want"}
_REF = re.compile(r"([sw])([0-9]{1,3})")
_REMOVE = frozenset({"remove", "delete", "drop"})
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("thing", "s", "sale"), "thing"),
    **dict.fromkeys(("want", "w", "wish"), "want"),
}
_SAME = {
    **dict.fromkeys(("asking", "price", "asks"), "ask"),
    **dict.fromkeys(("minimum", "least"), "floor"),
    **dict.fromkeys(("limit", "maximum"), "most"),
    **dict.fromkeys(("barter", "swap"), "may_barter"),
    **dict.fromkeys(("number", "pieces"), "count"),
    **dict.fromkeys(("own", "owned"), "owns"),
}
_EMPTY = frozenset({"", "none", "nothing", "no"})


class Confirmed(Struct, frozen=True):
    """It is right as it stands."""


class Changed(Struct, frozen=True):
    """A correction that is made already."""

    brief: Brief


class AskAgain(Struct, frozen=True):
    """A topic to be asked anew."""

    topic: str


class AskField(Struct, frozen=True):
    """One field of one item to be asked anew."""

    kind: Kind
    place: int
    field: str


class Add(Struct, frozen=True):
    """One more item, with its title if that was said."""

    kind: Kind
    title: str


Correction = Confirmed | Changed | AskAgain | AskField | Add


class Line(NamedTuple):
    """One line of the recap: what corrects it, what it is, and what it says."""

    mark: str
    name: str
    text: str


def lines(brief: Brief, asset: Asset) -> list[Line]:
    """Write down what was understood."""
    return [
        *(Line(str(n), name, _about(brief, name, asset)) for n, name in enumerate(ABOUT, 1)),
        *(Line(f"s{n}", "sells", _thing(one, asset)) for n, one in enumerate(brief.things, 1)),
        *(Line(f"w{n}", "wants", _want(one, asset)) for n, one in enumerate(brief.wants, 1)),
    ]


def notes(brief: Brief, asset: Asset) -> list[str]:
    """Say where what was told comes to something else at the market than it looks like."""
    return [*_shared_ceilings(brief, asset), *_beyond_budget(brief, asset)]


def _shared_ceilings(brief: Brief, asset: Asset) -> Iterator[str]:
    """A mandate has one ceiling for a category; of two prices it is the higher."""
    for category in dict.fromkeys(one.category for one in brief.wants):
        alike = [one for one in brief.wants if one.category == category]
        prices = {units(one.most, asset, "most") for one in alike}
        if len(prices) > 1:
            named = ", ".join(words.echo(one.what or one.category) for one in alike)
            yield (
                f"One category has one limit: under {category} your agent may pay up to "
                f"{asset.format(max(prices))} {asset.code} for any of {named}. "
                "Another category for one of them keeps them apart."
            )


def _beyond_budget(brief: Brief, asset: Asset) -> Iterator[str]:
    if brief.budget is None:
        return
    budget = units(brief.budget, asset, "budget")
    for n, one in enumerate(brief.wants, 1):
        if units(one.most, asset, "most") > budget:
            yield (
                f"Your budget is {_money(brief.budget, asset)}, so your agent cannot pay the "
                f"{_money(one.most, asset)} that w{n} says."
            )


def _about(brief: Brief, name: str, asset: Asset) -> str:
    value = getattr(brief, name)
    if name in LISTS:
        return "; ".join(value) or "nothing"
    if name == "budget":
        return "whatever the wants come to" if value is None else _money(value, asset)
    return value or "not said"


def _thing(thing: ThingTold, asset: Asset) -> str:
    floor = thing.ask if thing.floor is None else thing.floor
    parts = [
        f"“{thing.title}” ({thing.category})",
        f"asks {_money(thing.ask, asset)}",
        f"takes {_money(floor, asset)} at the least",
    ]
    parts += ["may be swapped"] if thing.may_barter else []
    return ", ".join(parts) + (f": {thing.description}" if thing.description else "")


def _want(want: WantTold, asset: Asset) -> str:
    what = f"“{want.what}” ({want.category})" if want.what else want.category
    many = f", {want.count} of them" if want.count > 1 else ""
    return f"{what}, at most {_money(want.most, asset)}{' each' if many else ''}{many}"


def _money(amount: str | int, asset: Asset) -> str:
    return f"{asset.format(asset.parse(str(amount)).units)} {asset.code}"


def corrected(brief: Brief, text: str, asset: Asset) -> Correction:
    """Read what a person says to the recap. Raises NotUnderstood."""
    said = words.cleaned(text)
    first, _, rest = said.partition(" ")
    word = first.lower().rstrip(":=,.!")
    rest = rest.strip().removeprefix("=").removeprefix(":").strip()
    if word in ("yes", "y", "ok", "right", "correct", "done") and not rest:
        check_whole(brief, asset)
        return Confirmed()
    if word in ("add", "new"):
        return _adding(rest)
    if word in _REMOVE:
        return _removing(brief, rest)
    if word == "order":
        if len(brief.wants) < 2:
            raise NotUnderstood("There is nothing to put in order.")
        return AskAgain("order") if not rest else Changed(_ordered(brief, rest))
    if _REF.fullmatch(word):
        return _of_item(brief, word, rest, asset)
    name = ABOUT[int(word) - 1] if _is_number(word) else _SAME.get(word, word)
    if name in ABOUT:
        return _of_person(brief, name, rest, asset)
    match = re.fullmatch(r"(\w+) (?:of )?([sw][0-9]{1,3})\b(.*)", said, re.IGNORECASE)
    if match is not None:  # “floor of s1 50”
        return _of_item(brief, match[2].lower(), f"{match[1]} {match[3].strip()}", asset)
    raise NotUnderstood(f"I do not see what to change. {HOW}")


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 3 and 1 <= int(word) <= len(ABOUT)


def check_whole(brief: Brief, asset: Asset) -> None:
    """Raise NotUnderstood where a brief cannot be handed to an agent yet."""
    if not brief.things and not brief.wants:
        raise NotUnderstood("There is nothing to sell or buy yet; say “add thing” or “add want”.")
    try:
        spends = limits_of(brief, asset).lifetime_units
    except BadBrief as error:
        raise NotUnderstood(f"{error}.") from None
    if spends is not None and spends > UNITS_MAX:
        raise NotUnderstood("Your wants come to more than a market counts; say a budget.")


def _adding(rest: str) -> Add:
    word, _, title = rest.partition(" ")
    kind = _KINDS.get(word.lower())
    if kind is None:
        raise NotUnderstood("Say “add thing” for something to sell, or “add want”.")
    return Add(kind, title.strip())


def _removing(brief: Brief, rest: str) -> Changed:
    word = rest.lower()
    name = ABOUT[int(word) - 1] if _is_number(word) else _SAME.get(word, word)
    if name in ABOUT:
        return Changed(msgspec.structs.replace(brief, **{name: _nothing(name)}))
    kind, place = _place(brief, word)
    left = [one for n, one in enumerate(items_of(brief, kind)) if n != place]
    return Changed(with_items(brief, kind, left))


def _nothing(name: str) -> Any:
    return () if name in LISTS else None if name == "budget" else ""


def _ordered(brief: Brief, text: str) -> Brief:
    order = words.places(text, len(brief.wants))
    return msgspec.structs.replace(brief, wants=tuple(brief.wants[n] for n in order))


def _of_person(brief: Brief, name: str, rest: str, asset: Asset) -> Correction:
    if not rest:
        return AskAgain(name)
    value: Any
    if rest.lower() in _EMPTY and not (name == "budget" and rest.lower() == "nothing"):
        value = _nothing(name)
    elif name in LISTS:
        value = words.entries(rest, LINE_MAX, asset)
    else:
        read = TOPIC[name].read
        assert read is not None, f"{name} has one answer"
        value = read(rest, asset)
    return Changed(msgspec.structs.replace(brief, **{name: value}))


def _of_item(brief: Brief, ref: str, rest: str, asset: Asset) -> Correction:
    kind, place = _place(brief, ref)
    word, _, text = rest.partition(" ")
    asked = word.lower().rstrip(":=")
    name = _SAME.get(asked, asked)
    names = [field.name for field in FIELDS[kind]]
    if kind == "want" and name == "title":
        name = "what"
    if name not in names:
        shown = ", ".join(names).replace("may_barter", "barter")
        raise NotUnderstood(f"Of {ref} I know: {shown}. Say “{ref} {names[0]} …”.")
    text = text.strip().removeprefix("=").strip()
    if not text:
        return AskField(kind, place, name)
    return Changed(with_field(brief, kind, place, name, text, asset))


def with_field(brief: Brief, kind: Kind, place: int, name: str, text: str, asset: Asset) -> Brief:
    """Give the brief with one field of one item read from words. Raises NotUnderstood."""
    value = field_of(kind, name).read(text, asset)
    return with_value(brief, kind, place, name, value, asset)


def with_value(brief: Brief, kind: Kind, place: int, name: str, value: Any, asset: Asset) -> Brief:
    """Give the brief with one field of one item set. Raises NotUnderstood."""
    items: list[Any] = list(items_of(brief, kind))
    items[place] = msgspec.structs.replace(items[place], **{name: value})
    check_item(kind, msgspec.to_builtins(items[place]), brief, asset, place)
    return with_items(brief, kind, items)


def with_items(brief: Brief, kind: Kind, items: list[Any]) -> Brief:
    """Give the brief with other things, or other wants."""
    if kind == "thing":
        return msgspec.structs.replace(brief, things=tuple(items))
    return msgspec.structs.replace(brief, wants=tuple(items))


def _place(brief: Brief, ref: str) -> tuple[Kind, int]:
    match = _REF.fullmatch(ref)
    if match is None:
        raise NotUnderstood("Say which, such as s1 for the first thing or w2 for the second want.")
    kind, place = _KIND[match[1]], int(match[2]) - 1
    if not 0 <= place < len(items_of(brief, kind)):
        raise NotUnderstood(f"There is no {ref}.")
    return kind, place
