"""Marks: how far somebody has read a journal, kept beside it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.journal.sqlite import FILE, SqliteStore
from tests.journal.stores import furnish


def test_the_last_value_noted_is_the_one_that_is_read(tmp_path: Path) -> None:
    for store in (MemoryStore(), SqliteStore(tmp_path)):
        assert store.mark("webhooks") is None
        store.set_mark("webhooks", "1")
        store.set_mark("webhooks", "2")
        store.set_mark("rails", "")
        assert (store.mark("webhooks"), store.mark("rails")) == ("2", "")
        assert store.marks() == {"webhooks": "2", "rails": ""}
        store.close()


def test_a_mark_outlasts_the_process_and_a_reader_sees_it(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)
        engine.store.set_mark("webhooks", "6")
    with closing(SqliteStore(tmp_path, read_only=True)) as view:
        assert view.mark("webhooks") == "6"
        assert not view.is_leading()
    with closing(SqliteStore(tmp_path)) as store:
        assert store.mark("webhooks") == "6"
        assert store.is_leading()
    assert not store.is_leading()


def test_a_journal_from_before_there_were_marks_has_none(tmp_path: Path) -> None:
    SqliteStore(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("DROP TABLE marks")
    with closing(SqliteStore(tmp_path, read_only=True)) as view:
        assert (view.mark("webhooks"), view.marks()) == (None, {})
    with closing(SqliteStore(tmp_path)) as store:
        store.set_mark("webhooks", "1")
        assert store.marks() == {"webhooks": "1"}
