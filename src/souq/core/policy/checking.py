"""What is wrong with a policy, told with its place, in the market's and the command line's words."""

from collections.abc import Iterator
from typing import Any

import msgspec

from souq.core.money import UNITS_MAX
from souq.core.policy import Rule
from souq.core.policy.goods import KNOWN_MIN
from souq.core.policy.money import CalendarBudget
from souq.core.policy.pace import Velocity
from souq.core.policy.prices import PRICES_MAX
from souq.core.policy.scope import Validity
from souq.core.rules import DURATION_MAX_US, SECOND_US

RULES_MAX = 100
NAMES_MAX = 1_000
NAME_MAX = 128
OFFSETS_MAX = 1_000
_OFFSET_MAX_S = 18 * 3_600
_COUNT_MAX = 1_000_000_000
# By how a field is called, or ends, what it may be.
_BOUNDS: dict[str, tuple[int, int]] = {
    "_units": (0, UNITS_MAX),
    "_us": (SECOND_US, DURATION_MAX_US),
    "_bps": (0, 1_000_000),
    "_max": (0, _COUNT_MAX),
    "_at": (0, UNITS_MAX),
    "level_min": (0, _COUNT_MAX),
    "standing_min": (-_COUNT_MAX, _COUNT_MAX),
    "max": (0, _COUNT_MAX),
    "percent": (1, 1_000_000),
    "times": (1, 1_000),
    "last": (KNOWN_MIN, PRICES_MAX),
}

Mistake = tuple[str, str]  # where, and what


def mistakes(rules: tuple[Rule, ...]) -> Iterator[Mistake]:
    """Yield whatever keeps rules from being set."""
    if len(rules) > RULES_MAX:
        yield "rules", f"at most {RULES_MAX}"
    for n, rule in enumerate(rules):
        for name in rule.__struct_fields__:
            for where, why in _of_field(name, getattr(rule, name)):
                yield f"rules[{n}].{where}", why
        for where, why in _of_whole(rule):
            yield f"rules[{n}].{where}", why


def _of_field(name: str, value: Any) -> Iterator[Mistake]:
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        least, most = _bounds(name)
        if not least <= value <= most:
            yield name, f"must be {least} to {most}"
    elif isinstance(value, str):
        if not 0 <= len(value) <= NAME_MAX:
            yield name, f"has up to {NAME_MAX} characters"
    elif isinstance(value, dict) or (name != "offsets" and isinstance(value, tuple)):
        if len(value) > NAMES_MAX:
            yield name, f"at most {NAMES_MAX} names"
        if not all(0 < len(one) <= NAME_MAX for one in value):
            yield name, f"a name has 1 to {NAME_MAX} characters"
        if isinstance(value, dict) and not all(0 <= one <= UNITS_MAX for one in value.values()):
            yield name, f"each is 0 to {UNITS_MAX}"


def _bounds(name: str) -> tuple[int, int]:
    found = _BOUNDS.get(name)
    return found if found is not None else _BOUNDS[name[name.rindex("_") :]]


def _of_whole(rule: Any) -> Iterator[Mistake]:
    match rule:
        case CalendarBudget(zone=zone, offsets=offsets):
            if zone != "UTC" and not offsets:
                yield (
                    "offsets",
                    "a zone other than UTC needs its offsets; souq policy set adds them",
                )
            yield from _of_offsets(offsets)
        case Velocity(deals_max=None, newcomers_max=None):
            yield "deals_max", "say deals_max, newcomers_max, or both"
        case Validity(from_at=start, until_at=int(end)) if end <= start:
            yield "until_at", "must be after from_at"
        case _:
            pass


def _of_offsets(offsets: tuple[tuple[int, int], ...]) -> Iterator[Mistake]:
    if not offsets:
        return
    instants = [at for at, _ in offsets]
    if len(offsets) < 2 or len(offsets) > OFFSETS_MAX:
        yield "offsets", f"2 to {OFFSETS_MAX}; the last says up to when they are known"
    if instants != sorted(set(instants)) or not 0 <= instants[0] <= instants[-1] <= UNITS_MAX:
        yield "offsets", "their instants come in order"
    if any(abs(seconds) > _OFFSET_MAX_S for _, seconds in offsets):
        yield "offsets", f"up to {_OFFSET_MAX_S} seconds from UTC"


def words(error: msgspec.ValidationError) -> Mistake:
    """Give where a policy could not be read, and why, from what msgspec says of it."""
    why, _, where = str(error).partition(" - at `$")
    return where.rstrip("`").lstrip("."), why[:1].lower() + why[1:]
