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
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec
from msgspec import Struct

from souq.core.credential import BEARER
from souq.core.mandate import Limits
from souq.core.seal import canonical
from souq.core.signature import check_public, is_signed, thumbprint
from souq.sdk.signing import KeyFile, signature_of

TYPE = "souq-mandate+json"  # what was signed as something else never passes for a mandate
ALGORITHMS = {"ed25519": "Ed25519", "es256": "ES256"}
SIZE_MAX = 1_000_000
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


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
    protected, payload = _text(canonical.encode(header)), _text(canonical.encode(paper))
    raw = signature_of(key, f"{protected}.{payload}".encode())
    whole = msgspec.json.encode(_Signed(payload, protected, _text(raw)))
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


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Read base64url as written here. Other spellings of the same bytes are refused."""
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise NotSigned("not in base64url")
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(raw) != text:
        raise NotSigned("not in base64url")
    return raw
