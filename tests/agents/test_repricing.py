"""Programs that set prices by other prices."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from souq.agents.bidding.repricing import BPS, Eater, Follower, Grower, stepwise


def test_a_follower_rounds_to_the_nearest_unit() -> None:
    assert Follower(Fraction(9_983, 10_000)).price(10_001) == 9_984
    assert Follower(Fraction(3, 2)).price(5) == 8


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, BPS))
def test_steps_lead_to_the_target_and_none_is_too_far(old: int, target: int, bps: int) -> None:
    path = [old, *stepwise(old, target, bps)][:200]
    assert all(abs(new - last) * BPS <= last * bps for last, new in pairwise(path))
    is_there = path[-1] == target
    assert is_there or len(path) == 200 or not path[-1] * bps // BPS


def test_a_grower_sows_by_the_mean_of_the_seasons_it_looks_at() -> None:
    grower = Grower(10, Fraction(1, 2))
    assert grower.harvest([100, 60]) == 40
    assert grower.harvest([100, 60], seasons=2) == 50


@given(st.integers(0, 100))
def test_an_eater_takes_a_harvest_at_the_price_it_names_for_it(quantity: int) -> None:
    eater = Eater(100)
    assert eater.quantity(eater.price(quantity)) == quantity
