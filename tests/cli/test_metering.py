"""`souq meter`: rows are sold and read between programs, at a market that is served."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from souq.cli import app
from souq.sdk.client import Client
from souq.sdk.trader import Trader
from tests.serving import ADMIN, serving

ROWS = [f"row {n}" for n in range(500)]
TIMEOUT_S = 60


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "souq.cli", "meter", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )


def key_options(who: Trader) -> tuple[str, ...]:
    signer = who.client._wire._signer
    assert signer is not None
    return ("--server", who.client._wire.url, "--key", signer.key.secret)


def test_rows_are_sold_and_read_between_programs(tmp_path: Path) -> None:
    file = tmp_path / "rows.txt"
    file.write_text("\n".join(ROWS))
    with serving(tmp_path / "market") as served, Client(served.url, key=ADMIN) as market:
        bea, sol = market.join("bea", deposit="1"), market.join("sol")
        keys = {name: key_options(who) for name, who in (("bea", bea), ("sol", sol))}
        seller = started("serve", str(file), "--port", "0", *keys["sol"])
        try:
            assert seller.stdout is not None
            url = seller.stdout.readline().split()[-1]
            for more in ((), ("--chain",), ("--rows", "120")):
                reader = started("read", url, "--deposit", "0.001", *more, *keys["bea"])
                out, said = reader.communicate(timeout=TIMEOUT_S)
                assert reader.returncode == 0, said
                count = 120 if "--rows" in more else len(ROWS)
                assert out.splitlines() == ROWS[:count]
                assert f"{count} rows for" in said
        finally:
            seller.send_signal(signal.SIGINT)
            told, _ = seller.communicate(timeout=TIMEOUT_S)
        assert "settled of" in told
        channels = [market.get_channel(f"X{n}") for n in (1, 2, 3)]
        assert [one.state for one in channels] == ["redeemed"] * 3
        assert [one.paid_units for one in channels[:2]] == [500, 500]
        assert 100 <= channels[2].paid_units <= 121
        paid = sum(one.paid_units for one in channels)
        assert sol.balance() == f"{paid / 1_000_000:.6f}".rstrip("0")


def test_the_demo_shows_who_was_paid_and_who_was_stopped() -> None:
    done = CliRunner().invoke(app, ["meter", "demo", "--rows", "400", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    rows = {one["reader"]: one for one in told["readers"]}
    assert [rows[name]["rows"] for name in ("signs", "hashes")] == [400, 400]
    assert [rows[name]["unpaid_rows"] for name in rows] == [0, 0, 100, 100]
    assert told["settled_units"] == told["due_units"]
    assert rows["stops paying"]["end"] == "unpaid"
    assert "did not sign" in rows["forges"]["end"]


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    file = tmp_path / "rows.txt"
    file.write_text("a\n")
    with serving(tmp_path / "market") as served:
        for words, why in (
            (("serve", str(tmp_path / "none")), "no file"),
            (("serve", str(file), "--server", served.url, "--key", ADMIN), "agent's key"),
            (("read", "http://127.0.0.1:9", "--server", served.url, "--key", ADMIN), "agent's key"),
        ):
            done = started(*words)
            _, said = done.communicate(timeout=TIMEOUT_S)
            assert done.returncode == 1
            assert why in said
            assert len(said.splitlines()) == 1
