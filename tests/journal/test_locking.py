"""Where keys and nonces come from: the system, and in a simulation its seed."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from souq.journal.sqlite import FILE, SqliteStore
from tests.journal.day import play


def locked(folder: Path, seed: bytes = b"") -> dict[str, tuple[bytes, bytes]]:
    """Play the day into a folder; give nonce and bytes of whatever is locked, by digest."""
    play(SqliteStore(folder, seed=seed)).engine.close()
    with closing(sqlite3.connect(folder / FILE)) as db:
        rows: list[Any] = db.execute("SELECT digest, salt, content FROM payloads").fetchall()
    return {digest: (nonce, content) for digest, nonce, content in rows if content[:1] == b"\0"}


def test_a_seed_repeats_every_byte_and_another_seed_none(tmp_path: Path) -> None:
    first, again = (locked(tmp_path / name, b"seven") for name in ("first", "again"))
    assert first == again
    other = locked(tmp_path / "other", b"eight")
    assert len(first) > 10
    assert set(first) == set(other)
    assert not {one for pair in first.values() for one in pair} & {
        one for pair in other.values() for one in pair
    }
    assert len({nonce for nonce, _ in first.values()}) == len(first)


def test_without_a_seed_nothing_is_ever_locked_the_same_way_twice(tmp_path: Path) -> None:
    first, again = (locked(tmp_path / name) for name in ("first", "again"))
    assert set(first) == set(again)
    assert all(first[digest][0] != again[digest][0] for digest in first)
    assert all(first[digest][1] != again[digest][1] for digest in first)


def test_whoever_opens_the_folder_later_needs_no_seed(tmp_path: Path) -> None:
    locked(tmp_path, b"seven")
    with closing(SqliteStore(tmp_path, read_only=True)) as store:
        words = {payload.content.decode() for payload in store.payloads()}
    assert '"Anybody with a lamp?"' in words
