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
STEPS = 80_000 if FULL else 8_000
DEALS_MIN = STEPS // 25  # the rest of the steps are about all else


@settings(
    max_examples=1_000 if FULL else 60,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_no_short_run_breaks_a_law(chance: Random, steps: int) -> None:
    Walk(chance).run(steps)


@pytest.mark.parametrize("fee_bps", [0, 1, 10_000])
def test_the_laws_hold_under_any_fee(fee_bps: int) -> None:
    assert walk(fee_bps, STEPS // 10, fee_bps=fee_bps).auditor.deals


@pytest.mark.parametrize("seed", range(200 if FULL else 8))
def test_no_seed_breaks_a_law(seed: int) -> None:
    assert walk(1_000 + seed, 1_000, replay_every=100).auditor.deals


@pytest.fixture(scope="module")
def long_walk() -> Walk:
    return walk(8, STEPS, replay_every=STEPS // 10)


def test_a_long_walk_closes_many_deals(long_walk: Walk) -> None:
    assert long_walk.auditor.seq >= STEPS // 2
    assert long_walk.auditor.deals >= DEALS_MIN


def test_a_long_walk_sees_every_event(long_walk: Walk) -> None:
    bargains = {event.__name__ for event in set(market.EVENTS) - OPEN_EVENTS}
    missing = bargains - long_walk.auditor.seen
    assert not missing


def test_a_long_walk_hears_every_refusal(long_walk: Walk) -> None:
    # What a store in memory cannot bring about is listed, each with its reason.
    missing = set(Reason) - set(ENGINE_ONLY) - set(long_walk.reasons)
    assert not missing


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
