"""`souq copy` from the command line: a market moves into PostgreSQL and back, byte for byte."""

from pathlib import Path

from typer.testing import CliRunner

from souq.cli import app
from souq.cli.output import MISTAKES
from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify
from souq.sdk.client import Client


def bodies(folder: Path) -> list[bytes]:
    store = SqliteStore(folder, read_only=True)
    found = [entry.body for entry in store.read()]
    verify(store)
    store.close()
    return found


def test_a_market_moves_to_a_database_and_back(tmp_path: Path, url: str) -> None:
    with Client.local(tmp_path / "here") as market:
        sol = market.join("sol", deposit="5")
        for n in range(50):
            sol.list(f"Lamp {n}", category="home", price="9")
    there = CliRunner().invoke(app, ["copy", str(tmp_path / "here"), url])
    assert there.exit_code == 0, there.output
    assert "copied" in there.stdout
    back = CliRunner().invoke(app, ["copy", url, str(tmp_path / "back")])
    assert back.exit_code == 0, back.output
    assert bodies(tmp_path / "back") == bodies(tmp_path / "here")
    again = CliRunner().invoke(app, ["copy", str(tmp_path / "here"), url])
    assert isinstance(again.exception, MISTAKES), "nothing is ever copied over a market"
