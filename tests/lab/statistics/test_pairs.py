"""Pairs, signs and levels: against hand-computed values, and the figures that were published."""

from collections.abc import Callable

import numpy
import pytest
from scipy import stats

from souq.lab.effects import Effect
from souq.lab.statistics import Unanswerable, mean, median, paired, sign_test, signed_ranks, signs


def test_the_paired_test_is_students() -> None:
    first, second = [5.0, 7.0, 6.0, 9.0], [3.0, 6.0, 6.0, 5.0]
    found = paired(first, second, unit="$")
    theirs = stats.ttest_rel(first, second)
    interval = theirs.confidence_interval()
    assert found.estimate == pytest.approx(1.75)
    assert found.p == pytest.approx(theirs.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_pairs_of_one_seller_count_once() -> None:
    first, second, sellers = [5, 7, 6, 9], [3, 6, 6, 5], list("abcd")
    once = paired(first, second, clusters=sellers)
    thrice = paired(first * 3, second * 3, clusters=sellers * 3)
    assert (thrice.low, thrice.high, thrice.p) == pytest.approx((once.low, once.high, once.p))
    # With a pair a seller the jackknife is Student's.
    assert once.p == pytest.approx(paired(first, second).p)


def test_the_sign_test_gives_the_published_p() -> None:
    found = sign_test(17, 11)
    assert found.p == pytest.approx(0.345, abs=0.0005)
    assert found.estimate == pytest.approx(17 / 28)
    assert 0.4 < found.low < 0.5 < found.high < 0.8


def test_ties_are_no_wins() -> None:
    assert signs([3, 1, 2, 5], [1, 1, 3, 2]) == sign_test(2, 1)


def test_signed_ranks_give_wilcoxons_p_and_a_median_between_order_statistics() -> None:
    first = [1.1, 2.2, 3.4, 4.8, 5.5, 6.9, 7.1, 9.0]
    found = signed_ranks(first, [1.0] * 8)
    differences = numpy.array(first) - 1
    assert found.p == pytest.approx(stats.wilcoxon(differences).pvalue)
    assert found.estimate == pytest.approx(numpy.median(differences))
    # Of eight, the first and the last: both sides together miss in 2 of 256.
    assert (found.low, found.high) == pytest.approx((0.1, 8.0))


def test_pairs_without_a_difference_have_no_rank() -> None:
    some = [1.0, 2.0, -1.5, 4.0, 5.0, 6.0]
    padded = [*some, 0.0, 0.0, 0.0]
    assert signed_ranks(padded, [0.0] * 9).p == signed_ranks(some, [0.0] * 6).p


def test_a_mean_has_students_interval_and_no_test() -> None:
    values = [1.0, 2.0, 3.0, 6.0]
    found = mean(values)
    low, high = stats.t.interval(0.95, 3, 3.0, stats.sem(values))
    assert (found.estimate, found.low, found.high) == pytest.approx((3.0, low, high))
    assert found.p is None


def test_a_median_knows_which_rows_belong_together() -> None:
    rng = numpy.random.default_rng(2)
    people = numpy.repeat(numpy.arange(30), 20)
    values = rng.normal(0, 1, 30)[people] + rng.normal(0, 0.1, 600)
    together, apart = median(values, clusters=people), median(values)
    assert together.estimate == apart.estimate == pytest.approx(numpy.median(values))
    assert together.high - together.low > 2 * (apart.high - apart.low)


@pytest.mark.parametrize(
    ("estimate", "says"),
    [
        (lambda: paired([1, 2], [1]), "2 firsts and 1 seconds"),
        (lambda: paired([1], [2]), "one pair"),
        (lambda: paired([1, 2], [0, 1]), "is 1 in every row"),
        (lambda: paired([1, 2], [0, 3], clusters="aa"), "one cluster only"),
        (lambda: sign_test(0, 0), "one win or loss"),
        (lambda: signed_ranks([1, 2], [1, 2]), "no pair differs"),
        (lambda: signed_ranks([1, 2, 3], [0, 0, 0]), "it takes six"),
        (lambda: mean([2, 2, 2]), "is 2 in every row"),
        (lambda: median([2, 3], clusters="aa"), "one cluster only"),
    ],
)
def test_what_cannot_be_answered_is_said(estimate: Callable[[], Effect], says: str) -> None:
    with pytest.raises(Unanswerable, match=says):
        estimate()
