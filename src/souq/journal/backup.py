"""A backup is one file with a whole journal and its head, written while the market runs.

It is taken by `VACUUM INTO` on a read-only connection: one read transaction, so it is the journal
of one moment, and a reader never checkpoints, so the WAL-reset bug of older SQLite (see
`sqlite.py`) cannot be met. What was erased before is not in it; what is erased later still is.

Nothing is overwritten and nothing appears half done: a backup and a restored folder are built
beside their place under another name, checked, synced, and only then named.

The keys that lock the words go into a second small file beside it, `FILE.keys`. Whoever erases
somebody throws the older ones of these away, and need not look for copies of the first.
"""

import errno
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, cast

from msgspec import Struct

from souq.journal.copying import copy_journal
from souq.journal.key_file import KEYS
from souq.journal.record import GENESIS, Damaged, Entry, Payload, encode
from souq.journal.replay import chain
from souq.journal.sqlite import FILE, HEAD, SqliteStore, head_line
from souq.journal.store import Store

# The chain covers the records alone; `beside` is a digest of all that lies beside them.
_HEAD_TABLE = "CREATE TABLE head (seq INTEGER NOT NULL, hash BLOB NOT NULL, beside BLOB NOT NULL)"
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})


class Kept(Struct, frozen=True):
    """What a backup holds, or a restored folder."""

    records: int
    head: str
    payloads: int


class _Head(NamedTuple):
    seq: int
    hash: bytes
    beside: bytes


class Occupied(FileExistsError):
    """Something stands already where a backup or a market was to be put."""


def backup(folder: Path, file: Path) -> Kept:
    """Write a market's journal into a new file, online. Raises Occupied, and Damaged."""
    for one in (file, keys_of(file)):
        if one.exists() or one.is_symlink():
            raise Occupied(f"{one} exists already; a backup is never written over another")
    with closing(SqliteStore(folder, read_only=True)) as source:
        acknowledged = source.head()
    partial = _partial_file(file)
    try:
        _copy_pages(folder / FILE, partial)
        _write_head(partial)
        if (folder / KEYS).is_file():
            # After the journal, so that every key is there which its words were locked with.
            _copy_pages(folder / KEYS, keys_of(partial))
            _sync(keys_of(partial))
        kept = check(partial)
        with _opened(partial, keys_of(partial)) as copy:
            _need_record(copy, *acknowledged)
        _sync(partial)
        if keys_of(partial).is_file():
            _give_name(keys_of(partial), keys_of(file))
        _give_name(partial, file)
    finally:
        partial.unlink(missing_ok=True)
        keys_of(partial).unlink(missing_ok=True)
    return kept


def keys_of(file: Path) -> Path:
    """Name the file with the keys to a backup's words."""
    return file.with_name(f"{file.name}.keys")


def check(file: Path) -> Kept:
    """Check a backup: its chain from the first record to its head, and every payload."""
    with _opened(file, keys_of(file)) as store:
        tip = (0, GENESIS)
        for entry in chain(store):
            tip = (entry.seq, entry.hash)
        if tip != (head := store.head()):
            raise Damaged(head[0], f"{file} does not end at its head")
        count = 0
        for payload in store.payloads():
            if not payload.fits():
                raise Damaged(0, f"{file}: {payload.digest} is not what was sealed")
            count += 1
    return Kept(tip[0], tip[1].hex(), count)


def restore(
    file: Path, folder: Path, *, until: int | None = None, keys: Path | None = None
) -> Kept:
    """Make a market's folder from a backup, or the market as it was at record `until`.

    Words come back that `keys` opens, or the keys written with the backup. Every record is decoded,
    compared with its columns and chained again on the way. Raises Occupied, Damaged, and ValueError
    where there is no such record.
    """
    if folder.exists() or folder.is_symlink():
        raise Occupied(f"{folder} exists already; a market is restored into a new folder only")
    keys = keys or keys_of(file)
    with _opened(file, keys) as source:
        last = source.head()[0]
        if until is not None and not 1 <= until <= last:
            raise ValueError(f"{file} holds records 1 to {last}; there is no record {until}")
        # Copying reads no more of a store than an earlier one has.
        view = source if until is None else cast(Store, _Earlier(source, until))
        parent = folder.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".partial", dir=parent))
        try:
            if keys.is_file():
                _copy_pages(keys, partial / KEYS)
            with closing(SqliteStore(partial)) as target:
                copy_journal(view, target)
                seq, hash = target.head()
                payloads = sum(1 for _ in target.payloads())
            _sync(partial / HEAD)  # the writer leaves its last line to the system
            SqliteStore(partial, read_only=True).close()  # its own head stands beside it
            _sync(partial)
            partial.rename(folder)
            _sync(parent)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return Kept(seq, hash.hex(), payloads)


