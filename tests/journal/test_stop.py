"""A bug or a failed flush stops the market: nothing is acknowledged that is not there."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from souq.core import market
from souq.core.funds import ReportDeposit
from souq.core.message import PostMessage
from souq.core.money import Money
from souq.core.refusal import Reason
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.core.state import Draft
from souq.engine import Engine, Fault
from souq.journal.commit import GroupCommits, Stopped
from souq.journal.memory import MemoryStore
from souq.journal.record import Entry
from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify
from tests.journal.stores import FailingStore, GatedStore, furnish

DEPOSIT = ReportDeposit("P1", Money(50, "USD"))
BOOM = PostMessage(PublicText("boom"))
FINE = PostMessage(PublicText("fine"))


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant a bug: one message breaks an invariant."""
    sound = market._DECIDE[PostMessage]

    def post(draft: Draft, actor: str, command: Any) -> None:
        sound(draft, actor, command)
        assert command.text.value != "boom", "an invariant is broken"

    monkeypatch.setitem(market._DECIDE, PostMessage, post)


@pytest.mark.usefixtures("bug")
def test_a_broken_invariant_stops_the_market_and_leaves_no_trace_in_it(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)
        head = engine.head
        with pytest.raises(Fault, match="an invariant is broken"):
            engine.submit("A1", "m", BOOM)
        for try_again in (
            lambda: engine.submit("A1", "n", FINE),
            lambda: engine.submit("A1", "m", BOOM),
            lambda: engine.tick(),
        ):
            with pytest.raises(Stopped, match="broken invariant"):
                try_again()
        assert engine.head == head
    store = SqliteStore(tmp_path, read_only=True)
    assert verify(store).records == 6
    store.close()


@pytest.mark.usefixtures("bug")
def test_after_a_restart_that_command_is_quarantined_and_everything_else_works(
    tmp_path: Path,
) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)
        with pytest.raises(Fault):
            engine.submit("A1", "m", BOOM)
    with Engine(SqliteStore(tmp_path)) as engine:
        for id in ("m", "another id"):
            answer = engine.submit("A1", id, BOOM)
            assert answer.refusal is not None
            assert answer.refusal.reason == Reason.QUARANTINED
            assert answer.seq == 0
        assert engine.submit("A1", "m", FINE).refusal is None
        assert engine.submit(OPERATOR, "d", DEPOSIT).refusal is None


def test_after_a_failed_flush_nothing_is_ever_acknowledged_or_tried_again() -> None:
    store = FailingStore()
    engine = Engine(store)
    furnish(engine)
    store.fails_next, tries = True, store.tries
    pending = engine.submit_soon(OPERATOR, "d", DEPOSIT)
    with pytest.raises(Stopped, match="Input/output error"):
        pending.result()
    assert not store.fails_next
    for try_again in (
        lambda: engine.submit(OPERATOR, "e", DEPOSIT),
        lambda: engine.submit(OPERATOR, "f", DEPOSIT),
        lambda: engine.submit(OPERATOR, "d", DEPOSIT),
        lambda: engine.state,
        lambda: engine.head,
        pending.result,
    ):
        with pytest.raises(Stopped, match="Input/output error"):
            try_again()
    engine.close()
    assert store.tries == tries + 1
    assert store.head()[0] == 6


def test_everybody_who_waits_hears_of_a_failed_flush() -> None:
    store = FailingStore()
    engine = Engine(store)
    furnish(engine)
    store.fails_next = True
    outcomes: list[str] = []

    def submit(n: int) -> None:
        try:
            engine.submit(OPERATOR, f"d{n}", DEPOSIT)
            outcomes.append("acknowledged")
        except Stopped:
            outcomes.append("stopped")

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert outcomes == ["stopped"] * 8
    engine.close()


def test_a_listener_that_raises_stops_the_journal_and_leaves_nobody_waiting() -> None:
    def listen(seq: int) -> None:
        if seq > 6:
            raise ValueError("the listener broke")

    engine = Engine(GatedStore(), on_durable=listen)
    furnish(engine)
    engine.submit_soon(OPERATOR, "d", DEPOSIT).result()

    def go_on() -> None:
        for n in range(1_000):
            engine.submit(OPERATOR, f"e{n}", DEPOSIT)

    with pytest.raises(Stopped, match="the listener broke"):
        go_on()
    engine.close()


def test_an_interrupt_between_journal_and_memory_stops_the_market() -> None:
    class Interrupted(MemoryStore):
        def append(self, entries: Sequence[Entry]) -> None:
            super().append(entries)
            if entries[-1].command_id == "ctrl-c":
                raise KeyboardInterrupt

    engine = Engine(Interrupted())
    furnish(engine)
    with pytest.raises(KeyboardInterrupt):
        engine.submit(OPERATOR, "ctrl-c", DEPOSIT)
    with pytest.raises(Stopped, match="open it again"):
        engine.submit(OPERATOR, "ctrl-c", DEPOSIT)
    with Engine(engine.store) as again:
        assert again.submit(OPERATOR, "ctrl-c", DEPOSIT).is_replay


def test_closing_flushes_what_is_pending_and_lets_nothing_more_in() -> None:
    store = GatedStore()
    engine = Engine(store)
    furnish(engine)
    store.gate.clear()
    pending = [engine.submit_soon(OPERATOR, f"d{n}", DEPOSIT) for n in range(10)]
    closer = threading.Thread(target=engine.close)
    closer.start()
    closer.join(0.05)
    assert closer.is_alive()
    store.gate.set()
    closer.join(10)
    assert [one.result().seq for one in pending] == list(range(7, 17))
    for late in (lambda: engine.submit(OPERATOR, "late", DEPOSIT), engine.tick):
        with pytest.raises(Stopped):
            late()
    engine.close()


def test_closing_while_others_submit_acknowledges_only_what_is_stored() -> None:
    for _ in range(20):
        store = GatedStore()
        engine = Engine(store)
        furnish(engine)
        acknowledged: list[int] = []

        def submit(name: int, engine: Engine = engine, seqs: list[int] = acknowledged) -> None:
            try:
                for n in range(10_000):
                    seqs.append(engine.submit(OPERATOR, f"{name}-{n}", DEPOSIT).seq)
            except Stopped:
                pass

        threads = [threading.Thread(target=submit, args=(name,)) for name in range(3)]
        for thread in threads:
            thread.start()
        engine.close()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
        assert max(acknowledged, default=0) <= store.head()[0]
        assert len(set(acknowledged)) == len(acknowledged)


def test_a_clock_that_does_not_count_whole_microseconds_is_refused() -> None:
    times: Any = iter([1_750_000_000_000_000.5])
    engine = Engine(MemoryStore(), clock=lambda: next(times))
    with pytest.raises(AssertionError, match="whole microseconds"):
        engine.submit(OPERATOR, "d", DEPOSIT)
    assert engine.head[0] == 0


def test_a_closed_journal_takes_nothing_and_nobody_waits_for_it() -> None:
    commits = GroupCommits(MemoryStore())
    commits.close()
    with pytest.raises(Stopped, match="closed"):
        commits.put(Entry(1, b"", b"", "A1", "c"))
    with pytest.raises(Stopped, match="closed"):
        commits.wait(1)
