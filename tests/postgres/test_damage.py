"""A journal in the database that is not what was written: noticed when opened or verified."""

import random

import pytest

from souq.journal.database import AlreadyThere
from souq.journal.memory import MemoryStore
from souq.journal.postgres import PostgresStore
from souq.journal.record import Damaged
from souq.journal.verify import verify
from tests.journal.day import play
from tests.postgres.admin import Admin
from tests.postgres.conftest import Open

FLIPS = 120
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
CHANGES = (
    ("DELETE FROM @.records WHERE seq > 50", 51, "acknowledged up to"),
    ("DELETE FROM @.records WHERE seq = 30", 30, "missing"),
    ("DELETE FROM @.records", 1, "acknowledged up to"),
    ("UPDATE @.records SET seq = 1000 WHERE seq = 60", 61, "ends at 1000"),
    ("UPDATE @.head SET seq = 59", 60, "ends at 60"),
    ("UPDATE @.head SET hash = '\\x00'", 60, "not the one acknowledged"),
    ("DELETE FROM @.head", 0, "is gone"),
    ("DELETE FROM @.lease", 0, "is gone"),
    ("ALTER TABLE @.records DROP COLUMN body", 0, "body"),
    ("DROP TABLE @.payloads", 0, "payloads"),
)


@pytest.fixture
def admin(url: str, market: str, opened: Open) -> Admin:
    """Store sixty records of a day, and give the keys to them."""
    store = opened()
    store.append(list(play(MemoryStore()).engine.store.read(1, 60)))
    store.close()
    return Admin(url, market)


def check(url: str, market: str) -> None:
    store = PostgresStore(url, market=market, read_only=True)
    try:
        verify(store)
        store.is_free()
    finally:
        store.close()


def test_every_changed_value_is_noticed(admin: Admin, url: str, market: str) -> None:
    check(url, market)
    rng = random.Random(1)
    missed = []
    for _ in range(FLIPS):
        table, column, key = rng.choice(COLUMNS)
        rows = admin.do(f"SELECT {key}, {column} FROM @.{table} WHERE length({column}) > 0")
        row, value = rng.choice(rows)
        cast = "bytea" if isinstance(value, bytes) else "text"
        kind = "bigint" if key == "seq" else "text"
        changed = flipped(rng, value) if isinstance(value, bytes) else altered(rng, str(value))
        update = f"UPDATE @.{table} SET {column} = $1::{cast} WHERE {key} = $2::{kind}"
        try:
            admin.do(update, changed, row)
        except AlreadyThere:
            continue  # it made one id into another one, and the index says so
        try:
            check(url, market)
            missed.append((table, column, row, changed))
        except Damaged:
            pass
        admin.do(update, value, changed if column == key else row)
    assert missed == []
    check(url, market)


def flipped(rng: random.Random, value: bytes) -> bytes:
    at, bit = rng.randrange(len(value)), 1 << rng.randrange(8)
    return bytes(byte ^ (bit if n == at else 0) for n, byte in enumerate(value))


def altered(rng: random.Random, value: str) -> str:
    at = rng.randrange(len(value))
    return value[:at] + chr(ord(value[at]) ^ 1 or 1) + value[at + 1 :]


@pytest.mark.parametrize(("change", "seq", "why"), CHANGES, ids=[one[0] for one in CHANGES])
def test_rows_that_are_gone_or_moved_are_named(
    admin: Admin, url: str, market: str, change: str, seq: int, why: str
) -> None:
    admin.do(change)
    with pytest.raises(Damaged, match=why) as damaged:
        check(url, market)
    assert damaged.value.seq == seq


def test_a_damaged_journal_is_not_led_and_its_lease_is_given_back(
    admin: Admin, opened: Open
) -> None:
    tail = admin.do("DELETE FROM @.records WHERE seq = 60 RETURNING *")[0]
    for _ in range(2):  # the second attempt is not told that somebody holds the lease
        with pytest.raises(Damaged, match="acknowledged up to 60"):
            opened()
    admin.do("INSERT INTO @.records VALUES ($1::bigint, $2, $3, $4, $5)", *tail)
    assert opened().is_leading()
