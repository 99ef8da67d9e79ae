"""Scripted agents as programs: one against another, many together, and what goes wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from souq.cli import app
from souq.cli.output import MISTAKES
from souq.core.credential import AddKey
from souq.sdk.client import Client
from souq.sdk.signing import new_key_file
from souq.sdk.trader import Trader
from tests.serving import ADMIN, Served, serving

GOODS = """
[[things]]
title = "Brass lamp \\u001b[31m"
category = "home"
ask = "40"
floor = "20"
"""


def started(served: Served, who: Trader, folder: Path, *more: str) -> subprocess.Popen[str]:
    path = folder / f"{who.id}.key"
    made = new_key_file(path, "ed25519", who.id)
    with Client(served.url, key=ADMIN) as market:
        market.submit(AddKey(who.id, made.kind, made.material))
    words = [sys.executable, "-m", "souq.cli", "agent", "--server", served.url, "--key", str(path)]
    return subprocess.Popen([*words, *more], stdout=subprocess.PIPE, text=True)


def stopped(agent: subprocess.Popen[str]) -> str:
    agent.send_signal(signal.SIGTERM)
    said, _ = agent.communicate(timeout=20)
    assert agent.returncode == 0, said
    return said


def test_two_agents_meet_and_a_lamp_changes_hands(tmp_path: Path) -> None:
    (tmp_path / "goods.toml").write_text(GOODS)
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        selling = started(
            served, sol, tmp_path, "--strategy", "conceder", "--sell", str(tmp_path / "goods.toml")
        )
        buying = started(served, bea, tmp_path, "--want", "home=50", "--budget", "60")
        until = time.monotonic() + 30
        while time.monotonic() < until:
            done = bea.client.list_contracts(is_open=False).contracts
            if any(one.state == "fulfilled" for one in done):
                break
            time.sleep(0.1)
        told = stopped(buying) + stopped(selling)
        assert [one.state for one in done] == ["fulfilled"]
        assert "deal C1" in told
        assert "\x1b" not in told, "a stranger's words reached the terminal whole"
        assert market.search().listings == (), "what was open is taken back at the end"


def test_an_agent_keeps_to_its_budget(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        for n in range(5):
            sol.list(f"Cup {n}", category="home", price="1")  # a bargain, simply taken
        buying = started(served, bea, tmp_path, "--want", "home=30", "--budget", "2")
        until = time.monotonic() + 20
        while time.monotonic() < until and bea.client.get_balance().wallets[0].held < 2_000_000:
            time.sleep(0.1)
        time.sleep(1.0)
        stopped(buying)
        assert bea.client.get_balance().wallets[0].held == 2_000_000


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--strategy", "sly"], "there is no strategy sly"),
        (["--want", "home"], "CATEGORY=PRICE"),
        (["--want", "home=x"], "not an amount"),
        (["--sell", "nowhere.toml"], "nowhere.toml"),
        (["--budget", "-1"], "0 or more"),
    ],
)
def test_a_mistake_is_named(words: list[str], complaint: str, tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        secret = market.join("sol").client._wire._signer.key.secret  # type: ignore[union-attr]
        ran = CliRunner().invoke(app, ["agent", "--server", served.url, "--key", secret, *words])
        assert isinstance(ran.exception, MISTAKES), ran.output
        assert complaint in str(ran.exception)


def test_who_is_no_agent_is_told_so(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served:
        ran = CliRunner().invoke(app, ["agent", "--server", served.url, "--key", ADMIN])
        assert "bring an agent's key" in str(ran.exception)


def test_a_swarm_trades_in_a_market_of_its_own_and_its_books_add_up(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "souq.cli", "swarm", "--agents", "12", "--minutes", "0.1"]
    ran = subprocess.run(
        [*words, "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ,
        timeout=90,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    assert told["is_sound"]
    assert told["deals"] > 0
    assert told["offers"] > 0
    assert told["events"] > 0
