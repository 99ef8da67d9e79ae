"""What is sent to a webhook next, worked out from its mark and the feed, every time alike.

A mark says how far everything arrived, and where the page in hand ends. So a page that was begun
is the same page after a kill, whatever was recorded since, and keeps its key.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from souq.journal.record import Entry, Payload
from souq.surfaces.wire import encode

RECORDS_MAX = 100
BODY_MAX = 1 << 20  # bytes, unless one record alone is longer
SECOND_US = 1_000_000


class Seen(Protocol):
    """A record as its viewer may see it."""

    @property
    def seq(self) -> int: ...


class Page(Protocol):
    """Records in order, and the last that was looked at for them, seen or not."""

    @property
    def records(self) -> Sequence[Seen]: ...
    @property
    def last(self) -> int: ...


class Feed(Protocol):
    """What somebody may see of the journal; of durable records only, and never of others."""

    def page(self, viewer: str, after: int, limit: int, types: frozenset[str]) -> Page: ...


class Shelf(Protocol):
    """What is needed of a store."""

    def mark(self, name: str) -> str | None: ...
    def set_mark(self, name: str, value: str) -> None: ...
    def payload(self, digest: str) -> Payload | None: ...
    def head(self) -> tuple[int, bytes]: ...
    def read(self, start: int = 1, until: int | None = None) -> Iterator[Entry]: ...


class Progress(Struct, frozen=True, omit_defaults=True):
    """What a mark says. `until` is where the page in hand ends; `failing_since` in microseconds."""

    cursor: int
    until: int = 0
    replays: int = 0
    failing_since: int = 0


class Delivery(Struct, frozen=True):
    """A page as it is sent, every time alike."""

    key: str
    last: int
    body: bytes


def delivered(id: str, progress: Progress, page: Page) -> Delivery | None:
    """Give what to send of a page, or None where nothing is in it."""
    records = [one for one in page.records if one.seq <= (progress.until or page.last)]
    if not records:
        return None
    parts: list[bytes] = []
    size, last = 0, 0
    for record in records:
        part = encode(record)
        size += len(part)
        # A page that a mark has fixed is whole, whatever the bound has become since.
        if parts and size > BODY_MAX and not progress.until:
            break
        parts.append(part)
        last = record.seq
    again = f"r{progress.replays}-" if progress.replays else ""  # a replay is to be taken anew
    body = b'{"webhook":"%s","records":[%s]}' % (id.encode(), b",".join(parts))
    return Delivery(f"{id}-{again}{records[0].seq}-{last}", last, body)


def marked(shelf: Shelf, id: str) -> Progress | None:
    """Read how far a webhook has come, or None where nothing was noted yet."""
    said = shelf.mark(f"webhook:{id}")
    return None if said is None else msgspec.json.decode(said, type=Progress)


def set_mark(shelf: Shelf, id: str, progress: Progress) -> None:
    """Note how far a webhook has come."""
    shelf.set_mark(f"webhook:{id}", msgspec.json.encode(progress).decode())


def stamped(shelf: Shelf, at: int) -> int | None:
    """Give the number of the durable record with a stamp, or None.

    Stamps only grow, so halving finds it.
    """
    low, (high, _) = 1, shelf.head()
    while low <= high:
        middle = (low + high) // 2
        entry = next(iter(shelf.read(middle, middle)))
        found = _read_stamp(entry.body).at
        if found == at:
            return middle
        low, high = (middle + 1, high) if found < at else (low, middle - 1)
    return None


class _Stamp(Struct):
    at: int


_read_stamp = msgspec.json.Decoder(_Stamp).decode
