"""Regression with fixed effects, and intervals that know which rows belong together."""

from collections.abc import Mapping, Sequence
from typing import Any

from souq.lab.effects import Effect
from souq.lab.extra import load
from souq.lab.statistics.columns import (
    Column,
    Unanswerable,
    labels,
    numbers,
    several,
    varying,
)
from souq.lab.statistics.covariance import sureness

LEVEL = 0.95
RCOND = 1e-10  # of dummies: what is smaller is a column too many
NOTHING_LEFT = 1e-12  # of a column's squares: what rounding leaves where all is explained


def fixed_effects(
    outcome: Column,
    regressors: Mapping[str, Column],
    *,
    absorb: Mapping[str, Column] | None = None,
    clusters: Sequence[Column],
    controls: Mapping[str, Column] | None = None,
    unit: str = "",
) -> dict[str, Effect]:
    """Estimate what each regressor adds to the outcome, with an effect for each absorbed label.

    Least squares as with a dummy for every label of every absorbed column; what they explain is
    taken out beforehand (Frisch and Waugh 1933, Lovell 1963). Rows that are alone with a label
    say nothing about a regressor, and are left out, as often as it takes; `n` is what remains.
    `clusters` holds one or two columns; intervals are Student's t with variance and degrees of
    freedom by `sureness`. `controls` are held fixed but not reported. Raises Unanswerable.
    """
    y = varying(numbers(outcome, "the outcome"), "the outcome")
    asked, held = dict(regressors), dict(controls or {})
    x = [_column(values, name, len(y)) for name, values in (*asked.items(), *held.items())]
    for name, column in zip(asked, x, strict=False):
        varying(column, name)
    absorbed = [labels(values, name, rows=len(y)) for name, values in (absorb or {}).items()]
    groups = [labels(values, "clusters", rows=len(y)) for values in clusters]
    if len(groups) not in (1, 2):
        raise Unanswerable("give one column of clusters, or two")
    numpy = load("numpy", of="statistics")
    values = numpy.column_stack([y, *x])
    kept = _repeated(absorbed, len(y))
    if not kept.any():
        raise Unanswerable("no label that is absorbed stands in two rows: nothing can be compared")
    within = _within(values[kept], [_dense(codes[kept]) for codes in absorbed])
    _determined(within, values[kept], [*asked, *held])
    grouped = [_dense(several(codes[kept], "the data")) for codes in groups]
    model = load("statsmodels.regression.linear_model", of="statistics")
    fitted = model.OLS(within[:, 0], within[:, 1:]).fit()
    if fitted.ssr <= NOTHING_LEFT * y.var() * len(y):
        raise Unanswerable("the regressors fit every row exactly: no chance is left to measure")
    found = sureness(fitted, grouped, interest=len(asked))
    told = _method(list(absorb or {}), list(held), len(grouped))
    return {
        name: student(
            name=name,
            estimate=float(fitted.params[n]),
            variance=found.variance[n],
            spread=float(y.var()),
            freedom=found.freedom[n],
            n=len(within),
            clusters=min(int(codes.max()) + 1 for codes in grouped),
            unit=unit,
            method=told,
        )
        for n, name in enumerate(asked)
    }


def student(
    *,
    name: str,
    estimate: float,
    variance: float,
    spread: float,
    freedom: float,
    n: int,
    clusters: int,
    unit: str,
    method: str,
) -> Effect:
    """Give an effect with an interval and a test against 0 by Student's t.

    `spread` is the outcome's variance, beside which rounding can be told from chance.
    """
    if not variance > NOTHING_LEFT**2 * spread:
        raise Unanswerable(f"{name} does not vary from cluster to cluster: no interval can be had")
    stats = load("scipy.stats", of="statistics")
    half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * variance**0.5
    return Effect(
        name=name,
        estimate=estimate,
        low=estimate - half,
        high=estimate + half,
        p=float(2 * stats.t.sf(abs(estimate) / variance**0.5, freedom)),
        n=n,
        clusters=clusters,
        unit=unit,
        method=method,
    )


def _column(values: Column, name: str, rows: int) -> Any:
    found = numbers(values, name)
    if len(found) != rows:
        raise Unanswerable(f"{name} has {len(found)} rows, the outcome {rows}: give one each")
    return found


def _repeated(absorbed: Sequence[Any], rows: int) -> Any:
    """Mark the rows that are left when those alone with a label go (Correia 2015), repeatedly."""
    numpy = load("numpy", of="statistics")
    kept = numpy.ones(rows, dtype=bool)
    while True:
        before = kept.sum()
        for codes in absorbed:
            kept &= numpy.bincount(codes, kept)[codes] > 1
        if kept.sum() == before:
            return kept


def _dense(codes: Any) -> Any:
    """Number the labels that are left from 0, without gaps."""
    return load("numpy", of="statistics").unique(codes, return_inverse=True)[1].ravel()


def _within(values: Any, absorbed: Sequence[Any]) -> Any:
    """Take out of each column what the absorbed labels explain; without labels, add a constant."""
    numpy = load("numpy", of="statistics")
    if not absorbed:
        return numpy.column_stack([values, numpy.ones(len(values))])
    most, *rest = sorted(absorbed, key=lambda codes: -int(codes.max()))
    left = demeaned(values, most)
    if rest:
        dummies = [numpy.eye(int(codes.max()) + 1)[codes][:, 1:] for codes in rest]
        others = demeaned(numpy.hstack(dummies), most)
        # By the normal equations: hundreds of runs' dummies over many rows would take too long.
        left = left - others @ (numpy.linalg.pinv(others.T @ others, RCOND) @ (others.T @ left))
    return left


def demeaned(values: Any, codes: Any) -> Any:
    """Take each label's mean out of each column of a table."""
    numpy = load("numpy", of="statistics")
    sums = numpy.column_stack([numpy.bincount(codes, column) for column in values.T])
    return values - (sums / numpy.bincount(codes)[:, None])[codes]


def _determined(within: Any, before: Any, names: Sequence[str]) -> None:
    """Refuse a coefficient that fixed effects and other columns leave nothing to learn about."""
    numpy = load("numpy", of="statistics")
    for n, name in enumerate(names, start=1):
        left, others = within[:, n], numpy.delete(within, [0, n], axis=1)
        if others.shape[1]:
            left = left - others @ numpy.linalg.lstsq(others, left, rcond=None)[0]
        if (left**2).sum() <= NOTHING_LEFT * before[:, n].var() * len(before):
            raise Unanswerable(
                f"{name} does not vary within what is held fixed: nothing can be compared"
            )


def _method(effects: list[str], controls: list[str], groupings: int) -> str:
    held = " and ".join(effects)
    told = f"least squares with {held} fixed effects" if held else "least squares"
    if controls:
        told += f", given {' and '.join(controls)}"
    return told + (", two-way" if groupings == 2 else ",") + " cluster jackknife"
