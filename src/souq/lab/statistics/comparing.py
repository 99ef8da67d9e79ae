"""Two groups of rows: by how much they differ, and how sure that is.

`treated` tells the groups apart. Each estimate is the mean where it is true less the mean where
it is false; `clusters` says which rows are not independent of each other (usually the person).
"""

from typing import Any

import msgspec

from souq.lab.effects import Effect
from souq.lab.extra import load
from souq.lab.statistics.columns import Column, Unanswerable, indicator, labels, numbers, several
from souq.lab.statistics.panel import LEVEL, fixed_effects

RESAMPLES = 9_999
DIFFERENCE = "difference"


def difference(
    outcome: Column, treated: Column, *, clusters: Column | None = None, unit: str = ""
) -> Effect:
    """Compare means; the interval is by the cluster jackknife. Raises Unanswerable.

    Without `clusters` every row is its own.
    """
    y = numbers(outcome, "the outcome")
    arm = indicator(treated, "treated", rows=len(y))
    alone = clusters is None
    groups = range(len(y)) if clusters is None else clusters
    found = fixed_effects(y, {DIFFERENCE: arm}, clusters=[groups], unit=unit)[DIFFERENCE]
    method = "difference of means, " + ("jackknife" if alone else "cluster jackknife")
    return msgspec.structs.replace(found, method=method, clusters=0 if alone else found.clusters)


