"""Power: against textbook figures, against simulation, and from a pilot's rows."""

import numpy
import pandas
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.power import TTestIndPower

from souq.lab.statistics import (
    Design,
    Spread,
    Unanswerable,
    power_of,
    simulated_power,
    spread_of,
)


def test_between_people_it_is_the_textbook_two_sample_t() -> None:
    found = power_of(Design(people=128, markets=1), Spread(1.0, 0.0), effects=[0.5])
    # Cohen's table: 64 in each group find d = 0.5 with power 0.80.
    assert found.power[0.5] == pytest.approx(0.80, abs=0.005)
    theirs = TTestIndPower().power(0.5, 64, 0.05)
    assert found.power[0.5] == pytest.approx(theirs, abs=0.001)
    assert found.detectable == pytest.approx(0.5, abs=0.003)


@pytest.mark.parametrize(
    ("assignment", "markets"), [("independent", 2), ("blocked", 2), ("within", 2), ("within", 4)]
)
def test_the_formula_is_what_simulation_finds(assignment: str, markets: int) -> None:
    design = Design(people=40, markets=markets, assignment=assignment)  # type: ignore[arg-type]
    spread = Spread(3.0, 0.4)
    effect = power_of(design, spread).detectable
    found = simulated_power(effect, design, spread, draws=100, seed=markets)
    assert found.low < 0.8 < found.high


def test_power_grows_with_people_markets_and_effect_and_shrinks_with_kinds() -> None:
    spread = Spread(2.0, 0.3)
    least = power_of(Design(people=30, markets=2), spread, effects=[1.0, 2.0])
    assert least.power[1.0] < least.power[2.0]
    for better in (
        Design(people=60, markets=2),
        Design(people=30, markets=3),
        Design(people=30, markets=2, repetitions=2),
        Design(people=30, markets=2, assignment="within"),
    ):
        assert power_of(better, spread).detectable < least.detectable
    assert power_of(Design(people=30, markets=2, kinds=3), spread).detectable > least.detectable


def test_a_market_treated_whole_counts_once_however_many_are_in_it() -> None:
    spread = Spread(2.0, 0.3)
    few, many = (
        power_of(Design(people=people, markets=10, assignment="market"), spread)
        for people in (10, 1000)
    )
    assert few.detectable == many.detectable


def test_no_effect_is_found_one_time_in_twenty() -> None:
    found = power_of(Design(people=69, markets=2), Spread(3.0, 0.4), effects=[0.0])
    assert found.power[0.0] == pytest.approx(0.05)
    # Two comparisons with a control share the level.
    three = power_of(Design(people=69, markets=2, kinds=3), Spread(3.0, 0.4), effects=[0.0])
    assert three.power[0.0] == pytest.approx(0.025)


def test_a_pilot_tells_the_spread_and_an_effect_is_not_taken_for_noise() -> None:
    rng = numpy.random.default_rng(3)
    people = numpy.repeat(numpy.arange(200), 3)
    kind = rng.integers(0, 2, 600)
    values = rng.normal(0, 2, 200)[people] + rng.normal(0, 1, 600) + 5 * kind
    found = spread_of(values, people, kinds=kind)
    assert found.sd == pytest.approx(5**0.5, rel=0.1)
    assert found.correlation == pytest.approx(0.8, abs=0.05)
    assert spread_of(values, people).sd > 1.3 * found.sd


def test_the_spread_is_that_of_statsmodels_analysis_of_variance() -> None:
    rng = numpy.random.default_rng(4)
    person, kind = rng.integers(0, 20, 70), rng.integers(0, 2, 70)
    values = rng.normal(0, 1, 20)[person] + rng.normal(0, 1, 70) + kind
    frame = pandas.DataFrame({"y": values, "person": person, "kind": kind})
    squares = anova_lm(ols("y ~ C(kind) + C(person)", frame).fit())["mean_sq"]
    sizes = frame["person"].value_counts()
    typical = (70 - (sizes**2).sum() / 70) / (len(sizes) - 1)
    between = (squares["C(person)"] - squares["Residual"]) / typical
    found = spread_of(values, person, kinds=kind)
    assert found.sd**2 == pytest.approx(between + squares["Residual"])
    assert found.correlation == pytest.approx(between / (between + squares["Residual"]))


def test_people_who_differ_less_than_chance_would_have_it_correlate_by_nothing() -> None:
    assert spread_of([1, 3, 3, 1, 1, 3], ["a", "a", "b", "b", "c", "c"]).correlation == 0


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"people": 1}, "two people"),
        ({"markets": 0}, "a market"),
        ({"markets": 3, "assignment": "within"}, "multiple of 2"),
        ({"markets": 2, "assignment": "market"}, "three markets"),
    ],
)
def test_a_design_that_cannot_be_is_refused(values: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Design(**{"people": 10, "markets": 2, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize("spread", [Spread(0.0, 0.2), Spread(1.0, 1.0), Spread(1.0, -0.1)])
def test_a_spread_that_cannot_be_is_refused(spread: Spread) -> None:
    with pytest.raises(ValueError, match="sd must be above 0"):
        power_of(Design(people=10, markets=2), spread)


def test_a_pilot_with_everybody_once_knows_no_correlation() -> None:
    with pytest.raises(Unanswerable, match="two markets at least"):
        spread_of([1, 2, 3], ["a", "b", "c"])
