"""Price fixing by itself, against brute force on small books."""

from itertools import accumulate, product
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.core.mechanisms.call_market.clearing import (
    Fixing,
    Pricing,
    Rationing,
    cross,
    fix,
    in_time,
    interval,
    pro_rata,
)

TOP = 12


class Order(NamedTuple):
    units: int
    number: int
    quantity: int


def bids(*units: int, quantity: int = 1) -> list[Order]:
    found = [Order(price, n, quantity) for n, price in enumerate(units, 1)]
    return sorted(found, key=lambda one: (-one.units, one.number))


def asks(*units: int, quantity: int = 1) -> list[Order]:
    found = [Order(price, n, quantity) for n, price in enumerate(units, 101)]
    return sorted(found, key=lambda one: (one.units, one.number))


def fixed(
    buyers: list[Order],
    sellers: list[Order],
    pricing: Pricing = "k_double",
    k_bps: int = 5_000,
    rationing: Rationing = "pro_rata",
) -> Fixing:
    return fix(
        buyers, sellers, pricing=pricing, k_bps=k_bps, rationing=rationing, top_units=10 * TOP
    )


def fills(fixing: Fixing) -> dict[int, int]:
    found: dict[int, int] = {}
    for bid, ask, quantity in zip(fixing.bids, fixing.asks, fixing.quantities, strict=True):
        for number in (bid, ask):
            found[number] = found.get(number, 0) + quantity
    return found


def test_the_unit_case_of_the_specification() -> None:
    buyers, sellers = bids(100, 80, 60, 40), asks(30, 50, 65, 90)
    found = cross(buyers, sellers, 120)
    assert found.quantity == 2
    assert interval(found) == (60, 65)
    deals = fixed(buyers, sellers)
    assert (deals.units, deals.quantities) == (62, (1, 1))
    assert fills(deals) == dict.fromkeys((1, 2, 101, 102), 1)
    assert (100 + 80) - (30 + 50) == 100  # the surplus


@pytest.mark.parametrize(("k_bps", "price"), [(0, 60), (10_000, 65), (5_000, 62), (2_500, 61)])
def test_k_places_the_price_and_fractions_are_dropped(k_bps: int, price: int) -> None:
    assert fixed(bids(100, 80, 60), asks(30, 50, 65), k_bps=k_bps).units == price


def test_the_last_price_is_shared_by_size_and_what_is_left_by_largest_remainder() -> None:
    # 10 pieces for 7, 5 and 3 wanted: 4.67, 3.33 and 2.00.
    level = [Order(50, 1, 7), Order(50, 2, 5), Order(50, 3, 3)]
    assert pro_rata(level, 10) == [5, 3, 2]
    assert pro_rata([Order(50, 1, 1), Order(50, 2, 1)], 1) == [1, 0]  # equal: by time
    assert in_time(level, 10) == [7, 3, 0]


@pytest.mark.parametrize(("rationing", "shares"), [("pro_rata", [5, 5]), ("time", [8, 2])])
def test_who_bids_more_is_served_before_the_rest_is_rationed(
    rationing: Rationing, shares: list[int]
) -> None:
    buyers = [Order(60, 3, 4), Order(50, 1, 8), Order(50, 2, 8)]
    found = fills(fixed(buyers, asks(10, quantity=14), rationing=rationing))
    assert [found.get(n, 0) for n in (3, 1, 2)] == [4, *shares]


def test_mcafee_prices_the_traders_by_those_who_stay_out() -> None:
    found = fixed(bids(90, 70, 44), asks(10, 30, 60), "mcafee")
    assert (found.units, found.seller_units, len(found.bids)) == (52, 52, 2)
    found = fixed(bids(90, 50, 49), asks(10, 48, 110), "mcafee")  # half-way is 79, above the bid
    assert (found.units, found.seller_units, found.bids, found.asks) == (50, 48, (1,), (101,))
    assert fixed(bids(90, 70, 44), asks(10, 30, 60), "trade_reduction").units == 70


def test_mcafee_with_one_pair_posts_the_middle_of_the_whole_range() -> None:
    assert fixed(bids(80), asks(20), "mcafee").units == 60
    assert fixed(bids(59), asks(20), "mcafee") == Fixing(0, 0)


prices = st.integers(0, TOP)
orders = st.lists(st.tuples(prices, st.integers(1, 4)), max_size=6)


