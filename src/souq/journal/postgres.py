"""A journal in PostgreSQL: a schema for each market, a batch in one round trip and transaction.

The head (number, hash) and the epoch of whoever leads stand in one row apart from the records. An
append moves that row from the head it continues to its own last record, or it stores nothing. So
it holds at any interleaving that a writer of an older epoch cannot write, that no two records
follow the same one, and that a cut-off end is noticed. The lease, which keeps a second writer out
and says how long a leader may answer reads, stands in a row of its own: renewing it waits for no
append.

Where the connection breaks in an append, nobody knows whether it was stored; the store then writes
no more and gives up the lease. Whoever leads next reads what is there.
"""

import os
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from souq.journal.database import AlreadyThere, Connection
from souq.journal.lease import TTL_S, Lease, look
from souq.journal.locking import Keyring, Row
from souq.journal.record import GENESIS, Damaged, Entry, Payload
from souq.journal.store import Fenced, Unavailable

MARKET = re.compile(r"[a-z0-9_]{1,40}")
_READ_CHUNK = 2_000

# Bytes as they are, whatever the server's locale: COLLATE "C".
_SCHEMA = f"""
CREATE SCHEMA {{schema}};
CREATE TABLE {{schema}}.records (
    seq bigint PRIMARY KEY, hash bytea NOT NULL, body bytea NOT NULL,
    actor text COLLATE "C" NOT NULL, command_id text COLLATE "C");
CREATE UNIQUE INDEX record_ids ON {{schema}}.records (actor, command_id);
CREATE TABLE {{schema}}.payloads (
    digest text COLLATE "C" PRIMARY KEY, salt bytea NOT NULL, audience text NOT NULL,
    content bytea NOT NULL);
CREATE TABLE {{schema}}.quarantine (digest text COLLATE "C" PRIMARY KEY);
CREATE TABLE {{schema}}.marks (name text COLLATE "C" PRIMARY KEY, value text NOT NULL);
CREATE TABLE {{schema}}.head (
    is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    epoch bigint NOT NULL, seq bigint NOT NULL, hash bytea NOT NULL);
CREATE TABLE {{schema}}.lease (
    is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    epoch bigint NOT NULL, holder text NOT NULL, expires timestamptz NOT NULL);
INSERT INTO {{schema}}.head (epoch, seq, hash) VALUES (0, 0, '\\x{GENESIS.hex()}');
INSERT INTO {{schema}}.lease (epoch, holder, expires) VALUES (0, 'nobody', to_timestamp(0));
"""

# Apart, so that a dump of the market's own schema holds no key.
_KEY_TABLE = """
CREATE SCHEMA IF NOT EXISTS {keys};
CREATE TABLE IF NOT EXISTS {keys}.payload_keys (
    owner text COLLATE "C" PRIMARY KEY, key bytea NOT NULL);
"""

_APPEND = """
WITH led AS (
    UPDATE {schema}.head SET seq = $4::bigint, hash = $5::bytea
    WHERE epoch = $1::bigint AND seq = $2::bigint AND hash = $3::bytea RETURNING 1),
recorded AS (
    INSERT INTO {schema}.records
    SELECT $2::bigint + n, one.hash, one.body, one.actor, one.id
    FROM led, unnest($6::bytea[], $7::bytea[], $8::text[], $9::text[])
        WITH ORDINALITY AS one(hash, body, actor, id, n))
"""
_APPEND_PAYLOADS = """,
sealed AS (
    INSERT INTO {schema}.payloads
    SELECT one.* FROM led,
        unnest($10::text[], $11::bytea[], $12::text[], $13::bytea[]) AS one)
"""
_IDS = """
SELECT actor, command_id FROM {schema}.records
WHERE (actor, command_id) > ($1, $2) AND command_id IS NOT NULL
ORDER BY actor, command_id LIMIT $3
"""
_IDS_MAX = 10_000
_LED = "SELECT 1 FROM led"

# The row is locked until the commit, so that nobody can take over in between.
_LEADING = "WITH led AS (SELECT 1 FROM {schema}.head WHERE epoch = $1::bigint FOR SHARE)"


