"""Faking does not pay, rank follows quality, newcomers get a chance: each figure has its goal."""

import pytest

from souq.lab import reputation
from souq.lab.reputation import Figure, kendall, measure


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return {one.name: one for one in measure(2, lives=2_000)}


def test_every_goal_is_reached(figures: dict[str, Figure]) -> None:
    missed = [one for one in figures.values() if not one.is_reached]
    assert not missed


def test_to_cheat_and_return_does_not_pay_over_ten_thousand_lives() -> None:
    for seed in (1, 2, 3):
        assert reputation.whitewashing(seed, 10_000) <= 0


def test_it_would_pay_where_more_may_be_owed_than_the_rule_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = reputation.exposure.most_units
    monkeypatch.setattr(reputation.exposure, "most_units", lambda *asked: 2 * rule(*asked))
    assert reputation.whitewashing(1, 10_000) > 0


def test_a_record_that_vouches_for_more_than_it_cost_is_milked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited = reputation.limited
    monkeypatch.setattr(
        reputation, "limited", lambda detect, record=0: limited(detect, 100 * record)
    )
    assert reputation.milking(1) > 0


def test_without_roots_adversaries_disturb_the_ranks() -> None:
    rooted = reputation.tau_with(1, 30)
    assert reputation.tau_with(1, 30, is_rooted=False) < rooted - 0.1


def test_kendall_is_one_for_the_same_order_and_minus_one_for_the_other() -> None:
    assert kendall([(1, 4), (2, 5), (3, 6)]) == 1
    assert kendall([(1, 6), (2, 5), (3, 4)]) == -1
    assert kendall([(1, 1), (2, 1), (2, 2)]) == pytest.approx(0.5)
