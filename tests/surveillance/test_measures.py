"""Every measure of a market on a case that was worked out by hand."""

from math import log, sqrt

import pytest

from souq.lab import economics
from souq.replications import r02_convergence
from souq.views.surveillance import measures
from souq.views.surveillance.rows import Fill, Order, OrderGone, Trade


def deal(at: int, seller: str, buyer: str, units: int) -> Trade:
    return Trade(at, at, seller, buyer, units)


def test_shares_of_surplus_and_profit() -> None:
    assert measures.efficiency(585, 1_013) == pytest.approx(0.57749, abs=1e-5)
    assert measures.efficiency(0, 0) == 0
    gain = measures.profit_gain(0.28, competition=0.22293, monopoly=0.33749)
    assert gain == pytest.approx(0.4982, abs=1e-4)


def test_smiths_alpha_is_the_root_mean_square_from_equilibrium() -> None:
    assert measures.smiths_alpha([190, 210], 200) == 5.0
    assert measures.smiths_alpha([200, 200], 200) == 0.0
    assert measures.smiths_alpha([], 200) == 100.0


def test_dispersion_and_volatility_of_prices() -> None:
    assert measures.dispersion([90, 110]) == pytest.approx(0.1)
    assert measures.volatility([100, 110, 100]) == pytest.approx(sqrt(2) * log(1.1))
    assert measures.volatility([100]) == 0


def test_concentration_of_sellers_by_the_guidelines_scale() -> None:
    assert measures.hhi({"a": 7}) == 10_000
    assert measures.hhi({"a": 50, "b": 30, "c": 20}) == pytest.approx(3_800)
    assert measures.hhi({}) == 0


def test_gini_from_equal_to_one_who_has_all() -> None:
    assert measures.gini([3, 3, 3]) == pytest.approx(0)
    assert measures.gini([0, 0, 0, 4]) == pytest.approx(0.75)
    assert measures.gini([1, 3]) == pytest.approx(0.25)


def test_who_leads_is_told_by_lagged_changes() -> None:
    leader, follower = [10, 12, 11, 15, 14, 14], [20, 20, 22, 21, 25, 24]
    assert measures.lead_lag(leader, follower, 1) == pytest.approx(1)
    assert measures.lead_lag(leader, follower, 0) < 0.5
    assert measures.lead_lag([5, 5], [5, 5], 0) == 0


def test_counterparties_spread_and_churn() -> None:
    trades = [deal(1, "a", "b", 60), deal(2, "c", "a", 40), deal(3, "c", "d", 999)]
    assert measures.concentration(trades, "a") == pytest.approx(5_200)
    assert measures.spread(99, 101) == pytest.approx(0.02)
    assert measures.churn(trades, 2) == 1.0  # of a, who sold before
    assert measures.churn([*trades, deal(4, "a", "d", 1)], 2) == 0.0


def test_orders_trades_and_the_time_between() -> None:
    orders = [Order(n, n * 10, "N1", n, "a", True, 5, 4) for n in (1, 2, 3, 4)]
    fills = [Fill(9, 40, "N1", 1, 9, 5, 1), Fill(10, 60, "N1", 1, 9, 5, 1)]
    fills.append(Fill(11, 70, "N1", 2, 8, 5, 1))
    assert measures.order_to_trade(orders, fills) == pytest.approx(4 / 3)
    assert measures.fill_time_us(orders, fills) == 40  # 30 and 50
    gone = [OrderGone(12, 80, "N1", 3, 4, True), OrderGone(13, 80, "N1", 4, 4, False)]
    assert measures.cancelled_share(orders, gone) == 0.25


def test_nobody_keeps_a_second_copy() -> None:
    assert economics.gini is measures.gini
    assert r02_convergence.smiths_alpha is measures.smiths_alpha
