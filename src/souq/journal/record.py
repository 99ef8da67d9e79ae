"""A record is a command with all its events, or its refusal; its bytes are fixed for good.

Canonical bytes: JSON with sorted keys, no white space, integers and strings and no floats, fields
that hold their default left out. `hash` is SHA-256 over the previous record's 32 hash bytes and
the canonical bytes. Frozen vectors stand in `tests/journal/vectors.json` and `frozen` beside it.
"""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from souq.core import market
from souq.core.refusal import Fact
from souq.core.seal import DIGEST, Sealed, Secret, canonical, digest_of

GENESIS = bytes(32)  # what the first record's hash is chained to

Opener = Callable[[str], bytes | None]  # from a digest to the content beside the record


class Refusal(Struct, frozen=True, omit_defaults=True):
    """Why not, and the facts a caller needs to do better."""

    reason: str
    facts: dict[str, Fact] = {}


class Record(Struct, frozen=True, omit_defaults=True):
    """One line of the market's history.

    `nonce` is the key and the nonce of a command that came signed ("K7:f81d…"): a door reads them
    again when it starts, and refuses a request that was answered before it went down. `act` is the
    signature that its actor put to the command itself, see `core.act`.
    """

    seq: int
    at: int
    actor: str
    command_id: str
    command: market.Command
    events: tuple[market.Event, ...] = ()
    refusal: Refusal | None = None
    nonce: str = ""
    act: str = ""


class Folded(Struct, frozen=True):
    """As much of a record as folding needs."""

    seq: int
    at: int
    events: tuple[market.Event, ...] = ()


class Payload(NamedTuple):
    """Content that stands beside the record which carries its digest.

    `owner` is the principal whose key locks it where it is stored; "" locks it with none.
    """

    digest: str
    salt: bytes
    audience: str
    content: bytes
    owner: str = ""

    def fits(self) -> bool:
        """Tell whether the content is what the digest was taken of."""
        return digest_of(self.salt, self.content) == self.digest


class Entry(NamedTuple):
    """A record as it is stored."""

    seq: int
    hash: bytes
    body: bytes
    actor: str
    command_id: str | None  # None for the engine's own ticks, which nobody retries
    payloads: tuple[Payload, ...] = ()


class Damaged(Exception):
    """The journal is not what was written. `seq` is the first bad record."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"record {seq}: {why}")
        self.seq = seq
        self.why = why


def chained(previous: bytes, body: bytes) -> bytes:
    """Give a record's hash, from the hash before it and its own canonical bytes."""
    return hashlib.sha256(previous + body).digest()


encode = canonical.encode


class Reader:
    """Decodes records, opening the secrets that the rules need through `opener`."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._whole = msgspec.json.Decoder(Record, dec_hook=self.unseal)
        self._folded = msgspec.json.Decoder(Folded, dec_hook=self.unseal)

    def whole(self, seq: int, body: bytes) -> Record:
        """Decode a whole record. Raises Damaged."""
        record: Record = self._decode(self._whole, seq, body)
        return record

    def folded(self, seq: int, body: bytes) -> Folded:
        """Decode what folding needs. Raises Damaged."""
        record: Folded = self._decode(self._folded, seq, body)
        return record

    def _decode(self, decoder: msgspec.json.Decoder[Any], seq: int, body: bytes) -> Any:
        try:
            record = decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Damaged(seq, f"cannot be read: {error}") from error
        if record.seq != seq:
            raise Damaged(seq, f"calls itself {record.seq}")
        return record

    def unseal(self, kind: type, digest: Any) -> Any:
        if not issubclass(kind, Sealed) or not isinstance(digest, str):
            raise TypeError(f"not a sealed value: {kind}")
        if not DIGEST.fullmatch(digest):
            raise ValueError("not a digest")
        if not issubclass(kind, Secret):
            return kind(None, digest)
        content = self._opener(digest)
        if content is None:
            raise ValueError("its private part is missing")
        return kind(msgspec.json.decode(content, type=kind.of), digest)
