"""SIGKILL at random moments under load: nothing acknowledged is lost, nothing happens twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from souq.core.funds import ReportDeposit, ReportPayout
from souq.core.ledger import ACCOUNTS
from souq.core.money import Money
from souq.core.rules import OPERATOR
from souq.engine import Engine
from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify

ROOT = Path(__file__).resolve().parents[2]
KILLS = 200 if os.environ.get("SOUQ_FULL") else 12


def run_and_kill(folder: Path, round_: int, after_s: float) -> dict[str, int]:
    """Start the worker, kill it a while after it is ready, and give what it had acknowledged."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.worker", str(folder), str(round_)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    time.sleep(after_s)
    worker.send_signal(signal.SIGKILL)
    told, _ = worker.communicate()
    whole = told[: told.rfind("\n") + 1]  # the last line may have been cut by the kill
    lines = (line.split() for line in whole.splitlines())
    return {id: int(seq) for _, id, seq in lines}


@pytest.mark.parametrize("seed", [1])
def test_no_acknowledged_command_is_lost_and_none_is_applied_twice(
    seed: int, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    folder = tmp_path / "market"
    acknowledged: dict[str, int] = {}
    round_ = 0
    # A worker on a busy machine may be killed before it has done anything; then others follow.
    while round_ < KILLS or len(acknowledged) <= 20 * KILLS:
        assert round_ < 10 * KILLS, "the workers hardly get to work"
        acknowledged |= run_and_kill(folder, round_, rng.uniform(0, 0.12))
        # Every so often the whole past is checked, not only that it opens.
        if round_ % 20 == 0:
            check(folder, acknowledged)
        round_ += 1
    check(folder, acknowledged)


def check(folder: Path, acknowledged: dict[str, int]) -> None:
    store = SqliteStore(folder)
    verify(store)
    records = [json.loads(entry.body) for entry in store.read()]
    seq_of = {record["command_id"]: record["seq"] for record in records}
    assert len(seq_of) == len(records), "a command stands in the journal twice"
    lost = {id: seq for id, seq in acknowledged.items() if seq_of.get(id) != seq}
    assert lost == {}
    with Engine(store) as engine:
        assert engine.state.rows(ACCOUNTS)["wallet:P1/USD"].posted == expected(records)
        # A client that heard nothing asks again: one effect, whether or not it had happened.
        last = max((id for id in seq_of if "-" in id), key=lambda id: seq_of[id], default="0--1")
        round_, _, n = last.partition("-")
        for number in range(int(n) - 5, int(n) + 1):
            if number < 0:
                continue
            kind = ReportPayout if number % 3 == 2 else ReportDeposit
            id = f"{round_}-{number}"
            before = engine.state.rows(ACCOUNTS)["wallet:P1/USD"].posted
            again = engine.submit(OPERATOR, id, kind("P1", Money(7, "USD")))
            assert again.is_replay
            assert again.seq == seq_of[id]
            assert engine.state.rows(ACCOUNTS)["wallet:P1/USD"].posted == before


def expected(records: list[dict[str, object]]) -> int:
    """Count from the commands themselves what the wallet must hold."""
    total = 0
    for record in records:
        if "refusal" in record:
            continue
        command = record["command"]
        assert isinstance(command, dict)
        total += {"ReportDeposit": 7, "ReportPayout": -7}.get(command["type"], 0)
    return total
