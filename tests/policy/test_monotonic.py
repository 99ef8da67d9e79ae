"""Taking authority away never allows more: whatever is narrowed, no DENY becomes HOLD or ALLOW."""

import os
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest

from souq.core.rules import HOUR_US
from tests.policy.triples import DRAWS, PRINCIPALS, Triple, deal, happenings, triple, verdict

PAIRS = 100_000 if os.environ.get("SOUQ_FULL") == "1" else 5_000
RANK = ("ALLOW", "HOLD", "DENY")


def _lower(chance: Random, value: int) -> int:
    return chance.randint(0, value)


def _higher(chance: Random, value: int) -> int:
    return value + chance.randint(0, 2 * value + 1)


def _fewer(chance: Random, value: tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(one for one in (PRINCIPALS if value is None else value) if chance.randint(0, 1))


# What less authority is, by how a field is called.
NARROWER: dict[str, Callable[[Random, Any], Any]] = {
    "cap_units": _lower,
    "above_units": _lower,
    "loss_max_units": _lower,
    "most_units": lambda chance, value: _lower(chance, 100 if value is None else value),
    "least_units": _higher,
    "cooling_us": lambda chance, value: value + chance.randint(0, 2) * HOUR_US,
    "rise_bps": _lower,
    "within_bps": _lower,
    "deals_max": lambda chance, value: _lower(chance, 3 if value is None else value),
    "newcomers_max": lambda chance, value: _lower(chance, 3 if value is None else value),
    "max": _lower,
    "percent": lambda chance, value: max(1, _lower(chance, value)),
    "times": lambda chance, value: max(1, _lower(chance, value)),
    "quantities": lambda chance, value: {name: _lower(chance, n) for name, n in value.items()},
    "floors": lambda chance, value: {name: _higher(chance, n) for name, n in value.items()},
    "allowed": _fewer,
    "denied": lambda chance, value: (*value, chance.choice(PRINCIPALS)),
    "level_min": _higher,
    "standing_min": lambda chance, value: value + chance.randint(0, 2),
    "refund_credit": lambda chance, value: False,
    "from_at": lambda chance, value: value + chance.randint(0, 1),
    "until_at": lambda chance, value: 1 if value is None else value - chance.randint(0, 1),
}


def narrowed(chance: Random, rule: Any) -> Any:
    """Give a rule that leaves less, or the same."""
    fields = [name for name in rule.__struct_fields__ if name in NARROWER]
    name = chance.choice(fields)
    return msgspec.structs.replace(rule, **{name: NARROWER[name](chance, getattr(rule, name))})


def test_narrowing_any_rule_never_allows_more() -> None:
    chance = Random(9)
    for _ in range(PAIRS):
        before = triple(chance)
        n = chance.randrange(len(before.rules))
        rules = [*before.rules]
        rules[n] = narrowed(chance, rules[n])
        after = Triple(tuple(rules), before.history, before.deal)
        was, now = verdict(before)[n], verdict(after)[n]
        assert RANK.index(now) >= RANK.index(was), (before, rules[n])


@pytest.mark.parametrize("kind", DRAWS)
def test_narrowing_bites(kind: type) -> None:
    chance = Random(11)
    for _ in range(5_000):
        rule, asked, past = DRAWS[kind](chance), deal(chance), happenings(chance, 60)
        narrow = Triple((narrowed(chance, rule),), past, asked)
        if verdict(Triple((rule,), past, asked)) != verdict(narrow):
            return
    raise AssertionError("no narrowing changed anything")


def test_one_more_rule_never_allows_more() -> None:
    chance = Random(10)
    for _ in range(PAIRS // 5):
        before, more = triple(chance), triple(chance)
        after = Triple((*before.rules, *more.rules), before.history, before.deal)
        assert verdict(after)[: len(before.rules)] == verdict(before)
