"""The file on the disk: who may open it, what is read meanwhile, what erasing leaves behind."""

import shutil
import threading
from pathlib import Path

import pytest

from souq.core.funds import ReportDeposit
from souq.core.message import PostMessage
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.engine import Engine
from souq.journal.record import Damaged
from souq.journal.sqlite import FILE, HEAD, SqliteStore
from souq.journal.verify import verify
from tests.journal.day import play, usd
from tests.journal.stores import furnish


def test_a_reader_sees_a_living_market_and_only_what_was_committed(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)
        done = threading.Event()

        def write() -> None:
            n = 0
            while not done.is_set():
                n += 1
                engine.submit(OPERATOR, f"d{n}", ReportDeposit("P1", usd(1))).need()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(30):
                before = engine.store.head()[0]
                reader = SqliteStore(tmp_path, read_only=True)
                seen = [entry.seq for entry in reader.read()]
                reader.close()
                assert seen == list(range(1, len(seen) + 1))
                assert len(seen) >= before
        finally:
            done.set()
            writer.join(10)


def test_a_living_market_can_be_checked(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        furnish(engine)
        done = threading.Event()

        def write() -> None:
            n = 0
            while not done.is_set():
                n += 1
                engine.submit_soon("A1", f"m{n}", PostMessage(PublicText(f"{n}")))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(10):
                reader = SqliteStore(tmp_path, read_only=True)
                assert verify(reader).records >= 6
                reader.close()
        finally:
            done.set()
            writer.join(10)


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
        engine.submit("A1", "before", PostMessage(PublicText("b" * 300))).need()
        said = engine.submit("A1", "m", PostMessage(PublicText(words))).need()
        engine.submit("A1", "after", PostMessage(PublicText("a" * 300))).need()
        assert any(words.encode() in file.read_bytes() for file in tmp_path.iterdir())
        engine.store.erase(said.events[0].text)
        for file in tmp_path.iterdir():
            assert words.encode() not in file.read_bytes(), file.name
        assert engine.submit("A1", "m", PostMessage(PublicText(words))).is_replay
        checked = verify(engine.store)
    assert checked.erased == 1