class _Earlier:
    """A journal as it was at an earlier record; as much of a store as copying reads."""

    def __init__(self, store: SqliteStore, until: int) -> None:
        self._store = store
        self._last = next(store.read(until, until))

    def head(self) -> tuple[int, bytes]:
        return self._last.seq, self._last.hash

    def read(self, start: int = 1, until: int | None = None) -> Iterator[Entry]:
        last = self._last.seq if until is None else min(until, self._last.seq)
        return self._store.read(start, last)

    def payload(self, digest: str) -> Payload | None:
        return self._store.payload(digest)

    def quarantined(self) -> set[str]:
        return self._store.quarantined()

    def marks(self) -> dict[str, str]:
        """Give the marks; nobody has read further than there are records."""
        last = self._last.seq
        return {
            name: str(min(int(value), last)) if value.isascii() and value.isdigit() else value
            for name, value in self._store.marks().items()
        }


@contextmanager
def _opened(file: Path, keys: Path) -> Iterator[SqliteStore]:
    """Open a backup as the journal it is: under a journal's name, its head and keys beside it."""
    with tempfile.TemporaryDirectory(prefix="souq-backup-") as name:
        folder = Path(name)
        (folder / FILE).symlink_to(file.absolute())
        if keys.is_file():
            (folder / KEYS).symlink_to(keys.absolute())
        head = _head_within(file)
        (folder / HEAD).write_bytes(head_line(head.seq, head.hash))
        try:
            with closing(SqliteStore(folder, read_only=True)) as store:
                if store.head()[0] != head.seq:
                    raise Damaged(head.seq + 1, "stands after the backup's last record")
                if _beside(store) != head.beside:
                    raise Damaged(0, f"{file}: what lies beside the records was changed")
                yield store
        except Damaged as error:
            why = error.why.replace(str(folder / FILE), str(file))
            raise Damaged(error.seq, why) from error


def _copy_pages(journal: Path, partial: Path) -> None:
    with closing(_read_only(journal)) as db:
        try:
            db.execute("VACUUM INTO ?", (str(partial),))
        except sqlite3.OperationalError:
            raise  # no room, no permission: no trouble of the journal's
        except sqlite3.DatabaseError as error:
            raise Damaged(0, f"{journal} is not a sound database: {error}") from error


def _write_head(partial: Path) -> None:
    with closing(sqlite3.connect(partial, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")  # nobody knows of this file yet
        db.execute(_HEAD_TABLE)
    with tempfile.TemporaryDirectory(prefix="souq-backup-") as name:
        (Path(name) / FILE).symlink_to(partial)
        (Path(name) / HEAD).touch()
        with closing(SqliteStore(Path(name), read_only=True)) as store:
            head = _Head(*store.head(), _beside(store))
    with closing(sqlite3.connect(partial, isolation_level=None)) as db:
        db.execute("INSERT INTO head VALUES (?, ?, ?)", head)


def _beside(store: SqliteStore) -> bytes:
    """Give a digest of payloads, quarantine and marks, in an order of their own."""
    digest = hashlib.sha256()
    for row in store.stored_payloads():
        digest.update(encode(row))
    digest.update(encode([sorted(store.quarantined()), store.marks()]))
    return digest.digest()


def _head_within(file: Path) -> _Head:
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such backup")
    try:
        with closing(_read_only(file)) as db:
            rows = db.execute("SELECT seq, hash, beside FROM head").fetchall()
    except sqlite3.DatabaseError as error:
        raise Damaged(0, f"{file} is no backup of a market, or is damaged: {error}") from error
    if len(rows) != 1 or [type(value) for value in rows[0]] != [int, bytes, bytes]:
        raise Damaged(0, f"{file} has lost its head, which tells how many records it holds")
    return _Head(*rows[0])


def _need_record(store: SqliteStore, seq: int, hash: bytes) -> None:
    if seq and (store.head()[0] < seq or next(store.read(seq, seq)).hash != hash):
        raise Damaged(seq, "was acknowledged but is not in the backup")


def _read_only(file: Path) -> sqlite3.Connection:
    uri = f"{file.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _partial_file(file: Path) -> Path:
    parent = file.absolute().parent
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", suffix=".partial", dir=parent)
    os.close(handle)  # made for nobody else to read: mandates are in it
    return Path(name)


def _give_name(partial: Path, file: Path) -> None:
    try:
        os.link(partial, file)  # fails where the name was taken meanwhile, as a rename would not
    except FileExistsError:
        raise Occupied(f"{file} appeared meanwhile; the backup was not written over it") from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        partial.rename(file)  # a disk without hard links, such as a stick
    _sync(file.absolute().parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