def bootstrap(
    outcome: Column,
    treated: Column,
    *,
    clusters: Column | None = None,
    unit: str = "",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Effect:
    """Compare means; the interval is the BCa bootstrap's (Efron 1987), of whole clusters.

    Where each cluster stands in one group, each group's clusters are drawn by themselves, as in
    the experiment. It makes no test: `p` is None. Raises Unanswerable.
    """
    numpy = load("numpy", of="statistics")
    stats = load("scipy.stats", of="statistics")
    y = numbers(outcome, "the outcome")
    arm = indicator(treated, "treated", rows=len(y))
    own = numpy.arange(len(y)) if clusters is None else labels(clusters, "clusters", rows=len(y))
    count = int(several(own, "the data").max()) + 1
    # A mean over clusters is a ratio of sums, so that each draw costs two sums and not the rows.
    sums = {on: numpy.bincount(own, y * (arm == on), count) for on in (True, False)}
    sizes = {on: numpy.bincount(own, arm == on, count) for on in (True, False)}
    straddle = ((sizes[True] > 0) & (sizes[False] > 0)).any()

    def statistic(*drawn: Any, axis: int) -> Any:
        treated_drawn, control_drawn = drawn[0], drawn[-1]
        with numpy.errstate(invalid="ignore", divide="ignore"):  # told apart below, by its NaN
            return sums[True][treated_drawn].sum(axis) / sizes[True][treated_drawn].sum(axis) - (
                sums[False][control_drawn].sum(axis) / sizes[False][control_drawn].sum(axis)
            )

    if straddle:
        samples: tuple[Any, ...] = (numpy.arange(count),)
    else:
        samples = tuple(numpy.flatnonzero(sizes[on]) for on in (True, False))
    if min(map(len, samples)) < 2:
        raise Unanswerable("a group has one cluster only: an interval takes two, better thirty")
    estimate = float(y[arm].mean() - y[~arm].mean())
    if all(len(set((sums[on] / numpy.maximum(sizes[on], 1))[sizes[on] > 0])) < 2 for on in sums):
        raise Unanswerable("nothing varies within the two groups: no interval can be had")
    interval = stats.bootstrap(
        samples,
        statistic,
        n_resamples=resamples,
        batch=max(1, 2_000_000 // count),
        vectorized=True,
        confidence_level=LEVEL,
        method="BCa",
        rng=numpy.random.default_rng(seed),
    ).confidence_interval
    low, high = float(interval.low), float(interval.high)
    if not numpy.isfinite([low, high]).all():
        raise Unanswerable("too few clusters for a bootstrap: use the jackknife of `difference`")
    return Effect(
        name=DIFFERENCE,
        estimate=estimate,
        low=low,
        high=high,
        p=None,
        n=len(y),
        clusters=0 if clusters is None else count,
        unit=unit,
        method=f"difference of means, BCa bootstrap, {resamples:,} draws",
    )


def permutation(
    outcome: Column,
    treated: Column,
    *,
    blocks: Column | None = None,
    clusters: Column | None = None,
    unit: str = "",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Effect:
    """Compare means; `p` is Fisher's, from assignments that could have been drawn as well.

    Assignments are shuffled within each of `blocks` (without: among all), and by whole `clusters`
    where they are given, each of which must stand in one group and one block. Exact where there
    are no more assignments than resamples and neither blocks nor clusters. The interval is that
    of `difference`. Raises Unanswerable.
    """
    numpy = load("numpy", of="statistics")
    stats = load("scipy.stats", of="statistics")
    found = difference(outcome, treated, clusters=clusters, unit=unit)
    y = numbers(outcome, "the outcome")
    arm = indicator(treated, "treated", rows=len(y))
    rng = numpy.random.default_rng(seed)
    if blocks is None and clusters is None:
        tested = stats.permutation_test(
            (y[arm], y[~arm]),
            lambda one, other, axis: one.mean(axis) - other.mean(axis),
            vectorized=True,
            n_resamples=resamples,
            batch=max(1, 2_000_000 // len(y)),
            rng=rng,
        )
        told = f"{found.method}; p by permutation"
        return msgspec.structs.replace(found, p=float(tested.pvalue), method=told)
    own = numpy.arange(len(y)) if clusters is None else labels(clusters, "clusters", rows=len(y))
    block = numpy.zeros(len(y)) if blocks is None else labels(blocks, "blocks", rows=len(y))
    first = numpy.unique(own, return_index=True)[1]
    if (arm[first][own] != arm).any() or (block[first][own] != block).any():
        raise Unanswerable("a cluster stands in two groups or blocks: shuffle rows, or give none")
    members = [numpy.flatnonzero(block[first] == one) for one in sorted(set(block[first]))]
    if all(len(set(arm[first][one])) < 2 for one in members):
        raise Unanswerable("no block holds both groups: nothing can be shuffled")
    sums, sizes = numpy.bincount(own, y), numpy.bincount(own)

    def shuffled(size: tuple[int, int]) -> Any:
        drawn = numpy.tile(arm[first].astype(float), (size[0], 1))
        for one in members:
            drawn[:, one] = rng.permuted(drawn[:, one], axis=1)
        return drawn

    def statistic(drawn: Any, axis: int) -> Any:
        treated_mean = (drawn * sums).sum(axis) / (drawn * sizes).sum(axis)
        return treated_mean - ((1 - drawn) * sums).sum(axis) / ((1 - drawn) * sizes).sum(axis)

    tested = stats.monte_carlo_test(
        arm[first].astype(float),
        shuffled,
        statistic,
        vectorized=True,
        n_resamples=resamples,
        batch=max(1, 2_000_000 // len(first)),
        axis=-1,
    )
    within = ("" if clusters is None else " of clusters") + ("" if blocks is None else " in blocks")
    told = f"{found.method}; p by permutation{within}"
    return msgspec.structs.replace(found, p=float(tested.pvalue), method=told)


def ranks(first: Column, second: Column, *, unit: str = "share") -> Effect:
    """Compare two independent groups by rank: how often a value of the first is above the second.

    The estimate counts ties half, so 0.5 is no difference; its interval is Brunner and Munzel's
    (2000), p that of Mann and Whitney. Not for clustered rows. Raises Unanswerable.
    """
    numpy = load("numpy", of="statistics")
    stats = load("scipy.stats", of="statistics")
    nonparametric = load("statsmodels.stats.nonparametric", of="statistics")
    x, y = numbers(first, "the first group"), numbers(second, "the second group")
    if min(len(x), len(y)) < 2:
        raise Unanswerable("a group has one row only: an interval takes two in each")
    pooled = numpy.concatenate([x, y])
    if (pooled == pooled[0]).all():
        raise Unanswerable(f"every value is {pooled[0]:g}: there is no rank to compare")
    above = float((x[:, None] > y).mean() + (x[:, None] == y).mean() / 2)
    if above in (0.0, 1.0):
        raise Unanswerable("the two groups do not overlap: no interval can be had for their ranks")
    low, high = nonparametric.rank_compare_2indep(x, y).conf_int(alpha=1 - LEVEL)
    return Effect(
        name="first above second",
        estimate=above,
        low=max(0.0, float(low)),  # no share lies beyond
        high=min(1.0, float(high)),
        p=float(stats.mannwhitneyu(x, y).pvalue),
        n=len(pooled),
        unit=unit,
        method="Mann-Whitney; interval by Brunner and Munzel",
    )
