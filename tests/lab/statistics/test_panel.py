"""Regression with fixed effects: against statsmodels' own with a dummy for every label."""

from typing import Any

import numpy
import pandas
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.sandwich_covariance import cov_cluster

from souq.lab.statistics import Unanswerable, fixed_effects


def panel(seed: int, people: int = 25, runs: int = 4) -> pandas.DataFrame:
    """Rows of people in runs, a few missing, whose regressor follows who they are."""
    rng = numpy.random.default_rng(seed)
    person = numpy.repeat(numpy.arange(people), runs)
    run = numpy.tile(numpy.arange(runs), people)
    own = rng.normal(0, 2, people)[person]
    x = own + rng.normal(0, 1, len(person))
    z = rng.normal(0, 1, len(person))
    y = 3 * x - 2 * z + 5 * own + run + rng.normal(0, 1, len(person))
    frame = pandas.DataFrame({"y": y, "x": x, "z": z, "person": person, "run": run})
    return frame.drop([3, 17, 40]).reset_index(drop=True)


def estimate(frame: pandas.DataFrame, absorb: tuple[str, ...], clusters: tuple[str, ...]) -> Any:
    return fixed_effects(
        frame["y"],
        {"x": frame["x"], "z": frame["z"]},
        absorb={name: frame[name] for name in absorb},
        clusters=[frame[name] for name in clusters],
    )


def test_coefficients_are_those_with_a_dummy_for_every_label() -> None:
    frame = panel(1)
    found = estimate(frame, ("person", "run"), ("person",))
    theirs = ols("y ~ x + z + C(person) + C(run)", frame).fit().params
    assert found["x"].estimate == pytest.approx(theirs["x"])
    assert found["z"].estimate == pytest.approx(theirs["z"])
    pooled = estimate(frame, (), ("person",))
    assert pooled["x"].estimate == pytest.approx(ols("y ~ x + z", frame).fit().params["x"])
    assert abs(pooled["x"].estimate - 3) > 1 > abs(found["x"].estimate - 3)


def test_without_fixed_effects_the_variance_is_statsmodels_own() -> None:
    frame = panel(2)
    found = estimate(frame, (), ("person",))["x"]
    theirs = ols("y ~ x + z", frame).fit(
        cov_type="cluster-jk", cov_kwds={"groups": frame["person"]}
    )
    # Ours has fewer degrees of freedom, since people with extreme x count for more than others.
    half = (found.high - found.low) / 2
    assert half / theirs.bse["x"] > stats.t.ppf(0.975, 24)
    assert half / theirs.bse["x"] < stats.t.ppf(0.975, 5)


def test_the_jackknife_leaves_out_one_person_at_a_time() -> None:
    frame = panel(3)
    frame["x"] = (frame["run"] + frame["person"] % 2) % 2 + 0.0  # each person says equally much
    frame = frame[frame.groupby("person")["y"].transform("size") == 4]
    found = fixed_effects(
        frame["y"],
        {"x": frame["x"]},
        absorb={"person": frame["person"]},
        clusters=[frame["person"]],
    )["x"]
    left = [
        ols("y ~ x + C(person)", frame[frame["person"] != one]).fit().params["x"]
        for one in frame["person"].unique()
    ]
    count = len(left)
    se = ((count - 1) / count * sum((one - numpy.mean(left)) ** 2 for one in left)) ** 0.5
    half = stats.t.ppf(0.975, count - 1) * se
    assert (found.low, found.high) == pytest.approx((found.estimate - half, found.estimate + half))


def test_two_ways_are_never_surer_than_either() -> None:
    frame = panel(4)
    width = {
        clusters: (found := estimate(frame, ("run",), clusters)["x"]).high - found.low
        for clusters in (("person",), ("run",), ("person", "run"))
    }
    assert width["person", "run"] >= max(width["person",], width["run",]) * 0.999