@given(orders, orders, st.integers(0, 10_000), st.sampled_from(["pro_rata", "time"]))
def test_as_much_trades_as_any_price_allows_and_nobody_passes_a_limit(
    wanted: list[tuple[int, int]],
    offered: list[tuple[int, int]],
    k_bps: int,
    rationing: Rationing,
) -> None:
    buyers = [Order(price, n, many) for n, (price, many) in enumerate(wanted, 1)]
    sellers = [Order(price, n, many) for n, (price, many) in enumerate(offered, 101)]
    buyers.sort(key=lambda one: (-one.units, one.number))
    sellers.sort(key=lambda one: (one.units, one.number))
    found = fixed(buyers, sellers, k_bps=k_bps, rationing=rationing)
    served = fills(found)
    price, volume = found.units, sum(found.quantities)

    def demand(at: int) -> int:
        return sum(one.quantity for one in buyers if one.units >= at)

    def supply(at: int) -> int:
        return sum(one.quantity for one in sellers if one.units <= at)

    assert volume == max(min(demand(at), supply(at)) for at in range(TOP + 1))
    if volume:
        assert volume == min(demand(price), supply(price)), "this price clears as much"
    for one in buyers:
        assert served.get(one.number, 0) <= one.quantity
        assert one.units >= price or one.number not in served
        if volume and one.units > price:
            assert served[one.number] == one.quantity, "a better bid is served in full"
    for one in sellers:
        assert served.get(one.number, 0) <= one.quantity
        assert one.units <= price or one.number not in served
        if volume and one.units < price:
            assert served[one.number] == one.quantity, "a better ask is served in full"


@given(st.lists(prices, max_size=6), st.lists(prices, max_size=6))
def test_mcafee_never_runs_a_deficit_and_loses_the_least_trade_at_most(
    values: list[int], costs: list[int]
) -> None:
    buyers, sellers = bids(*values), asks(*costs)
    found = fixed(buyers, sellers, "mcafee")
    gains = [
        value - cost
        for value, cost in zip(sorted(values, reverse=True), sorted(costs), strict=False)
        if value >= cost
    ]
    best = max(accumulate(gains), default=0)
    value_of = {one.number: one.units for one in (*buyers, *sellers)}
    made = sum(value_of[b] - value_of[a] for b, a in zip(found.bids, found.asks, strict=True))
    assert found.units >= found.seller_units
    assert best - made <= min(gains, default=0)
    assert len(found.bids) >= len(gains) - 1
    assert all(value_of[bid] >= found.units for bid in found.bids)
    assert all(value_of[ask] <= found.seller_units for ask in found.asks)


@pytest.mark.parametrize(("size", "points"), [(1, 21), (2, 9), (3, 5)])
@pytest.mark.parametrize("pricing", ["mcafee", "trade_reduction", "k_double"])
def test_nobody_gains_by_any_untruth_against_anybody_unless_it_sets_the_price(
    pricing: Pricing, size: int, points: int
) -> None:
    """Every profile on a grid, every trader, every other report: only k = 1/2 can be gamed."""
    top = 2 * (points - 1)
    grid = range(0, top + 1, 2)
    paid = {said: _paid(said, size, pricing, top) for said in product(grid, repeat=2 * size)}
    greatest = 0
    for truth, prices in paid.items():
        for n, value in enumerate(truth):
            honest = _gain(value, prices[n], is_buyer=n < size)
            assert honest >= 0, "who tells the truth never loses"
            for report in grid:
                told = paid[(*truth[:n], report, *truth[n + 1 :])]
                gain = _gain(value, told[n], is_buyer=n < size) - honest
                greatest = max(greatest, gain)
    assert (greatest > 0) is (pricing == "k_double")


def _paid(said: tuple[int, ...], size: int, pricing: Pricing, top: int) -> list[int | None]:
    """Give what each pays or gets, or None where it does not trade."""
    found = fix(
        bids(*said[:size]),
        asks(*said[size:]),
        pricing=pricing,
        k_bps=5_000,
        rationing="time",
        top_units=top,
    )
    return [found.units if n in found.bids else None for n in range(1, size + 1)] + [
        found.seller_units if n in found.asks else None for n in range(101, 101 + size)
    ]


def _gain(value: int, price: int | None, *, is_buyer: bool) -> int:
    if price is None:
        return 0
    return value - price if is_buyer else price - value


def test_deals_of_one_order_stand_side_by_side() -> None:
    rng = Random(3)
    for _ in range(300):
        buyers = [Order(rng.randrange(TOP), n, rng.randrange(1, 9)) for n in range(1, 9)]
        sellers = [Order(rng.randrange(TOP), n, rng.randrange(1, 9)) for n in range(101, 109)]
        buyers.sort(key=lambda one: (-one.units, one.number))
        sellers.sort(key=lambda one: (one.units, one.number))
        found = fixed(buyers, sellers)
        for column in (found.bids, found.asks):
            runs = [n for i, n in enumerate(column) if not i or column[i - 1] != n]
            assert len(runs) == len(set(runs))
