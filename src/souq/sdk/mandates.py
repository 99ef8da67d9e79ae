"""A mandate on paper: limits that a person signed with their own key, for anybody to check.

A JWS (RFC 7515) in the flattened JSON form, by Ed25519 (as RFC 9864 names it) or ES256 (RFC 7518).
Its payload is the canonical bytes of `Paper`: the limits, the digest of the brief they follow from,
and when it was signed. The market is asked with an ordinary `GrantMandate`; this stays with people,
so that it can be shown later what an agent was allowed.

    paper = Paper(limits, brief=digest_of(canonical_brief), issued_at=1_700_000_000)
    text = signed(paper, load_key(Path("bea.key")))
    assert checked(text, kind, material) == paper
"""

import hashlib

import msgspec
from msgspec import Struct

from souq.core import base64url
from souq.core.credential import BEARER
from souq.core.mandate import Limits
from souq.core.seal import canonical
from souq.core.signature import check_public, is_signed, thumbprint
from souq.sdk.signing import KeyFile, signature_of

TYPE = "souq-mandate+json"  # what was signed as something else never passes for a mandate
ALGORITHMS = {"ed25519": "Ed25519", "es256": "ES256"}
SIZE_MAX = 1_000_000


class NotSigned(ValueError):
    """This is no mandate that the key signed; the message says why."""


class Paper(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is signed. `brief` is the digest of the brief; `issued_at` in seconds since 1970."""

    limits: Limits
    brief: str
    issued_at: int
    agent: str = ""


class _Header(Struct, frozen=True, forbid_unknown_fields=True):
    alg: str
    kid: str
    typ: str


class _Signed(Struct, frozen=True, forbid_unknown_fields=True):
    payload: str
    protected: str
    signature: str


def digest_of(content: bytes) -> str:
    """Name content by its SHA-256."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def signed(paper: Paper, key: KeyFile) -> str:
    """Sign. Raises ValueError for a bearer secret, which proves nothing to a third person."""
    if key.kind == BEARER:
        raise ValueError("a bearer secret cannot sign; make a key with: souq keys new me.key")
    header = _Header(ALGORITHMS[key.kind], thumbprint(key.kind, key.material), TYPE)
    protected, payload = (
        base64url.encoded(canonical.encode(header)),
        base64url.encoded(canonical.encode(paper)),
    )
    raw = signature_of(key, f"{protected}.{payload}".encode())
    whole = msgspec.json.encode(_Signed(payload, protected, base64url.encoded(raw)))
    return msgspec.json.format(whole).decode() + "\n"


def checked(text: str | bytes, kind: str, material: str) -> Paper:
    """Give what the public key signed. Raises NotSigned for everything else.

    The key is the caller's own knowledge: none that the text brings along is trusted.
    """
    if len(text) > SIZE_MAX:
        raise NotSigned("far too long for a mandate")
    try:
        check_public(kind, material)
    except (KeyError, ValueError) as error:
        raise NotSigned(f"a key of kind {kind} does not check this: {error}") from None
    try:
        found = msgspec.json.decode(text, type=_Signed)
        header = msgspec.json.decode(_bytes(found.protected), type=_Header)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise NotSigned(f"no signed mandate: {error}") from None
    if header.typ != TYPE or header.alg != ALGORITHMS[kind]:
        raise NotSigned(f"signed as {header.typ} by {header.alg}, which is not this key's mandate")
    if header.kid != thumbprint(kind, material):
        raise NotSigned("signed with another key")
    message = f"{found.protected}.{found.payload}".encode()
    if not is_signed(kind, material, _bytes(found.signature), message):
        raise NotSigned("the signature does not fit: it was changed, or another key signed it")
    try:
        return msgspec.json.decode(_bytes(found.payload), type=Paper)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise NotSigned(f"well signed, but no mandate that this souq reads: {error}") from None


def _bytes(text: str) -> bytes:
    try:
        return base64url.decoded(text)
    except ValueError:
        raise NotSigned("not in base64url") from None
