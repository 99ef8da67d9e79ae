"""An experiment's folder, opened to be read: what is whole in it, and what had to be left out.

Nothing here runs or changes a cell. A cell counts only if its tables are, to the byte, what its
manifest says; whatever is missing or damaged is named in `left_out`, and the rest is read.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from souq.lab import tables
from souq.lab.experiment import folder, reading, surveying
from souq.lab.experiment.cells import Cell
from souq.lab.experiment.folder import BadFolder, CellManifest, CellRun, Plan
from souq.lab.experiment.schema import Arm, Design, Experiment
from souq.lab.extra import load

USD = 1_000_000
NEEDED = "metrics"  # the one table that every cell has, whatever its mode


class LeftOut(Struct, frozen=True):
    """A cell that is not counted, and why."""

    cell: Cell
    why: str


class Study(Struct, frozen=True):
    """What one folder holds. `frames` are pandas' tables of all counted cells, by name.

    A frame that no cell has is not there; one with no rows is empty. `notes` say what about the
    folder itself a reader should know.
    """

    folder: Path
    design: Design
    plan: Plan
    cells: tuple[Cell, ...]
    manifests: dict[str, CellManifest]  # by the cell's name
    runs: dict[str, CellRun]  # likewise, the last of each
    left_out: tuple[LeftOut, ...]
    frames: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def base(self) -> Experiment:
        """Give what all arms share."""
        return self.design.base

    @property
    def arms(self) -> tuple[str, ...]:
        """Give the names of the arms, in the order of the file."""
        return tuple(arm.name for arm in self.design.arms)

    def frame(self, name: str) -> Any:
        """Give a table; without rows where no cell has it."""
        found = self.frames.get(name)
        return found if found is not None else tables.read_all([], name).to_pandas()

    @property
    def persons(self) -> Any:
        """Give the table of one row a person and market: of a deal's people, or a floor's readers.

        It has at least arm, repetition, person and kind.
        """
        found = self.frame("persons")
        return self.frame("readers") if found.empty and "readers" in self.frames else found

    @property
    def kinds(self) -> tuple[str, ...]:
        """Give the kinds of agents that the file names, in its order."""
        return tuple(self.base.agents if self.base.mode == "deal" else self.base.swap.kinds)

    def cells_of(self, arm: str) -> list[Cell]:
        """List the counted cells of an arm."""
        return [cell for cell in self.cells if cell.arm == arm]


def open_study(at: Path) -> Study:
    """Read an experiment's folder. Raises BadFolder where nothing in it can be reported."""
    if (at / folder.MANIFEST).is_file() and not (at / folder.PLAN).exists():
        raise BadFolder(f"{at} is one cell of an experiment; name the experiment's own folder")
    plan = folder.read_plan(at)
    notes: list[str] = []
    design = _design(at, plan, notes)
    plan_sha256 = hashlib.sha256((at / folder.PLAN).read_bytes()).hexdigest()
    counted: list[Cell] = []
    manifests: dict[str, CellManifest] = {}
    left_out: list[LeftOut] = []
    last = _enough_after(at, plan, notes)
    for cell in plan.cells:
        if cell.repetition > last:
            continue  # not needed
        try:
            manifests[cell.name] = _checked(at, cell, plan_sha256)
            counted.append(cell)
        except BadFolder as error:
            left_out.append(LeftOut(cell, str(error)))
    if not counted:
        why = left_out[0].why if left_out else "its plan has no cells"
        raise BadFolder(
            f"{at}: not one of {len(plan.cells)} cells can be read ({why}); finish the run with"
            " souq lab run FILE --resume"
        )
    return Study(
        at,
        design,
        plan,
        tuple(counted),
        manifests,
        _runs(at, notes),
        tuple(left_out),
        _frames(at, counted, notes),
        tuple(notes),
    )


def _enough_after(at: Path, plan: Plan, notes: list[str]) -> int:
    """Give the last repetition that the experiment needed, by its own stopping rule."""
    try:
        last = int((at / folder.ENOUGH).read_text())
    except (OSError, ValueError):
        return plan.repetitions
    notes.append(f"The stopping rule was met after {last} of {plan.repetitions} repetitions.")
    return last


