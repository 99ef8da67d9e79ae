"""What a deal run is stocked with: the bundled catalogue, and prices drawn from a range."""

import random
import statistics
from collections import Counter

import pytest

from souq.lab import goods
from souq.lab.goods import Good


def test_the_catalogue_has_twelve_categories_of_a_dozen_goods_or_more() -> None:
    sizes = Counter(good.category for good in goods.bundled())
    assert len(sizes) == 12
    assert min(sizes.values()) >= 12
    assert sizes.total() >= 150


def test_every_good_in_the_catalogue_is_told_apart_and_filled_in() -> None:
    catalogue = goods.bundled()
    assert len({good.title for good in catalogue}) == len(catalogue)
    for good in catalogue:
        assert (good.title + good.description).isascii()
        assert good.title
        assert good.description
        assert good.condition in {"new", "like new", "good", "fair"}
        assert good.kind == ("service" if good.category == "experiences" else "goods")
        assert 1_000_000 <= good.price_low_units <= good.price_high_units
        assert good.price_low_units % 1_000_000 == good.price_high_units % 1_000_000 == 0


def test_asking_prices_have_a_median_near_20_and_a_mean_near_35_dollars() -> None:
    rng = random.Random(69)
    catalogue = goods.bundled()
    prices_usd = [goods.draw_price(rng.choice(catalogue), rng) / 1_000_000 for _ in range(200_000)]
    assert 19 <= statistics.median(prices_usd) <= 21
    assert 33 <= statistics.fmean(prices_usd) <= 37


def test_a_drawn_price_is_whole_dollars_within_its_range_and_reaches_both_ends() -> None:
    rng = random.Random(1)
    good = Good("Lamp", "", "lamps", "good", "goods", 2_000_000, 5_000_000)
    drawn = {goods.draw_price(good, rng) for _ in range(1_000)}
    assert drawn == {2_000_000, 3_000_000, 4_000_000, 5_000_000}


def test_a_drawn_price_is_as_likely_below_the_geometric_middle_as_above() -> None:
    rng = random.Random(1)
    good = Good("Lamp", "", "lamps", "good", "goods", 10_000_000, 1_000_000_000)
    drawn = [goods.draw_price(good, rng) for _ in range(20_000)]
    assert statistics.median(drawn) == pytest.approx(100_000_000, rel=0.05)


def test_a_drawn_price_is_never_below_one_dollar() -> None:
    good = Good("Lamp", "", "lamps", "good", "goods", 10_000, 400_000)
    assert goods.draw_price(good, random.Random(1)) == 1_000_000


def test_a_good_with_a_price_of_its_own_is_asked_for_at_that() -> None:
    good = Good("Lamp", "", "lamps", "new", "goods", 9_000_000, 20_000_000, ask_units=17_990_000)
    assert goods.draw_price(good, random.Random(1)) == 17_990_000


def test_what_a_good_may_be_worth_is_in_cents_within_its_range_and_reaches_far() -> None:
    rng = random.Random(1)
    good = Good("Lamp", "", "lamps", "new", "goods", 1_005_000, 9_990_000, ask_units=5_000_000)
    drawn = [goods.draw_worth(good, rng) for _ in range(5_000)]
    assert min(drawn) < 1_050_000
    assert max(drawn) > 9_800_000
    assert all(1_005_000 <= one <= 9_990_000 for one in drawn)
    assert {one % 10_000 for one in drawn} <= {0, 5_000}  # at the range's end, what that is
    assert statistics.median(drawn) == pytest.approx((1.005 * 9.99) ** 0.5 * 1_000_000, rel=0.05)


def test_what_has_one_price_is_worth_that() -> None:
    good = Good("Lamp", "", "lamps", "new", "goods", 5_550_000, 5_550_000)
    assert goods.draw_worth(good, random.Random(1)) == 5_550_000
