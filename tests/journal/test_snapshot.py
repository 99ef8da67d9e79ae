"""A snapshot saves folding and decides nothing: whatever is wrong with one, it is passed over."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from souq.core import market
from souq.core.funds import ReportDeposit
from souq.core.rules import OPERATOR
from souq.engine import Engine
from souq.journal.replay import SNAPSHOT, load_snapshot, replay, write_snapshot
from souq.journal.sqlite import SqliteStore
from tests.journal.day import play, usd

ROOT = Path(__file__).parents[2]
CLI = "from souq.cli import main; main()"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed journal with a snapshot in it, one record behind its head."""
    folder = tmp_path_factory.mktemp("day") / "market"
    engine = play(SqliteStore(folder)).engine
    write_snapshot(engine.store, folder / SNAPSHOT)
    engine.submit(OPERATOR, "after", ReportDeposit("P1", usd(1))).need()
    engine.close()
    return folder


@pytest.fixture
def folder(day: Path, tmp_path: Path) -> Path:
    shutil.copytree(day, tmp_path / "copy")
    return tmp_path / "copy"


def opened(folder: Path) -> tuple[str, int, int]:
    """Open the market with its snapshot; give the state's hash, its stamp and the head."""
    with Engine(SqliteStore(folder), snapshot=folder / SNAPSHOT) as engine:
        return market.state_hash(engine.state), engine.state.at, engine.head[0]


def folded(folder: Path) -> tuple[str, int, int]:
    """Open the market without it."""
    with Engine(SqliteStore(folder)) as engine:
        return market.state_hash(engine.state), engine.state.at, engine.head[0]


def used(folder: Path) -> bool:
    store = SqliteStore(folder, read_only=True)
    try:
        return load_snapshot(store, folder / SNAPSHOT, None) is not None
    finally:
        store.close()


def test_a_market_opened_from_a_snapshot_is_the_same_market(folder: Path) -> None:
    assert used(folder)
    assert opened(folder) == folded(folder)
    for snapshot in (folder / SNAPSHOT, None):
        with Engine(SqliteStore(folder), snapshot=snapshot) as engine:
            engine.submit(OPERATOR, f"{snapshot is None}", ReportDeposit("P2", usd(1)))
            again = replay(engine.store)
            assert market.state_hash(again.state) == market.state_hash(engine.state)
            assert again.state.next_due() == engine.state.next_due()


def test_a_snapshot_serves_a_fork_at_a_later_record_and_not_at_an_earlier_one(
    folder: Path,
) -> None:
    store = SqliteStore(folder, read_only=True)
    path, last = folder / SNAPSHOT, store.head()[0]
    assert load_snapshot(store, path, last) is not None
    assert load_snapshot(store, path, last - 2) is None
    for until in (5, last - 2, last):
        with_it = replay(store, until=until, snapshot=path)
        assert market.state_hash(with_it.state) == market.state_hash(
            replay(store, until=until).state
        )
    store.close()


def test_a_missing_snapshot_is_no_trouble(folder: Path) -> None:
    (folder / SNAPSHOT).unlink()
    assert opened(folder) == folded(folder)


def change(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda snapshot: snapshot.__setitem__(name, value)


def raise_balance(snapshot: dict[str, Any]) -> None:
    snapshot["tables"]["accounts"]["wallet:P1/USD"]["posted"] += 1


def forget_a_table(snapshot: dict[str, Any]) -> None:
    del snapshot["tables"]["holds"]


def forget_a_deadline(snapshot: dict[str, Any]) -> None:
    snapshot["tables"]["deadlines"] = {}
    snapshot["tables"]["counters"]["N"] += 1


@pytest.mark.parametrize(
    "spoil",
    [
        change("seq", 0),
        change("seq", -5),
        change("seq", 3),
        change("seq", 10**9),
        change("hash", "0" * 64),
        change("state_hash", "0" * 64),
        change("tables", {}),
        change("tables", None),
        raise_balance,
        forget_a_table,
        forget_a_deadline,
    ],
)
def test_a_spoiled_snapshot_is_ignored(
    folder: Path, spoil: Callable[[dict[str, Any]], None]
) -> None:
    snapshot = json.loads((folder / SNAPSHOT).read_bytes())
    spoil(snapshot)
    (folder / SNAPSHOT).write_text(json.dumps(snapshot))
    assert not used(folder)
    assert opened(folder) == folded(folder)


def test_a_snapshot_with_any_bit_flipped_never_gives_another_state(folder: Path) -> None:
    chance = random.Random(4)
    whole = (folder / SNAPSHOT).read_bytes()
    right = folded(folder)
    store = SqliteStore(folder, read_only=True)
    ignored = 0
    for _ in range(200):
        at = chance.randrange(len(whole))
        flipped = whole[at] ^ (1 << chance.randrange(8))
        (folder / SNAPSHOT).write_bytes(whole[:at] + bytes([flipped]) + whole[at + 1 :])
        found = replay(store, snapshot=folder / SNAPSHOT)
        assert (market.state_hash(found.state), found.state.at, found.seq) == right
        ignored += load_snapshot(store, folder / SNAPSHOT, None) is None
    store.close()
    assert ignored > 190


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_half_a_snapshot_is_ignored(folder: Path, share: float) -> None:
    whole = (folder / SNAPSHOT).read_bytes()
    (folder / SNAPSHOT).write_bytes(whole[: int(len(whole) * share)])
    assert not used(folder)
    assert opened(folder) == folded(folder)


def test_another_markets_snapshot_is_ignored(folder: Path, tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path / "other")) as engine:
        for n in range(80):
            engine.submit(OPERATOR, f"{n}", ReportDeposit("P1", usd(1)))
        write_snapshot(engine.store, folder / SNAPSHOT)
    assert not used(folder)
    assert opened(folder) == folded(folder)


def test_another_process_writes_it_while_the_market_runs(tmp_path: Path) -> None:
    engine = play(SqliteStore(tmp_path)).engine
    command = [sys.executable, "-c", CLI, "snapshot", str(tmp_path)]
    writer = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    count = 0
    while writer.poll() is None:
        engine.submit(OPERATOR, f"meanwhile-{count}", ReportDeposit("P1", usd(1))).need()
        count += 1
    told, _ = writer.communicate()
    assert writer.returncode == 0, told
    engine.close()
    assert count > 0
    assert used(tmp_path)
    assert opened(tmp_path) == folded(tmp_path)
