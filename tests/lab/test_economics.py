"""What a market was worth and who got it, by hand."""

import msgspec
import pytest

from souq.lab.economics import (
    category_dispersion,
    efficiency,
    gini,
    item_dispersion,
    regret,
    regrets,
    revenue_hhi,
    smiths_alpha,
    surplus_shares,
    worst_tenth,
)
from souq.lab.tables import ItemRow

ROW = ItemRow(
    arm="A",
    repetition=0,
    contract="C1",
    item="g1",
    category="books",
    at_us=0,
    seller="P1",
    buyer="P2",
    seller_kind="strong",
    buyer_kind="weak",
    seller_style="plain",
    buyer_style="plain",
    price_units=12,
    ask_units=15,
    floor_units=10,
    worth_units=20,
    stage="fulfilled",
)


def sold(**changes: object) -> ItemRow:
    return msgspec.structs.replace(ROW, **changes)


def test_the_surplus_is_divided_by_the_price() -> None:
    shares = surplus_shares([ROW])
    assert shares is not None
    assert (shares.buyers, shares.sellers) == pytest.approx((0.8, 0.2))


def test_no_surplus_has_no_shares() -> None:
    assert surplus_shares([]) is None
    assert surplus_shares([sold(worth_units=10)]) is None


def test_regrets_of_a_sound_deal_sum_to_its_surplus() -> None:
    found = regrets(ROW)
    # At 12 the seller could have had 8 more, from a buyer to whom it is worth 20.
    assert (found.seller_units, found.buyer_units) == (8, 2)
    assert found.seller_units + found.buyer_units == ROW.worth_units - ROW.floor_units


@pytest.mark.parametrize(
    ("price", "worth", "seller", "buyer"),
    [
        (25, 20, 0, 15),  # the buyer overpaid: a seller could not ask for more
        (7, 20, 13, 0),  # below the floor: the seller's regret is more than the surplus
        (8, 5, 2, 3),  # nothing to gain: each wishes it had walked away
        (10, 20, 10, 0),
    ],
)
def test_mistakes_are_regretted_by_whoever_made_them(
    price: int, worth: int, seller: int, buyer: int
) -> None:
    found = regrets(sold(price_units=price, worth_units=worth))
    assert (found.seller_units, found.buyer_units) == (seller, buyer)


def test_a_deal_missed_is_regretted_whole_if_there_was_one() -> None:
    assert regret(0, floor_units=10, worth_units=16) == 6
    assert regret(0, floor_units=16, worth_units=10) == 0


def test_one_item_at_one_price_has_no_dispersion() -> None:
    twice = [sold(arm="A"), sold(arm="B")]
    assert item_dispersion(twice) == 0
    # 10 and 30 deviate by 10 from their mean of 20; the item sold once says nothing.
    apart = [sold(price_units=10), sold(price_units=30), sold(item="g2", price_units=5)]
    assert item_dispersion(apart) == pytest.approx(0.5)
    assert item_dispersion([ROW]) is None


def test_dispersion_is_told_by_category() -> None:
    rows = [sold(price_units=10), sold(price_units=30), sold(category="lamps")]
    assert category_dispersion(rows) == {"books": pytest.approx(0.5), "lamps": 0.0}


def test_revenue_is_concentrated_where_one_seller_takes_it() -> None:
    assert revenue_hhi([ROW, sold(item="g2")]) == 10_000
    assert revenue_hhi([ROW, sold(seller="P3")]) == 5_000
    assert revenue_hhi([]) == 0


def test_the_worst_tenth_is_a_mean_and_at_least_one() -> None:
    assert worst_tenth(list(range(20))) == 0.5
    assert worst_tenth([4.0, 2.0]) == 2.0
    with pytest.raises(ValueError, match="no people"):
        worst_tenth([])


def test_the_measures_of_surveillance_are_found_here_too() -> None:
    assert efficiency(90, 100) == 0.9
    assert gini([0, 0, 0, 8]) == 0.75
    assert smiths_alpha([90, 110], 100) == pytest.approx(10)
