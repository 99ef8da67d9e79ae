"""A derived file is folded from the journal into SQLite, and may be thrown away at any time.

Because it can be folded again, a power cut may cost it its newest records (`synchronous=NORMAL`),
and a file that is damaged, of an older version, or of another journal begins anew. Its place says
how far into which journal it has come; that is kept in one transaction with what was folded.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from souq.journal.record import GENESIS, Record, chained, encode
from souq.journal.store import Store

_SIDE_FILES = ("", "-wal", "-shm", "-journal")
_CACHE_KIB = 64 * 1024
_FACTS = "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"


class Spoilt(Exception):
    """The file is damaged, or a write to it failed: `reset` the view, and let it catch up."""


class _Unusable(Exception):
    """The file is damaged, or of another version: it is to be made again."""


class DerivedFile:
    """One connection to one file, or to memory; whoever reads sees what was just written.

    `version` is raised with any change to the tables in `schema`, or to how records fold into them.
    """

    def __init__(
        self, path: Path | None, schema: str, version: str, *, cache_kib: int = _CACHE_KIB
    ) -> None:
        self._path = path
        self._schema = schema
        self._version = version
        self._cache_kib = cache_kib
        self._failure = ""
        try:
            self._db = self._opened()
        except _Unusable:
            self._db = self._emptied()

    def reset(self, *, in_memory: bool = False) -> None:
        """Throw everything away and begin again; in memory from now on, where there is no room."""
        self._db.close()
        if in_memory:
            self._path = None
        self._db = self._emptied()
        self._failure = ""

    def close(self) -> None:
        """Commit, and let go of the file."""
        if not self._failure:
            self.commit()
        self._db.close()

    @property
    def is_spoilt(self) -> bool:
        """Tell whether a write has failed."""
        return bool(self._failure)

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Give what a query finds. Raises Spoilt."""
        if self._failure:
            raise Spoilt(self._failure)
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            raise  # a wrong query, or no room for its answer: no damage
        except sqlite3.DatabaseError as error:
            raise Spoilt(str(error)) from error

    def begin(self) -> None:
        """Open a transaction where none is open."""
        if not self._db.in_transaction:
            with self._writing():
                self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what was written since `begin`."""
        if self._db.in_transaction:
            with self._writing():
                self._db.execute("COMMIT")

    def write_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute a statement for every row. Raises Spoilt."""
        with self._writing():
            self._db.executemany(statement, rows)

    def facts(self) -> dict[str, str]:
        """Give what is noted about the journal this was folded from."""
        return dict(self.rows("SELECT name, value FROM facts"))

    def note(self, facts: dict[str, str]) -> None:
        """Note facts in the transaction that is open."""
        self.write_many("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def forget_fact(self, name: str) -> None:
        """Note a fact no longer."""
        self.write_many("DELETE FROM facts WHERE name = ?", [(name,)])

    def scrub(self, statement: str) -> None:
        """Rewrite by a statement, so that what was taken out leaves the file as well."""
        self.commit()
        with self._writing():
            self._db.execute(statement)
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        # SQLite may have taken back the whole transaction, and with it what is no longer waiting
        # to be written: going on would leave records out for good.
        if self._failure:
            raise Spoilt(self._failure)
        try:
            yield
        except sqlite3.DatabaseError as error:
            self._failure = str(error)
            raise Spoilt(self._failure) from error

    def _opened(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        db = sqlite3.connect(
            self._path or ":memory:", isolation_level=None, check_same_thread=False
        )
        try:
            db.execute("PRAGMA journal_mode=WAL").fetchall()
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten
            db.execute(f"PRAGMA cache_size=-{self._cache_kib}")
            if not db.execute("SELECT 1 FROM sqlite_master").fetchall():
                version = f"INSERT INTO facts VALUES ('version', '{self._version}');"
                db.executescript(f"BEGIN; {_FACTS} {self._schema} {version} COMMIT;")
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchall():
                raise _Unusable
            found = db.execute("SELECT value FROM facts WHERE name = 'version'").fetchall()
            if found != [(self._version,)]:
                raise _Unusable
        except sqlite3.OperationalError:
            db.close()
            raise  # in use, full, not to be read: it may be sound
        except sqlite3.DatabaseError as error:
            db.close()
            raise _Unusable from error
        except BaseException:
            db.close()
            raise
        return db

    def _emptied(self) -> sqlite3.Connection:
        if self._path is not None:
            for ending in _SIDE_FILES:
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        return self._opened()


class Place:
    """How far into which journal a file was folded: `seq` is taken, `kept` is on disk."""

    def __init__(self, facts: dict[str, str]) -> None:
        self.seq = self.kept = int(facts.get("seq", "0"))
        self._first = facts.get("first", "")
        self._last: Record | str = facts.get("last", "")

    def move_on(self, record: Record) -> None:
        """Go to the next record."""
        assert record.seq == self.seq + 1, f"record {record.seq} after {self.seq}"
        self.seq = record.seq
        if record.seq == 1:
            self._first = chained(GENESIS, encode(record)).hex()
        self._last = record  # its bytes are wanted once in thousands of records

    def facts(self) -> dict[str, str]:
        """Give what is to be noted with what was folded."""
        return {"seq": str(self.seq), "first": self._first, "last": self._known()}

    def is_in(self, store: Store) -> bool:
        """Tell whether what was read is the beginning of this journal."""
        if self.seq == 0:
            return True
        if store.head()[0] < self.seq:
            return False
        first, last = (next(iter(store.read(seq, seq))) for seq in (1, self.seq))
        return first.hash.hex() == self._first and _digest(last.body) == self._known()

    def _known(self) -> str:
        return self._last if isinstance(self._last, str) else _digest(encode(self._last))


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
