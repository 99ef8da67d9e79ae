"""A snapshot saves time and changes nothing; one that does not fit is passed over."""

import subprocess
import sys
from pathlib import Path

import pytest

from souq.core import market
from souq.core.funds import ReportDeposit
from souq.core.rules import OPERATOR
from souq.engine import Engine
from souq.journal.replay import SNAPSHOT, load_snapshot, replay, write_snapshot
from souq.journal.sqlite import SqliteStore
from tests.journal.day import play, usd


CLI = "from souq.cli import main; main()"


def grow(folder: Path) -> str:
    """Play a day, snapshot it, and go on a little; give the state's hash."""
    engine = play(SqliteStore(folder)).engine
    write_snapshot(engine.store, folder / SNAPSHOT)
    engine.submit(OPERATOR, "later", ReportDeposit("P1", usd(3)))
    digest = market.state_hash(engine.state)
    engine.close()
    return digest


def test_opening_from_a_snapshot_gives_the_same_state(tmp_path: Path) -> None:
    digest = grow(tmp_path / "m")
    store = SqliteStore(tmp_path / "m")
    found = load_snapshot(store, tmp_path / "m" / SNAPSHOT, None)
    assert found is not None
    assert found.seq == store.head()[0] - 1
    with Engine(store, snapshot=tmp_path / "m" / SNAPSHOT) as engine:
        assert market.state_hash(engine.state) == digest
        # Deadlines wake up with the state, so time goes on as it would have.
        assert engine.state.next_due() == replay(engine.store).state.next_due()


@pytest.mark.parametrize(
    "spoil", [lambda raw: raw[:-9], lambda raw: raw.replace(b"posted", b"postec"), lambda raw: b""]
)
def test_a_damaged_snapshot_is_passed_over(tmp_path: Path, spoil: object) -> None:
    digest = grow(tmp_path / "m")
    path = tmp_path / "m" / SNAPSHOT
    assert callable(spoil)
    path.write_bytes(spoil(path.read_bytes()))
    with Engine(SqliteStore(tmp_path / "m"), snapshot=path) as engine:
        assert market.state_hash(engine.state) == digest


def test_a_snapshot_of_another_market_is_passed_over(tmp_path: Path) -> None:
    grow(tmp_path / "one")
    other = play(SqliteStore(tmp_path / "two")).engine
    other.submit(OPERATOR, "x", ReportDeposit("P1", usd(9)))
    digest = market.state_hash(other.state)
    write_snapshot(other.store, tmp_path / "foreign.json")
    other.close()
    store = SqliteStore(tmp_path / "one", read_only=True)
    assert load_snapshot(store, tmp_path / "foreign.json", None) is None
    store.close()
    with Engine(SqliteStore(tmp_path / "two"), snapshot=tmp_path / "one" / SNAPSHOT) as engine:
        assert market.state_hash(engine.state) == digest


def test_another_process_writes_it_while_the_market_runs(tmp_path: Path) -> None:
    engine = play(SqliteStore(tmp_path / "m")).engine
    done = subprocess.run(
        [sys.executable, "-c", CLI, "snapshot", str(tmp_path / "m")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = load_snapshot(engine.store, tmp_path / "m" / SNAPSHOT, None)
    assert found is not None
    assert market.state_hash(found.state) == market.state_hash(engine.state)
    engine.submit(OPERATOR, "goes on", ReportDeposit("P1", usd(1))).need()
    engine.close()
