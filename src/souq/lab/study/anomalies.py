"""What a reader should look at before believing the rest: gaps, outliers, things left undone.

Every check is in `CHECKS`, with what it looks for, so that a page can name also what it found
nothing of. None of them removes anything: the figures are of all counted cells.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from souq.core.money import USD as DOLLARS
from souq.lab.extra import load
from souq.lab.study.answers import metrics_of, unit_of
from souq.lab.study.opening import LeftOut, Study
from souq.lab.study.wording import number

ROBUST_Z = 3.5  # Iglewicz and Hoaglin (1993)
CELLS_MIN = 5  # of fewer, none stands out
LISTED_MAX = 20  # of one check
# Stages that wait for somebody; every other one is an end, by whatever name.
OPEN = ("held", "formed", "delivered", "failed", "returnable", "returning", "disputed")


class Anomaly(Struct, frozen=True):
    """One thing found: by which check, in which arm and repetition (0: all of it), and what."""

    check: str
    arm: str
    repetition: int
    told: str


def anomalies(study: Study) -> list[Anomaly]:
    """Make all checks, in their order."""
    return [one for check in CHECKS.values() for one in check(study)]


def _left_out(study: Study) -> Iterator[Anomaly]:
    by_why: dict[str, list[LeftOut]] = {}
    for one in study.left_out:
        by_why.setdefault(one.why, []).append(one)
    last = max(cell.repetition for cell in study.cells)
    for why, left in by_why.items():
        if len(left) <= LISTED_MAX // 4:
            for one in left:
                yield Anomaly("left out", one.cell.arm, one.cell.repetition, why)
            continue
        told = f"{len(left):,} of {len(study.plan.cells):,} cells: {why}"
        if study.base.stopping is not None and min(one.cell.repetition for one in left) > last:
            told += f"; the stopping rule may have had enough after repetition {last}"
        yield Anomaly("left out", "", 0, told)


def _stopped(study: Study) -> Iterator[Anomaly]:
    for cell in study.cells:
        manifest = study.manifests[cell.name]
        if manifest.stop:
            yield Anomaly("stopped early", cell.arm, cell.repetition, manifest.stop)
        spent = manifest.spent
        if spent is not None and spent.failed:
            told = f"{spent.failed:,} of {spent.calls + spent.failed:,} calls of models failed"
            yield Anomaly("models", cell.arm, cell.repetition, told)
        if spent is not None and spent.unpriced:
            told = f"the price of {spent.unpriced:,} calls of models is not known"
            yield Anomaly("models", cell.arm, cell.repetition, told)


def _budgets(study: Study) -> Iterator[Anomaly]:
    limit = study.base.models.cell_max_cost
    if not limit:
        return
    most = DOLLARS.parse(limit).units
    for cell in study.cells:
        spent = study.manifests[cell.name].spent
        if spent is not None and spent.cost_units >= most * 95 // 100:
            told = f"models spent ${DOLLARS.format(spent.cost_units)} of ${limit}"
            yield Anomaly("models’ budgets", cell.arm, cell.repetition, told)


def _undefined(study: Study) -> Iterator[Anomaly]:
    """Name metrics that an arm has in some of its markets only, and an outcome it has nowhere.

    What no market of an arm defines belongs to a treatment that it does not have.
    """
    rows = study.frame("metrics")
    for metric in dict.fromkeys(rows["metric"]):
        for arm in study.arms:
            mine = rows[(rows["metric"] == metric) & (rows["arm"] == arm)]["value"]
            gone = int(mine.isna().sum())
            if 0 < gone < len(mine) or (gone and metric == study.base.outcome):
                told = f"{metric} is not defined in {gone} of {len(mine)} cells"
                yield Anomaly("not defined", arm, 0, told)


def _outlying(study: Study) -> Iterator[Anomaly]:
    rows = study.frame("metrics")
    for metric in metrics_of(study):
        for arm in study.arms:
            mine = rows[(rows["metric"] == metric) & (rows["arm"] == arm) & rows["value"].notna()]
            for n, score in _scores(mine["value"]):
                row, unit = mine.iloc[n], unit_of(metric)
                told = f"{metric} is {number(row['value'], unit)}, its arm’s median"
                told += f" {number(mine['value'].median(), unit)} (robust z {score:+.1f})"
                yield Anomaly("outlying markets", arm, int(row["repetition"]), told)


def _refused(study: Study) -> Iterator[Anomaly]:
    moves, refused = study.frame("offers"), study.frame("refusals")
    if moves.empty:
        return
    by = ["arm", "repetition"]
    made = moves.groupby(by).size()
    times = refused.groupby(by)["count"].sum().reindex(made.index, fill_value=0)
    rates = (100 * times / made).sort_index()
    for n, score in _scores(rates):
        arm, repetition = rates.index[n]
        why = refused[(refused["arm"] == arm) & (refused["repetition"] == repetition)]
        reasons = why.groupby("reason")["count"].sum().sort_values(ascending=False)
        most = f", mostly {reasons.index[0]}" if len(reasons) else ""
        told = f"{rates.iloc[n]:.1f} refusals for 100 moves (robust z {score:+.1f}){most}"
        yield Anomaly("refusals", arm, int(repetition), told)


def _open(study: Study) -> Iterator[Anomaly]:
    rows = study.frame("deals")
    left = rows[rows["stage"].isin(OPEN)] if not rows.empty else rows
    for (arm, repetition, stage), found in left.groupby(["arm", "repetition", "stage"]):
        contracts = "contract was" if len(found) == 1 else "contracts were"
        told = f"{len(found)} {contracts} still {stage} when the market closed"
        yield Anomaly("contracts left open", arm, int(repetition), told)


def _idle(study: Study) -> Iterator[Anomaly]:
    rows = study.frame("deals")
    traded = set() if rows.empty else set(zip(rows["arm"], rows["repetition"], strict=True))
    if study.frame("persons").empty:
        return
    for cell in study.cells:
        if (cell.arm, cell.repetition) not in traded:
            yield Anomaly("empty markets", cell.arm, cell.repetition, "nobody closed a deal")


def _losers(study: Study) -> Iterator[Anomaly]:
    rows = study.frame("persons")
    lost = rows[rows["surplus_units"] < 0] if not rows.empty else rows
    for arm in study.arms:
        mine = lost[lost["arm"] == arm] if len(lost) else lost
        if len(mine):
            whole = int((rows["arm"] == arm).sum())
            worst = number(float(mine["surplus_units"].min()) / 1_000_000, "$")
            told = f"{len(mine)} of {whole:,} persons ended below zero, the worst at {worst}"
            yield Anomaly("losses", arm, 0, told)


def _silent(study: Study) -> Iterator[Anomaly]:
    if study.base.survey is None:
        return
    said = study.frame("survey")
    for arm in study.arms:
        asked = int((study.frame("persons")["arm"] == arm).sum())
        answered = int((said["arm"] == arm).sum()) if len(said) else 0
        if answered < asked:
            told = f"{answered} of {asked} people answered the survey"
            yield Anomaly("survey", arm, 0, told)


def _mixed_code(study: Study) -> Iterator[Anomaly]:
    if study.plan.commit.endswith("+"):
        told = f"run from code that was not committed, on top of {study.plan.commit[:-1]}"
        yield Anomaly("provenance", "", 0, told)
    for cell in study.cells:
        manifest = study.manifests[cell.name]
        if (manifest.souq, manifest.commit) != (study.plan.souq, study.plan.commit):
            told = f"run by souq {manifest.souq} {manifest.commit}, unlike the plan"
            yield Anomaly("provenance", cell.arm, cell.repetition, told)


def _scores(values: Any) -> Iterator[tuple[int, float]]:
    """Give the place and robust z score of each value that stands out."""
    numpy, stats = load("numpy", of="a report"), load("scipy.stats", of="a report")
    found = numpy.asarray(values, dtype=float)
    if len(found) < CELLS_MIN:
        return
    spread = stats.median_abs_deviation(found, scale="normal")
    if not spread > 0:
        return
    scores = (found - numpy.median(found)) / spread
    for n in numpy.flatnonzero(numpy.abs(scores) > ROBUST_Z).tolist():
        yield n, float(scores[n])


CHECKS: dict[str, Callable[[Study], Iterator[Anomaly]]] = {
    "cells not finished, damaged or of another plan": _left_out,
    "cells that stopped early, and calls of models that failed": _stopped,
    "models that used up their budgets": _budgets,
    "markets without a deal": _idle,
    "metrics that only some markets of an arm define": _undefined,
    f"markets far from their arm’s median (robust z beyond {ROBUST_Z:g}, of {CELLS_MIN} markets"
    " or more)": _outlying,
    f"refusals out of line (robust z beyond {ROBUST_Z:g})": _refused,
    "contracts left open": _open,
    "people who ended below zero": _losers,
    "people who did not answer the survey": _silent,
    "code other than the plan’s": _mixed_code,
}
