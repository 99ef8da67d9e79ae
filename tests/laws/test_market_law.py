"""Whatever anybody does, in whatever order, the laws of the market hold after every record."""

import os
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souq.core import market
from souq.core.refusal import Reason
from tests.laws.walk import ENGINE_ONLY, Walk, walk
from tests.mechanisms.plays import OPEN_EVENTS

FULL = os.environ.get("SOUQ_FULL") == "1"
STEPS, COURT_STEPS = (80_000, 80_000) if FULL else (8_000, 8_000)
DEALS_MIN = (STEPS + COURT_STEPS) // 25  # the rest of the steps are about all else


@settings(
    max_examples=1_000 if FULL else 60,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.randoms(use_true_random=False), st.integers(1, 40), st.booleans())
def test_no_short_run_breaks_a_law(chance: Random, steps: int, has_court: bool) -> None:
    Walk(chance, has_court=has_court).run(steps)


@pytest.mark.parametrize("has_court", [False, True], ids=["plain", "court"])
@pytest.mark.parametrize("fee_bps", [0, 1, 10_000])
def test_the_laws_hold_under_any_fee(fee_bps: int, has_court: bool) -> None:
    assert walk(fee_bps, STEPS // 10, fee_bps=fee_bps, has_court=has_court).auditor.deals


@pytest.mark.parametrize("has_court", [False, True], ids=["plain", "court"])
@pytest.mark.parametrize("seed", range(200 if FULL else 8))
def test_no_seed_breaks_a_law(seed: int, has_court: bool) -> None:
    assert walk(1_000 + seed, 1_000, replay_every=100, has_court=has_court).auditor.deals


@pytest.fixture(scope="module")
def long_walk() -> Walk:
    return walk(8, STEPS, replay_every=STEPS // 10)


@pytest.fixture(scope="module")
def long_court() -> Walk:
    """Walk through a house with jurors, audits, and deals on terms of their own."""
    return walk(10, COURT_STEPS, replay_every=COURT_STEPS // 5, has_court=True)


def test_long_walks_close_many_deals(long_walk: Walk, long_court: Walk) -> None:
    for made, steps in ((long_walk, STEPS), (long_court, COURT_STEPS)):
        assert made.auditor.seq >= steps // 2
        assert made.auditor.deals >= steps // 50
    assert long_walk.auditor.deals + long_court.auditor.deals >= DEALS_MIN


def test_long_walks_see_every_event(long_walk: Walk, long_court: Walk) -> None:
    bargains = {event.__name__ for event in set(market.EVENTS) - OPEN_EVENTS}
    assert bargains - long_walk.auditor.seen - long_court.auditor.seen == set()


def test_long_walks_hear_every_refusal(long_walk: Walk, long_court: Walk) -> None:
    # What a store in memory cannot bring about is listed, each with its reason.
    heard = set(long_walk.reasons) | set(long_court.reasons)
    assert set(Reason) - set(ENGINE_ONLY) - heard == set()


def test_what_is_said_to_be_out_of_reach_is(long_walk: Walk, long_court: Walk) -> None:
    heard = set(long_walk.reasons) | set(long_court.reasons)
    assert heard & set(ENGINE_ONLY) == set()
    # Open runs are walked, every kind of them, in tests/mechanisms.
    seen = long_walk.auditor.seen | long_court.auditor.seen
    assert seen & {event.__name__ for event in OPEN_EVENTS} == set()


@pytest.mark.parametrize(
    "claim",
    [
        pytest.param(lambda walk: walk.auditor.books.ended.values(), id="some share comes back"),
        pytest.param(lambda walk: walk.auditor.books.fees_due.values(), id="fees are earned"),
        pytest.param(lambda walk: walk.auditor.goods.gone.values(), id="stock is sold"),
    ],
)
def test_a_long_walk_moves_money_and_goods(
    long_walk: Walk, claim: Callable[[Walk], list[int]]
) -> None:
    assert any(claim(long_walk))