class PostgresStore:
    """One market's journal. `read_only` opens a view of one that somebody may be writing."""

    is_instant = False

    def __init__(
        self,
        url: str,
        *,
        market: str = "market",
        read_only: bool = False,
        holder: str = "",
        patience_s: float = 0.0,
        ttl_s: float = TTL_S,
    ) -> None:
        """Open a market's journal; for writing, make it where there is none and take its lease.

        Waits for the lease for `patience_s`. Raises InUse where somebody else holds it, Damaged,
        Unavailable, and FileNotFoundError where there is nothing to read.
        """
        if not MARKET.fullmatch(market):
            raise Unavailable(f"a market is named by 1 to 40 of a-z, 0-9 and _, not {market!r}")
        self._url = url
        self._market = market
        self._schema = f'"souq_{market}"'
        self._key_schema = f'"souq_{market}_keys"'
        self._has_keys = False
        self._keys = Keyring(self._read_key, self._write_keys, self._has_any_key)
        self._append = (_APPEND + _LED).format(schema=self._schema)
        self._append_payloads = (_APPEND + _APPEND_PAYLOADS + _LED).format(schema=self._schema)
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._lease: Lease | None = None
        self._writer: Connection | None = None
        self._reader = Connection(url, read_only=read_only)
        try:
            self._open(read_only, holder or _name_here(), patience_s, ttl_s)
        except BaseException:
            self.close()
            raise

    def _open(self, read_only: bool, holder: str, patience_s: float, ttl_s: float) -> None:
        if not self._exists():
            if read_only:
                raise FileNotFoundError(f"{self.place} holds no journal")
            self._create()
        if not read_only:
            # A connection of its own: a read need not wait for the disk.
            self._writer = Connection(self._url)
            self._lease = Lease(
                lambda: Connection(self._url),
                self._schema,
                holder=holder,
                patience_s=patience_s,
                ttl_s=ttl_s,
            )
            self._reader.script(_KEY_TABLE.format(keys=self._key_schema))
            self._has_keys = True
        self._check_head()
        self._tip = self.head()

    def _exists(self) -> bool:
        found = self._rows("SELECT to_regclass($1) IS NOT NULL", (f"{self._schema}.lease",))
        return bool(found[0][0])

    def _create(self) -> None:
        try:
            self._reader.script(_SCHEMA.format(schema=self._schema))
        except AlreadyThere:
            if not self._exists():
                raise Unavailable(f"{self.place}: something else is in that schema") from None

    @property
    def place(self) -> str:
        """Say where the journal is, without any password."""
        return f"{self._reader.place}, market {self._market}"

    @property
    def epoch(self) -> int:
        """Give the number of this term of leading; later terms have higher ones."""
        assert self._lease is not None, "a read-only store leads nobody"
        return self._lease.epoch

    @property
    def lost(self) -> str:
        """Say why this store can never write again; empty while it may."""
        return self._lease.lost if self._lease is not None else "it is open for reading only"

    def is_free(self) -> bool:
        """Tell whether nobody holds the lease."""
        with self._reading:
            return look(self._reader, self._schema).is_free

    def is_leading(self) -> bool:
        return self._lease is not None and self._lease.is_held()

    def _check_head(self) -> None:
        # One statement sees one moment, whatever a living writer does.
        rows = self._rows(
            f"SELECT head.seq, head.hash, coalesce((SELECT max(seq) FROM {self._schema}.records),"
            f" 0), (SELECT hash FROM {self._schema}.records WHERE seq = head.seq)"
            f" FROM {self._schema}.head"
        )
        if not rows:
            raise Damaged(0, "the head kept beside the records is gone")
        seq, hash, last, stored = rows[0]
        if last < seq:
            raise Damaged(last + 1, f"the journal ends at {last} but was acknowledged up to {seq}")
        if last > seq:
            raise Damaged(seq + 1, f"the journal ends at {last} but was written up to {seq}")
        if (stored or GENESIS) != hash:
            raise Damaged(seq, "its hash is not the one acknowledged")

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with self._reading:
            return self._reader.rows_again(query, values)

    def head(self) -> tuple[int, bytes]:
        rows = self._rows(f"SELECT seq, hash FROM {self._schema}.head")
        if not rows:
            raise Damaged(0, "the head kept beside the records is gone")
        return rows[0][0], rows[0][1]

    def append(self, entries: Sequence[Entry]) -> None:
        assert self._lease is not None, "a read-only store was written"
        seq, hash = self._tip
        last = entries[-1]
        assert [entry.seq for entry in entries] == list(range(seq + 1, last.seq + 1)), "a gap"
        _, hashes, bodies, actors, ids, sealed = map(list, zip(*entries, strict=True))
        words = [payload for some in sealed for payload in some]
        self._keys.make_for(words)
        payloads = [row for row in map(self._keys.locked, words) if row is not None]
        values = [seq, hash, last.seq, last.hash, hashes, bodies, actors, ids]
        statement = self._append
        if payloads:
            statement = self._append_payloads
            values += map(list, zip(*payloads, strict=True))
        self._write(statement, *values)
        self._tip = last.seq, last.hash

    def _write(self, statement: str, *values: object) -> None:
        """Execute a statement that gives no row where the epoch has passed. Never tried again."""
        with self._writing:
            lease, writer = self._lease, self._writer
            assert lease is not None, "a read-only store was written"
            assert writer is not None, "a read-only store was written"
            if lease.lost:
                raise Fenced(f"{self.place} cannot be written from here any more: {lease.lost}")
            try:
                if not writer.rows(statement, (lease.epoch, *values)):
                    raise self._fenced(lease.epoch)
            except BaseException as error:
                # Whatever broke in: who cannot write must not keep a standby from it.
                lease.give_up(f"a write failed: {error}")
                raise

    def _fenced(self, epoch: int) -> Exception:
        held = self._rows(
            f"SELECT head.epoch, holder FROM {self._schema}.head, {self._schema}.lease"
        )
        if not held or held[0][0] == epoch:
            return Damaged(self._tip[0] + 1, "the head beside the records is not where it was left")
        return Fenced(
            f"{self.place} is led by {held[0][1]} in epoch {held[0][0]};"
            f" whoever led in epoch {epoch} can never write again"
        )

    def read(self, start: int = 1, until: int | None = None) -> Iterator[Entry]:
        last = self.head()[0] if until is None else until
        expected = start
        while expected <= last:
            rows = self._rows(
                f"SELECT seq, hash, body, actor, command_id FROM {self._schema}.records"
                f" WHERE seq >= $1::bigint AND seq <= $2::bigint ORDER BY seq LIMIT {_READ_CHUNK}",
                (expected, last),
            )
            if not rows:
                raise Damaged(expected, "is missing")
            for row in rows:
                if row[0] != expected:
                    raise Damaged(expected, "is missing")
                yield Entry(*row)
                expected += 1

    def find(self, actor: str, command_id: str) -> int | None:
        rows = self._rows(
            f"SELECT seq FROM {self._schema}.records WHERE actor = $1 AND command_id = $2",
            (actor, command_id),
        )
        return rows[0][0] if rows else None

    def ids(self) -> Iterator[tuple[str, str]]:
        last = ("", "")
        query = _IDS.format(schema=self._schema)
        while rows := self._rows(query, (*last, _IDS_MAX)):
            yield from rows
            last = rows[-1]

    def by(self, actor: str) -> Iterator[int]:
        last = ""
        query = (
            f"SELECT command_id, seq FROM {self._schema}.records WHERE actor = $1"
            f" AND command_id > $2 ORDER BY command_id LIMIT {_READ_CHUNK}"
        )
        while rows := self._rows(query, (actor, last)):
            yield from (seq for _, seq in rows)
            last = rows[-1][0]

    def payload(self, digest: str) -> Payload | None:
        rows = self._stored(digest)
        return self._keys.unlocked(rows[0]) if rows else None

    def payloads(self) -> Iterator[Payload]:
        found = map(self._keys.unlocked, self._stored_payloads())
        yield from (payload for payload in found if payload is not None)

    def digests(self) -> Iterator[str]:
        yield from (row[0] for row in self._stored_payloads())

    def is_erased(self, digest: str) -> bool:
        rows = self._stored(digest)
        return not rows or self._keys.is_gone(rows[0])

    def _stored(self, digest: str) -> list[Row]:
        query = f"SELECT digest, salt, audience, content FROM {self._schema}.payloads"
        return self._rows(f"{query} WHERE digest = $1", (digest,))

    def _stored_payloads(self) -> Iterator[Row]:
        last = ""
        query = f"SELECT digest, salt, audience, content FROM {self._schema}.payloads"
        while rows := self._rows(
            f"{query} WHERE digest > $1 ORDER BY digest LIMIT {_READ_CHUNK}", (last,)
        ):
            yield from rows
            last = rows[-1][0]

    def erase(self, *digests: str) -> None:
        gone = f"gone AS (DELETE FROM {self._schema}.payloads USING led WHERE digest = ANY($2))"
        self._write(f"{self._leading}, {gone} {_LED}", list(digests))

    def shred(self, owner: str) -> None:
        self._keys.destroy(owner)

    def is_shredded(self, owner: str) -> bool:
        return self._keys.is_destroyed(owner)

    def _read_key(self, owner: str) -> bytes | None:
        if not self._has_key_table():
            return None
        query = f"SELECT key FROM {self._key_schema}.payload_keys WHERE owner = $1"
        rows = self._rows(query, (owner,))
        return bytes(rows[0][0]) if rows else None

    def _has_any_key(self) -> bool:
        query = f"SELECT 1 FROM {self._key_schema}.payload_keys LIMIT 1"
        return self._has_key_table() and bool(self._rows(query))

    def _has_key_table(self) -> bool:
        if not self._has_keys:  # a journal of an earlier release, or one restored without
            name = f"{self._key_schema}.payload_keys"
            self._has_keys = bool(self._rows("SELECT to_regclass($1) IS NOT NULL", (name,))[0][0])
        return self._has_keys

    def _write_keys(self, keys: Sequence[tuple[str, bytes]]) -> None:
        kept = (
            f"kept AS (INSERT INTO {self._key_schema}.payload_keys"
            " SELECT one.owner, one.key FROM led, unnest($2::text[], $3::bytea[])"
            " AS one(owner, key) ON CONFLICT (owner) DO UPDATE SET key = excluded.key)"
        )
        owners, values = zip(*keys, strict=True)
        self._write(f"{self._leading}, {kept} {_LED}", list(owners), list(values))

    def quarantine(self, digest: str) -> None:
        noted = (
            f"noted AS (INSERT INTO {self._schema}.quarantine"
            " SELECT $2::text FROM led ON CONFLICT DO NOTHING)"
        )
        self._write(f"{self._leading}, {noted} {_LED}", digest)

    def quarantined(self) -> set[str]:
        return {row[0] for row in self._rows(f"SELECT digest FROM {self._schema}.quarantine")}

    def mark(self, name: str) -> str | None:
        rows = self._rows(f"SELECT value FROM {self._schema}.marks WHERE name = $1", (name,))
        return rows[0][0] if rows else None

    def set_mark(self, name: str, value: str) -> None:
        noted = (
            f"noted AS (INSERT INTO {self._schema}.marks SELECT $2::text, $3::text FROM led"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value)"
        )
        self._write(f"{self._leading}, {noted} {_LED}", name, value)

    def marks(self) -> dict[str, str]:
        return dict(self._rows(f"SELECT name, value FROM {self._schema}.marks"))

    @property
    def _leading(self) -> str:
        return _LEADING.format(schema=self._schema)

    def close(self) -> None:
        """Let go of the connections, and of the lease at once."""
        with self._writing:
            if self._writer is not None:
                self._writer.close()
            if self._lease is not None:
                self._lease.close()
        with self._reading:
            self._reader.close()


def _name_here() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"
