"""The engine answers each command once, in order, at its time, and only when it is on the disk."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from souq.core import market
from souq.core.funds import ReportDeposit
from souq.core.ledger import ACCOUNTS
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.message import PostMessage
from souq.core.money import Money
from souq.core.refusal import Reason
from souq.core.rules import DAY_US, OPERATOR, SECOND_US, SYSTEM
from souq.core.seal import PublicText
from souq.core.state import DEADLINES
from souq.engine import Engine
from souq.journal import known
from souq.journal.memory import MemoryStore
from souq.journal.replay import records
from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify
from tests.journal.day import START, Clock
from tests.journal.stores import GatedStore, furnish

DEPOSIT = ReportDeposit("P1", Money(50, "USD"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> Iterator[Engine]:
    with Engine(MemoryStore(), clock=clock) as made:
        furnish(made)
        yield made


def balance(engine: Engine) -> int:
    account = engine.state.get(ACCOUNTS, "wallet:P1/USD")
    assert account is not None
    return account.posted


def test_the_same_id_gives_the_first_answer_again(engine: Engine) -> None:
    first = engine.submit(OPERATOR, "d", DEPOSIT)
    again = engine.submit(OPERATOR, "d", DEPOSIT)
    assert (again.seq, again.at, again.events) == (first.seq, first.at, first.events)
    assert again.is_replay
    assert not first.is_replay
    assert balance(engine) == 1_050


def test_a_refusal_sticks_to_its_id(engine: Engine) -> None:
    first = engine.submit("A1", "d", DEPOSIT)
    again = engine.submit("A1", "d", DEPOSIT)
    assert first.refusal == again.refusal
    assert first.refusal is not None
    assert first.refusal.reason == Reason.NOT_YOURS
    assert (again.seq, again.is_replay) == (first.seq, True)


def test_the_first_answer_is_given_after_a_restart_too(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)
        first = [engine.submit(actor, "d", DEPOSIT) for actor in (OPERATOR, "A1")]
    with Engine(SqliteStore(tmp_path)) as engine:
        again = [engine.submit(actor, "d", DEPOSIT) for actor in (OPERATOR, "A1")]
        assert [(one.seq, one.at, one.events, one.refusal) for one in again] == [
            (one.seq, one.at, one.events, one.refusal) for one in first
        ]
        assert all(one.is_replay for one in again)
        assert balance(engine) == 1_050
        engine.submit(OPERATOR, "new", DEPOSIT)
        assert engine.submit(OPERATOR, "new", DEPOSIT).is_replay


def test_the_first_answer_is_given_when_memory_has_let_it_go(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "RECENT_MAX", 4)
    for n in range(40):
        engine.submit(OPERATOR, f"many-{n}", DEPOSIT)
    assert len(engine._ids) <= 4
    clock.now += 2 * DAY_US
    engine.submit(OPERATOR, "late", DEPOSIT)
    assert len(engine._ids) == 1
    for n in range(40):
        assert engine.submit(OPERATOR, f"many-{n}", DEPOSIT).is_replay
    assert balance(engine) == 1_000 + 41 * 50


def test_an_id_is_kept_in_memory_until_the_store_has_it(clock: Clock) -> None:
    store = GatedStore()
    with Engine(store, clock=clock) as engine:
        furnish(engine)
        store.gate.clear()
        first = engine.submit_soon(OPERATOR, "d", DEPOSIT)
        clock.now += 2 * DAY_US
        engine.submit_soon(OPERATOR, "late", DEPOSIT)
        opener = threading.Timer(0.05, store.gate.set)
        opener.start()
        assert engine.submit(OPERATOR, "d", DEPOSIT).is_replay
        assert engine.submit(OPERATOR, "d", DEPOSIT).seq == first.seq
        opener.join()


def test_the_same_id_with_another_body_is_refused_and_not_recorded(engine: Engine) -> None:
    engine.submit(OPERATOR, "d", DEPOSIT)
    head = engine.head
    for other in (
        ReportDeposit("P1", Money(51, "USD")),
        ReportDeposit("P2", Money(50, "USD")),
        PostMessage(PublicText("hello")),
    ):
        answer = engine.submit(OPERATOR, "d", other)
        assert answer.refusal is not None
        assert answer.refusal.reason == Reason.ID_REUSED
        assert answer.seq == 0
    assert engine.head == head


def test_other_words_under_the_same_id_are_another_body(engine: Engine) -> None:
    first = engine.submit("A1", "m", PostMessage(PublicText("hello")))
    assert engine.submit("A1", "m", PostMessage(PublicText("hello"))).seq == first.seq
    answer = engine.submit("A1", "m", PostMessage(PublicText("goodbye")))
    assert answer.refusal is not None
    assert answer.refusal.reason == Reason.ID_REUSED


def test_no_words_and_empty_words_are_the_same_body(engine: Engine) -> None:
    lamp = PublicText("lamp")
    engine.submit("A1", "l", PostListing(lamp, "home"))
    again = engine.submit("A1", "l", PostListing(lamp, "home", description=PublicText("")))
    assert again.is_replay


def test_another_actors_id_is_another_command(engine: Engine) -> None:
    first = engine.submit("A1", "m", PostMessage(PublicText("hello")))
    other = engine.submit("A2", "m", PostMessage(PublicText("hello")))
    assert other.seq == first.seq + 1
    assert not other.is_replay


@pytest.mark.parametrize("step", [0, -1, -DAY_US])
def test_stamps_grow_when_the_clock_stands_still_or_goes_back(
    engine: Engine, clock: Clock, step: int
) -> None:
    stamps = []
    for n in range(20):
        clock.now += step
        stamps.append(engine.submit(OPERATOR, f"d{n}", DEPOSIT).at)
    assert stamps == sorted(set(stamps))
    verify(engine.store)


def offer(engine: Engine, id: str, valid_us: int) -> tuple[str, str]:
    made = engine.submit("A1", id, MakeOffer((Item("L1"),), Money(10, "USD"), valid_us=valid_us))
    return made.need().events[0].negotiation, made.events[1].terms


def with_listing(engine: Engine) -> None:
    for n in (1, 2):
        engine.submit(OPERATOR, f"g{n}", GrantMandate(f"A{n}", SecretLimits(Limits()))).need()
    engine.submit("A2", "l", PostListing(PublicText("lamp"), "home", quantity=9)).need()


def test_what_is_due_is_handled_one_by_one_before_any_later_command(
    engine: Engine, clock: Clock
) -> None:
    with_listing(engine)
    names = [offer(engine, f"o{n}", (n + 1) * SECOND_US)[0] for n in range(3)]
    dues = [due - START for due in engine.state.rows(DEADLINES).values()]
    before = engine.head[0]
    clock.now += 10 * SECOND_US
    answer = engine.submit(OPERATOR, "d", DEPOSIT)
    ticks = list(records(engine.store, before + 1, answer.seq - 1))
    assert [record.command for record in ticks] == [market.Tick(name) for name in names]
    assert {(record.actor, record.command_id) for record in ticks} == {(SYSTEM, "")}
    stamps = [record.at for record in ticks]
    assert stamps == [START + due for due in dues]
    assert ticks[-1].at < answer.at
    assert engine.tick() == 0


def test_a_deadline_is_handled_when_nobody_commands(engine: Engine, clock: Clock) -> None:
    with_listing(engine)
    offer(engine, "o", SECOND_US)
    assert engine.tick() == 0
    clock.now += 2 * SECOND_US
    assert engine.tick() == 1


def test_no_command_passes_a_deadline_when_the_clock_stands_still(
    engine: Engine, clock: Clock
) -> None:
    with_listing(engine)
    id, terms = offer(engine, "o", 3)
    for n in range(4):
        engine.submit(OPERATOR, f"d{n}", DEPOSIT)
    answer = engine.submit("A2", "a", Accept(id, terms))
    assert answer.refusal is not None
    assert answer.refusal.reason == Reason.CLOSED
    verify(engine.store)


def test_a_full_queue_refuses_and_the_refusal_does_not_stick() -> None:
    store = GatedStore()
    with Engine(store, queue_max=5) as engine:
        furnish(engine)
        store.gate.clear()
        for n in range(5):
            assert engine.submit_soon(OPERATOR, f"d{n}", DEPOSIT).seq
        full = engine.submit_soon(OPERATOR, "more", DEPOSIT)
        assert full.seq == 0
        refusal = full.result().refusal
        assert refusal is not None
        assert refusal.reason == Reason.OVERLOADED
        store.gate.set()
        engine.wait(11)
        retried = engine.submit(OPERATOR, "more", DEPOSIT)
        assert retried.refusal is None
        assert not retried.is_replay
        assert balance(engine) == 1_000 + 6 * 50


def test_nothing_shows_before_it_is_durable() -> None:
    store = GatedStore()
    with Engine(store) as engine:
        furnish(engine)
        store.gate.clear()
        pending = engine.submit_soon(OPERATOR, "d", DEPOSIT)
        shown: list[object] = []
        readers = [
            threading.Thread(target=lambda read=read: shown.append(read()))
            for read in (
                pending.result,
                lambda: engine.head,
                lambda: engine.fork(),
                lambda: engine.submit(OPERATOR, "d", DEPOSIT),
            )
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(0.05)
        assert not shown
        assert store.head()[0] == pending.seq - 1
        store.gate.set()
        for reader in readers:
            reader.join(10)
        assert len(shown) == 4
        assert store.head()[0] == pending.seq


def test_records_that_gather_during_a_flush_are_flushed_together() -> None:
    store = GatedStore()
    with Engine(store) as engine:
        furnish(engine)
        store.gate.clear()
        pending = [engine.submit_soon(OPERATOR, f"d{n}", DEPOSIT) for n in range(100)]
        store.gate.set()
        assert [one.result().seq for one in pending] == list(range(7, 107))
        assert sum(store.groups[6:]) == 100
        assert len(store.groups[6:]) <= 2


def test_many_commands_are_answered_in_order(engine: Engine) -> None:
    commands = [(OPERATOR, f"d{n % 3}", DEPOSIT) for n in range(6)]
    answers = engine.submit_many(commands)
    assert [one.is_replay for one in answers] == [False] * 3 + [True] * 3
    assert [one.seq for one in answers] == [7, 8, 9, 7, 8, 9]


def test_threads_may_submit_at_once(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)

        def work(name: int) -> None:
            for n in range(60):
                # Each id is sent by all of them: one effect, the same answer for everybody.
                engine.submit(OPERATOR, f"d{n}", DEPOSIT).need()
                engine.submit(f"A{name}", f"m{n}", PostMessage(PublicText(f"{name} says {n}")))
                assert engine.head[0] >= n

        threads = [threading.Thread(target=work, args=(name,)) for name in (1, 2, 1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert balance(engine) == 1_000 + 60 * 50
        assert verify(engine.store).records == 6 + 60 + 120
