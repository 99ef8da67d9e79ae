"""A record cut into parts, each hidden on its own: what a receipt shows, and what it leaves out.

A record's leaf in the market's tree is the root of a small tree over its parts: where it stands,
who gave the command, the command, the chain's hash, the signature or the refusal where there is
one, and each event. Every part is hashed with a number that only the market can work out. Without
it, whoever is shown one side's events could try all likely bids until one fits the hash beside
them.
"""

import hashlib
import re
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from souq.core.seal import canonical
from souq.journal import merkle

HEADER, CALLER, COMMAND, CHAIN, ACT = range(5)  # the last where a command was signed
BLINDING_BYTES = 32


class _Body(Struct, frozen=True):
    """A record's parts as bytes, whatever they say."""

    seq: int
    at: int
    actor: str
    command_id: str
    command: msgspec.Raw
    events: tuple[msgspec.Raw, ...] = ()
    refusal: msgspec.Raw | UnsetType = UNSET
    nonce: str = ""
    act: str = ""


class Cut(NamedTuple):
    """A record's parts in order, and which of them are its events."""

    parts: list[bytes]
    events: list[int]


_read = msgspec.json.Decoder(_Body).decode
_object = msgspec.json.Decoder(dict[str, Any]).decode

# What not everybody who sees such an event may read stands in a part of its own behind it.
_WITHHELD: dict[bytes, tuple[str, str]] = {
    b'"type":"AgentRegistered"}': ("", "key"),
    b'"type":"ListingPosted"}': ("listing", "ref"),
    b'"type":"PrincipalRegistered"}': ("", "key"),
}
_TAIL = re.compile(rb'"type":"[A-Za-z]+"}\Z')
_TAIL_MAX = 64


def cut(body: bytes, hash: bytes) -> Cut:
    """Cut a record's canonical bytes into parts; `hash` is what the chain knows it by."""
    record = _read(body)
    caller = {"actor": record.actor, "command_id": record.command_id, "nonce": record.nonce}
    parts = [
        b'{"header":{"at":%d,"seq":%d}}' % (record.at, record.seq),
        canonical.encode({"caller": caller}),
        b'{"command":%b}' % bytes(record.command),
        b'{"chain":"%b"}' % hash.hex().encode(),
    ]
    if record.act:
        parts.append(canonical.encode({"act": record.act}))
    if record.refusal is not UNSET:
        parts.append(b'{"refusal":%b}' % bytes(record.refusal))
    events = []
    for event in record.events:
        shown, withheld = without_withheld(bytes(event))
        events.append(len(parts))
        parts.append(b'{"event":%b}' % shown)
        if withheld:
            parts.append(withheld)
    return Cut(parts, events)


def without_withheld(event: bytes) -> tuple[bytes, bytes]:
    """Give an event's bytes without what is withheld from some, and the part that holds it."""
    tail = _TAIL.search(event, max(0, len(event) - _TAIL_MAX))
    found = _WITHHELD.get(tail[0]) if tail else None
    if found is None:
        return event, b""
    within, name = found
    shown = _object(event)
    if name not in (holder := shown[within] if within else shown):
        return event, b""
    withheld = canonical.encode({"withheld": {name: holder.pop(name)}})
    return canonical.encode(shown), withheld


def blindings(secret: bytes, seq: int, count: int) -> list[bytes]:
    """Give what hides a record's parts, from the first to so many of them."""
    whole = hashlib.shake_256(secret + seq.to_bytes(8, "big")).digest(BLINDING_BYTES * count)
    return [whole[n : n + BLINDING_BYTES] for n in range(0, len(whole), BLINDING_BYTES)]


def part_hashes(parts: list[bytes], secret: bytes, seq: int) -> list[bytes]:
    """Give the leaf hash of every part."""
    leaf_hash = merkle.leaf_hash
    hidden = blindings(secret, seq, len(parts))
    return [leaf_hash(one + part) for one, part in zip(hidden, parts, strict=True)]


def record_root(body: bytes, hash: bytes, secret: bytes, seq: int) -> bytes:
    """Give the root over a record's parts: its leaf in the market's tree."""
    return merkle.root_of(part_hashes(cut(body, hash).parts, secret, seq))
