"""Public keys, and the check of what was signed with them: pure, and the only cryptography here.

What a signed request must cover stands here too, so that door and client cannot differ about it:
HTTP message signatures (RFC 9421) by Ed25519 (RFC 8032) or ECDSA over P-256 (ES256, RFC 7518),
named by the key's JWK thumbprint (RFC 7638), over a body's digest (RFC 9530).
"""

import hashlib
from functools import lru_cache
from typing import Literal, get_args

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from souq.core import base64url

PublicKind = Literal["ed25519", "es256"]
PUBLIC_KINDS: tuple[str, ...] = get_args(PublicKind)
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey

TAG = "souq"  # a signature made for another application never passes here
WEBHOOK_TAG = "souq-webhook"
WINDOW_S = 60  # how long a signature is good for
AHEAD_S = 5  # how far a signer's clock may run before ours
NONCE_LENGTH = (16, 64)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ALGORITHMS = {"ed25519": "ed25519", "es256": "ecdsa-p256-sha256"}  # names of RFC 9421, 3.3

_HEX_LENGTH = {"ed25519": 64, "es256": 66}
_KEYS_CACHED = 4_096
_SIGNATURE_BYTES = 64  # both kinds: R and S, or r and s


def components(method: str, *, has_body: bool) -> tuple[str, ...]:
    """List what the signature of a request must cover."""
    covered = ["@method", "@authority", "@path", "@query"]
    if has_body:
        covered.append("content-digest")
    if method not in SAFE_METHODS:
        covered.append("idempotency-key")
    return tuple(covered)


def check_public(kind: str, material: str) -> None:
    """Raise ValueError unless the material is a public key that one can sign for."""
    length = _HEX_LENGTH[kind]
    if len(material) != length or any(digit not in "0123456789abcdef" for digit in material):
        raise ValueError(f"{length} lower-case hex digits")
    raw = bytes.fromhex(material)
    if kind == "ed25519":
        _check_ed25519(raw)
    else:
        try:
            public_key(kind, material)
        except ValueError:
            # In our own words, for the record: the library's change from release to release.
            raise ValueError("not a compressed point of the curve") from None


@lru_cache(_KEYS_CACHED)
def public_key(kind: str, material: str) -> PublicKey:
    """Load a public key. Raises ValueError for what is none."""
    raw = bytes.fromhex(material)
    if kind == "ed25519":
        return Ed25519PublicKey.from_public_bytes(raw)
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)


def is_signed(kind: str, material: str, signature: bytes, message: bytes) -> bool:
    """Tell whether the signature over the message was made with the key."""
    if len(signature) != _SIGNATURE_BYTES:
        return False
    key = public_key(kind, material)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        else:
            r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def jwk(kind: str, material: str) -> dict[str, str]:
    """Give a public key's required JWK members, in the order that the thumbprint needs."""
    key = public_key(kind, material)
    if isinstance(key, Ed25519PublicKey):
        return {"crv": "Ed25519", "kty": "OKP", "x": base64url.encoded(bytes.fromhex(material))}
    point = key.public_numbers()
    x, y = (base64url.encoded(number.to_bytes(32)) for number in (point.x, point.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def thumbprint(kind: str, material: str) -> str:
    """Name a public key by its JWK thumbprint: the `keyid` on the wire."""
    members = ",".join(f'"{name}":"{value}"' for name, value in jwk(kind, material).items())
    return base64url.encoded(hashlib.sha256(f"{{{members}}}".encode()).digest())


# The curve of RFC 8032, 5.1. Loading does not check that a point is on it, and with a point of
# small order one signature fits many messages, so that anybody could speak for its holder.
_P = 2**255 - 19
_D = -121_665 * pow(121_666, -1, _P) % _P


def _check_ed25519(raw: bytes) -> None:
    encoded = int.from_bytes(raw, "little")
    sign, y = encoded >> 255, encoded & (2**255 - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P  # of x
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if y >= _P or x * x % _P != square or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    for _ in range(3):  # eight times the point
        product = _D * x * x * y * y
        x, y = (
            2 * x * y * pow(1 + product, -1, _P) % _P,
            (y * y + x * x) * pow(1 - product, -1, _P) % _P,
        )
    if (x, y) == (0, 1):
        raise ValueError("a point of small order")
