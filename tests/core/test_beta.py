"""The 5 % quantile in whole numbers is scipy's, and evidence halves exactly when it should."""

from itertools import pairwise
from random import Random

import pytest
from scipy.stats import beta as reference

from souq.core.beta import BPS, quantile_bps
from souq.core.decay import Tally, as_of, factor

GRID = (50, 100, 500, 750, 1_000, 1_500, 2_000, 8_000, 53_000, 400_000, 5_000_000, 10_000_000)


@pytest.mark.parametrize("a", GRID)
def test_the_quantile_is_exact_to_a_ten_thousandth(a: int) -> None:
    for b in GRID:
        expected = reference.ppf(0.05, a / 1_000, b / 1_000) * BPS
        assert abs(quantile_bps(a, b) - expected) <= 0.51, (a, b)


def test_the_quantile_is_exact_at_random_places() -> None:
    chance = Random(7)
    for _ in range(300):
        a, b = (int(10 ** chance.uniform(1.5, 6)) for _ in range(2))
        expected = reference.ppf(0.05, a / 1_000, b / 1_000) * BPS
        assert abs(quantile_bps(a, b) - expected) <= 0.51, (a, b)


def test_more_good_never_lowers_it_and_more_bad_never_lifts_it() -> None:
    grid = (100, 900, 1_000, 3_000, 20_000, 300_000)
    for one, other in pairwise(grid):
        for fixed in grid:
            assert quantile_bps(one, fixed) <= quantile_bps(other, fixed)
            assert quantile_bps(fixed, one) >= quantile_bps(fixed, other)


def test_what_is_larger_than_the_bound_is_scaled_down() -> None:
    assert quantile_bps(10**12, 10**12) == quantile_bps(10**7, 10**7)
    assert quantile_bps(10**15, 1) == BPS


@pytest.mark.parametrize(("deals", "mean_bps"), [(8, 9_000), (18, 9_500), (98, 9_900)])
def test_so_many_clean_deals_reach_a_mean_from_an_open_prior(deals: int, mean_bps: int) -> None:
    assert (1 + deals) * BPS // (2 + deals) >= mean_bps > deals * BPS // (1 + deals)


def test_evidence_halves_with_every_half_life() -> None:
    day = 86_400_000_000
    for halves in range(8):
        assert as_of(Tally(1_000_000, 64, 0), halves * day, day).good == 1_000_000 >> halves


def test_decay_is_exact_to_one_part_in_ten_million() -> None:
    chance = Random(3)
    for _ in range(500):
        half_life = chance.randrange(1, 10**15)
        age = chance.randrange(5 * half_life)
        assert factor(age, half_life) / 2**30 == pytest.approx(0.5 ** (age / half_life), rel=1e-6)


def test_nothing_is_left_after_very_long() -> None:
    assert factor(10**18, 1) == 0
    assert factor(-5, 10) == 2**30
