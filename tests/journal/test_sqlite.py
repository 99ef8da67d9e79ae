"""The file on the disk: who may open it, what is read meanwhile, what erasing leaves behind."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from souq.core.annotation import Annotate
from souq.core.message import PostMessage
from souq.core.rules import OPERATOR
from souq.core.seal import OperatorText, PublicText
from souq.engine import Engine
from souq.journal.commit import Stopped
from souq.journal.record import Damaged
from souq.journal.sqlite import FILE, HEAD, SqliteStore
from souq.journal.verify import verify
from tests.journal.day import play
from tests.journal.stores import furnish


@contextmanager
def written_meanwhile(engine: Engine) -> Iterator[threading.Thread]:
    """Let another thread write a while, each record durable before the next.

    One that does not wait fills the queue; whoever reads from the first record then has four times
    as much to read every time, and ten readings never end.
    """
    done = threading.Event()

    def write() -> None:
        for n in range(400):
            if done.is_set():
                return
            engine.submit("A1", f"m{n}", PostMessage(PublicText(f"{n}"))).need()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield writer
    finally:
        done.set()
        writer.join(30)
    assert engine.submit("A1", "m399", PostMessage(PublicText("399"))).is_replay


def test_a_reader_sees_a_living_market_and_only_what_was_committed(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)
        with written_meanwhile(engine) as writer:
            while writer.is_alive():
                before = engine.store.head()[0]
                with closing(SqliteStore(tmp_path, read_only=True)) as reader:
                    seen = [entry.seq for entry in reader.read()]
                assert seen == list(range(1, len(seen) + 1))
                assert len(seen) >= before


def test_a_living_market_can_be_checked(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)
        with written_meanwhile(engine) as writer:
            while writer.is_alive():
                before = engine.store.head()[0]
                with closing(SqliteStore(tmp_path, read_only=True)) as reader:
                    assert verify(reader).records >= before


def test_a_store_that_failed_once_writes_nothing_any_more(tmp_path: Path) -> None:
    engine = play(SqliteStore(tmp_path)).engine
    store, head = engine.store, engine.head
    last = next(store.read(head[0], head[0]))
    with pytest.raises(sqlite3.IntegrityError):
        store.append([last])  # it is there already
    for write in (
        lambda: store.append([last._replace(seq=last.seq + 1, command_id="x")]),
        lambda: store.set_mark("webhooks", "1"),
        lambda: store.erase("s1:"),
        lambda: store.quarantine("digest"),
    ):
        with pytest.raises(Stopped, match="nothing more is written"):
            write()
    assert store.head() == head
    assert len(list(store.read())) == head[0]
    engine.close()
    with closing(SqliteStore(tmp_path)) as again:
        again.set_mark("webhooks", "1")


def test_a_journal_that_could_not_be_opened_is_not_kept_locked(tmp_path: Path) -> None:
    play(SqliteStore(tmp_path)).engine.close()
    head = (tmp_path / HEAD).read_text()
    (tmp_path / HEAD).write_text("what?")
    with pytest.raises(Damaged):
        SqliteStore(tmp_path)
    (tmp_path / HEAD).write_text(head)
    SqliteStore(tmp_path).close()


def test_a_reader_opens_what_a_killed_writer_left(tmp_path: Path) -> None:
    engine = play(SqliteStore(tmp_path / "live")).engine
    head = engine.head
    shutil.copytree(tmp_path / "live", tmp_path / "left")
    engine.close()
    assert (tmp_path / "left" / f"{FILE}-wal").stat().st_size > 0
    reader = SqliteStore(tmp_path / "left", read_only=True)
    assert reader.head() == head
    verify(reader)
    reader.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    play(SqliteStore(tmp_path)).engine.close()
    reader = SqliteStore(tmp_path, read_only=True)
    last = list(reader.read())[-1]
    with pytest.raises(Exception, match="readonly"):
        reader.append([last._replace(seq=last.seq + 1, command_id="x")])
    reader.close()


def test_a_missing_head_is_reported_and_an_empty_one_accepts_what_is_there(tmp_path: Path) -> None:
    engine = play(SqliteStore(tmp_path)).engine
    head = engine.head
    engine.close()
    (tmp_path / HEAD).unlink()
    for read_only in (True, False):
        with pytest.raises(Damaged, match="head is gone") as damaged:
            SqliteStore(tmp_path, read_only=read_only)
        assert damaged.value.seq == head[0] + 1
    (tmp_path / HEAD).touch()
    with Engine(SqliteStore(tmp_path)) as engine:
        assert engine.head == head
    assert str(head[0]) in (tmp_path / HEAD).read_text()


def test_a_lost_database_is_reported(tmp_path: Path) -> None:
    play(SqliteStore(tmp_path)).engine.close()
    (tmp_path / FILE).write_bytes(b"")
    for read_only in (True, False):
        with pytest.raises(Damaged):
            SqliteStore(tmp_path, read_only=read_only)


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a ?b=c #d %41 é"
    with Engine(SqliteStore(folder)) as engine:
        furnish(engine)
    assert (folder / FILE).is_file()
    reader = SqliteStore(folder, read_only=True)
    assert reader.head()[0] == 6
    reader.close()


def test_nobody_else_may_look_into_the_folder(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path / "market")) as engine:
        furnish(engine)
    assert (tmp_path / "market").stat().st_mode & 0o077 == 0


def test_erased_words_are_in_no_file_any_more(tmp_path: Path) -> None:
    words = "these words were never meant for the floor"
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)
        # The operator's: words of others lie locked there from the beginning.
        engine.submit(OPERATOR, "before", Annotate("b", OperatorText("b" * 300))).need()
        said = engine.submit(OPERATOR, "m", Annotate("m", OperatorText(words))).need()
        engine.submit(OPERATOR, "after", Annotate("a", OperatorText("a" * 300))).need()
        assert any(words.encode() in file.read_bytes() for file in tmp_path.iterdir())
        engine.store.erase(said.events[0].note)
        for file in tmp_path.iterdir():
            assert words.encode() not in file.read_bytes(), file.name
        assert engine.submit(OPERATOR, "m", Annotate("m", OperatorText(words))).is_replay
        checked = verify(engine.store)
    assert checked.erased == 1
