"""A guard that no test misses is decoration: plant a bug, and the walk must run into it."""

from functools import cache

import pytest

from souq.engine import Fault
from tests.laws import (
    eavesdroppers,
    embezzlements,
    flatteries,
    forgeries,
    leaps,
    outages,
    slips,
    thefts,
    trespasses,
    usurpations,
)
from tests.laws.audit_money import Broken
from tests.laws.bugs import BUGS, Plant
from tests.laws.court_bugs import COURT_BUGS
from tests.laws.walk import walk

assert trespasses  # imported for the bugs it puts on the list
assert embezzlements
assert flatteries
assert forgeries
assert outages
assert leaps
assert thefts
assert eavesdroppers
assert usurpations
assert slips
# In 76 refunds fill a rolling budget that binds, in 32 two agents spend one whole.
SEEDS, STEPS = (76, 32, *range(24)), 1_200
FEES_BPS = (333, 2_500)  # a fee of a few units on every price shows what rounds away otherwise
COURT_SEEDS, COURT_STEPS = range(12), 1_000


@cache
def clean(seed: int) -> bool:
    """Walk without any bug; what a law says of it would be raised here."""
    return walk(seed, STEPS, fee_bps=FEES_BPS[seed % 2]).auditor.deals > 0


def caught(seed: int, steps: int = STEPS, *, has_court: bool = False) -> str:
    """Walk with a bug, and tell what noticed it; nothing did where this is empty."""
    try:
        walk(seed, steps, fee_bps=FEES_BPS[seed % 2], has_court=has_court)
    except Broken as broken:
        return broken.law
    except (Fault, AssertionError, KeyError) as fault:
        return type(fault).__name__
    return ""


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_bug_nothing_is_noticed(seed: int) -> None:
    assert clean(seed)


@pytest.mark.parametrize("plant", BUGS.values(), ids=BUGS)
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    found = next((law for seed in SEEDS if (law := caught(seed))), "")
    monkeypatch.undo()
    assert found, f"no law notices that {plant.__name__.replace('_', ' ')}"


@pytest.mark.parametrize("seed", COURT_SEEDS)
def test_without_a_bug_nothing_is_noticed_in_court(seed: int) -> None:
    assert walk(seed, COURT_STEPS, fee_bps=FEES_BPS[seed % 2], has_court=True).auditor.deals


@pytest.mark.parametrize("plant", COURT_BUGS.values(), ids=COURT_BUGS)
def test_a_bug_planted_in_court_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    walks = (caught(seed, COURT_STEPS, has_court=True) for seed in COURT_SEEDS)
    found = next((law for law in walks if law), "")
    monkeypatch.undo()
    assert found, f"no law notices that {plant.__name__.replace('_', ' ')}"
