"""Canonical bytes, their digests, and JSON web signatures over them with the payload left out."""

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import rfc8785
from a2a.utils.errors import InvalidParamsError

from souq.core import base64url
from souq.core.act import ALGORITHMS
from souq.core.credential import Key
from souq.core.message import LENGTH_MAX
from souq.core.signature import PUBLIC_KINDS, is_signed
from souq.surfaces.a2a.vocabulary import Signature
from souq.surfaces.signatures import MarketKey

ACT = "negotiation-v1"  # a signature made for something else never passes for an act
_HEADER = {"alg", "kid", "typ"}


def canonical(value: Any) -> bytes:
    """Give the RFC 8785 bytes of a JSON value."""
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """Name a JSON value by the SHA-256 of its canonical bytes."""
    return hashlib.sha256(canonical(value)).hexdigest()


def sign(market_key: MarketKey, value: Any, *, typ: str, jku: str) -> dict[str, str]:
    """Give the market's signature over a JSON value."""
    header = {"alg": "EdDSA", "jku": jku, "kid": market_key.fingerprint, "typ": typ}
    protected = base64url.encoded(canonical(header))
    signature = market_key.sign(_input(protected, value))
    return {"protected": protected, "signature": base64url.encoded(signature)}


def check_act(data: dict[str, Any], signature: Signature, find: Callable[[str], Key | None]) -> str:
    """Give a signed act as a compact JWS, for the record. Raises InvalidParamsError if it is wrong.

    `find` gives the speaker's live key with a fingerprint.
    """
    unsigned = {name: value for name, value in data.items() if name != "signature"}
    try:
        header = json.loads(_bytes(signature.protected))
        raw = _bytes(signature.signature)
    except (ValueError, RecursionError):
        raise InvalidParamsError("the act's signature is no JWS") from None
    if not isinstance(header, dict) or set(header) != _HEADER or header["typ"] != ACT:
        raise InvalidParamsError(f'an act\'s signature has alg, kid and typ "{ACT}" in its header')
    key = find(header["kid"]) if isinstance(header["kid"], str) else None
    kind = ALGORITHMS.get(header["alg"]) if isinstance(header["alg"], str) else None
    if key is None or key.kind not in PUBLIC_KINDS or key.kind != kind:
        raise InvalidParamsError("the act is signed with a key that is not the speaker's")
    try:
        message = _input(signature.protected, unsigned)
    except rfc8785.CanonicalizationError as error:
        raise InvalidParamsError(f"the act has no RFC 8785 bytes to be signed: {error}") from None
    if not is_signed(key.kind, key.material, raw, message):
        raise InvalidParamsError("the act's signature does not hold")
    proof = f"{message.decode()}.{signature.signature}"
    if len(proof) > LENGTH_MAX:
        raise InvalidParamsError(f"a signed act has at most {LENGTH_MAX} characters as a JWS")
    return proof


def _input(protected: str, value: Any) -> bytes:
    """Give what is signed (RFC 7515, 5.1)."""
    return f"{protected}.{base64url.encoded(canonical(value))}".encode("ascii")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
