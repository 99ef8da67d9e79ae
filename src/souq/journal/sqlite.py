"""A journal in one SQLite file: one writer connection, WAL, a sync for every commit.

Two facts of SQLite shape this module. WAL with `synchronous=NORMAL` loses acknowledged commits on
a power cut, so it is FULL. And recovery ends silently at a damaged WAL frame, so the head (number
and hash of the last record) is also kept in a file of its own, written after the commit and
before anybody hears of it: a journal that ends below its head has lost records. That file is made
and synced before the first record, so one that is missing is a loss as well.
Versions before 3.51.3 can lose pages when one connection resets the WAL while another
checkpoints; the one writer does all checkpoints, and readers open the file read-only.
"""

import contextlib
import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from souq.journal.commit import Stopped
from souq.journal.key_file import KeyFile
from souq.journal.locking import Keyring, Row
from souq.journal.record import GENESIS, Damaged, Entry, Payload
from souq.journal.store import InUse as InUse

FILE = "journal.sqlite"
SIDE_FILES = ("-shm", "-wal")  # what SQLite itself keeps beside a file, while it is open
HEAD = "head"
LOCK = "lock"
_READ_CHUNK = 2_000
_ROWS_MAX = 512
_AT_ONCE = 64  # rows that go in by one statement, whatever their number

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, body BLOB NOT NULL,
    actor TEXT NOT NULL, command_id TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS record_ids ON records (actor, command_id);