def test_two_ways_add_up_less_what_they_share() -> None:
    rng = numpy.random.default_rng(8)
    seller, buyer = rng.integers(0, 40, 600), rng.integers(0, 40, 600)
    x = (rng.normal(0, 1, 40)[seller] + rng.normal(0, 1, 40)[buyer]).round()
    y = rng.normal(0, 1, 40)[seller] + rng.normal(0, 1, 40)[buyer] + rng.normal(0, 1, 600)
    found = fixed_effects(y, {"x": x}, clusters=[seller, buyer])["x"]
    fitted = OLS(y, numpy.column_stack([x, numpy.ones(600)])).fit()
    pair = 40 * seller + buyer
    first, second, both = (
        cov_cluster(fitted, codes, crv_type="cluster-jk")[0, 0] for codes in (seller, buyer, pair)
    )
    half = (found.high - found.low) / 2
    assert half / (first + second - both) ** 0.5 == pytest.approx(stats.t.ppf(0.975, 30), rel=0.02)
    assert found.clusters == 40


def test_rows_alone_with_a_label_are_left_out_and_change_nothing() -> None:
    frame = panel(5)
    lone = pandas.DataFrame({"y": [99.0], "x": [5.0], "z": [1.0], "person": [77], "run": [0]})
    found = estimate(pandas.concat([frame, lone]), ("person",), ("person",))
    assert found == estimate(frame, ("person",), ("person",))
    assert found["x"].n == len(frame)


def test_people_who_say_nothing_are_no_evidence() -> None:
    """Of 40 people, 34 have one kind throughout: the interval is that of the other six."""
    rng = numpy.random.default_rng(6)
    person = numpy.repeat(numpy.arange(40), 2)
    strong = numpy.where(person < 6, numpy.tile([0, 1], 40), person % 2)
    y = rng.normal(0, 1, 80) + 4 * strong
    everybody = fixed_effects(y, {"s": strong}, absorb={"p": person}, clusters=[person])["s"]
    six = person < 6
    alone = fixed_effects(
        y[six], {"s": strong[six]}, absorb={"p": person[six]}, clusters=[person[six]]
    )["s"]
    assert everybody.estimate == pytest.approx(alone.estimate)
    assert everybody.high - everybody.low == pytest.approx(alone.high - alone.low, rel=0.1)


def test_what_is_held_fixed_is_not_reported_and_cannot_confound() -> None:
    rng = numpy.random.default_rng(9)
    ask = rng.normal(20, 5, 300)
    aggressive = (ask + rng.normal(0, 5, 300) > 20) * 1.0
    price = 0.8 * ask + rng.normal(0, 1, 300)
    people = numpy.arange(300)
    raw = fixed_effects(price, {"a": aggressive}, clusters=[people])
    held = fixed_effects(price, {"a": aggressive}, controls={"ask": ask}, clusters=[people])
    assert raw["a"].low > 2
    assert held["a"].low < 0 < held["a"].high
    assert list(held) == ["a"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"x": "person"}, "x does not vary within"),
        ({"x": "run_of_all"}, "x is 1 in every row"),
        ({"y": "x"}, "fit every row exactly"),
    ],
)
def test_what_cannot_be_told_apart_is_said(change: dict[str, str], says: str) -> None:
    frame = panel(7).assign(run_of_all=1.0)
    for column, other in change.items():
        frame[column] = frame[other]
    with pytest.raises(Unanswerable, match=says):
        estimate(frame, ("person",), ("person",))


def test_people_who_differ_by_exactly_the_same_give_no_interval() -> None:
    person = [n for n in range(5) for _ in range(4)]
    outcome = [n + add for n in range(5) for add in (1.0, 3.0, 3.1, 5.1)]
    with pytest.raises(Unanswerable, match="no interval can be had"):
        fixed_effects(
            outcome, {"x": [0, 0, 1, 1] * 5}, absorb={"person": person}, clusters=[person]
        )


def test_a_large_level_hides_nothing() -> None:
    frame = panel(10)
    found = estimate(frame, ("person",), ("person",))["x"]
    high = estimate(frame.assign(y=frame["y"] + 1e9), ("person",), ("person",))["x"]
    assert (high.low, high.high) == pytest.approx((found.low, found.high), abs=1e-4)


def test_labels_that_never_repeat_compare_nothing() -> None:
    with pytest.raises(Unanswerable, match="stands in two rows"):
        fixed_effects([1, 2, 4], {"x": [0, 1, 1]}, absorb={"item": "abc"}, clusters=["abc"])


def test_three_groupings_are_refused() -> None:
    with pytest.raises(Unanswerable, match="one column of clusters, or two"):
        fixed_effects([1, 2, 4], {"x": [0, 1, 1]}, clusters=["abc", "abc", "abc"])
