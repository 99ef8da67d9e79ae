"""Sums by cluster, of which every figure of the analysis is a ratio."""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from msgspec import Struct

from souq.lab.tables import ReaderRow

ReaderRows = Sequence[ReaderRow]
Of = Callable[[Any], float]


class Sums(Struct, frozen=True):
    """By cluster: a sum above and a sum below, or two such pairs; `n` rows went into them."""

    by_cluster: list[tuple[float, ...]]
    n: int


def floors_of(readers: ReaderRows) -> dict[tuple[str, int], list[ReaderRow]]:
    """Part rows by floor."""
    found: dict[tuple[str, int], list[ReaderRow]] = defaultdict(list)
    for row in readers:
        found[row.arm, row.repetition].append(row)
    return found


def ratios(readers: ReaderRows, above: Of, below: Of, *, by_person: bool = False) -> Sums:
    """Sum two things by cluster: office and repetition, or one person in them."""
    found: dict[Hashable, list[float]] = defaultdict(lambda: [0.0, 0.0])
    cluster_of = _clusters(readers)
    for row in readers:
        cluster = cluster_of[row.arm, row.repetition]
        sums = found[(*cluster, row.person) if by_person else cluster]
        sums[0] += above(row)
        sums[1] += below(row)
    return Sums([tuple(sums) for sums in found.values()], len(readers))


def means(readers: ReaderRows, field: str, *, by_person: bool = False) -> Sums:
    """Sum a field, and count."""
    return ratios(
        readers, lambda row: float(getattr(row, field)), lambda row: 1.0, by_person=by_person
    )


def differences(readers: ReaderRows, field: str, first: str, second: str) -> Sums:
    """Sum what agents reached on their rankings by two groups, where a cluster has both."""
    found: dict[Hashable, list[float]] = defaultdict(lambda: [0.0] * 4)
    cluster_of = _clusters(readers)
    rows = [row for row in readers if getattr(row, field) in (first, second)]
    for row in rows:
        sums = found[cluster_of[row.arm, row.repetition]]
        place = 0 if getattr(row, field) == first else 2
        sums[place] += row.score_understood
        sums[place + 1] += 1
    return Sums([tuple(sums) for sums in found.values() if sums[1] and sums[3]], len(rows))


def worst_tenths(readers: ReaderRows) -> Sums:
    """Sum the worst-off tenth of each floor on the agents' rankings, one person at least."""
    found: dict[Hashable, list[float]] = defaultdict(lambda: [0.0, 0.0])
    cluster_of = _clusters(readers)
    for floor, rows in floors_of(readers).items():
        worst = sorted(row.score_understood for row in rows)[: math.ceil(len(rows) / 10)]
        found[cluster_of[floor]][0] += sum(worst)
        found[cluster_of[floor]][1] += len(worst)
    return Sums([tuple(sums) for sums in found.values()], len(readers))


def doubled_words(readers: ReaderRows) -> Sums:
    """Sum products for the slope of agreement on the binary logarithm of words, within floors."""
    found: dict[Hashable, list[float]] = defaultdict(lambda: [0.0, 0.0])
    cluster_of = _clusters(readers)
    for floor, rows in floors_of(readers).items():
        logs = [math.log2(row.words) for row in rows]
        mean_log = sum(logs) / len(logs)
        mean_agreement = sum(row.agreement for row in rows) / len(rows)
        for row, log in zip(rows, logs, strict=True):
            sums = found[(*cluster_of[floor], row.person)]
            sums[0] += (log - mean_log) * (row.agreement - mean_agreement)
            sums[1] += (log - mean_log) ** 2
    return Sums([tuple(sums) for sums in found.values()], len(readers))


def _clusters(readers: ReaderRows) -> dict[tuple[str, int], tuple[int, int]]:
    """Give each floor's cluster: how many were on it, and its repetition."""
    return {floor: (len(rows), floor[1]) for floor, rows in floors_of(readers).items()}
