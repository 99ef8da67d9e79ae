"""Which passkeys stand for whom, in a small file of the server's own.

They are not in the journal, on purpose. A passkey is good at this one door, under this one name of
the host; its counter moves with every sign-in, and no rule of the market depends on it. What the
market must decide, whether somebody may speak, it decides by keys: each passkey stands under the
key that its owner had signed in with, and is good for nothing once that key is revoked, replaced,
expired, or its owner erased. It is named by the key's fingerprint, which no market uses twice, so a
file that is left in the folder of another market opens nothing there.

What it costs: a server that takes over elsewhere has a file of its own, and people sign in there by
code and add their passkeys again.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from souq.core.credential import Key

FILE = "passkeys.sqlite"
OWN_MAX = 16
_TABLE = (
    "CREATE TABLE IF NOT EXISTS passkeys (id TEXT PRIMARY KEY, actor TEXT NOT NULL,"
    " fingerprint TEXT NOT NULL, public BLOB NOT NULL, count INTEGER NOT NULL,"
    " name TEXT NOT NULL, added_at INTEGER NOT NULL, used_at INTEGER NOT NULL) WITHOUT ROWID"
)
_COLUMNS = "id, actor, fingerprint, public, count, name, added_at, used_at"


class Passkey(Struct, frozen=True):
    """`id` as browsers tell it, `fingerprint` the key it stands under, `count` its last counter."""

    id: str
    actor: str
    fingerprint: str
    public: bytes
    count: int
    name: str
    added_at: int
    used_at: int = 0  # 0: never yet


class PasskeyList:
    """All passkeys of one console. Those that are good no more are forgotten when met."""

    def __init__(self, path: Path, key_of: Callable[[str, str], Key | None]) -> None:
        """`key_of` gives somebody's live key by its fingerprint. Raises sqlite3.DatabaseError."""
        self._key_of = key_of
        if not path.exists():
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # Small and seldom written: what was removed must not outlive its row in a log.
        self._db.execute("PRAGMA journal_mode=DELETE").fetchall()
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute(_TABLE)
        for one in self._rows("", ()):
            self._live(one)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def find(self, id: str) -> Passkey | None:
        """Give a passkey that is good."""
        found = self._rows("WHERE id = ?", (id,))
        return found[0] if found and self._live(found[0]) else None

    def key(self, one: Passkey) -> Key | None:
        """Give the live key that a passkey stands under."""
        return self._key_of(one.actor, one.fingerprint)

    def of(self, actor: str) -> list[Passkey]:
        """List somebody's passkeys, the oldest first."""
        found = self._rows("WHERE actor = ? ORDER BY added_at", (actor,))
        return [one for one in found if self._live(one)]

    def add(self, one: Passkey) -> bool:
        """Keep a new one; False where one of that id is there, whoever's it is."""
        values = (one.id, one.actor, one.fingerprint, one.public, one.count, one.name)
        done = self._db.execute(
            f"INSERT OR IGNORE INTO passkeys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, one.added_at, one.used_at),
        )
        return done.rowcount == 1

    def was_used(self, id: str, *, count: int, at: int) -> None:
        """Note a sign-in."""
        self._db.execute("UPDATE passkeys SET count = ?, used_at = ? WHERE id = ?", (count, at, id))

    def remove(self, actor: str, id: str) -> bool:
        """Forget one of somebody's own."""
        done = self._db.execute("DELETE FROM passkeys WHERE id = ? AND actor = ?", (id, actor))
        return done.rowcount == 1

    def _live(self, one: Passkey) -> bool:
        is_live = self.key(one) is not None
        if not is_live:  # for good: a key that has ended never comes back
            self._db.execute("DELETE FROM passkeys WHERE id = ?", (one.id,))
        return is_live

    def _rows(self, where: str, values: tuple[str, ...]) -> list[Passkey]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM passkeys {where}", values).fetchall()
        return [Passkey(*row) for row in rows]
