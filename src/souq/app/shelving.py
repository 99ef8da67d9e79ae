"""A folder of experiments and markets, opened to be looked at: nothing in it is changed.

A market's journal is opened when somebody looks at it, and closed again when nobody has for a
while, or when too many are open.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from souq.journal.record import Damaged
from souq.journal.sqlite import FILE as JOURNAL
from souq.lab.experiment import folder
from souq.lab.study.watching import REPORT, Watcher
from souq.surfaces.console.behind import Read
from souq.surfaces.console.shelf import ExperimentSeen, MarketSeen, Means
from souq.surfaces.problems import Malformed
from souq.venue.onlooker import FOLLOWED_MAX, Onlooker

OPEN_MAX = 8  # markets at once; beyond it the one least lately looked at is closed
IDLE_S = 300.0
REPORT_MAX = 64 << 20  # bytes; reports with all their charts have a few million


class Folder:
    """What stands in a folder: itself an experiment or a market, or some of those."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._watchers: dict[tuple[Path, int], Watcher] = {}
        self._opened: dict[Path, _Opened] = {}

    def experiments(self) -> tuple[ExperimentSeen, ...]:
        """Give all experiments, those at work first."""
        found = [self._watcher(path).seen() for path in self._places() if _is_experiment(path)]
        return tuple(sorted(found, key=lambda one: (not one.is_running, one.name)))

    def experiment(self, name: str) -> ExperimentSeen | None:
        """Give one experiment."""
        path = self._place(name)
        return self._watcher(path).seen() if path and _is_experiment(path) else None

    def means(self, name: str) -> Means:
        """Give an experiment's metrics."""
        path = self._place(name)
        return self._watcher(path).means() if path and _is_experiment(path) else Means()

    def markets(self) -> tuple[MarketSeen, ...]:
        """Give the markets that are no experiment's."""
        return tuple(
            MarketSeen(path.name, (path / REPORT).is_file())
            for path in self._places()
            if _is_market(path)
        )

    def report(self, name: str) -> bytes | None:
        """Give the page that an experiment or a market left for its readers."""
        path = self._place(name)
        return _read_inside(path, REPORT) if path else None

    async def cell(self, name: str, cell: str) -> Read | None:
        """Open a cell's market. Raises Malformed for one that cannot be read."""
        path = self._place(name)
        if path is None or not _is_experiment(path):
            return None
        # A cell's folder is renamed when it is whole, and its words are looked for beside it.
        places = (path / folder.CELLS / cell, path / folder.CELLS / f".{cell}")
        at = next((one for one in places if _is_market(one)), None)
        return await self._open(at) if at else None

    async def market(self, name: str) -> Read | None:
        """Open a market that is no experiment's. Raises Malformed for one that cannot be read."""
        path = self._place(name)
        return await self._open(path) if path and _is_market(path) else None

    def follow(self) -> dict[Path, int]:
        """Let what is open read on; give the last record of each."""
        opened = {path: one.read.market for path, one in self._opened.items() if one.read}
        for market in opened.values():
            market.follow(FOLLOWED_MAX)
        return {path: market.seq for path, market in opened.items()}

    def end_streams(self) -> None:
        """Let nobody wait for something new any more."""
        for one in self._opened.values():
            if one.read is not None:
                one.read.end_streams()

    def close(self) -> None:
        """Close all markets."""
        for path in list(self._opened):
            self._close(path)

    async def _open(self, at: Path) -> Read:
        self._tidy(at)
        found = self._opened.get(at)
        if found is None:
            found = self._opened[at] = _Opened(asyncio.ensure_future(_read(at)))
        found.used_s = time.monotonic()
        try:
            return await asyncio.shield(found.opening)
        except Exception:
            self._opened.pop(at, None)
            raise

    def _tidy(self, wanted: Path) -> None:
        """Close what nobody looks at any more, and what has another name by now."""
        now_s = time.monotonic()
        idle = sorted(
            (one.used_s, path)
            for path, one in self._opened.items()
            if path != wanted and one.read is not None and not one.read.is_listened_to
        )
        too_many = len(self._opened) - OPEN_MAX + (wanted not in self._opened)
        for n, (used_s, path) in enumerate(idle):
            if n < too_many or used_s < now_s - IDLE_S or not _is_market(path):
                self._close(path)

    def _close(self, path: Path) -> None:
        one = self._opened.pop(path)
        if one.read is not None:
            one.read.close()
        else:
            one.opening.cancel()

    def _watcher(self, path: Path) -> Watcher:
        try:
            version = (path / folder.PLAN).stat().st_mtime_ns
        except OSError:
            version = 0
        if (path, version) not in self._watchers:
            self._watchers[path, version] = Watcher(path)
        return self._watchers[path, version]

    def _place(self, name: str) -> Path | None:
        return next((path for path in self._places() if path.name == name), None)

    def _places(self) -> Iterator[Path]:
        if _is_experiment(self._path) or _is_market(self._path):
            yield self._path
            return
        try:
            yield from filter(_has_address, sorted(self._path.iterdir()))
        except OSError:
            return


class _Opened:
    """A market that was opened, or is being."""

    def __init__(self, opening: "asyncio.Future[Read]") -> None:
        self.opening = opening
        self.used_s = 0.0

    @property
    def read(self) -> Read | None:
        is_there = self.opening.done() and not self.opening.cancelled()
        return self.opening.result() if is_there and not self.opening.exception() else None


async def _read(at: Path) -> Read:
    """Read a market's journal, in a thread: there may be a million records. Raises Malformed."""
    try:
        return Read(await asyncio.to_thread(Onlooker.of, at))
    except FileNotFoundError:
        raise Malformed(404, "Its journal is not there any more; load the page above.") from None
    except (Damaged, ValueError, OSError, sqlite3.Error) as error:
        raise Malformed(503, f"This market cannot be read: {error}") from None


def _has_address(path: Path) -> bool:
    """Tell whether a page can be named after a folder: no browser can say what is no UTF-8."""
    name = os.fsencode(path.name)
    return not name.startswith(b".") and name.decode(errors="ignore").encode() == name


def _read_inside(place: Path, name: str) -> bytes | None:
    """Read a file of a folder that may be a stranger's: nothing that leads out of it, or waits."""
    path = place / name
    try:
        is_inside = path.resolve().is_relative_to(place.resolve())
        is_page = is_inside and path.is_file() and path.stat().st_size <= REPORT_MAX
        return path.read_bytes() if is_page else None
    except (OSError, RuntimeError):  # a link that leads to itself is the latter
        return None


def _is_experiment(path: Path) -> bool:
    return (path / folder.PLAN).is_file()


def _is_market(path: Path) -> bool:
    return (path / JOURNAL).is_file()
