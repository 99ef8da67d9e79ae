"""What one event changes of a listing as the catalogue keeps it, by the rules of the core."""

from collections.abc import Callable
from typing import Any

import msgspec

from souq.core.listing import (
    Listing,
    ListingEdited,
    ListingPaused,
    ListingResumed,
    ListingWithdrawn,
)
from souq.core.seal import Text
from souq.core.stock import StockReserved, StockReturned, StockSold, TitleMoved
from souq.journal.record import Record
from souq.views.catalogue.entry import NO_ATTRIBUTES, Entry
from souq.views.history import Find

_text = msgspec.json.Decoder(str)
_encode = msgspec.json.Encoder(order="sorted").encode


def entry_of(record: Record, posted: Listing, find: Find) -> Entry:
    """Give a new listing with its words."""
    price = posted.price
    return Entry(
        number=int(posted.id[1:]),
        side=posted.side,
        subject=posted.subject,
        category=posted.category,
        asset=price.asset if price else None,
        price=price.units if price else None,
        delivery=posted.delivery,
        agent=posted.agent,
        principal=posted.principal,
        mechanisms=_encode(posted.mechanisms).decode(),
        available=posted.available,
        reserved=posted.reserved,
        is_paused=posted.is_paused,
        is_withdrawn=posted.is_withdrawn,
        title=_words(record, "title", posted.title, find),
        title_digest=posted.title,
        description=_words(record, "description", posted.description, find),
        description_digest=posted.description,
        attributes=_encode(posted.attributes).decode() if posted.attributes else NO_ATTRIBUTES,
        unit=posted.unit,
        shipping_units=posted.shipping_units,
        posted_at=record.at,
    )


class Said(msgspec.Struct, frozen=True):
    """An edit with its words, which are read while they are at hand."""

    listing: str
    event: ListingEdited
    title: str | None
    description: str | None


def said_anew(record: Record, event: ListingEdited, find: Find) -> Said:
    """Give an edit with its words."""
    return Said(
        event.listing,
        event,
        _words(record, "title", event.title or "", find),
        _words(record, "description", event.description or "", find),
    )


def _words(record: Record, field: str, digest: str, find: Find) -> str | None:
    """Give the text behind a digest, or None where it was erased. A live record carries it."""
    if not digest:
        return ""
    live = getattr(record.command, field, None)
    if isinstance(live, Text) and live.value is not None:
        return str(live.value)
    payload = find(digest)
    return None if payload is None else _text.decode(payload.content)


def _edited(entry: Entry, said: Said) -> None:
    event = said.event
    if event.price is not None:
        entry.asset, entry.price = event.price.asset, event.price.units
    if event.title is not None:
        entry.title, entry.title_digest = said.title, event.title
    if event.description is not None:
        entry.description, entry.description_digest = said.description, event.description
    if event.available is not None:
        entry.available = event.available


def _paused(entry: Entry, event: ListingPaused) -> None:
    entry.is_paused = True


def _resumed(entry: Entry, event: ListingResumed) -> None:
    entry.is_paused = False


def _withdrawn(entry: Entry, event: ListingWithdrawn) -> None:
    entry.is_withdrawn = True


def _reserved(entry: Entry, event: StockReserved) -> None:
    entry.available -= event.quantity
    entry.reserved += event.quantity


def _returned(entry: Entry, event: StockReturned) -> None:
    entry.available += event.quantity
    entry.reserved -= event.quantity


def _sold(entry: Entry, event: StockSold) -> None:
    entry.reserved -= event.quantity


def _moved(entry: Entry, event: TitleMoved) -> None:
    entry.agent, entry.principal = event.agent, event.principal
    entry.is_paused = entry.is_withdrawn = False


CHANGE: dict[type, Callable[[Entry, Any], None]] = {
    Said: _edited,
    ListingPaused: _paused,
    ListingResumed: _resumed,
    ListingWithdrawn: _withdrawn,
    StockReserved: _reserved,
    StockReturned: _returned,
    StockSold: _sold,
    TitleMoved: _moved,
}
