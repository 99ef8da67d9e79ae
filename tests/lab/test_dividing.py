"""Metrics of how what was sold was divided, against sums by hand."""

import pytest

from souq.lab.metrics import METRICS
from tests.lab.treated import market

FOUND = market(1)


def value(name: str) -> float:
    found = METRICS[name].of(FOUND.told)
    assert found is not None
    return found


def test_a_side_regrets_what_the_other_side_gained() -> None:
    sold = FOUND.told.sold
    buying = [max(0, max(0, one.worth_units - one.floor_units) - one.buyer_gain) for one in sold]
    selling = [max(0, max(0, one.worth_units - one.floor_units) - one.seller_gain) for one in sold]
    assert value("regret_buying") == pytest.approx(sum(buying) / len(sold) / 10**6)
    assert value("regret_selling") == pytest.approx(sum(selling) / len(sold) / 10**6)


def test_revenue_is_concentrated_as_its_squared_shares_say() -> None:
    revenue: dict[str, int] = {}
    for one in FOUND.told.sold:
        revenue[one.seller] = revenue.get(one.seller, 0) + one.units
    whole = sum(revenue.values())
    by_hand = sum((units / whole) ** 2 for units in revenue.values()) * 10_000
    assert value("sellers_hhi") == pytest.approx(by_hand, rel=1e-3)


def test_prices_of_a_category_lie_apart() -> None:
    assert 0 < value("price_dispersion") < 5
