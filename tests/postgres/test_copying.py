"""A market moves from one store to another, either way, and arrives whole or is refused."""

from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from souq.journal.copying import NotEmpty, copy_journal
from souq.journal.memory import MemoryStore
from souq.journal.record import Damaged
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.journal.verify import verify
from tests.journal.day import play
from tests.postgres.conftest import Open


def filled() -> MemoryStore:
    store = MemoryStore()
    play(store)
    store.erase(
        next(payload.digest for payload in store.payloads() if payload.audience == "public")
    )
    store.quarantine("d1")
    store.set_mark("webhooks", "12")
    return store


def everything(store: Store) -> list[object]:
    return [
        [entry._replace(payloads=()) for entry in store.read()],
        sorted(store.payloads()),
        store.quarantined(),
        store.marks(),
        store.head(),
        verify(store),
    ]


def test_a_market_moves_from_a_folder_to_a_database_and_back(tmp_path: Path, opened: Open) -> None:
    memory = filled()
    here, there, back = SqliteStore(tmp_path / "a"), opened(), SqliteStore(tmp_path / "b")
    chain: list[Store] = [memory, here, there, back]
    for source, target in pairwise(chain):
        assert copy_journal(source, target) == memory.head()[0]
        assert everything(target) == everything(memory)
    here.close()
    back.close()


def test_a_copy_can_be_taken_while_the_market_is_led(tmp_path: Path, opened: Open) -> None:
    leader = opened()
    copy_journal(filled(), leader)
    with closing(SqliteStore(tmp_path)) as target:
        assert copy_journal(opened(read_only=True), target) == leader.head()[0]
        assert leader.is_leading()


@pytest.mark.parametrize("what", ["record", "quarantine", "mark"])
def test_nothing_is_copied_over_something(what: str, opened: Open) -> None:
    target = opened()
    if what == "record":
        copy_journal(filled(), target)
    elif what == "quarantine":
        target.quarantine("d")
    else:
        target.set_mark("a", "b")
    head = target.head()
    with pytest.raises(NotEmpty, match="not empty"):
        copy_journal(filled(), target)
    assert target.head() == head


@pytest.mark.parametrize("what", ["body", "actor", "payload", "gap"])
def test_what_is_damaged_is_not_copied(what: str, opened: Open) -> None:
    source = filled()
    entry = source._entries[29]
    if what == "body":
        source._entries[29] = entry._replace(body=entry.body + b" ")
    elif what == "actor":
        source._entries[29] = entry._replace(actor="P9")
    elif what == "gap":
        del source._entries[29]
    else:
        digest, payload = next(iter(source._payloads.items()))
        source._payloads[digest] = payload._replace(content=payload.content + b" ")
    with pytest.raises(Damaged) as damaged:
        copy_journal(source, opened())
    assert what == "payload" or damaged.value.seq == (31 if what == "gap" else 30)


def test_an_empty_market_can_be_copied(opened: Open) -> None:
    assert copy_journal(MemoryStore(), opened()) == 0
