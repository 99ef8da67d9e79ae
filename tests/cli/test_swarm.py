"""A swarm trades in its own market or another's, slows down when told to, and ends when asked."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from souq.cli.output import Mistake
from souq.cli.swarming import run
from souq.sdk.client import Client
from souq.surfaces.limits import Rates
from tests.serving import ADMIN, serving


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "souq.cli", "swarm", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(swarm: subprocess.Popen[str]) -> dict[str, Any]:
    said, complaints = swarm.communicate(timeout=90)
    assert swarm.returncode == 0, said + complaints
    found: dict[str, Any] = json.loads(said)
    return found


def test_a_swarm_trades_in_a_market_of_its_own_and_its_books_add_up() -> None:
    found = told(started("--agents", "12", "--minutes", "0.1", "--json"))
    assert found["is_sound"]
    assert min(found["deals"], found["offers"], found["events"]) > 0
    assert found["moved"].endswith(" USD")
    assert found["failed"] == {}


def test_a_swarm_in_anothers_market_is_slowed_down_and_leaves_nothing_lying_about(
    tmp_path: Path,
) -> None:
    slow = Rates(commands_per_s=2, queries_per_s=2, burst=3)
    with serving(tmp_path, limits=slow) as served:
        found = told(
            started(
                *("--agents", "10", "--minutes", "0.15", "--json"),
                *("--server", served.url, "--key", ADMIN),
            )
        )
        assert found["is_sound"]
        assert found["deals"] > 0
        assert found["failed"] == {}
        assert found["commands_per_s"] <= 10 * 2 + 10 * 3 / found["seconds"]
        with Client(served.url, key=ADMIN) as market:
            assert market.search().listings == ()


def test_a_signal_ends_a_swarm_early_with_its_summary_and_stops_its_market() -> None:
    swarm = started("--agents", "10", "--minutes", "10", "--plain")
    assert swarm.stdout is not None
    assert swarm.stderr is not None
    url = swarm.stdout.readline().split()[-1]
    swarm.stderr.readline()
    began = time.monotonic()
    swarm.send_signal(signal.SIGTERM)
    said, complaints = swarm.communicate(timeout=60)
    assert swarm.returncode == 0, said + complaints
    assert time.monotonic() - began < 30
    assert "money moved" in said
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/healthz", trust_env=False)


def test_a_swarm_in_anothers_market_needs_the_operators_key(tmp_path: Path) -> None:
    with serving(tmp_path) as served, Client(served.url, key=ADMIN) as market:
        secret = market.join("sol").client._wire._signer.key.secret  # type: ignore[union-attr]
        with pytest.raises(Mistake, match="operator's key"):
            run(
                agents=2,
                seconds=1,
                server=served.url,
                key=secret,
                seed=1,
                is_plain=True,
                as_json=True,
            )
