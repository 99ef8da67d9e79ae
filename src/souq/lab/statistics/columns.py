"""Columns as every estimator takes them: sequences of one length, checked before anything runs."""

from collections.abc import Sequence
from typing import Any

from souq.lab.extra import load

Column = Sequence[Any] | Any  # a list, a tuple, a numpy array, a pandas or pyarrow column


class Unanswerable(ValueError):
    """The data cannot answer the question; the message says why, and what would."""


def numbers(values: Column, name: str) -> Any:
    """Give a column as floats. Raises Unanswerable for an empty one, a null or a NaN in it."""
    numpy = load("numpy", of="statistics")
    try:
        found = numpy.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise Unanswerable(f"{name} must be numbers: leave out what is not known") from None
    if found.ndim != 1 or not found.size:
        raise Unanswerable(f"{name} has no values: give one row at least")
    unknown = int((~numpy.isfinite(found)).sum())
    if unknown:
        raise Unanswerable(
            f"{name} is not a finite number in {unknown} of {found.size} rows: leave those out"
        )
    return found


def labels(values: Column, name: str, *, rows: int) -> Any:
    """Give a column of labels as whole numbers from 0, one a label."""
    pandas = load("pandas", of="statistics")
    codes, _ = pandas.factorize(pandas.Series(list(values), dtype=object))
    if len(codes) != rows:
        raise Unanswerable(f"{name} has {len(codes)} rows, the outcome {rows}: give one each")
    if (codes < 0).any():
        raise Unanswerable(f"{name} is not known in {int((codes < 0).sum())} rows: leave those out")
    return codes


def indicator(values: Column, name: str, *, rows: int) -> Any:
    """Give a column of true and false as booleans. Raises Unanswerable if either is missing."""
    found = numbers(values, name)
    if len(found) != rows:
        raise Unanswerable(f"{name} has {len(found)} rows, the outcome {rows}: give one each")
    if not ((found == 0) | (found == 1)).all():
        raise Unanswerable(f"{name} must be true or false, or 1 or 0")
    if found.all() or not found.any():
        raise Unanswerable(f"{name} is the same in all {rows} rows: there is nothing to compare")
    return found.astype(bool)


def varying(values: Any, name: str) -> Any:
    """Give the values back. Raises Unanswerable where all are one."""
    if (values == values[0]).all():
        raise Unanswerable(f"{name} is {values[0]:g} in every row: nothing varies")
    return values


def several(codes: Any, name: str) -> Any:
    """Give the codes back. Raises Unanswerable for one cluster: chance needs two to be seen."""
    if len(set(codes.tolist())) < 2:
        raise Unanswerable(f"{name} has one cluster only: an interval takes two, better thirty")
    return codes
