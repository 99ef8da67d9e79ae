"""Two groups: differences of means, by jackknife, bootstrap and permutation, and by rank."""

from collections.abc import Callable

import numpy
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from souq.lab.effects import Effect
from souq.lab.statistics import Unanswerable, bootstrap, difference, permutation, ranks

LOW_HIGH = ([1, 2, 3, 4, 6, 8], [False, False, False, True, True, True])


def test_a_difference_and_its_jackknife_are_what_a_hand_gets() -> None:
    found = difference(*LOW_HIGH, unit="deals")
    # Each row left out once, the difference is 3.5, 4, 4.5, 5, 4, 3: squares about 4 sum to 2.5.
    half = stats.t.ppf(0.975, 5) * (5 / 6 * 2.5) ** 0.5
    assert found.estimate == pytest.approx(4)
    assert (found.low, found.high) == pytest.approx((4 - half, 4 + half))
    assert (found.n, found.clusters, found.unit) == (6, 0, "deals")


def test_rows_of_one_person_count_once() -> None:
    outcome, treated = LOW_HIGH
    people = list("abcdef")
    once = difference(outcome, treated, clusters=people)
    thrice = difference(outcome * 3, treated * 3, clusters=people * 3)
    assert (thrice.low, thrice.high, thrice.p) == pytest.approx((once.low, once.high, once.p))
    assert (thrice.n, thrice.clusters) == (18, 6)
    naive = difference(outcome * 3, treated * 3)
    assert naive.high - naive.low < 0.7 * (thrice.high - thrice.low)


def null_rows(
    seed: int, people: int = 20, rows: int = 6
) -> tuple[list[float], list[int], list[int]]:
    """Rows of people who differ from each other, half of them treated to no effect."""
    rng = numpy.random.default_rng(seed)
    person = numpy.repeat(numpy.arange(people), rows)
    outcome = rng.normal(0, 1, people)[person] + rng.normal(0, 1, len(person))
    return outcome.tolist(), (person % 2).tolist(), person.tolist()


def test_nothing_is_found_where_nothing_is_unless_clusters_are_ignored() -> None:
    found = ignored = 0
    for seed in range(200):
        outcome, treated, people = null_rows(seed)
        found += (difference(outcome, treated, clusters=people).p or 0) < 0.05
        ignored += (difference(outcome, treated).p or 0) < 0.05
    assert found <= 0.08 * 200
    assert ignored >= 0.20 * 200, "the planted bug, rows taken as independent, must show"


def test_few_treated_people_are_not_taken_for_many() -> None:
    """Three of twelve treated: the usual sandwich (CRV1) holds the truth far too rarely."""
    ours = usual = 0
    for seed in range(200):
        outcome, _, people = null_rows(seed, people=12)
        treated = [int(one < 3) for one in people]
        found = difference(outcome, treated, clusters=people)
        ours += found.low < 0 < found.high
        fitted = OLS(outcome, [[1, one] for one in treated]).fit(
            cov_type="cluster", cov_kwds={"groups": people}, use_t=True
        )
        low, high = fitted.conf_int()[1]
        usual += low < 0 < high
    assert ours >= 0.93 * 200
    assert usual <= 0.92 * 200


def test_the_bootstrap_of_clusters_holds_the_truth_about_as_often_as_it_says() -> None:
    held = sum(
        (found := bootstrap(outcome, treated, clusters=people, resamples=499)).low < 0 < found.high
        for outcome, treated, people in map(null_rows, range(150))
    )
    assert 0.88 * 150 <= held <= 150


def test_the_bootstrap_agrees_with_theory_and_with_itself() -> None:
    rng = numpy.random.default_rng(5)
    outcome, treated = rng.normal(0, 1, 400), numpy.arange(400) % 2
    found = bootstrap(outcome, treated, seed=3)
    theory = difference(outcome, treated)
    assert found.estimate == pytest.approx(theory.estimate)
    assert (found.low, found.high) == pytest.approx((theory.low, theory.high), abs=0.02)
    assert found == bootstrap(outcome, treated, seed=3)
    assert found.p is None