CREATE TABLE IF NOT EXISTS payloads (
    digest TEXT PRIMARY KEY, salt BLOB NOT NULL, audience TEXT NOT NULL, content BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (digest TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


_BY = (
    "SELECT command_id, seq FROM records WHERE actor = ? AND command_id > ?"
    " ORDER BY command_id LIMIT ?"
)
_IDS = (
    "SELECT actor, command_id FROM records WHERE (actor, command_id) > (?, ?)"
    " AND command_id IS NOT NULL ORDER BY actor, command_id LIMIT ?"
)


class SqliteStore:
    """A folder with a journal. `read_only` opens a second view of one that somebody may write.

    `seed` is for simulations alone: their words are locked with what is worked out from it.
    """

    is_instant = False

    def __init__(self, folder: Path, *, read_only: bool = False, seed: bytes = b"") -> None:
        self.folder = folder
        self._lock: int | None = None
        self._head: int | None = None
        self._writing = threading.Lock()
        self._failure = ""
        self._reading = threading.Lock()
        self._opened: list[sqlite3.Connection] = []
        self._key_file = files = KeyFile(folder, read_only=read_only)
        self._keys = Keyring(files.read, files.write, files.has_any, seed)
        if read_only and not (folder / FILE).is_file():
            raise FileNotFoundError(f"{folder} holds no journal")
        try:
            with _damage_named(self):
                self._open(read_only)
        except BaseException:
            self.close()
            raise

    def _open(self, read_only: bool) -> None:
        if read_only:
            self._db = self._reader = self._connect("ro")
            self._check_head()
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # mandates are in it
        self._lock = self._take_lock()
        self._db = self._reader = self._connect("rwc")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten
        self._db.executescript(_SCHEMA)
        self._check_head()
        self._head = self._open_head()
        # Readers use a connection of their own: on the writer's they would see what is not yet
        # committed.
        self._reader = self._connect("ro")

    def _connect(self, mode: str) -> sqlite3.Connection:
        uri = f"{(self.folder / FILE).absolute().as_uri()}?mode={mode}"
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        self._opened.append(db)
        return db

    def _open_head(self) -> int:
        head = os.open(self.folder / HEAD, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(head).st_size == 0:
            os.pwrite(head, head_line(*self.head()), 0)
            os.fsync(head)
            for folder in (self.folder, self.folder.parent):  # their names must outlast a power cut
                handle = os.open(folder, os.O_RDONLY)
                os.fsync(handle)
                os.close(handle)
        return head

    def _take_lock(self) -> int:
        lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise InUse(f"{self.folder} is being written by another process") from None
        return lock

    def _check_head(self) -> None:
        said = self._said_by_head()
        while trouble := self._trouble_with(said):
            if said == (again := self._said_by_head()):
                raise trouble
            said = again  # a living writer was in the midst of it

    def _said_by_head(self) -> str | None:
        try:
            return (self.folder / HEAD).read_text("ascii", "replace")
        except FileNotFoundError:
            return None

    def _trouble_with(self, said: str | None) -> Damaged | None:
        """Say what is wrong between the journal and what the file `head` says of it."""
        last = self.head()[0]
        if said is None and last:
            return Damaged(
                last + 1,
                f"the file {HEAD} is gone, which tells whether more than {last} records were "
                f"acknowledged; an empty file of that name accepts the journal as it is",
            )
        if not said:
            return None
        seq, _, hash_hex = said.strip().partition(" ")
        if not (seq.isascii() and seq.isdigit() and len(hash_hex) == 64):
            return Damaged(0, f"the file {HEAD} beside the journal is unreadable")
        if int(seq) == 0:
            return None
        row = self._rows("SELECT hash FROM records WHERE seq = ?", (int(seq),))
        if not row:
            return Damaged(last + 1, f"the journal ends at {last} but was acknowledged up to {seq}")
        if type(row[0][0]) is not bytes or row[0][0].hex() != hash_hex:
            return Damaged(int(seq), "its hash is not the one acknowledged")
        return None

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        # One at a time: the connection is shared by whoever reads.
        with self._reading, _damage_named(self):
            return self._reader.execute(query, values).fetchall()

    def head(self) -> tuple[int, bytes]:
        rows = self._rows("SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1")
        return (rows[0][0], rows[0][1]) if rows else (0, GENESIS)

    @contextmanager
    def _write(self) -> Iterator[None]:
        """Let one write at a time through, and none after one that failed.

        After a failed sync the system may have dropped the pages and call the next one a success.
        """
        with self._writing:
            if self._failure:
                raise Stopped(f"nothing more is written to {self.folder}: {self._failure}")
            try:
                yield
            except BaseException as error:
                self._failure = str(error) or type(error).__name__
                raise

    def append(self, entries: Sequence[Entry]) -> None:
        with self._write():
            rows = [entry[:5] for entry in entries]
            payloads = self._locked(entries)
            if len(rows) <= _AT_ONCE and not payloads:
                self._insert("records", rows)  # one statement is a transaction of its own
            else:
                self._insert_all(rows, payloads)
            last = entries[-1]
            assert self._head is not None, "a read-only store was written"
            # A fixed width, so that no write leaves half of an older line behind.
            line = head_line(last.seq, last.hash)
            if os.pwrite(self._head, line, 0) != len(line):
                raise OSError(errno.ENOSPC, f"only a part of {HEAD} was written")

    def _locked(self, entries: Sequence[Entry]) -> list[Row]:
        payloads = [payload for entry in entries for payload in entry.payloads]
        if not payloads:
            return []
        self._keys.make_for(payloads)
        return [row for row in map(self._keys.locked, payloads) if row is not None]

    def _insert_all(self, rows: Sequence[tuple[object, ...]], payloads: Sequence[Row]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._insert("records", rows)
            if payloads:
                self._insert("payloads", payloads)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _insert(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        # Many rows in one statement: the interpreter's lock changes hands once for all of them.
        # Beyond the usual sizes, powers of two keep the number of distinct statements small.
        start = 0
        while start < len(rows):
            left = len(rows) - start
            size = left if left <= _AT_ONCE else min(_ROWS_MAX, 1 << (left.bit_length() - 1))
            chunk = rows[start : start + size]
            row = "(" + ",".join("?" * len(chunk[0])) + ")"
            values = [value for line in chunk for value in line]
            self._db.execute(f"INSERT INTO {table} VALUES " + ",".join([row] * size), values)
            start += size

    def read(self, start: int = 1, until: int | None = None) -> Iterator[Entry]:
        last = self.head()[0] if until is None else until
        expected = start
        while expected <= last:
            rows = self._rows(
                "SELECT seq, hash, body, actor, command_id FROM records"
                " WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?",
                (expected, last, _READ_CHUNK),
            )
            if not rows:
                raise Damaged(expected, "is missing")
            for row in rows:
                if row[0] != expected:
                    raise Damaged(expected, "is missing")
                if type(row[1]) is not bytes or type(row[2]) is not bytes:
                    raise Damaged(expected, "has no bytes where its hash and body should be")
                yield Entry(*row)
                expected += 1

    def find(self, actor: str, command_id: str) -> int | None:
        rows = self._rows(
            "SELECT seq FROM records WHERE actor = ? AND command_id = ?", (actor, command_id)
        )
        return rows[0][0] if rows else None

    def ids(self) -> Iterator[tuple[str, str]]:
        # Along the index that finds them, which is a tenth of the table.
        last = ("", "")
        while rows := self._rows(_IDS, (*last, _READ_CHUNK)):
            yield from rows
            last = rows[-1]

    def by(self, actor: str) -> Iterator[int]:
        # Along the unique index, whose first column is the actor.
        last = ""
        while rows := self._rows(_BY, (actor, last, _READ_CHUNK)):
            yield from (seq for _, seq in rows)
            last = rows[-1][0]

    def payload(self, digest: str) -> Payload | None:
        rows = self._rows("SELECT * FROM payloads WHERE digest = ?", (digest,))
        return self._keys.unlocked(rows[0]) if rows else None

    def payloads(self) -> Iterator[Payload]:
        found = map(self._keys.unlocked, self.stored_payloads())
        yield from (payload for payload in found if payload is not None)

    def stored_payloads(self) -> Iterator[Row]:
        """Iterate over all payloads as they lie in the file, locked ones among them."""
        last = ""
        while rows := self._rows(
            "SELECT * FROM payloads WHERE digest > ? ORDER BY digest LIMIT ?", (last, _READ_CHUNK)
        ):
            yield from rows
            last = rows[-1][0]

    def digests(self) -> Iterator[str]:
        yield from (row[0] for row in self.stored_payloads())

    def is_erased(self, digest: str) -> bool:
        rows = self._rows("SELECT * FROM payloads WHERE digest = ?", (digest,))
        return not rows or self._keys.is_gone(rows[0])

    def erase(self, *digests: str) -> None:
        with self._write():
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "DELETE FROM payloads WHERE digest = ?", [(one,) for one in digests]
            )
            self._db.execute("COMMIT")
            # The log still holds the bytes until it is folded into the file and cut off.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def shred(self, owner: str) -> None:
        with self._write():
            self._keys.destroy(owner)

    def is_shredded(self, owner: str) -> bool:
        return self._keys.is_destroyed(owner)

    def quarantine(self, digest: str) -> None:
        with self._write():
            self._db.execute("INSERT OR IGNORE INTO quarantine VALUES (?)", (digest,))

    def quarantined(self) -> set[str]:
        return {row[0] for row in self._rows("SELECT digest FROM quarantine")}

    def mark(self, name: str) -> str | None:
        return self.marks().get(name)

    def set_mark(self, name: str, value: str) -> None:
        with self._write():
            self._db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))

    def marks(self) -> dict[str, str]:
        # A journal of an earlier release has no such table until it is opened for writing.
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'marks'"):
            return {}
        return dict(self._rows("SELECT name, value FROM marks"))

    def is_leading(self) -> bool:
        return self._lock is not None

    def close(self) -> None:
        with self._writing, self._reading:
            if self._lock is not None and not self._failure:
                self._fold_log_in()
            while self._opened:  # readers first: the writer folds its log in when it goes last
                self._opened.pop().close()
            self._key_file.close()
            for handle in (self._head, self._lock):
                if handle is not None:
                    os.close(handle)
            self._head = self._lock = None

    def _fold_log_in(self) -> None:
        """Leave the whole journal in its own file, even where others have it open for reading.

        Closing does so only for the last connection there is, and whoever hashes or copies the file
        next would miss what is in the log.
        """
        with contextlib.suppress(sqlite3.Error):  # then it stays in the log, which is kept
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def head_line(seq: int, hash: bytes) -> bytes:
    """Give what the file `head` says of a journal that ends at this record."""
    return f"{seq:020d} {hash.hex()}\n".encode()


@contextmanager
def _damage_named(store: SqliteStore) -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
        if "decode" in str(error) or "no such table" in str(error):
            raise Damaged(0, f"{store.folder / FILE}: {error}") from error
        raise  # locked, full, unreadable, closed: no trouble of the journal's
    except sqlite3.DatabaseError as error:
        raise Damaged(0, f"{store.folder / FILE} is not a sound database: {error}") from error
