"""Runs one cell into a folder: the same work whoever asks for it, and the same bytes."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from souq import __version__
from souq.agents.llm.recording import FILE as CALLS
from souq.core.refusal import Refused
from souq.journal.copying import copy_journal
from souq.journal.memory import MemoryStore
from souq.journal.sqlite import LOCK as STORE_LOCK
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.lab import tables
from souq.lab.experiment import deal_mode, folder, swap_mode
from souq.lab.experiment.cells import Cell
from souq.lab.experiment.folder import CellManifest, Forked
from souq.lab.experiment.schema import Experiment
from souq.lab.simulation import Simulation, seeded_store

PROGRESS = "progress"  # a file that tells the one who waits how far it is
NOT_KNOWN = (0, 1, 0)  # not begun, just over, or being written
MODES: dict[str, Any] = {"deal": deal_mode, "swap": swap_mode}


class Order(Struct, frozen=True):
    """A cell to run: all that a process elsewhere needs. `beside` is where named files are."""

    cell: Cell
    experiment: Experiment
    plan_sha256: str
    commit: str
    beside: str


class Fork(Protocol):
    """Looks at a market before every turn, and changes it once; `told` says what was done."""

    def __call__(self, simulation: Simulation) -> None: ...
    def told(self) -> Forked: ...


class CellFailed(Exception):
    """A cell that could not be run; the message names it and says why."""


def run_cell(order: Order, at: Path, fork: Fork | None = None) -> None:
    """Run a cell into a folder that is emptied before, but for recorded calls of models.

    Raises CellFailed for what the cell's market cannot have, and NotReady for models.
    """
    folder.clear(at, kept=(CALLS,))
    asked, cell = order.experiment, order.cell
    has_models = MODES[asked.mode].has_models(asked)
    # What models say is no simulation, and no seed repeats it: each record is kept at once. Where
    # all is scripted, nothing is lost but a second, and the journal is written when it is whole.
    store: Store = SqliteStore(at) if has_models else MemoryStore()
    more = {"before_turn": fork} if fork is not None else {}
    try:
        found = MODES[asked.mode].run(
            asked, cell, store, at, Path(order.beside), _teller(at), **more
        )
    except (ValueError, Refused) as error:
        why = f"arm {cell.arm!r}, repetition {cell.repetition}: {error}"
        raise CellFailed(f"cell {cell.name} ({why})") from None
    finally:
        store.close()
    if not has_models:
        with closing(seeded_store(at, cell.luck_seed)) as kept:
            copy_journal(store, kept)
    for name, kind in tables.TABLES.items():
        if name in found.rows:
            tables.write(at / f"{name}.parquet", kind, found.rows[name])
    for name in (PROGRESS, STORE_LOCK):
        (at / name).unlink(missing_ok=True)
    manifest = CellManifest(
        cell,
        order.plan_sha256,
        __version__,
        order.commit,
        found.head[0],
        found.head[1].hex(),
        found.models,
        found.spent,
        found.stop,
        folder.hashes(at),
        fork.told() if fork is not None else None,
    )
    (at / folder.MANIFEST).write_bytes(folder.encoded(manifest))


def _teller(at: Path) -> Callable[[int, int, int], None]:
    def tell(done: int, whole: int, cost_units: int) -> None:
        (at / PROGRESS).write_bytes(msgspec.json.encode((done, whole, cost_units)))

    return tell


def read_progress(at: Path) -> tuple[int, int, int]:
    """Give how far a cell is: turns over, turns in all, and what models cost; or zeros."""
    try:
        found = msgspec.json.decode((at / PROGRESS).read_bytes(), type=tuple[int, int, int])
    except (OSError, msgspec.MsgspecError):
        return NOT_KNOWN
    return found
