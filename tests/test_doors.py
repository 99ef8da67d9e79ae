"""Every scenario comes out the same through every door: equal journals, byte for byte."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from souq.journal.sqlite import SqliteStore
from tests.doors import CliDoor, HttpDoor, LocalDoor
from tests.scenario import Clock, Play
from tests.test_scenarios import FILES

DOORS: dict[str, Callable[[Path, Clock], Any]] = {
    "in process": LocalDoor,
    "http": HttpDoor,
    "cli": CliDoor,
}


def told(path: Path, folder: Path, open_door: Callable[[Path, Clock], Any]) -> list[bytes]:
    clock = Clock()
    door = open_door(folder, clock)
    try:
        Play(LateStore(folder), door, clock).tell(path.read_text(encoding="utf-8"))
    finally:
        door.close()
    store = SqliteStore(folder, read_only=True)
    bodies = [entry.body for entry in store.read()]
    store.close()
    return bodies


class LateStore:
    """Reads a journal that a server is writing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        if name == "_store":
            self._store = SqliteStore(self._folder, read_only=True)
            return self._store
        return getattr(self._store, name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_deal_goes_the_same_way_through_every_door(path: Path, tmp_path: Path) -> None:
    found = {
        name: told(path, tmp_path / name.replace(" ", "-"), door) for name, door in DOORS.items()
    }
    assert found["http"] == found["in process"]
    assert found["cli"] == found["in process"]
