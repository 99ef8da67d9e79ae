"""A journal that is not what was written: noticed, named, and never gone on with."""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from souq.core.funds import ReportDeposit
from souq.core.rules import OPERATOR
from souq.engine import Engine
from souq.journal.record import Damaged, chained
from souq.journal.sqlite import FILE, HEAD, InUse, SqliteStore
from souq.journal.verify import verify
from tests.journal.day import play, usd

FLIPS = 500
COLUMNS = (
    ("records", "body", "seq"),
    ("records", "hash", "seq"),
    ("records", "actor", "seq"),
    ("records", "command_id", "seq"),
    ("payloads", "content", "digest"),
    ("payloads", "salt", "digest"),
    ("payloads", "audience", "digest"),
    ("payloads", "digest", "digest"),
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day") / "market"
    play(SqliteStore(folder)).engine.close()
    return folder


@pytest.fixture
def copy(day: Path, tmp_path: Path) -> Path:
    shutil.copytree(day, tmp_path / "copy")
    return tmp_path / "copy"


def check(folder: Path) -> None:
    store = SqliteStore(folder, read_only=True)
    try:
        verify(store)
    finally:
        store.close()


def change(folder: Path, *statements: str) -> None:
    db = sqlite3.connect(folder / FILE)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_a_sound_journal_is_sound(day: Path) -> None:
    check(day)


def test_every_flipped_bit_of_what_is_stored_is_noticed(copy: Path) -> None:
    rng = random.Random(1)
    db = sqlite3.connect(copy / FILE, isolation_level=None)
    # Text is handled as bytes throughout: a flipped bit may leave no valid text behind.
    rows = {
        (table, column, key): db.execute(
            f"SELECT CAST({key} AS BLOB), CAST({column} AS BLOB) FROM {table}"
            f" WHERE length({column}) > 0"
        ).fetchall()
        for table, column, key in COLUMNS
    }
    missed = []
    for _ in range(FLIPS):
        table, column, key = rng.choice(list(rows))
        row, value = rng.choice(rows[table, column, key])
        at, bit = rng.randrange(len(value)), 1 << rng.randrange(8)
        flipped = bytes(byte ^ (bit if n == at else 0) for n, byte in enumerate(value))
        kind = "BLOB" if column in ("body", "hash", "content", "salt") else "TEXT"
        update = f"UPDATE {table} SET {column} = CAST(? AS {kind}) WHERE CAST({key} AS BLOB) = ?"
        try:
            db.execute(update, (flipped, row))
        except sqlite3.IntegrityError:
            continue  # the flip made one id into another one, and the index says so
        try:
            check(copy)
            missed.append((table, column, row, at, bit))
        except Damaged:
            pass
        assert db.execute(update, (value, flipped if column == key else row)).rowcount == 1
    db.close()
    check(copy)
    assert missed == []


def test_flipped_bytes_in_the_file_itself_are_noticed(day: Path, tmp_path: Path) -> None:
    rng = random.Random(2)
    store = SqliteStore(day, read_only=True)
    bodies = [entry.body for entry in store.read()]
    store.close()
    whole = (day / FILE).read_bytes()
    for _ in range(60):
        body = rng.choice(bodies)[:200]  # longer ones may go on in another page
        at = whole.index(body) + rng.randrange(len(body))
        bad = tmp_path / "bad"
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(day, bad)
        (bad / FILE).write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with pytest.raises(Damaged):
            check(bad)


@pytest.mark.parametrize("seq", [1, 2, 40])
def test_a_record_taken_out_is_named(copy: Path, seq: int) -> None:
    change(copy, f"DELETE FROM records WHERE seq = {seq}")
    with pytest.raises(Damaged) as damaged:
        check(copy)
    assert damaged.value.seq == seq


@pytest.mark.parametrize("lost", [1, 2, 30])
def test_a_cut_below_the_acknowledged_head_is_reported(copy: Path, lost: int) -> None:
    store = SqliteStore(copy, read_only=True)
    last = store.head()[0]
    store.close()
    change(copy, f"DELETE FROM records WHERE seq > {last - lost}")
    for open_ in (check, lambda folder: Engine(SqliteStore(folder))):
        with pytest.raises(Damaged) as damaged:
            open_(copy)
        assert damaged.value.seq == last - lost + 1
        assert str(last) in damaged.value.why


def test_an_older_copy_beside_the_newer_head_is_reported(day: Path, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(day, older)
    with Engine(SqliteStore(older)) as engine:
        engine.submit(OPERATOR, "one more", ReportDeposit("P1", usd(1)))
    (older / FILE).write_bytes((day / FILE).read_bytes())
    for wal in older.glob(f"{FILE}-*"):
        wal.unlink()
    with pytest.raises(Damaged, match="acknowledged"):
        SqliteStore(older)


def test_a_log_with_acknowledged_records_taken_away_is_reported(tmp_path: Path) -> None:
    live, cut = tmp_path / "live", tmp_path / "cut"
    engine = play(SqliteStore(live)).engine
    engine.submit(OPERATOR, "last", ReportDeposit("P1", usd(1)))
    shutil.copytree(live, cut)  # as a power cut would leave it
    assert (cut / f"{FILE}-wal").stat().st_size > 0
    (cut / f"{FILE}-wal").unlink()
    engine.close()
    with pytest.raises(Damaged):
        SqliteStore(cut)


@pytest.mark.parametrize("tear", ["garbage", "half a frame"])
def test_a_torn_end_that_nobody_was_told_of_is_dropped(tmp_path: Path, tear: str) -> None:
    live, torn = tmp_path / "live", tmp_path / "torn"
    engine = play(SqliteStore(live)).engine
    head = engine.head
    shutil.copytree(live, torn)
    if tear == "half a frame":
        engine.submit(OPERATOR, "unheard", ReportDeposit("P1", usd(1)))
        wal = (live / f"{FILE}-wal").read_bytes()
        shutil.copy(live / f"{FILE}-wal", torn)
        with (torn / f"{FILE}-wal").open("r+b") as log:
            log.truncate(len(wal) - 2_000)
    else:
        with (torn / f"{FILE}-wal").open("ab") as log:
            log.write(random.Random(3).randbytes(9_000))
    engine.close()
    with Engine(SqliteStore(torn)) as again:
        assert again.head == head
    check(torn)


def test_an_unreadable_head_is_reported(copy: Path) -> None:
    (copy / HEAD).write_text("what?")
    with pytest.raises(Damaged, match="head"):
        SqliteStore(copy)


def test_two_processes_never_write_one_journal(day: Path, copy: Path) -> None:
    with Engine(SqliteStore(copy)), pytest.raises(InUse):
        SqliteStore(copy)


def test_erased_words_break_nothing(copy: Path) -> None:
    store = SqliteStore(copy)
    before = verify(store)
    words = [payload for payload in store.payloads() if payload.audience == "public"]
    store.erase(words[0].digest)
    after = verify(store)
    store.close()
    assert (after.state_hash, after.head) == (before.state_hash, before.head)
    assert after.erased == before.erased + 1
    assert after.judged_again == before.judged_again - 1


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE records SET actor = 'eve' WHERE seq = 9", "actor"),
        ("DELETE FROM payloads WHERE audience LIKE 'principal-of%'", "private part"),
        ("INSERT INTO payloads VALUES ('s1:x', x'00', 'public', x'00')", "no record"),
    ],
)
def test_meddling_beside_the_chain_is_noticed(copy: Path, statement: str, why: str) -> None:
    change(copy, statement)
    with pytest.raises(Damaged, match=why):
        check(copy)


def test_a_forged_record_with_a_fitting_hash_is_judged_and_found(copy: Path) -> None:
    # Whoever holds the file can chain anew; judging again still tells what could not happen.
    db = sqlite3.connect(copy / FILE)
    rows = db.execute("SELECT seq, hash, body FROM records ORDER BY seq").fetchall()
    previous, forged = bytes(32), 0
    for seq, _, body in rows:
        if not forged and b'"TransfersMade"' in body and b'"ReportDeposit"' in body:
            # The event pays twice what the command reported.
            start = body.rindex(b'"amount":[') + len(b'"amount":[')
            end = body.index(b"]", start)
            amount = int(body[start:end]) * 2
            body, forged = body[:start] + b"%d" % amount + body[end:], seq
        previous = chained(previous, body)
        db.execute("UPDATE records SET hash = ?, body = ? WHERE seq = ?", (previous, body, seq))
    db.commit()
    db.close()
    (copy / HEAD).write_text(f"{rows[-1][0]:020d} {previous.hex()}\n")
    with pytest.raises(Damaged) as damaged:
        check(copy)
    assert damaged.value.seq == forged > 0
