"""What a study answers, beside the same figures reckoned from its rows by other means."""

import msgspec
import pytest
from scipy import stats

from souq.lab.experiment.schema import Arm
from souq.lab.study import answers
from souq.lab.study.answers import Comparison
from souq.lab.study.opening import Study

OUTCOME = "surplus_per_person"


def changed(study: Study, name: str, frame: object) -> Study:
    return msgspec.structs.replace(study, frames={**study.frames, name: frame})


def first_repetition(study: Study) -> Study:
    frames = {name: frame[frame["repetition"] == 1] for name, frame in study.frames.items()}
    cells = tuple(cell for cell in study.cells if cell.repetition == 1)
    return msgspec.structs.replace(study, frames=frames, cells=cells)


def test_arms_are_compared_as_pairs_of_markets(study: Study) -> None:
    rows = study.frame("metrics")
    rows = rows[rows["metric"] == OUTCOME].pivot(index="repetition", columns="arm", values="value")
    for one in answers.arms(study, OUTCOME):
        expected = stats.ttest_rel(rows[one.name], rows["mixed"])
        assert one.effect is not None
        assert one.effect.p == pytest.approx(expected.pvalue)
        low, high = expected.confidence_interval()
        assert (one.effect.low, one.effect.high) == pytest.approx((low, high))
        assert one.effect.n == 3
        assert one.estimate == pytest.approx((rows[one.name] - rows["mixed"]).mean())
        assert one.estimate == pytest.approx(one.effect.estimate)
        assert (one.effect.p_corrected or 0) >= (one.effect.p or 0)


def test_one_repetition_has_an_interval_over_people_and_none_over_markets(study: Study) -> None:
    alone = first_repetition(study)
    assert {one.note for one in answers.arms(alone, OUTCOME)} == {answers.ONE_REPETITION}
    rows = alone.frame("persons").pivot(index="person", columns="arm", values="surplus_units")
    for one in answers.people(alone, OUTCOME):
        expected = stats.ttest_rel(rows[one.name] / 1e6, rows["mixed"] / 1e6)
        assert one.effect is not None
        assert one.effect.p == pytest.approx(expected.pvalue)
        assert one.basis == "people"


def test_what_a_kind_brings_is_found_again(study: Study) -> None:
    (before,) = answers.kinds(study, "surplus")
    rows = study.frame("persons").copy()
    rows.loc[rows["kind"] == "weak", "surplus_units"] += 25_000_000
    (after,) = answers.kinds(changed(study, "persons", rows), "surplus")
    assert before.estimate is not None
    assert after.estimate == pytest.approx(before.estimate + 25)
    assert after.effect is not None
    assert after.effect.clusters <= 30  # people, however many markets each was in
    assert (after.name, after.against) == ("weak", "strong")


def test_markets_of_one_kind_say_nothing_about_kinds(study: Study) -> None:
    rows = study.frame("persons")
    assert set(answers.mixed(study)["arm"]) == {"mixed", "mixed and dear"}
    alone = changed(study, "persons", rows[rows["arm"] == "all strong"])
    assert answers.kinds(alone, "surplus") == []


def test_a_metric_that_is_not_defined_is_no_zero(study: Study) -> None:
    rows = study.frame("metrics").copy()
    gone = (rows["arm"] == "mixed and dear") & (rows["metric"] == OUTCOME)
    rows.loc[gone, "value"] = None
    one = answers.arms(changed(study, "metrics", rows), OUTCOME)[0]
    assert (one.estimate, one.effect, one.note) == (None, None, "not defined in one of the two")


def test_every_metric_is_one_family_of_tests(study: Study) -> None:
    found = [one for family in answers.all_metrics(study).values() for one in family]
    tested = sorted((one.effect for one in found if one.effect), key=lambda effect: effect.p or 0)
    assert len(found) == 2 * len(answers.metrics_of(study))
    smallest = tested[0]
    assert smallest.p_corrected == pytest.approx(min(1, (smallest.p or 0) * len(tested)))


def test_crossed_factors_are_compared_with_the_others_alike(study: Study) -> None:
    names = [(size, skill) for size in ("small", "large") for skill in ("weak", "strong")]
    rows = [
        {"arm": f"{size}, {skill}", "repetition": n, "metric": OUTCOME}
        | {
            "value": 10.0
            + n
            + (5 + n / 10) * (size == "large")
            + (2 - n / 10) * (skill == "strong")
        }
        for size, skill in names
        for n in (1, 2, 3)
    ]
    # One market is missing, and must not tilt the comparison of sizes.
    rows = [row for row in rows if (row["arm"], row["repetition"]) != ("large, strong", 2)]
    design = type(study.design)(
        study.base,
        tuple(
            Arm(f"{size}, {skill}", study.base, {"size": size, "skill": skill})
            for size, skill in names
        ),
    )
    crossed = msgspec.structs.replace(
        changed(study, "metrics", type(study.frame("metrics"))(rows)), design=design
    )
    found = answers.factors(crossed, OUTCOME)
    (size,), (skill,) = found["size"], found["skill"]
    assert (size.name, size.against, skill.name) == ("large", "small", "strong")
    assert size.estimate == pytest.approx((5.1 + 5.2 + 5.3) / 3)
    assert skill.estimate == pytest.approx((1.9 + 1.8 + 1.7) / 3)
    assert size.effect is not None
    assert size.effect.n == 3
    assert answers.factors(study, OUTCOME) == {}


def test_people_who_come_back_are_one_cluster_each(study: Study) -> None:
    # As if the same people had come in every repetition.
    again = tuple(msgspec.structs.replace(cell, people_seed=1) for cell in study.cells)
    found = answers.people(msgspec.structs.replace(study, cells=again), "surplus")[0]
    apart = answers.people(study, "surplus")[0]
    assert found.effect is not None
    assert apart.effect is not None
    assert (found.effect.n, found.effect.clusters) == (30, 10)
    assert (apart.effect.n, apart.effect.clusters) == (30, 0)
    assert found.estimate == apart.estimate


def test_other_people_are_groups_and_no_pairs(study: Study) -> None:
    base = msgspec.structs.replace(
        study.base, population=msgspec.structs.replace(study.base.population, people=11)
    )
    first, second, third = study.design.arms
    other = msgspec.structs.replace(second, experiment=base)
    design = msgspec.structs.replace(study.design, arms=(first, other, third))
    grouped: Comparison = answers.people(msgspec.structs.replace(study, design=design), "deals")[0]
    assert grouped.effect is not None
    assert grouped.effect.n == 60
    assert "difference of means" in grouped.effect.method