def test_people_in_both_groups_are_drawn_with_all_their_rows() -> None:
    rng = numpy.random.default_rng(7)
    person = numpy.repeat(numpy.arange(60), 2)
    treated = numpy.tile([0, 1], 60)
    outcome = 10 * rng.normal(0, 1, 60)[person] + treated + rng.normal(0, 0.1, 120)
    found = bootstrap(outcome, treated, clusters=person, resamples=999)
    assert found.estimate == pytest.approx(1, abs=0.1)
    assert found.high - found.low < 0.2  # what people are like in general drops out


def test_a_permutation_test_counts_all_ways_to_assign() -> None:
    found = permutation([1, 2, 3, 10, 11, 12], [0, 0, 0, 1, 1, 1])
    assert found.p == pytest.approx(2 / 20)
    assert found.estimate == pytest.approx(9)


def test_permuting_within_blocks_sees_what_differences_of_blocks_hide() -> None:
    block = [n for n in range(8) for _ in range(2)]
    treated = [0, 1] * 8
    outcome = [100.0 * b + t for b, t in zip(block, treated, strict=True)]
    outcome[0] += 0.5
    within = permutation(outcome, treated, blocks=block)
    # In two of 256 assignments the treated are above, or below, in all eight blocks.
    assert within.p == pytest.approx(2 / 256, abs=0.004)
    assert (permutation(outcome, treated).p or 0) > 0.9


def test_permuting_whole_clusters_finds_no_more_than_there_are_clusters() -> None:
    people = [n for n in range(6) for _ in range(50)]
    treated = [n % 2 for n in people]
    rng = numpy.random.default_rng(1)
    outcome = 10 * numpy.array(treated) + rng.normal(0, 1, len(people))
    assert permutation(outcome, treated, clusters=people).p == pytest.approx(2 / 20, abs=0.02)
    assert permutation(outcome, treated).p == pytest.approx(2 / 10_000)


def test_ranks_count_how_often_the_first_is_above() -> None:
    first, second = [1, 2, 3, 4], [3, 4, 5, 6]
    found = ranks(first, second)
    assert found.estimate == pytest.approx((1 + 2 / 2) / 16)
    assert found.p == pytest.approx(stats.mannwhitneyu(first, second).pvalue)
    assert 0 <= found.low < found.estimate < found.high


Estimator = Callable[[], Effect]


@pytest.mark.parametrize(
    ("estimate", "says"),
    [
        (lambda: difference([], []), "no values"),
        (lambda: difference([1, None, 3], [0, 1, 1]), "not a finite number in 1 of 3 rows"),
        (lambda: difference([1, float("nan"), 3], [0, 1, 1]), "not a finite number in 1 of 3"),
        (lambda: difference(["a", "b"], [0, 1]), "must be numbers"),
        (lambda: difference([1, 2, 3], [0, 1]), "treated has 2 rows, the outcome 3"),
        (lambda: difference([1, 2, 3], [1, 1, 1]), "the same in all 3 rows"),
        (lambda: difference([1, 2, 3], [0, 1, 2]), "true or false"),
        (lambda: difference([4, 4, 4, 4], [0, 0, 1, 1]), "the outcome is 4 in every row"),
        (lambda: difference([1, 1, 2, 2], [0, 0, 1, 1]), "fit every row exactly"),
        (lambda: difference([1, 2, 4], [0, 0, 1], clusters="aaa"), "one cluster only"),
        (lambda: difference([1, 2, 4], [0, 0, 1], clusters=["a", None, "b"]), "not known in 1"),
        (lambda: difference([1, 2, 4, 6], [0, 0, 1, 1], clusters="aabb"), "too few of them vary"),
        (lambda: bootstrap([1, 1, 2, 2], [0, 0, 1, 1]), "nothing varies within"),
        (lambda: bootstrap([1, 2, 4], [0, 0, 1], clusters="abc"), "one cluster only"),
        (lambda: permutation([1, 2, 4, 6], [0, 0, 1, 1], clusters="abab"), "two groups or blocks"),
        (lambda: permutation([1, 2, 4, 6], [0, 0, 1, 1], blocks="aabb"), "no block holds both"),
        (lambda: ranks([1], [2, 3]), "one row only"),
        (lambda: ranks([2, 2], [2, 2]), "no rank to compare"),
        (lambda: ranks([1, 2], [3, 4]), "do not overlap"),
    ],
)
def test_what_cannot_be_answered_is_said_and_never_a_nan(estimate: Estimator, says: str) -> None:
    with pytest.raises(Unanswerable, match=says):
        estimate()
