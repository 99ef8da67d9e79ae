"""The catalogue's file: its tables, how it is opened, and what is done where it fails.

It can be folded again from the journal at any time, so a power cut may cost it its newest
records (`synchronous=NORMAL`), and a file that is damaged or of an older version is thrown away.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

VERSION = "1"  # raise it with any change to the tables, or to how records fold into them
_SIDE_FILES = ("", "-wal", "-shm", "-journal")
_CACHE_KIB = 64 * 1024

# What filters and orders read is kept apart from what a card shows, so that a scan of many
# listings touches few pages. The index of words keeps no copy of them, and no length per
# document: nothing is ranked by how often a word occurs.
_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE listings (
    number INTEGER PRIMARY KEY, is_open INTEGER NOT NULL, side TEXT NOT NULL,
    subject TEXT NOT NULL, category TEXT NOT NULL, asset TEXT, price INTEGER,
    delivery TEXT NOT NULL, agent TEXT NOT NULL, principal TEXT NOT NULL,
    mechanisms TEXT NOT NULL, available INTEGER NOT NULL, reserved INTEGER NOT NULL,
    is_paused INTEGER NOT NULL, is_withdrawn INTEGER NOT NULL);
CREATE INDEX by_category ON listings (category);
CREATE INDEX by_agent ON listings (agent);
CREATE INDEX by_price ON listings (asset, price);
CREATE TABLE cards (
    number INTEGER PRIMARY KEY, title TEXT, title_digest TEXT NOT NULL, description TEXT,
    description_digest TEXT NOT NULL, attributes TEXT NOT NULL, unit TEXT NOT NULL,
    shipping_units INTEGER NOT NULL, posted_at INTEGER NOT NULL);
CREATE TABLE attributes (
    number INTEGER NOT NULL, name TEXT NOT NULL, word TEXT NOT NULL, amount INTEGER,
    PRIMARY KEY (number, name)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5 (
    title, description, content='', columnsize=0, prefix='2 3',
    tokenize='porter unicode61 remove_diacritics 2');
CREATE TABLE sellers (
    agent TEXT PRIMARY KEY, deals INTEGER NOT NULL, rulings INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE matches (
    number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, agent TEXT NOT NULL,
    listing TEXT NOT NULL, want TEXT NOT NULL);
CREATE INDEX matches_by_agent ON matches (agent, seq);
INSERT INTO facts VALUES ('version', '%s');
"""


class Spoilt(Exception):
    """The file is damaged, or a write to it failed: `reset` the catalogue, and let it catch up."""


class _Unusable(Exception):
    """The file is damaged, or of another version: it is to be made again."""


class CatalogueFile:
    """One connection to one file, or to memory; whoever reads sees what was just written."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._failure = ""
        try:
            self._db = self._opened()
        except _Unusable:
            self._db = self._emptied()

    def reset(self) -> None:
        """Throw everything away and begin again."""
        self._db.close()
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

    def scrub(self) -> None:
        """Rewrite the index of words, so that what was taken out leaves the file as well."""
        self.commit()
        with self._writing():
            self._db.execute("INSERT INTO words (words) VALUES ('optimize')")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        # SQLite may have taken back the whole transaction, and with it what is no longer waiting
        # to be written: going on would leave listings out for good.
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
            db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
            if not db.execute("SELECT 1 FROM sqlite_master").fetchall():
                db.executescript(f"BEGIN; {_SCHEMA % VERSION} COMMIT;")
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchall():
                raise _Unusable
            found = db.execute("SELECT value FROM facts WHERE name = 'version'").fetchall()
            if found != [(VERSION,)]:
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
