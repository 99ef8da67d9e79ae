"""Backups are whole, checked, private, and give the market back as it was at any record."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from souq.core import market
from souq.core.message import PostMessage
from souq.core.seal import PublicText
from souq.engine import Engine
from souq.journal.backup import Occupied, backup, check, keys_of, restore
from souq.journal.record import Damaged
from souq.journal.replay import replay
from souq.journal.sqlite import FILE, HEAD, SqliteStore
from souq.journal.verify import verify
from tests.journal.day import play
from tests.journal.stores import furnish


@pytest.fixture(scope="module")
def market_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "market"
    day = play(SqliteStore(folder))
    day.engine.store.set_mark("webhooks", "40")
    day.engine.store.set_mark("rails", '{"read":3}')
    day.engine.store.quarantine("a bad one")
    day.engine.close()
    return folder


@pytest.fixture
def kept(market_folder: Path, tmp_path: Path) -> Path:
    backup(market_folder, tmp_path / "kept.souq")
    return tmp_path / "kept.souq"


def content(folder: Path) -> list[object]:
    with closing(SqliteStore(folder, read_only=True)) as store:
        return [list(store.read()), sorted(store.payloads()), store.marks(), store.quarantined()]


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "partial" in path.name]


def test_what_is_restored_is_what_was_backed_up(
    market_folder: Path, kept: Path, tmp_path: Path
) -> None:
    back = restore(kept, tmp_path / "back")
    assert content(tmp_path / "back") == content(market_folder)
    assert (tmp_path / "back" / HEAD).read_bytes() == (market_folder / HEAD).read_bytes()
    with closing(SqliteStore(tmp_path / "back", read_only=True)) as store:
        assert verify(store).head == back.head
    with Engine(SqliteStore(tmp_path / "back")) as engine:
        assert engine.submit("A1", "goes on", PostMessage(PublicText("hello"))).seq
    assert left_over(tmp_path) == []


def test_a_restore_until_a_record_gives_the_state_of_that_record(
    market_folder: Path, kept: Path, tmp_path: Path
) -> None:
    with closing(SqliteStore(market_folder, read_only=True)) as live:
        last = live.head()[0]
        for until in (1, 2, last // 2, last - 1, last):
            back = restore(kept, tmp_path / str(until), until=until)
            then = replay(live, until=until)
            assert (back.records, back.head) == (until, then.hash.hex())
            with closing(SqliteStore(tmp_path / str(until), read_only=True)) as store:
                # verify also tells of payloads that belong to no record kept.
                assert verify(store).state_hash == market.state_hash(then.state)
                assert int(store.marks()["webhooks"]) == min(40, until)
    for until in (0, last + 1):
        with pytest.raises(ValueError, match=f"no record {until}"):
            restore(kept, tmp_path / "never", until=until)
    assert not (tmp_path / "never").exists()


def test_a_backup_of_a_market_being_written_holds_all_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    with Engine(SqliteStore(tmp_path / "live")) as engine:
        furnish(engine)
        done = threading.Event()
        acknowledged = [engine.head[0]]

        def write() -> None:
            for n in range(2_000):
                if done.is_set():
                    return
                said = PostMessage(PublicText(f"message {n}"))
                acknowledged[0] = engine.submit("A1", f"m{n}", said).need().seq

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for n in range(5):
                before = acknowledged[0]
                found = backup(tmp_path / "live", tmp_path / f"{n}.souq")
                assert before <= found.records <= engine.head[0]
                with closing(SqliteStore(tmp_path / "live", read_only=True)) as live:
                    entry = next(live.read(found.records, found.records))
                assert entry.hash.hex() == found.head
        finally:
            done.set()
            writer.join(30)
    restore(tmp_path / "4.souq", tmp_path / "back")
    with closing(SqliteStore(tmp_path / "back", read_only=True)) as store:
        assert verify(store).records == found.records


def test_a_backup_of_what_a_killed_writer_left_has_its_last_records(tmp_path: Path) -> None:
    engine = play(SqliteStore(tmp_path / "live")).engine
    head = engine.head
    shutil.copytree(tmp_path / "live", tmp_path / "left")
    engine.close()
    found = backup(tmp_path / "left", tmp_path / "kept.souq")
    assert (found.records, found.head) == (head[0], head[1].hex())


def test_nothing_is_ever_overwritten(market_folder: Path, kept: Path, tmp_path: Path) -> None:
    before = kept.read_bytes()
    with pytest.raises(Occupied, match="exists already"):
        backup(market_folder, kept)
    assert kept.read_bytes() == before
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Occupied):
        backup(market_folder, tmp_path / "dangling")
    (tmp_path / "empty").mkdir()
    for taken in (market_folder, tmp_path / "empty", kept, tmp_path / "dangling"):
        with pytest.raises(Occupied, match="new folder"):
            restore(kept, taken)
    assert left_over(tmp_path) == []


def test_nobody_else_may_read_a_backup_or_what_is_restored(kept: Path, tmp_path: Path) -> None:
    restore(kept, tmp_path / "back")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "back").stat().st_mode & 0o777 == 0o700


def test_an_empty_market_can_be_kept_too(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "empty").close()
    assert backup(tmp_path / "empty", tmp_path / "kept.souq").records == 0
    assert restore(tmp_path / "kept.souq", tmp_path / "back").records == 0
    SqliteStore(tmp_path / "back").close()


def test_what_was_erased_before_is_not_in_a_backup(tmp_path: Path) -> None:
    words = "these words were never meant for the floor"
    with Engine(SqliteStore(tmp_path / "live")) as engine:
        furnish(engine)
        said = engine.submit("A1", "m", PostMessage(PublicText(words))).need()
        engine.store.erase(said.events[0].text)
        backup(tmp_path / "live", tmp_path / "kept.souq")
    assert words.encode() not in (tmp_path / "kept.souq").read_bytes()
    restore(tmp_path / "kept.souq", tmp_path / "back")
    with closing(SqliteStore(tmp_path / "back", read_only=True)) as store:
        assert verify(store).erased == 1


SPOILT = (
    ("UPDATE records SET body = replace(body, 'P1', 'P2') WHERE seq = 7", "record 7"),
    ("UPDATE records SET actor = 'P9' WHERE seq = 9", "record 9: its actor"),
    ("DELETE FROM records WHERE seq = 5", "record 5: is missing"),
    ("DELETE FROM records WHERE seq > 20", "record 21: the journal ends at 20"),
    ("UPDATE payloads SET content = x'00' WHERE audience LIKE 'parties%'", "beside the records"),
    ("UPDATE payloads SET audience = 'public'", "beside the records"),
    ("DELETE FROM payloads", "beside the records"),
    ("DELETE FROM marks", "beside the records"),
    ("DELETE FROM quarantine", "beside the records"),
    ("INSERT INTO records SELECT 9999, hash, body, 'A1', 'x' FROM records WHERE seq = 9", "stands"),
    ("DELETE FROM head", "lost its head"),
    ("UPDATE head SET hash = 'abc'", "lost its head"),
    ("UPDATE head SET hash = zeroblob(32)", "not the one acknowledged"),
    ("DROP TABLE head", "no backup of a market"),
    ("DROP TABLE payloads", "no such table"),
)


@pytest.mark.parametrize(("spoil", "why"), SPOILT)
def test_a_damaged_backup_is_refused_by_name(
    kept: Path, tmp_path: Path, spoil: str, why: str
) -> None:
    with closing(sqlite3.connect(kept)) as db:
        db.execute(spoil)
        db.commit()
    with pytest.raises(Damaged, match=why) as refused:
        restore(kept, tmp_path / "back")
    assert "/souq-backup-" not in str(refused.value)
    assert not (tmp_path / "back").exists()
    assert left_over(tmp_path) == []


def test_a_flipped_bit_or_a_cut_off_end_never_passes_for_the_market(
    market_folder: Path, kept: Path, tmp_path: Path
) -> None:
    sound = kept.read_bytes()
    expected = content(market_folder)
    refused = 0
    for n in range(0, len(sound), len(sound) // 60):
        spoilt = tmp_path / f"{n}.souq"
        spoilt.write_bytes(sound[:n] + bytes([sound[n] ^ 16]) + sound[n + 1 :])
        shutil.copy(keys_of(kept), keys_of(spoilt))
        try:
            restore(spoilt, tmp_path / f"flipped-{n}")
        except Damaged:
            refused += 1
        else:  # the bit stood in an index, a statistic or an empty place
            assert content(tmp_path / f"flipped-{n}") == expected
        spoilt.write_bytes(sound[:n])
        with pytest.raises(Damaged):
            restore(spoilt, tmp_path / f"cut-{n}")
    assert refused > 30


def test_other_files_are_no_backups(market_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("dear market, " * 100)
    (tmp_path / "nothing").write_bytes(b"")
    shutil.copy(market_folder / FILE, tmp_path / "copied")  # by hand, without its head
    for name in ("text", "nothing", "copied"):
        with pytest.raises(Damaged, match=f"{name} is no backup of a market"):
            restore(tmp_path / name, tmp_path / "back")
    with pytest.raises(FileNotFoundError):
        restore(tmp_path / "missing", tmp_path / "back")


def test_a_journal_that_lost_acknowledged_records_is_not_backed_up_as_if_it_were_whole(
    market_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(market_folder, tmp_path / "cut")
    with closing(sqlite3.connect(tmp_path / "cut" / FILE)) as db:
        db.execute("DELETE FROM records WHERE seq > 30")
        db.commit()
    with pytest.raises(Damaged, match="acknowledged up to"):
        backup(tmp_path / "cut", tmp_path / "kept.souq")
    assert not (tmp_path / "kept.souq").exists()


def test_a_damaged_journal_is_found_out_when_it_is_backed_up(
    market_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(market_folder, tmp_path / "spoilt")
    with closing(sqlite3.connect(tmp_path / "spoilt" / FILE)) as db:
        db.execute("UPDATE records SET body = replace(body, 'P1', 'P2') WHERE seq = 7")
        db.commit()
    with pytest.raises(Damaged, match="record 7"):
        backup(tmp_path / "spoilt", tmp_path / "kept.souq")
    assert left_over(tmp_path) == []
    assert not (tmp_path / "kept.souq").exists()


def test_a_page_that_cannot_be_read_is_told_as_damage(market_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(market_folder, tmp_path / "torn")
    file = tmp_path / "torn" / FILE
    sound = file.read_bytes()
    found = 0
    for page in range(1, len(sound) // 4096):
        torn = sound[: page * 4096] + b"\xff" * 4096 + sound[(page + 1) * 4096 :]
        file.write_bytes(torn)
        try:
            backup(tmp_path / "torn", tmp_path / f"{page}.souq")
        except Damaged:
            found += 1
    assert found > 5
    assert left_over(tmp_path) == []


_FULL = """
import resource, signal, sys
from pathlib import Path
from souq.journal.backup import backup
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
backup(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_backup_that_does_not_fit_leaves_nothing_behind(
    market_folder: Path, tmp_path: Path
) -> None:
    words = [sys.executable, "-c", _FULL, str(market_folder), str(tmp_path / "kept.souq")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "disk" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_backup_can_be_checked_by_itself(kept: Path) -> None:
    found = check(kept)
    assert found.records > 50
    assert found.payloads > 10
    assert list(kept.parent.glob("*-wal")) == []
