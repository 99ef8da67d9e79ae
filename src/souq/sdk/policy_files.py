"""Policies as people write them: TOML or JSON, amounts as "500 USD", lengths of time as "24h".

What the market keeps has whole units and microseconds; the rest is worked out here, a zone's
offsets among it.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from souq.core.money import USD
from souq.core.policy import TYPES, Policy, Rule
from souq.core.policy.checking import mistakes
from souq.core.policy.money import CalendarBudget
from souq.core.rules import SECOND_US

YEARS_KNOWN = 20
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class BadPolicy(ValueError):
    """A policy that cannot be set; `mistakes` are (where, what)."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {why}" for where, why in found))
        self.mistakes = found


def read_policy(path: Path) -> Policy:
    """Read a file. Raises BadPolicy, with all that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadPolicy([(path.suffix.removeprefix(".").upper() or "TOML", str(error))]) from None
    return policy_of(content)


def policy_of(content: Any) -> Policy:
    """Read what a file holds. Raises BadPolicy."""
    listed = content.get("rules") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise BadPolicy([("rules", "a list of rules is missing")])
    found = [(name, "there is no such field") for name in content if name != "rules"]
    rules = []
    for n, raw in enumerate(listed):
        try:
            rules.append(_rule(raw))
        except _Mistaken as error:
            found.append((f"rules[{n}]{error.where}", error.why))
    if not found:
        found = list(mistakes(tuple(rules)))
    if found:
        raise BadPolicy(found)
    return Policy(tuple(rules))


class _Mistaken(Exception):
    def __init__(self, why: str, where: str = "") -> None:
        self.why = why
        self.where = where and f".{where}"


def _rule(raw: Any) -> Rule:
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise _Mistaken("a rule is a table with a type")
    kind = TYPES.get(raw["type"])
    if kind is None:
        raise _Mistaken(f'there is no rule of type "{raw["type"][:64]}"')
    given: dict[str, Any] = {}
    for name, value in raw.items():
        for field, read in _read(kind, name, value):
            if given.setdefault(field, read) != read:
                raise _Mistaken("is said twice, differently", field)
    try:
        rule: Rule = msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        why, _, where = str(error).partition(" - at `$")
        raise _Mistaken(why[:1].lower() + why[1:], where.rstrip("`").lstrip(".")) from None
    if isinstance(rule, CalendarBudget) and rule.zone != "UTC" and not rule.offsets:
        return msgspec.structs.replace(rule, offsets=offsets_of(rule.zone))
    return rule


def _read(kind: Any, name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Give the fields that one line of a rule stands for. Raises _Mistaken."""
    fields = kind.__struct_fields__
    if name == "floors" and isinstance(value, dict):
        yield from _floors(value)
    elif name in fields or name == "type":
        yield name, value
    elif f"{name}_units" in fields and isinstance(value, str):
        units, asset = _money(value, name)
        yield f"{name}_units", units
        yield "asset", asset
    elif f"{name}_us" in fields:
        yield f"{name}_us", _microseconds(value, name)
    elif f"{name}_bps" in fields:
        yield f"{name}_bps", _basis_points(value, name)
    elif f"{name}_at" in fields:
        yield f"{name}_at", _instant(value, name)
    else:
        raise _Mistaken(f"there is no such field; there are {', '.join(fields)}", name)


def _floors(said: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    floors = {}
    for name, amount in said.items():
        if isinstance(amount, str):
            floors[name], asset = _money(amount, f"floors.{name}")
            yield "asset", asset
        else:
            floors[name] = amount
    yield "floors", floors


def _money(text: str, name: str) -> tuple[int, str]:
    amount, _, code = text.partition(" ")
    if code != USD.code:
        raise _Mistaken('write an amount as "12.50 USD"; of another asset, its units', name)
    try:
        return USD.parse(amount).units, code
    except ValueError as error:
        raise _Mistaken(str(error), name) from None


def _microseconds(value: Any, name: str) -> int:
    found = re.fullmatch(r"(\d{1,9}) ?([smhd])", value) if isinstance(value, str) else None
    if found is None:
        raise _Mistaken('write a length of time as "30s", "15m", "24h" or "7d"', name)
    return int(found[1]) * _SECONDS[found[2]] * SECOND_US


def _basis_points(value: Any, name: str) -> int:
    found = re.fullmatch(r"(\d{1,6})(?:\.(\d{1,2}))? ?%", value) if isinstance(value, str) else None
    if found is None:
        raise _Mistaken('write a share as "20 %"', name)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _instant(value: Any, name: str) -> int:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        at = None
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise _Mistaken("write an instant as 2026-01-31T12:00:00Z", name)
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def offsets_of(zone: str, years: tuple[int, int] | None = None) -> tuple[tuple[int, int], ...]:
    """List a zone's offsets from last year on, for twenty years. Raises _Mistaken."""
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _Mistaken(f'there is no time zone "{zone[:64]}"', "zone") from None
    this_year = datetime.now(UTC).year
    first, last = years or (this_year - 1, this_year + YEARS_KNOWN)
    start = int(datetime(first, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(last, 1, 1, tzinfo=UTC).timestamp())
    found = [(start, _offset(there, start))]
    for second in range(start, end, 86_400):
        after = min(second + 86_400, end)
        if _offset(there, after) != found[-1][1]:
            found.append((_changed(there, second, after), _offset(there, after)))
    return (*((at * SECOND_US, offset) for at, offset in found), (end * SECOND_US, 0))


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None, "a zone has an offset"
    return int(offset.total_seconds())


def _changed(zone: ZoneInfo, before: int, after: int) -> int:
    """Find the second between two at which clocks were moved."""
    was = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == was:
            before = middle
        else:
            after = middle
    return after
