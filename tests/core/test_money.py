"""Money is whole units: nothing is rounded away, and two assets never mix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.core.money import USD, Asset, Money

UNITS = st.integers(-(2**53), 2**53)


@given(UNITS, st.integers(0, 10_000), st.integers(1, 10_000))
def test_split_loses_nothing(units: int, numerator: int, denominator: int) -> None:
    numerator = min(numerator, denominator)
    share, rest = Money(units, "USD").split(numerator, denominator)
    assert share + rest == Money(units, "USD")
    assert abs(share.units * denominator - units * numerator) < denominator


@pytest.mark.parametrize(("numerator", "denominator"), [(-1, 2), (3, 2), (0, 0), (1, 0)])
def test_a_share_stands_between_nothing_and_all(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="share"):
        Money(10, "USD").split(numerator, denominator)


@given(UNITS, st.integers(0, 9))
def test_what_is_written_reads_back(units: int, exponent: int) -> None:
    asset = Asset("X", exponent)
    if abs(units) < 10 ** (12 + exponent):
        assert asset.parse(asset.format(units)) == Money(units, "X")


@pytest.mark.parametrize(
    ("units", "text"),
    [(0, "0.00"), (1, "0.000001"), (12_500_000, "12.50"), (-1_000_000, "-1.00"), (10, "0.00001")],
)
def test_dollars_are_written_with_two_places_at_least(units: int, text: str) -> None:
    assert USD.format(units) == text


@pytest.mark.parametrize("text", ["", "1,50", "1.0000001", "ten", "1e3", "--1", "NaN", "1.", ".5"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="USD"):
        USD.parse(text)


def test_two_assets_do_not_mix() -> None:
    for operation in (
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
    ):
        with pytest.raises(ValueError, match="mix"):
            operation(Money(1, "USD"), Money(1, "EUR"))
