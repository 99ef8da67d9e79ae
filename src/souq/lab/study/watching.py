"""An experiment's folder seen from outside, while it is run and after: how far each cell is.

Nothing in it is changed. What is whole stays as it is, and is read once.
"""

import contextlib
import statistics
from pathlib import Path

import msgspec

from souq.core.money import BPS
from souq.journal.sqlite import FILE as JOURNAL
from souq.lab import tables
from souq.lab.experiment import folder, reading
from souq.lab.experiment.cells import Cell
from souq.lab.experiment.folder import BadFolder, CellRun, Plan
from souq.lab.experiment.one_cell import NOT_KNOWN, read_progress
from souq.lab.extra import LabExtraMissing
from souq.lab.metrics import METRICS
from souq.lab.study.wording import number
from souq.lab.tables import MetricRow
from souq.surfaces.console.shelf import CellSeen, ExperimentSeen, Mean, Means

REPORT = "report.html"
_NO_CELL = "No cell is done yet; each adds its figures when it is."


class Watcher:
    """Looks at one experiment's folder again and again."""

    def __init__(self, at: Path) -> None:
        self._at = at
        self._plan: Plan | None = None
        self._question, self._outcome = "", ""
        self._whole: dict[str, CellSeen] = {}
        self._begun: dict[str, tuple[int, int, int]] = {}
        self._metrics: dict[str, list[MetricRow]] = {}

    def seen(self) -> ExperimentSeen:
        """Say how far the experiment is now."""
        is_running = folder.is_held(self._at)  # first: a run that ends meanwhile leaves no gap
        try:
            plan = self._read_plan()
        except BadFolder as error:
            return ExperimentSeen(self._at.name, "", "", (), 0, (), is_running, trouble=str(error))
        seconds = {one.cell: one.seconds for one in self._runs()}
        enough = self._enough()
        last = plan.repetitions if enough is None else enough
        cells = tuple(
            self._cell(cell, seconds.get(cell.name, 0.0), last, is_running) for cell in plan.cells
        )
        return ExperimentSeen(
            self._at.name,
            self._question,
            self._outcome,
            plan.arms,
            plan.repetitions,
            cells,
            is_running,
            enough,
            _left_s(cells) if is_running else None,
            (self._at / REPORT).is_file(),
        )

    def means(self) -> Means:
        """Give each metric's mean over the cells that are done, arm by arm."""
        try:
            plan = self._read_plan()
            rows = [
                row for cell in folder.finished_cells(self._at, plan) for row in self._rows(cell)
            ]
        except LabExtraMissing as error:
            return Means(why=str(error))
        except (BadFolder, OSError, ValueError, KeyError) as error:
            return Means(why=f"Metrics cannot be read: {error}")
        if not rows:
            return Means(why=_NO_CELL)
        names = dict.fromkeys(row.metric for row in rows)
        first = self._outcome
        return Means(
            tuple(
                _mean(name, rows, plan.arms) for name in sorted(names, key=lambda one: one != first)
            )
        )

    def _read_plan(self) -> Plan:
        if self._plan is None:
            self._plan = folder.read_plan(self._at)
            with contextlib.suppress(OSError, UnicodeDecodeError, reading.BadExperiment):
                text = (self._at / folder.FILE).read_text("utf-8-sig")
                base = reading.parse_again(text, self._at / folder.FILE).base
                self._question, self._outcome = base.question, base.outcome
        return self._plan

    def _cell(self, cell: Cell, seconds: float, last: int, is_running: bool) -> CellSeen:
        known = self._whole.get(cell.name)
        if known is not None and (known.seconds or not is_running):
            return known
        begun, whole = folder.partial(self._at, cell), folder.whole(self._at, cell)
        named = CellSeen(cell.name, cell.arm, cell.repetition, "waiting")
        if (whole / folder.MANIFEST).is_file():
            try:
                found = folder.read_manifest(self._at, cell)
            except BadFolder as error:
                return msgspec.structs.replace(named, state="cut_off", stop=str(error))
            done = msgspec.structs.replace(
                named,
                state="done",
                share_bps=BPS,
                cost_units=found.spent.cost_units if found.spent else 0,
                records=found.records,
                seconds=seconds,
                stop=found.stop,
                has_market=(whole / JOURNAL).is_file(),
            )
            self._whole[cell.name] = done
            return done
        if begun.is_dir():
            over, every, cost = self._progress(cell, begun)
            return msgspec.structs.replace(
                named,
                state="at_work" if is_running else "cut_off",
                share_bps=min(BPS, over * BPS // max(1, every)),
                cost_units=cost,
                has_market=(begun / JOURNAL).is_file(),
            )
        if cell.repetition > last:
            return msgspec.structs.replace(named, state="not_needed")
        return named

    def _progress(self, cell: Cell, begun: Path) -> tuple[int, int, int]:
        """Give how far a cell is; what it said last, while it says so anew."""
        found = read_progress(begun)
        if found == NOT_KNOWN:
            return self._begun.get(cell.name, found)
        self._begun[cell.name] = found
        return found

    def _rows(self, cell: Cell) -> list[MetricRow]:
        found = self._metrics.get(cell.name)
        if found is None:
            path = folder.whole(self._at, cell) / "metrics.parquet"
            found = self._metrics[cell.name] = tables.read(path, MetricRow)
        return found

    def _runs(self) -> list[CellRun]:
        found: list[CellRun] = []
        with contextlib.suppress(OSError):
            for line in (self._at / folder.RUN).read_bytes().splitlines():
                with contextlib.suppress(msgspec.MsgspecError):  # the last may be half written
                    found.append(msgspec.json.decode(line, type=CellRun))
        return found

    def _enough(self) -> int | None:
        try:
            return int((self._at / folder.ENOUGH).read_text())
        except (OSError, ValueError):
            return None


def _mean(name: str, rows: list[MetricRow], arms: tuple[str, ...]) -> Mean:
    known = METRICS.get(name)
    values = {arm: [r.value for r in rows if r.metric == name and r.arm == arm] for arm in arms}
    unit = known.unit if known else ""
    means = []
    for arm in arms:
        told = [value for value in values[arm] if value is not None]
        means.append(number(statistics.fmean(told) if told else None, unit))
    return Mean(name, known.about if known else "", tuple(means))


def _left_s(cells: tuple[CellSeen, ...]) -> float | None:
    """Say how long the rest takes, at the mean pace of what is done and as many at once."""
    paces = [cell.seconds for cell in cells if cell.seconds]
    if not paces:
        return None
    at_once = sum(cell.state == "at_work" for cell in cells)
    left = sum(BPS - one.share_bps for one in cells if one.state in ("waiting", "at_work")) / BPS
    return left * statistics.fmean(paces) / max(1, at_once)
