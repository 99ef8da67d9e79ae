"""Receipts and heads from the command line, against a server and over a folder."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from souq.cli import app
from souq.cli.output import MISTAKES, Mistake
from souq.journal.record import GENESIS, chained
from souq.journal.sqlite import SqliteStore
from souq.sdk.client import Client
from souq.sdk.trader import Trader
from souq.views.receipt_check import check
from tests.evidence.markets import SCRIPT
from tests.serving import ADMIN, Served, serving


def ran(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def deal(market: Client) -> tuple[Trader, Trader, str]:
    bea, sol = market.join("bea", deposit="1000"), market.join("sol")
    talk = bea.offer(sol.list("Brass lamp", category="home", price="900"), "600")
    sol.counter(talk, "800")
    contract = bea.accept(talk)
    sol.deliver(contract)
    bea.confirm(contract)
    return bea, sol, contract


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "m") as one:
        yield one


def test_a_receipt_is_kept_and_verified_by_souq_and_by_the_script(
    served: Served, tmp_path: Path
) -> None:
    with Client(served.url, key=ADMIN) as market:
        _, _, contract = deal(market)
        published = market._http.get(f"{served.url}/.well-known/souq-evidence.json").json()
    file = tmp_path / "deal.json"
    ran("receipt", contract, "--server", served.url, "--key", ADMIN, "--out", file)
    key = check(file.read_bytes()).key
    assert published["keys"][0]["kid"]
    told = ran("verify-receipt", file, "--key", key)
    assert "A1 gives A2 800.00 USD" in told
    assert "Brass lamp" in told
    assert "acceptance" in told
    assert json.loads(ran("verify-receipt", file, "--json"))["contract"] == contract
    alone = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(file), key], capture_output=True, text=True
    )
    assert alone.returncode == 0, alone.stderr
    assert "A1 gives 800.000000 USD to A2" in alone.stdout
    (tmp_path / "key").write_text(key + "\n")
    ran("verify-receipt", file, "--key", tmp_path / "key")


def test_a_changed_receipt_is_refused_with_one_line_and_exit_code_1(
    served: Served, tmp_path: Path
) -> None:
    with Client(served.url, key=ADMIN) as market:
        _, _, contract = deal(market)
    file = tmp_path / "deal.json"
    ran("receipt", contract, "--server", served.url, "--key", ADMIN, "--out", file)
    file.write_bytes(file.read_bytes().replace(b"800000000", b"700000000"))
    for words in (["-m", "souq.cli", "verify-receipt", str(file)], [str(SCRIPT), str(file)]):
        found = subprocess.run([sys.executable, *words], capture_output=True, text=True)
        assert found.returncode == 1
        assert len(found.stderr.splitlines()) == 1
        assert "proven" in found.stderr.lower()


def test_a_folder_gives_the_same_receipt_as_its_server(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    with Client.local(folder) as market:
        _, _, contract = deal(market)
        asked = market.speaking_as("A1").get_receipt(contract).file
    file = tmp_path / "deal.json"
    ran("receipt", contract, folder, "--as", "A1", "--out", file)
    assert file.read_text() == asked
    ran("receipt", contract, folder, "--out", file)
    assert len(file.read_text()) > len(asked), "the operator sees both sides"


@pytest.mark.parametrize(
    "words",
    [
        ["receipt", "C9", "FOLDER"],
        ["receipt", "C1", "FOLDER", "--as", "A9"],
        ["receipt", "C1", "nowhere"],
        ["verify-receipt", "nowhere"],
        ["verify-receipt", "FOLDER"],
        ["verify-receipt", "FOLDER/head"],
        ["verify-receipt", "FOLDER/journal.sqlite", "--key", "xyz"],
        ["check-log", "FOLDER/head", "--server", "http://127.0.0.1:1"],
        ["receipt", "C1", "--server", "nonsense"],
    ],
)
def test_a_mistake_is_one_line(words: list[str], tmp_path: Path) -> None:
    with Client.local(tmp_path / "m") as market:
        deal(market)
    named = [word.replace("FOLDER", str(tmp_path / "m")) for word in words]
    with pytest.raises(MISTAKES) as mistake:
        ran(*named)
    assert len(str(mistake.value).splitlines()) == 1


def test_a_log_that_grows_is_found_sound_and_one_that_was_rewritten_is_not(
    tmp_path: Path,
) -> None:
    folder, head = tmp_path / "m", tmp_path / "souq.head"
    with serving(folder) as served, Client(served.url, key=ADMIN) as market:
        market.join("bea")
        assert "0 of them new" in ran("check-log", head, "--server", served.url)
        market.join("sol")
        told = json.loads(ran("check-log", head, "--server", served.url, "--json"))
        assert told["new"] == 4
    kept = head.read_text()
    rewrite(folder)
    with serving(folder) as served:
        with pytest.raises(Mistake, match="past is not the one"):
            ran("check-log", head, "--server", served.url)
        assert head.read_text() == kept, "the proof is kept"


def rewrite(folder: Path) -> None:
    """Change a record of the past, and every hash after it, as whoever owns the machine can."""
    import sqlite3

    db = sqlite3.connect(folder / "journal.sqlite")
    previous = GENESIS
    for seq, body in db.execute("SELECT seq, body FROM records ORDER BY seq").fetchall():
        if seq == 2:  # long before the next
            said = json.loads(body)
            said["at"] += 1
            body = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
        previous = chained(previous, body)
        db.execute("UPDATE records SET body = ?, hash = ? WHERE seq = ?", (body, previous, seq))
    db.commit()
    db.close()
    (folder / "head").write_text("")
    for snapshot in folder.glob("snapshot*"):
        snapshot.unlink()
    SqliteStore(folder).close()


def test_a_log_that_lost_its_end_is_told(tmp_path: Path) -> None:
    head = tmp_path / "souq.head"
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        market.join("bea")
        ran("check-log", head, "--server", served.url)
    said = json.loads(head.read_text())
    with serving(tmp_path / "other") as served, Client(served.url, key=ADMIN) as market:
        assert said["size"] > 3
        with pytest.raises(Mistake, match="past is not the one"):
            ran("check-log", head, "--server", served.url)
