"""Whether an experiment knows enough: its stopping rule, looked at between repetitions."""

from collections.abc import Sequence
from pathlib import Path

from souq.lab import tables
from souq.lab.experiment import folder
from souq.lab.experiment.cells import Cell
from souq.lab.experiment.schema import Design
from souq.lab.extra import load
from souq.lab.tables import MetricRow

LEVEL = 0.975


def is_enough(design: Design, out: Path, cells: Sequence[Cell]) -> bool:
    """Tell whether the interval of the last arm's difference to the first is narrow enough.

    Repetitions are pairs, as their markets have the same people; the interval is Student's.
    """
    rule = design.base.stopping
    if rule is None or len(design.arms) < 2:
        return False
    first, last = design.arms[0].name, design.arms[-1].name
    values = {(cell.arm, cell.repetition): _metric(out, cell, rule.metric) for cell in cells}
    pairs = [(values[first, n], values[last, n]) for arm, n in values if arm == last]
    differences = [b - a for a, b in pairs if a is not None and b is not None]
    if len(differences) < 2:
        return False
    return half_width(differences) <= rule.half_width


def half_width(differences: Sequence[float]) -> float:
    """Give half the 95 % interval of a mean of two values or more. Raises LabExtraMissing."""
    stats = load("scipy.stats", of="stopping rules")
    return float(stats.t.ppf(LEVEL, len(differences) - 1) * stats.sem(differences))


def _metric(out: Path, cell: Cell, name: str) -> float | None:
    rows = tables.read(folder.whole(out, cell) / "metrics.parquet", MetricRow)
    return next(row.value for row in rows if row.metric == name)
