"""The keys of a folder's words, in a small file of their own beside the journal.

A copy of the journal holds no key. What is written here is on the disk before anything is locked
with it, and what is destroyed is overwritten.
"""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

from souq.journal.record import Damaged

KEYS = "keys.sqlite"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS payload_keys"
    " (owner TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID"
)


class KeyFile:
    """Opened when first needed: a market without words has none."""

    def __init__(self, folder: Path, *, read_only: bool) -> None:
        self._path = folder / KEYS
        self._read_only = read_only
        self._db: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def read(self, owner: str) -> bytes | None:
        """Give an owner's key, DESTROYED, or None where there never was one."""
        with self._lock:
            if self._db is None and not self._path.is_file():
                return None
            rows = self._rows("SELECT key FROM payload_keys WHERE owner = ?", (owner,))
        return bytes(rows[0][0]) if rows else None

    def has_any(self) -> bool:
        """Tell whether there are keys here at all."""
        with self._lock:
            if self._db is None and not self._path.is_file():
                return False
            return bool(self._rows("SELECT key FROM payload_keys LIMIT 1", ()))

    def write(self, keys: Sequence[tuple[str, bytes]]) -> None:
        """Store keys over what was there, all or none."""
        with self._lock:
            db = self._opened()
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR REPLACE INTO payload_keys VALUES (?, ?)", keys)
            db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _rows(self, query: str, values: Sequence[str]) -> list[tuple[bytes]]:
        try:
            return self._opened().execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        except sqlite3.DatabaseError as error:
            raise Damaged(0, f"{self._path} is not a sound database: {error}") from error

    def _opened(self) -> sqlite3.Connection:
        if self._db is not None:
            return self._db
        if not self._read_only and not self._path.exists():
            self._path.touch(mode=0o600)
        mode = "ro" if self._read_only else "rw"
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        if not self._read_only:
            # Small and seldom written: an old key must not outlive its row in a log.
            db.execute("PRAGMA journal_mode=DELETE").fetchall()
            db.execute("PRAGMA synchronous=EXTRA")
            db.execute("PRAGMA secure_delete=ON")
            db.execute(_TABLE)
        self._db = db
        return db