def _design(at: Path, plan: Plan, notes: list[str]) -> Design:
    """Read the file that the experiment was run from, or make do with its plan."""
    path = at / folder.FILE
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != plan.file_sha256:
            notes.append(f"{folder.FILE} was changed after the run: its SHA-256 is not the plan's.")
        design = reading.parse_again(content.decode("utf-8-sig"), path)
    except (OSError, UnicodeDecodeError, reading.BadExperiment) as error:
        why = " ".join(str(error).split())
        notes.append(f"{folder.FILE} cannot be read, so settings are not told: {why}")
        return _from_plan(plan)
    if {arm.name for arm in design.arms} != set(plan.arms):
        notes.append(f"{folder.FILE} names other arms than the plan; the plan's are reported.")
        return _from_plan(plan)
    return design


def _from_plan(plan: Plan) -> Design:
    base = Experiment(name="unknown", repetitions=plan.repetitions)
    return Design(base, tuple(Arm(name, base) for name in plan.arms))


def _checked(at: Path, cell: Cell, plan_sha256: str) -> CellManifest:
    """Give a cell's manifest, if its tables are those that it names. Raises BadFolder."""
    where = folder.whole(at, cell)
    if not where.is_dir():
        begun = folder.partial(at, cell).is_dir()
        raise BadFolder("was begun and not finished" if begun else "was not run")
    try:
        manifest = msgspec.json.decode((where / folder.MANIFEST).read_bytes(), type=CellManifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadFolder(f"its manifest cannot be read: {error}") from None
    if manifest.plan_sha256 != plan_sha256 or manifest.cell != cell:
        raise BadFolder("its manifest is of another plan")
    names = [name for name in manifest.files if name.endswith(".parquet")]
    if f"{NEEDED}.parquet" not in names:
        raise BadFolder("it left no table of metrics")
    for name in sorted(names):
        path = where / name
        if not path.is_file():
            raise BadFolder(f"{name} is missing")
        if hashlib.sha256(path.read_bytes()).hexdigest() != manifest.files[name]:
            raise BadFolder(f"{name} is not the file that its manifest names")
    return manifest


def _runs(at: Path, notes: list[str]) -> dict[str, CellRun]:
    """Read when and how long cells were run; a line that was cut off counts for nothing."""
    found: dict[str, CellRun] = {}
    lines: list[bytes] = []
    if (at / folder.RUN).is_file():
        lines = (at / folder.RUN).read_bytes().splitlines()
    for line in lines:
        try:
            one = msgspec.json.decode(line, type=CellRun)
        except msgspec.MsgspecError:
            notes.append(f"A line of {folder.RUN} cannot be read; its time is not counted.")
            continue
        found[one.cell] = one
    return found


def _frames(at: Path, cells: Sequence[Cell], notes: list[str]) -> dict[str, Any]:
    pandas = load("pandas", of="a report")
    folders = [folder.whole(at, cell) for cell in cells]
    found: dict[str, Any] = {}
    for name in tables.TABLES:
        having = [one for one in folders if (one / f"{name}.parquet").is_file()]
        if having:
            found[name] = tables.read_all(having, name).to_pandas()
    if (at / surveying.FILE).is_file():
        try:
            rows = tables.read(at / surveying.FILE, tables.SurveyRow)
        except (OSError, ValueError, KeyError) as error:  # what pyarrow raises for a damaged file
            notes.append(f"{surveying.FILE} cannot be read: {' '.join(str(error).split())}")
        else:
            kept = {(cell.arm, cell.repetition) for cell in cells}
            rows = [row for row in rows if (row.arm, row.repetition) in kept]
            columns = tables.SurveyRow.__struct_fields__
            found["survey"] = pandas.DataFrame(
                [msgspec.structs.astuple(row) for row in rows], columns=list(columns)
            )
    return found
