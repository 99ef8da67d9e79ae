"""Agents that reckon back from the last round leave each other just enough."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.agents.patience import PPM, Side, demands, nash_units

SIDES = st.builds(Side, st.integers(0, PPM), st.integers(0, 400))


@given(st.integers(1_000, 10**9), SIDES, SIDES, st.integers(1, 40), st.integers(0, PPM))
def test_a_responder_loses_nothing_by_accepting_and_the_demand_is_the_most_it_takes(
    whole: int, first: Side, second: Side, rounds: int, breakdown_ppm: int
) -> None:
    asked = demands(whole, first, second, rounds=rounds, breakdown_ppm=breakdown_ppm)
    chance = Fraction(breakdown_ppm, PPM)
    for number, demand in enumerate(asked, 1):
        responder = second if number % 2 else first
        waits = Fraction(responder.outside_units)
        if number < rounds:
            goes_on = (1 - chance) * asked[number] + chance * responder.outside_units
            waits = Fraction(responder.discount_ppm, PPM) * goes_on
        assert whole - demand >= waits > whole - demand - 1


def test_the_last_proposer_takes_it_all() -> None:
    patient = Side()
    assert demands(100, patient, patient, rounds=1) == (100,)
    assert demands(100, patient, patient, rounds=2) == (0, 100)


@pytest.mark.parametrize(("rounds", "breakdown_ppm"), [(0, 0), (1, -1), (1, PPM + 1)])
def test_what_makes_no_sense_is_refused(rounds: int, breakdown_ppm: int) -> None:
    with pytest.raises(ValueError, match="round"):
        demands(100, Side(), Side(), rounds=rounds, breakdown_ppm=breakdown_ppm)


@given(st.integers(2, 300), st.integers(0, 100), st.integers(0, 100))
def test_nashs_solution_has_the_greatest_product(whole: int, mine: int, theirs: int) -> None:
    mine, theirs = mine % (whole // 2 + 1), theirs % (whole // 2 + 1)
    products = {
        share: (share - mine) * (whole - share - theirs)
        for share in range(mine, whole - theirs + 1)
    }
    best = max(products.values())
    found = nash_units(whole, Side(outside_units=mine), Side(outside_units=theirs))
    assert found == min(share for share, product in products.items() if product == best)
