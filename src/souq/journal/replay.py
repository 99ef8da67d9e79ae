"""Replay: the state is what the journal folds to. Also snapshots, and the check of everything."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from souq.core import market
from souq.core.state import DEADLINES, State
from souq.journal.record import GENESIS, Damaged, Entry, Reader, Record, chained, encode
from souq.journal.store import Store

SNAPSHOT = "snapshot.json"


class Replayed(Struct):
    """A state, and the record it stands at."""

    state: State
    seq: int
    hash: bytes


class Snapshot(Struct, frozen=True):
    """A state written down by another process, so that a start need not fold from the beginning."""

    seq: int
    hash: str
    state_hash: str
    tables: dict[str, dict[str, msgspec.Raw]]


def reader(store: Store) -> Reader:
    """Give a decoder that opens secrets from this store."""

    def open_(digest: str) -> bytes | None:
        payload = store.payload(digest)
        return payload.content if payload else None

    return Reader(open_)


def chain(store: Store, start: int = 1, until: int | None = None) -> Iterator[Entry]:
    """Iterate over records whose hashes continue each other. Raises Damaged where one does not."""
    previous = GENESIS
    if start > 1:
        previous = next(iter(store.read(start - 1, start - 1))).hash
    for entry in store.read(start, until):
        if chained(previous, entry.body) != entry.hash:
            raise Damaged(entry.seq, "its bytes do not fit its hash and the hash before it")
        previous = entry.hash
        yield entry


def replay(store: Store, *, until: int | None = None, snapshot: Path | None = None) -> Replayed:
    """Fold the journal, from a snapshot where a usable one is given. Raises Damaged."""
    found = load_snapshot(store, snapshot, until) if snapshot else None
    result = found or Replayed(market.new(), 0, GENESIS)
    advance(store, result, until=until)
    return result


def advance(store: Store, result: Replayed, *, until: int | None = None) -> None:
    """Fold what the journal holds beyond a state into it. Raises Damaged; the state is then spoilt.

    The chain is checked from the hash known here, so a past changed meanwhile is noticed too.
    """
    decode = reader(store).folded
    for entry in store.read(result.seq + 1, until):
        if chained(result.hash, entry.body) != entry.hash:
            raise Damaged(entry.seq, "its bytes do not fit its hash and the hash before it")
        record = decode(entry.seq, entry.body)
        if record.at <= result.state.at:
            raise Damaged(entry.seq, "its stamp is not later than the one before it")
        try:
            market.fold(result.state, at=record.at, events=record.events)
        except (AssertionError, KeyError, AttributeError) as error:
            raise Damaged(entry.seq, f"its events do not fit the state: {error}") from error
        result.seq, result.hash = entry.seq, entry.hash


def records(store: Store, start: int = 1, until: int | None = None) -> Iterator[Record]:
    """Iterate over decoded records, checking the chain."""
    decode = reader(store).whole
    for entry in chain(store, start, until):
        yield decode(entry.seq, entry.body)


def write_snapshot(store: Store, path: Path) -> Replayed:
    """Fold the journal and write the state beside it, whole or not at all."""
    result = replay(store, snapshot=path)
    keep_snapshot(result, path)
    return result


def keep_snapshot(result: Replayed, path: Path) -> None:
    """Write a state down that was folded already, whole or not at all."""
    state = result.state
    snapshot = {
        "seq": result.seq,
        "hash": result.hash.hex(),
        "state_hash": market.state_hash(state),
        "tables": {table.name: rows for table, rows in state.tables.items()},
    }
    partial = path.with_suffix(".partial")
    partial.write_bytes(encode(snapshot))
    partial.replace(path)


def load_snapshot(store: Store, path: Path, until: int | None) -> Replayed | None:
    """Load a snapshot, or None where there is none that fits this journal: then folding does."""
    try:
        snapshot = msgspec.json.decode(path.read_bytes(), type=Snapshot)
        last = store.head()[0] if until is None else min(until, store.head()[0])
        if not 0 < snapshot.seq <= last:
            return None
        entry = next(iter(store.read(snapshot.seq, snapshot.seq)))
        if entry.hash.hex() != snapshot.hash:
            return None
        state = _tables(store, snapshot)
        state.at = reader(store).folded(entry.seq, entry.body).at
        is_sound = market.state_hash(state) == snapshot.state_hash
    except (OSError, msgspec.MsgspecError, UnicodeError, KeyError, TypeError, Damaged):
        return None  # whatever is wrong with the journal itself, folding it will tell
    return Replayed(state, snapshot.seq, entry.hash) if is_sound else None


def _tables(store: Store, snapshot: Snapshot) -> State:
    state = market.new()
    unseal = reader(store).unseal
    for table in state.tables:
        rows: dict[str, Any] = {
            key: msgspec.json.decode(raw, type=table.of, dec_hook=unseal)
            for key, raw in snapshot.tables[table.name].items()
        }
        if table is DEADLINES:
            for key, due in rows.items():
                state.put(table, key, due)
        else:
            state.put_many(table, rows)
    return state
