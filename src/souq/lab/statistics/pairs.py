"""Pairs: the same thing, or the same person, seen under both conditions."""

from typing import Any

from souq.lab.effects import Effect
from souq.lab.extra import load
from souq.lab.statistics.columns import Column, Unanswerable, labels, numbers, several, varying
from souq.lab.statistics.covariance import sureness
from souq.lab.statistics.panel import LEVEL, student

DIFFERENCE = "difference"


def paired(
    first: Column, second: Column, *, clusters: Column | None = None, unit: str = ""
) -> Effect:
    """Compare means of pairs: `first` less `second`. Raises Unanswerable.

    Without `clusters` the paired t test; with them (pairs of items that one person sells, say) the
    mean difference with a variance by the cluster jackknife.
    """
    differences = _differences(first, second)
    varying(differences, "the difference of a pair")
    numpy = load("numpy", of="statistics")
    count = len(differences)
    own = numpy.arange(count)
    if clusters is not None:
        own = several(labels(clusters, "clusters", rows=count), "the data")
    model = load("statsmodels.regression.linear_model", of="statistics")
    fitted = model.OLS(differences, numpy.ones((count, 1))).fit()
    groups = int(own.max()) + 1
    variance, freedom = float(fitted.bse[0] ** 2), float(count - 1)
    if clusters is not None:
        found = sureness(fitted, [own], interest=1)
        variance, freedom = found.variance[0], found.freedom[0]
    return student(
        name=DIFFERENCE,
        estimate=float(fitted.params[0]),
        variance=variance,
        spread=float(differences.var()),
        freedom=freedom,
        n=count,
        clusters=0 if clusters is None else groups,
        unit=unit,
        method="paired t test" if clusters is None else "mean of pairs, cluster jackknife",
    )


def signed_ranks(first: Column, second: Column, *, unit: str = "") -> Effect:
    """Compare pairs by Wilcoxon's signed ranks; pairs without a difference count for nothing.

    The estimate is the median difference; its interval is exact from order statistics (Conover
    1999), whatever the shape of the distribution. Six pairs are the fewest. Raises Unanswerable.
    """
    differences = _differences(first, second)
    stats = load("scipy.stats", of="statistics")
    numpy = load("numpy", of="statistics")
    if not differences.any():
        raise Unanswerable("no pair differs: there is nothing to rank")
    interval = stats.quantile_test(differences, q=0, p=0.5).confidence_interval(LEVEL)
    low, high = float(interval.low), float(interval.high)
    if not numpy.isfinite([low, high]).all():
        raise Unanswerable(f"{len(differences)} pairs give no interval for a median: it takes six")
    return Effect(
        name=DIFFERENCE,
        estimate=float(numpy.median(differences)),
        low=low,
        high=high,
        p=float(stats.wilcoxon(differences[differences != 0]).pvalue),
        n=len(differences),
        unit=unit,
        method="Wilcoxon signed ranks; interval of the median by order statistics",
    )


def signs(first: Column, second: Column) -> Effect:
    """Count pairs whose first is above their second, by the sign test; ties count for nothing."""
    differences = _differences(first, second)
    return sign_test(int((differences > 0).sum()), int((differences < 0).sum()))


def sign_test(wins: int, losses: int) -> Effect:
    """Test whether wins are as likely as losses: exact, with Clopper and Pearson's interval.

    The estimate is the share of wins. Raises Unanswerable where nobody preferred anything.
    """
    stats = load("scipy.stats", of="statistics")
    if wins < 0 or losses < 0 or not wins + losses:
        raise Unanswerable("a sign test takes one win or loss at least")
    tested = stats.binomtest(wins, wins + losses)
    interval = tested.proportion_ci(LEVEL, method="exact")
    return Effect(
        name="share of wins",
        estimate=wins / (wins + losses),
        low=float(interval.low),
        high=float(interval.high),
        p=float(tested.pvalue),
        n=wins + losses,
        unit="share",
        method="sign test",
    )


def _differences(first: Column, second: Column) -> Any:
    x, y = numbers(first, "the first of pairs"), numbers(second, "the second of pairs")
    if len(x) != len(y):
        raise Unanswerable(f"{len(x)} firsts and {len(y)} seconds make no pairs")
    if len(x) < 2:
        raise Unanswerable("one pair says nothing of chance: give two at least, better twenty")
    return x - y
