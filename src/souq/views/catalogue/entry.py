"""A live listing as the catalogue's file keeps it, read and written.

Inside a transaction FTS5 writes out what it has gathered as soon as any statement might have to
be taken back by itself. `INSERT OR REPLACE` is one, and made a single new listing five times as
dear; hence plain inserts, and updates by number.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from souq.views.derived import DerivedFile

NO_ATTRIBUTES = "{}"


class Entry(Struct):
    """A live listing with its words; an erased text is None."""

    number: int
    side: str
    subject: str
    category: str
    asset: str | None
    price: int | None
    delivery: str
    agent: str
    principal: str
    mechanisms: str  # JSON, as are the attributes
    available: int
    reserved: int
    is_paused: bool
    is_withdrawn: bool
    title: str | None
    title_digest: str
    description: str | None
    description_digest: str
    attributes: str
    unit: str
    shipping_units: int
    posted_at: int

    @property
    def is_open(self) -> bool:
        """Tell whether it can be agreed on now."""
        return self.available > 0 and not (self.is_paused or self.is_withdrawn)

    @property
    def is_over(self) -> bool:
        """Tell whether it has left the market for good; the rule is that of `core.listing`."""
        return self.reserved == 0 and (self.is_withdrawn or self.available == 0)


_LISTING = (
    "is_open", "side", "subject", "category", "asset", "price", "delivery", "agent", "principal",
    "mechanisms", "available", "reserved", "is_paused", "is_withdrawn", "number",
)  # fmt: skip
_CARD = (
    "title", "title_digest", "description", "description_digest", "attributes", "unit",
    "shipping_units", "posted_at", "number",
)  # fmt: skip


def _insert(table: str, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def _update(table: str, names: tuple[str, ...]) -> str:
    changes = ", ".join(f"{name} = ?" for name in names[:-1])
    return f"UPDATE {table} SET {changes} WHERE number = ?"


# In this order: a statement that takes rows out comes before the one that puts them in again.
_STATEMENTS = {
    "unword": "INSERT INTO words (words, rowid, title, description) VALUES ('delete', ?, ?, ?)",
    "word": "INSERT INTO words (rowid, title, description) VALUES (?, ?, ?)",
    "end": "DELETE FROM listings WHERE number = ?",
    "end card": "DELETE FROM cards WHERE number = ?",
    "end attributes": "DELETE FROM attributes WHERE number = ?",
    "change": _update("listings", _LISTING),
    "say anew": _update("cards", _CARD),
    "post": _insert("listings", _LISTING),
    "post card": _insert("cards", _CARD),
    "post attributes": "INSERT INTO attributes VALUES (?, ?, ?, ?)",
}
_FIELDS = Entry.__struct_fields__
ENTRY = f"SELECT {', '.join(_FIELDS)} FROM listings JOIN cards USING (number)"


def read(file: DerivedFile, number: int) -> Entry:
    """Give a live listing."""
    rows = file.rows(f"{ENTRY} WHERE number = ?", (number,))
    assert rows, f"an ended listing is asked for: {number}"
    return Entry(*rows[0])


def write(file: DerivedFile, changes: Sequence[tuple[Entry | None, Entry]]) -> None:
    """Write entries, each beside what the file holds of it; those that are over are dropped."""
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in _STATEMENTS}
    for before, after in changes:
        if before is None:
            _post(rows, after)
        else:
            _change(rows, before, after)
    for name, statement in _STATEMENTS.items():
        if rows[name]:
            file.write_many(statement, rows[name])


def _post(rows: dict[str, list[tuple[object, ...]]], entry: Entry) -> None:
    if entry.is_over:
        return
    rows["post"].append(_row(entry, _LISTING))
    rows["post card"].append(_row(entry, _CARD))
    if entry.is_open:
        rows["word"].append(_words(entry))
    if entry.attributes != NO_ATTRIBUTES:
        rows["post attributes"] += [
            (entry.number, name, _word(value), value if type(value) is int else None)
            for name, value in msgspec.json.decode(entry.attributes).items()
        ]


def _change(rows: dict[str, list[tuple[object, ...]]], before: Entry, after: Entry) -> None:
    is_said_anew = _said(before) != _said(after)
    if before.is_open and (is_said_anew or not after.is_open):
        rows["unword"].append(_words(before))
    if after.is_open and (is_said_anew or not before.is_open):
        rows["word"].append(_words(after))
    if after.is_over:
        rows["end"].append((after.number,))
        rows["end card"].append((after.number,))
        if after.attributes != NO_ATTRIBUTES:
            rows["end attributes"].append((after.number,))
        return
    rows["change"].append(_row(after, _LISTING))
    if is_said_anew:
        rows["say anew"].append(_row(after, _CARD))


def _row(entry: Entry, names: tuple[str, ...]) -> tuple[object, ...]:
    return tuple([getattr(entry, name) for name in names])


def _said(entry: Entry) -> tuple[object, ...]:
    return entry.title, entry.title_digest, entry.description, entry.description_digest


def _words(entry: Entry) -> tuple[object, ...]:
    """Give what the index of words holds of an entry; it must be told the same to forget it."""
    return entry.number, entry.title or "", entry.description or ""


def _word(value: object) -> str:
    """Write an attribute's value as a condition names it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
