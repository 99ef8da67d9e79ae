"""How far an agent may move a price: by a step, within an hour, within a day."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.core.listing import LISTINGS, EditListing, WithdrawListing
from souq.core.mechanisms import posted_price
from souq.core.money import Asset, Money
from souq.core.price_change import SLOTS, TRACKS
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, HOUR_US, Rules
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel

ASSETS = (Asset("USD", 6), Asset("EUR", 2))
BANDED = Rules(assets=ASSETS, price_update_bps=2_000, price_hour_bps=5_000, price_day_times=2)


def usd(units: int) -> Money:
    return Money(units, "USD")


def shop(rules: Rules = BANDED, price: int | None = 1_000) -> Kernel:
    kernel = Kernel(posted_price, rules)
    kernel.join(2)
    kernel.post("A1", price=None if price is None else usd(price))
    kernel.at = 100 * DAY_US
    return kernel


def reprice(kernel: Kernel, units: int, editor: str = "A1") -> dict[str, Any]:
    """Set a price; give the facts of the refusal, or none."""
    try:
        kernel.edit(editor, EditListing("L1", price=usd(units)))
    except Refused as refused:
        if refused.reason is not Reason.PRICE_BAND:
            raise
        return refused.facts
    return {}


def price(kernel: Kernel) -> int:
    found = kernel.rows(LISTINGS)["L1"].price
    assert found is not None
    return found.units


@pytest.mark.parametrize("units", [800, 1_200, 1_000])
def test_a_step_within_the_bound_is_free(units: int) -> None:
    kernel = shop()
    assert reprice(kernel, units) == {}
    assert price(kernel) == units


@pytest.mark.parametrize("units", [799, 1_201, 0, 10**9])
def test_a_step_beyond_it_is_refused_and_told_what_would_go(units: int) -> None:
    kernel = shop()
    told = {"listing": "L1", "rule": "update", "price_min": 800, "price_max": 1_200}
    assert reprice(kernel, units) == told
    assert price(kernel) == 1_000


def test_small_steps_go_no_further_than_the_hour_allows() -> None:
    kernel = shop()
    assert [reprice(kernel, units) for units in (1_200, 1_440)] == [{}, {}]
    assert reprice(kernel, 1_501)["rule"] == "hour"
    assert reprice(kernel, 1_500) == {}
    kernel.at += HOUR_US  # 1,000 and its twelfth
    assert reprice(kernel, 1_501)["rule"] == "hour"
    kernel.at += HOUR_US // SLOTS
    assert reprice(kernel, 1_501) == {}


def test_what_goes_down_and_up_again_is_measured_from_the_bottom() -> None:
    kernel = shop()
    assert [reprice(kernel, units) for units in (800, 640, 768, 921)] == [{}] * 4
    assert reprice(kernel, 961)["rule"] == "hour"
    assert reprice(kernel, 960) == {}


def test_a_day_bounds_what_hours_allow() -> None:
    kernel = shop()
    for units in (1_200, 1_440, 1_728, 2_000):
        kernel.at += 2 * HOUR_US
        assert reprice(kernel, units) == {}
    kernel.at += 2 * HOUR_US
    told = {"listing": "L1", "rule": "day", "price_min": 1_600, "price_max": 2_000}
    assert reprice(kernel, 2_001) == told
    kernel.at += DAY_US
    assert reprice(kernel, 2_400) == {}


def test_only_the_listings_own_principal_goes_further_and_measuring_begins_there() -> None:
    kernel = shop()
    assert reprice(kernel, 1_100) == {}
    for stranger in ("A2", "P2", "operator"):
        with pytest.raises(Refused, match="not_yours"):
            kernel.edit(stranger, EditListing("L1", price=usd(1_000)))
    assert reprice(kernel, 90_000, "P1") == {}
    assert reprice(kernel, 1_100)["rule"] == "update"
    assert reprice(kernel, 100_000) == {}


def test_where_nothing_is_bounded_a_principal_does_not_edit() -> None:
    kernel = shop(Rules())
    assert reprice(kernel, 10**9) == {}
    with pytest.raises(Refused, match="not_yours"):
        kernel.edit("P1", EditListing("L1", price=usd(1_000)))
    assert not kernel.rows(TRACKS)


@pytest.mark.parametrize(
    ("rule", "bound", "low", "high"),
    [
        ("price_update_bps", 2_000, 800, 1_200),
        ("price_hour_bps", 5_000, 500, 1_500),
        ("price_day_times", 2, 500, 2_000),
        ("price_day_times", 3, 334, 3_000),
    ],
)
@pytest.mark.parametrize("way", ["up", "down"])
def test_each_bound_stands_by_itself(rule: str, bound: int, low: int, high: int, way: str) -> None:
    kernel = shop(msgspec.structs.replace(Rules(), **{rule: bound}))
    near, far = (high, high + 1) if way == "up" else (low, low - 1)
    assert reprice(kernel, far)["rule"] == rule.split("_")[1]
    assert reprice(kernel, near) == {}


def test_a_first_price_is_free_and_another_asset_is_not() -> None:
    kernel = shop(price=None)
    assert reprice(kernel, 5) == {}
    with pytest.raises(Refused, match=r"price_band\(listing=L1, rule=asset\)"):
        kernel.edit("A1", EditListing("L1", price=Money(5, "EUR")))
    kernel.edit("P1", EditListing("L1", price=Money(5, "EUR")))


def test_words_and_stock_are_free_however_the_price_stands() -> None:
    kernel = shop()
    assert reprice(kernel, 1_200) == {}
    kernel.edit("A1", EditListing("L1", available=7))
    assert kernel.rows(LISTINGS)["L1"].available == 7


def test_no_number_of_changes_fills_the_memory() -> None:
    kernel = shop()
    for n in range(2_000):
        kernel.at += 47_000_000
        assert reprice(kernel, 1_000 + n % 2) == {}
    track = kernel.rows(TRACKS)["L1"]
    assert len(track.hour) <= SLOTS + 1
    assert len(track.day) <= SLOTS + 1


def test_nothing_is_kept_of_a_listing_that_is_over() -> None:
    hall = Hall(posted_price, BANDED)
    (sol,) = hall.join(1)
    lamp = hall.post(sol, price=usd(1_000))
    hall.edit(sol, EditListing(lamp, price=usd(1_100)))
    assert hall.simulation.engine.state.rows(TRACKS)
    hall.simulation.submit(sol, WithdrawListing(lamp)).need()
    assert not hall.simulation.engine.state.rows(TRACKS)


@given(
    st.lists(
        st.tuples(st.integers(0, 4 * HOUR_US), st.integers(0, 3_000), st.booleans()), max_size=40
    )
)
def test_bounds_hold_between_any_two_prices_and_bar_nothing_else(
    steps: list[tuple[int, int, bool]],
) -> None:
    kernel = shop()
    stood = [(kernel.at, 1_000)]  # since the last confirmation
    for wait_us, units, is_principal in steps:
        kernel.at += wait_us
        old = price(kernel)
        assert reprice(kernel, old) == {}, "the standing price is always within the bounds"
        facts = reprice(kernel, units, "P1" if is_principal else "A1")
        if is_principal:
            assert not facts
            stood = [(kernel.at, units)]
            continue
        exact = _is_within(stood, units, kernel.at, 0)
        if not facts:
            assert exact
            stood.append((kernel.at, units))
        else:
            assert not _is_within(stood, units, kernel.at, 1)
            if "price_min" in facts:
                low, high = facts["price_min"], facts["price_max"]
                assert low <= old <= high
                assert _is_within(stood, low, kernel.at, 0)
                assert _is_within(stood, high, kernel.at, 0)


def _is_within(stood: list[tuple[int, int]], new: int, at: int, slots: int) -> bool:
    """Check against every price that stood, over windows longer by so many twelfths."""
    ends = [end for (_, _), (end, _) in pairwise(stood)] + [at]
    last = stood[-1][1]
    is_in = new == last or abs(new - last) * 5 <= last
    for (_, old), end in zip(stood, ends, strict=True):
        if end >= at - HOUR_US * (SLOTS + slots) // SLOTS:
            is_in &= new == last or abs(new - old) * 2 <= old
        if end >= at - DAY_US * (SLOTS + slots) // SLOTS:
            is_in &= new == last or (new <= 2 * old and old <= 2 * new)
    return is_in
