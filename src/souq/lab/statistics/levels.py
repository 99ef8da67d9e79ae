"""One group of rows: its mean or median, and how sure that is. Nothing is tested: `p` is None."""

from typing import Any

import msgspec

from souq.lab.effects import Effect
from souq.lab.extra import load
from souq.lab.statistics.columns import Column, labels, numbers, several, varying
from souq.lab.statistics.pairs import paired
from souq.lab.statistics.panel import LEVEL

RESAMPLES = 999


def mean(values: Column, *, clusters: Column | None = None, unit: str = "") -> Effect:
    """Give the mean, with an interval by Student's t or the cluster jackknife."""
    found = numbers(values, "the values")
    varying(found, "the value")
    level = paired(found, 0 * found, clusters=clusters, unit=unit)
    method = "mean" if clusters is None else "mean, cluster jackknife"
    return msgspec.structs.replace(level, name="mean", p=None, method=method)


def median(
    values: Column,
    *,
    clusters: Column | None = None,
    unit: str = "",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Effect:
    """Give the median, with the percentile bootstrap's interval, of whole clusters."""
    numpy = load("numpy", of="statistics")
    stats = load("scipy.stats", of="statistics")
    found = varying(numbers(values, "the values"), "the value")
    own = range(len(found)) if clusters is None else clusters
    codes = several(labels(own, "clusters", rows=len(found)), "the data")
    parts = [found[codes == code] for code in range(int(codes.max()) + 1)]

    def statistic(drawn: Any) -> float:
        return float(numpy.median(numpy.concatenate([parts[one] for one in drawn])))

    interval = stats.bootstrap(
        (numpy.arange(len(parts)),),
        statistic,
        vectorized=False,
        n_resamples=resamples,
        confidence_level=LEVEL,
        method="percentile",  # BCa takes a derivative, which a median has not
        rng=numpy.random.default_rng(seed),
    ).confidence_interval
    return Effect(
        name="median",
        estimate=float(numpy.median(found)),
        low=float(interval.low),
        high=float(interval.high),
        p=None,
        n=len(found),
        clusters=0 if clusters is None else len(parts),
        unit=unit,
        method=f"median, percentile bootstrap, {resamples:,} draws",
    )
