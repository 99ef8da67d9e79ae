"""Runs an experiment: all its cells, each once, however often it is cut off and resumed."""

import hashlib
import platform
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from souq import __version__
from souq.lab.experiment import folder, reading, stopping, surveying
from souq.lab.experiment.cells import Cell, cells_of, looks_of
from souq.lab.experiment.folder import BadFolder, CellRun, Plan
from souq.lab.experiment.one_cell import Order, read_progress
from souq.lab.experiment.schema import Design
from souq.lab.provenance import commit


class Done(Struct, frozen=True):
    """A cell that was run just now, and how long that took."""

    cell: Cell
    seconds: float
    cpu_seconds: float


class Engine(Protocol):
    """Runs orders somewhere, some at once, into the folders that they are to leave.

    Gives each as it is done, in any order. Raises CellFailed and NotReady.
    """

    def run(self, orders: Sequence[tuple[Order, Path]]) -> Iterator[Done]: ...


class Standing(Struct, frozen=True):
    """How far a run is: cells that are whole, and what their models cost, in units."""

    done: int
    cost_units: int


Tell = Callable[[Standing], None]


def plan_of(file: Path, design: Design) -> Plan:
    """Say what will be run, before it is."""
    content = file.read_bytes()
    cells = cells_of(design)
    return Plan(
        __version__,
        commit(Path(__file__)),
        hashlib.sha256(content).hexdigest(),
        {
            name: hashlib.sha256((file.parent / name).read_bytes()).hexdigest()
            for name in named_files(design)
        },
        tuple(arm.name for arm in design.arms),
        design.base.repetitions,
        tuple(cells),
    )


def named_files(design: Design) -> list[str]:
    """List the files that an experiment's arms read, by the names they have in it."""
    found: dict[str, None] = {}
    for arm in design.arms:
        people, market = arm.experiment.population, arm.experiment.market
        named = [path for source in people.sources for path in source.paths]
        found |= dict.fromkeys((*named, people.file, market.guardrails))
    return sorted(name for name in found if name)


def begin(file: Path, out: Path, *, is_resumed: bool) -> tuple[Design, Plan]:
    """Make an experiment's folder, or find it as it was left.

    Raises BadExperiment, BadFolder and OSError.
    """
    design = reading.read(file)
    plan = plan_of(file, design)
    if (out / folder.PLAN).exists():
        if not is_resumed:
            raise BadFolder(
                f"{out} holds an experiment; go on with --resume, or name another --out"
            )
        before = folder.read_plan(out)
        if (before.file_sha256, before.inputs) != (plan.file_sha256, plan.inputs):
            raise BadFolder(f"{out} was begun with other files; name another --out")
        if (before.souq, before.commit) != (plan.souq, plan.commit):
            raise BadFolder(
                f"{out} was begun with souq {before.souq} {before.commit}, and this is"
                f" {plan.souq} {plan.commit}: its cells would not compare; name another --out"
            )
        return design, before
    if out.exists() and (not out.is_dir() or any(map(folder.is_of_others, out.iterdir()))):
        raise BadFolder(f"{out} is there already, and holds no experiment; name another --out")
    (out / folder.CELLS).mkdir(parents=True, exist_ok=True)
    folder.write_whole(out / folder.FILE, file.read_bytes())
    folder.write_whole(out / folder.ORIGIN, str(file.parent.resolve()).encode())
    folder.write_whole(out / folder.PLAN, folder.encoded(plan))
    return design, plan


def run(
    design: Design, plan: Plan, out: Path, beside: Path, engine: Engine, tell: Tell
) -> list[Cell]:
    """Run what is not yet there; give the cells that the experiment consists of.

    `beside` is the folder that the experiment's file names its files from. Raises what engines do.
    """
    plan_sha256 = hashlib.sha256((out / folder.PLAN).read_bytes()).hexdigest()
    arms = {arm.name: arm.experiment for arm in design.arms}
    used: list[Cell] = []
    with folder.held(out):
        finished = folder.finished_cells(out, plan)
        count, cost = len(finished), sum(_cost(out, cell) for cell in finished)
        tell(Standing(count, cost))
        for look in looks_of(design, plan.cells):
            left = [cell for cell in look if not (folder.whole(out, cell)).exists()]
            orders = [
                (
                    Order(cell, arms[cell.arm], plan_sha256, plan.commit, str(beside.resolve())),
                    folder.partial(out, cell),
                )
                for cell in left
            ]
            for done in engine.run(orders):
                folder.seal(out, done.cell)
                _note(out, done)
                count, cost = count + 1, cost + _cost(out, done.cell)
                tell(Standing(count, cost))
            used += look
            if stopping.is_enough(design, out, used):
                folder.write_whole(out / folder.ENOUGH, f"{used[-1].repetition}\n".encode())
                break
        surveying.take(design, out, beside, used)
    return used


def at_work(out: Path) -> tuple[float, int]:
    """Give how much of the cells at work here is done, in cells, and what their models cost."""
    found = [read_progress(one) for one in (out / folder.CELLS).glob(".*")]
    return sum(done / max(1, every) for done, every, _ in found), sum(cost for *_, cost in found)


def _cost(out: Path, cell: Cell) -> int:
    spent = folder.read_manifest(out, cell).spent
    return spent.cost_units if spent else 0


def _note(out: Path, done: Done) -> None:
    """Add to what differs from run to run."""
    machine = f"{platform.system()} {platform.machine()} {socket.gethostname()}"
    said = CellRun(
        done.cell.name,
        datetime.now(UTC).isoformat(timespec="seconds"),
        machine,
        round(done.seconds, 3),
        round(done.cpu_seconds, 3),
    )
    with (out / folder.RUN).open("ab") as file:
        file.write(msgspec.json.encode(said) + b"\n")
