"""One scripted agent as a program: what it does, what it survives, and what goes wrong."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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
PLATE = """
[[things]]
title = "Tin plate"
category = "home"
ask = "30"
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
    said, _ = agent.communicate(timeout=60)
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
        until = time.monotonic() + 60
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
        until = time.monotonic() + 60
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
        (["--want", "home=30x0"], "--want home=30x0"),
        ([], "nothing to trade"),
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


def test_an_agent_outlives_its_market_and_stops_while_it_is_away(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served:
        with Client(served.url, key=ADMIN) as market:
            bea, sol = market.join("bea", deposit="100"), market.join("sol")
        buying = started(served, bea, tmp_path, "--want", "home=50")
        sol.list("Cup 1", category="home", price="1")
        wait_for(lambda: len(bea.client.list_contracts().contracts) == 1)
        port = int(served.url.rsplit(":", 1)[1])
    with serving(tmp_path / "m", port=port):
        sol.list("Cup 2", category="home", price="1")
        wait_for(lambda: len(bea.client.list_contracts().contracts) == 2)
    began = time.monotonic()
    assert "Bought 2 for 2.00 USD, sold 0" in stopped(buying)
    assert time.monotonic() - began < 15


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, "it does not come about"
        time.sleep(0.1)


def test_what_was_sold_in_an_earlier_life_is_not_sold_again(tmp_path: Path) -> None:
    (tmp_path / "goods.toml").write_text(GOODS)
    words = ("--strategy", "conceder", "--brief", str(tmp_path / "goods.toml"))
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        selling = started(served, sol, tmp_path, *words)
        wait_for(lambda: bool(bea.client.search().listings))
        lamp = bea.client.search().listings[0].id
        bea.take(lamp, "40")
        wait_for(lambda: not bea.client.search().listings)
        selling.kill()
        selling.wait()
        (tmp_path / f"{sol.id}.key").unlink()
        # Another thing behind the lamp: once that is for sale, the agent has looked at both.
        (tmp_path / "goods.toml").write_text(GOODS + PLATE)
        again = started(served, sol, tmp_path, *words)
        wait_for(lambda: bool(bea.client.search().listings))
        time.sleep(2)
        assert [one.title for one in bea.client.search().listings] == ["Tin plate"]
        stopped(again)
        assert bea.client.get_agent(sol.id).model == "scripted:conceder"


def test_an_agent_that_was_not_understood_does_not_act_alone(tmp_path: Path) -> None:
    asks = "\n[understanding]\nagreed = 1\npairs = 9\n"
    (tmp_path / "goods.toml").write_text(GOODS + asks)
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        secret = market.join("sol").client._wire._signer.key.secret  # type: ignore[union-attr]
        words = ["agent", "--server", served.url, "--key", secret, "--brief"]
        ran = CliRunner().invoke(app, [*words, str(tmp_path / "goods.toml")])
        assert "only proposes" in str(ran.exception)
