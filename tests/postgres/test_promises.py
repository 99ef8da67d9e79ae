"""The store in PostgreSQL promises what every store does."""

import subprocess
import sys
from pathlib import Path

import pytest

from souq.core import market as rules
from souq.core.funds import ReportDeposit
from souq.core.rules import OPERATOR
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.journal.postgres import PostgresStore
from souq.journal.replay import replay
from souq.journal.store import Fenced, InUse, Unavailable
from souq.journal.verify import verify
from tests.journal.day import play, usd
from tests.postgres.admin import entries
from tests.postgres.conftest import Open
from tests.scenario import Play

FILES = sorted((Path(__file__).parents[1] / "scenarios").glob("*.deal"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_deal_leaves_the_same_journal_as_in_memory(path: Path, opened: Open) -> None:
    plays = [Play(store).tell(path.read_text("utf-8")) for store in (MemoryStore(), opened())]
    in_memory, in_database = plays
    assert [entry.body for entry in in_database.store.read()] == [
        entry.body for entry in in_memory.store.read()
    ]
    assert in_database.store.head() == in_memory.store.head()
    again = replay(in_database.store)
    assert rules.state_hash(again.state) == rules.state_hash(in_memory.engine.state)
    in_database.engine.close()


def test_a_whole_day_is_there_after_it_was_closed(opened: Open) -> None:
    memory = MemoryStore()
    in_memory, in_database = play(memory), play(opened())
    in_database.engine.close()
    for store in (opened(), opened(read_only=True)):
        assert [entry._replace(payloads=()) for entry in memory.read()] == list(store.read())
        assert list(store.read(7, 9)) == list(store.read())[6:9]
        assert sorted(store.payloads()) == sorted(memory.payloads())
        assert store.head() == in_memory.engine.head
        assert verify(store) == verify(memory)
        entry = next(iter(store.read(5, 5)))
        assert entry.command_id is not None
        assert store.find(entry.actor, entry.command_id) == 5
        assert store.find(entry.actor, "never") is None
        assert store.payload("never") is None


def test_what_is_noted_beside_the_records_outlasts_the_process(opened: Open) -> None:
    store = opened()
    store.append(entries(store.head(), 3))
    store.quarantine("d1")
    store.quarantine("d1")
    store.erase("c-2")
    store.erase("c-2")
    store.set_mark("webhooks", "1")
    store.set_mark("webhooks", "2")
    assert store.mark("webhooks") == "2"
    store.close()
    again = opened(read_only=True)
    assert again.quarantined() == {"d1"}
    assert [payload.digest for payload in again.payloads()] == ["c-1", "c-3"]
    assert (again.mark("webhooks"), again.mark("rails")) == ("2", None)
    assert again.marks() == {"webhooks": "2"}


def test_a_batch_is_stored_whole_or_not_at_all(opened: Open) -> None:
    store = opened()
    store.append(entries(store.head(), 2))
    head = store.head()
    twice = [entry._replace(command_id="c-1") for entry in entries(head, 3, "d")]
    with pytest.raises(Exception, match="record_ids"):
        store.append(twice)
    assert store.head() == head
    assert [entry.seq for entry in store.read()] == [1, 2]
    assert not any(payload.digest.startswith("d") for payload in store.payloads())
    with pytest.raises(Fenced, match="a write failed"):
        store.append(entries(head, 1))


def test_a_batch_that_does_not_continue_the_head_is_refused(opened: Open) -> None:
    store = opened()
    store.append(entries(store.head(), 2))
    for tip in ((1, bytes(32)), (3, bytes(32))):
        with pytest.raises(AssertionError, match="a gap"):
            store.append(entries(tip, 1))
    assert store.head()[0] == 2


def test_ticks_need_no_ids_of_their_own(opened: Open) -> None:
    store = opened()
    store.append([one._replace(command_id=None) for one in entries(store.head(), 3)])
    assert [entry.command_id for entry in store.read()] == [None] * 3


def test_many_markets_share_a_database(url: str, market: str) -> None:
    stores = [PostgresStore(url, market=f"{market}_{n}") for n in range(2)]
    stores[0].append(entries(stores[0].head(), 3))
    assert [store.head()[0] for store in stores] == [3, 0]
    assert all(store.is_leading() for store in stores)
    for store in stores:
        store.close()


def test_an_id_used_before_a_restart_gets_its_first_answer_again(opened: Open) -> None:
    day = play(opened())
    first = day.engine.submit(OPERATOR, "again", ReportDeposit("P1", usd(5)))
    day.engine.close()
    with Engine(opened(), clock=day.clock) as engine:
        again = engine.submit(OPERATOR, "again", ReportDeposit("P1", usd(5)))
        assert again.is_replay
        assert again.seq == first.seq


def test_a_reader_sees_a_living_market_and_changes_nothing(opened: Open) -> None:
    with pytest.raises(FileNotFoundError, match="no journal"):
        opened(read_only=True)
    store = opened()
    view = opened(read_only=True)
    store.append(entries(store.head(), 2))
    assert [entry.seq for entry in view.read()] == [1, 2]
    assert not view.is_leading()
    assert store.is_leading()
    with pytest.raises(AssertionError, match="read-only"):
        view.append(entries(view.head(), 1))
    with pytest.raises(AssertionError, match="read-only"):
        view.set_mark("x", "y")
    with pytest.raises(InUse, match="is led by"):
        opened()


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("postgresql://souq:hush@127.0.0.1:1/none", "cannot be reached"),
        ("postgresql://souq:hush@/postgres?nonsense=1", "not the address"),
        ("a database of mine", "not the address"),
    ],
)
def test_a_database_that_is_not_there_is_told_in_a_line_without_the_password(
    address: str, complaint: str
) -> None:
    with pytest.raises(Unavailable, match=complaint) as told:
        PostgresStore(address)
    assert "hush" not in str(told.value)


def test_a_market_has_a_plain_name(url: str) -> None:
    for name in ("", "x" * 41, 'a"; DROP SCHEMA public; --', "Größe"):
        with pytest.raises(Unavailable, match="a market is named"):
            PostgresStore(url, market=name)


def test_without_the_driver_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from souq.journal.postgres import PostgresStore\n"
        "PostgresStore('postgresql://')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith("Unavailable: PostgreSQL needs a driver: install souq[postgres]")
