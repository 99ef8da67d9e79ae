"""The leader dies or sleeps under load, a standby goes on: nothing lost, doubled or forked."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from souq.core import market as market_rules
from souq.core.funds import ReportDeposit
from souq.core.ledger import ACCOUNTS
from souq.core.money import Money
from souq.core.rules import OPERATOR
from souq.core.state import State
from souq.engine import Engine
from souq.journal.lease import TTL_S
from souq.journal.postgres import PostgresStore
from souq.journal.standby import Standby, TakenOver
from souq.journal.verify import verify
from tests.postgres.admin import Aside
from tests.postgres.cluster import running
from tests.postgres.patience import until

pytestmark = pytest.mark.slow  # `make test-postgres` runs them

ROOT = Path(__file__).resolve().parents[2]
IS_FULL = os.environ.get("SOUQ_FULL") == "1"
# What is promised; a machine that has much else to do is given more.
TAKEOVER_MAX_S = 5.0 if IS_FULL else 30.0
KILLS = 30 if IS_FULL else 3


class Leader:
    """A worker process that leads a market under load."""

    def __init__(self, url: str, market: str, round_: int, ttl_s: float) -> None:
        module = "tests.postgres.worker"
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, url, market, str(round_), str(ttl_s)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told = ""
        self._reading = Aside(self._read)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told += line

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, "the leader is dead"
            return self.told.count("ack ") > 20

        until(is_ready)

    def send(self, what: signal.Signals) -> None:
        self.process.send_signal(what)

    def end(self) -> list[list[str]]:
        """Wait for its end; give what it said, line by line."""
        self.process.wait(60)
        self._reading.join()
        whole = self.told[: self.told.rfind("\n") + 1]  # the last line may have been cut
        return [line.split(" ", 2) for line in whole.splitlines()]


def acknowledged(lines: list[list[str]]) -> dict[str, int]:
    return {line[1]: int(line[2]) for line in lines if line[0] == "ack"}


def check(store: PostgresStore, state: State, acks: dict[str, int]) -> None:
    """Compare the whole journal with what was acknowledged, and with its own sums."""
    checked = verify(store)
    assert checked.head == store.head()[1].hex()
    assert checked.state_hash == market_rules.state_hash(state)
    records = [json.loads(entry.body) for entry in store.read()]
    seq_of = {record["command_id"]: record["seq"] for record in records}
    assert len(seq_of) == len(records), "a command stands in the journal twice"
    assert {id: seq for id, seq in acks.items() if seq_of.get(id) != seq} == {}
    total = 0
    for record in records:
        if "refusal" not in record:
            kind = record["command"]["type"]
            total += {"ReportDeposit": 7, "ReportPayout": -7}.get(kind, 0)
    assert state.rows(ACCOUNTS)["wallet:P1/USD"].posted == total


def take_over(standby: Aside[TakenOver | None], since: float) -> TakenOver:
    taken = standby.join().result
    assert isinstance(taken, TakenOver), standby.error
    assert time.monotonic() - since <= TAKEOVER_MAX_S
    return taken


def test_a_killed_leader_is_followed_within_five_seconds_and_nothing_is_lost(
    url: str, market: str
) -> None:
    acks: dict[str, int] = {}
    for round_ in range(KILLS):
        # The lease that is promised first; then shorter ones, for more deaths in the same time.
        ttl_s = TTL_S if round_ == 0 else 1.2
        leader = Leader(url, market, round_, ttl_s)
        leader.wait_until_ready()
        following = Aside(Standby(url, market=market, ttl_s=60).wait)
        time.sleep(0.3)
        since = time.monotonic()
        leader.send(signal.SIGKILL)
        acks |= acknowledged(leader.end())
        taken = take_over(following, since)
        check(taken.store, taken.replayed.state, acks)
        with Engine(taken.store, replayed=taken.replayed) as engine:
            assert engine.store.is_leading()
            # A client that heard nothing asks again: one effect, whether or not it had happened.
            sent = len(acks)
            id = f"again-{round_}"
            command = ReportDeposit("P1", Money(7, "USD"))
            answers = [engine.submit(OPERATOR, id, command) for _ in range(2)]
            assert [answer.is_replay for answer in answers] == [False, True]
            assert answers[0].seq == answers[1].seq > sent
    assert len(acks) > 20 * KILLS, "the leader hardly got to work"


def test_a_leader_that_was_asleep_finds_that_it_cannot_write(url: str, market: str) -> None:
    leader = Leader(url, market, 0, 1.5)
    leader.wait_until_ready()
    following = Aside(Standby(url, market=market, ttl_s=60, holder="the standby").wait)
    time.sleep(0.3)
    since = time.monotonic()
    leader.send(signal.SIGSTOP)
    taken = take_over(following, since)
    taken_at = taken.replayed.seq
    with Engine(taken.store, replayed=taken.replayed) as engine:
        command = ReportDeposit("P1", Money(7, "USD"))
        engine.submit(OPERATOR, "from the standby", command)
        leader.send(signal.SIGCONT)
        lines = leader.end()
        engine.submit(OPERATOR, "and again", command)
        words = [line[0] for line in lines]
        assert words[-2:] == ["stopped", "leading"]
        assert lines[-1][1] == "no"
        said = " ".join(lines[-2])
        assert "led by the standby in epoch 2" in said or "has taken the lease" in said
        after = list(engine.store.read(taken_at + 1))
        assert [entry.command_id for entry in after] == ["from the standby", "and again"]
        check(taken.store, engine.state, acknowledged(lines))


def test_a_leader_asleep_for_a_moment_goes_on(url: str, market: str) -> None:
    leader = Leader(url, market, 0, TTL_S)
    leader.wait_until_ready()
    for _ in range(KILLS // 3):
        leader.send(signal.SIGSTOP)
        time.sleep(1.0)
        leader.send(signal.SIGCONT)
        time.sleep(0.5)
    assert leader.process.poll() is None
    leader.send(signal.SIGKILL)
    acks = acknowledged(leader.end())
    taken = Standby(url, market=market, ttl_s=60).wait()
    assert taken is not None
    check(taken.store, taken.replayed.state, acks)
    taken.store.close()


@pytest.mark.usefixtures("url")  # skips, or fails, where there is no PostgreSQL
def test_a_database_that_crashes_loses_nothing_and_the_standby_waits_for_it() -> None:
    with running() as cluster:
        leader = Leader(cluster.url, "market", 0, 1.5)
        leader.wait_until_ready()
        standby = Standby(cluster.url, ttl_s=60)
        following = Aside(standby.wait)
        time.sleep(0.3)
        cluster.stop(signal.SIGQUIT)
        lines = leader.end()
        assert [line[0] for line in lines[-2:]] == ["stopped", "leading"]
        assert lines[-1][1] == "no"
        until(lambda: "cannot be reached" in standby.trouble)
        cluster.start()
        taken = take_over(following, time.monotonic())
        check(taken.store, taken.replayed.state, acknowledged(lines))
        taken.store.close()
