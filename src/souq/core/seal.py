"""Words and secrets stay out of the hashed record: it carries a salted digest, they lie beside.

Free text can thus be erased, and a receipt can show one party's leaf, without breaking the chain.
`Text` is freight: the core carries its digest and never looks inside. A `Secret` is opened again
before the core judges, because replay needs the limits it holds.
"""

import hashlib
import re
from typing import Any, ClassVar, Self

import msgspec

SALT_BYTES = 16
DIGEST = re.compile(r"s1:[0-9a-f]{64}")
_plain = msgspec.json.Encoder(order="sorted")


def digest_of(salt: bytes, content: bytes) -> str:
    """Name content by SHA-256 over salt and bytes; `s1` names the rule, should it ever change."""
    return "s1:" + hashlib.sha256(salt + content).hexdigest()


class Sealed:
    """Content whose bytes stand in `payloads`, and whose digest stands in the record."""

    __slots__ = ("digest", "value")
    of: ClassVar[Any] = Any

    def __init__(self, value: Any = None, digest: str = "") -> None:
        self.value = value
        self.digest = digest

    def content(self) -> bytes:
        """Give the canonical bytes that the digest is taken over."""
        return _plain.encode(self.value)

    def sealed(self, salt: bytes) -> Self:
        """Return a copy that carries its digest."""
        return type(self)(self.value, digest_of(salt, self.content()))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sealed)
            and type(self) is type(other)
            and self.value == other.value
            and self.digest == other.digest
        )

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        # A repr ends up in logs and tracebacks: it shows the digest, never the content.
        return f"{type(self).__name__}({self.digest or 'unsealed'})"


class Text(Sealed):
    """Words from a stranger. Carried, shown and searched; never obeyed."""

    of = str


class PublicText(Text):
    """Words anybody on the market may read."""


class PartyText(Text):
    """Words for the parties of one negotiation or contract."""


class OperatorText(Text):
    """Words for the operator alone."""


class Secret(Sealed):
    """A typed value that the core needs and only its principal may see."""


def digest_only(value: Any) -> str:
    """Write a sealed value as its digest: for an encoder. Raises TypeError for anything else."""
    if isinstance(value, Sealed) and value.digest:
        return value.digest
    raise TypeError(f"{type(value).__name__} has no canonical form")


def by_digest(kind: type, digest: Any) -> Any:
    """Read a sealed value of which only the digest is told: for a decoder. Raises TypeError."""
    if issubclass(kind, Sealed):
        return kind(None, digest)
    raise TypeError(f"not a sealed value: {kind}")


# The one encoder of canonical bytes: JSON with sorted keys, no white space, fields that hold their
# default left out (so that a field added later leaves old bytes as they were), seals as digests.
canonical = msgspec.json.Encoder(order="sorted", enc_hook=digest_only)
