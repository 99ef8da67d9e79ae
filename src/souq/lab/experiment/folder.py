"""An experiment's folder: the file it was run from, the plan, and a folder for each cell.

    experiment.toml   as it was given
    plan.json         what will be run: written before the first cell, never changed
    cells/00001/      one cell: its journal, manifest.json, and a Parquet file for each table
    cells/.00002/     a cell that is being run, or was cut off
    run.jsonl         when, where and how long, cell by cell: what differs from run to run
    enough            after which repetition the stopping rule was met, if it was
    origin            the folder of that file: what it names is looked for beside it

A cell's folder gets its name when all in it is written, so what bears one is whole.
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from souq.agents.llm.spending import Spent
from souq.journal.sqlite import SIDE_FILES
from souq.lab.casting import Manifest as ModelManifest
from souq.lab.experiment.cells import Cell

FILE = "experiment.toml"
PLAN = "plan.json"
RUN = "run.jsonl"
ORIGIN, ENOUGH = "origin", "enough"
MANIFEST = "manifest.json"
CELLS = "cells"
LOCK = "lock"
_WAITS_S = (0.02, 0.05, 0.1)  # whoever only looks whether it is held has let go by then


# What a damaged file raises: msgspec's errors are ValueErrors, and deep nesting is its own.
_UNREADABLE = (OSError, ValueError, RecursionError)


class BadFolder(ValueError):
    """A folder that cannot be used so; the message says what to do."""


class Plan(Struct, frozen=True):
    """What will be run: the hash of the experiment's file, and `inputs` of those it names.

    Who gets which kind of agent follows from a cell's seeds, which stand here before it is run.
    """

    souq: str
    commit: str
    file_sha256: str
    inputs: dict[str, str]
    arms: tuple[str, ...]
    repetitions: int
    cells: tuple[Cell, ...]


class Forked(Struct, frozen=True):
    """Where a counterfactual left the path: after record `at` of a journal, whose hash was this.

    The change is made before the next turn: it is record `changed_at` of the new journal.
    """

    at: int
    hash: str
    changed_at: int
    changes: dict[str, str]


class CellManifest(Struct, frozen=True):
    """What one cell was run with, and what came of it; the same whichever machine ran it.

    `plan_sha256` binds it to the plan; `files` are the SHA-256 of all others in the folder.
    """

    cell: Cell
    plan_sha256: str
    souq: str
    commit: str
    records: int
    head: str
    models: ModelManifest | None
    spent: Spent | None
    stop: str
    files: dict[str, str]
    forked: Forked | None = None


class CellRun(Struct, frozen=True):
    """When and where a cell was run."""

    cell: str
    began: str
    machine: str
    seconds: float
    cpu_seconds: float


def encoded(value: Struct) -> bytes:
    """Give a struct as JSON for people and for hashing: the same bytes each time."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2) + b"\n"


def is_of_others(path: Path) -> bool:
    """Tell whether something in a folder was not left by a run cut off at its beginning."""
    ours = (FILE, ORIGIN, PLAN, LOCK)
    if path.name == CELLS and path.is_dir():
        return any(path.iterdir())
    return path.name.removeprefix(".") not in ours


def read_plan(folder: Path) -> Plan:
    """Read the plan of an experiment's folder. Raises BadFolder."""
    try:
        return msgspec.json.decode((folder / PLAN).read_bytes(), type=Plan)
    except FileNotFoundError:
        raise BadFolder(f"{folder} holds no experiment; name what `souq lab run` made") from None
    except _UNREADABLE as error:
        raise BadFolder(f"{folder / PLAN} cannot be read: {error}") from None


def whole(folder: Path, cell: Cell) -> Path:
    """Give the folder that a whole cell has."""
    return folder / CELLS / cell.name


def partial(folder: Path, cell: Cell) -> Path:
    """Give the folder that a cell has while it is run."""
    return folder / CELLS / f".{cell.name}"


def finished_cells(folder: Path, plan: Plan) -> list[Cell]:
    """List the cells that are whole, in their order."""
    return [cell for cell in plan.cells if (whole(folder, cell) / MANIFEST).is_file()]


def read_manifest(folder: Path, cell: Cell) -> CellManifest:
    """Read a whole cell's manifest. Raises BadFolder."""
    path = whole(folder, cell) / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=CellManifest)
    except _UNREADABLE as error:
        raise BadFolder(f"{path}: {error}; delete the cell's folder, and resume") from None


def hashes(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each file in a folder but its manifest, by name.

    What SQLite keeps beside a journal is there while somebody watches it, and is no evidence.
    """
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != MANIFEST and not path.name.endswith(SIDE_FILES)
    }


def seal(folder: Path, cell: Cell) -> None:
    """Give a cell's folder its name, once all in it is on the disk."""
    begun = partial(folder, cell)
    for path in (*begun.iterdir(), begun):
        _sync(path)
    begun.rename(whole(folder, cell))
    _sync(folder / CELLS)


def clear(folder: Path, kept: Sequence[str] = ()) -> None:
    """Empty a folder but for what is kept, and make it where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, or as it was."""
    begun = path.with_name(f".{path.name}")
    begun.write_bytes(content)
    _sync(begun)
    begun.rename(path)
    _sync(path.parent)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder, so that no two programs run the same experiment. Raises BadFolder."""
    with (folder / LOCK).open("a") as file:
        for wait_s in (*_WAITS_S, 0):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if not wait_s:
                    why = f"{folder} is being run by another program; wait for it"
                    raise BadFolder(why) from None
                time.sleep(wait_s)
        yield


def is_held(folder: Path) -> bool:
    """Tell whether a program is running the experiment. Changes nothing in the folder."""
    try:
        file = (folder / LOCK).open("rb")
    except OSError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
