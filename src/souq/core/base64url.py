"""Bytes as base64url without padding (RFC 7515, 2), in which every sequence has one spelling."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encoded(raw: bytes) -> str:
    """Write bytes as text."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Read bytes as written here. Raises ValueError for other spellings."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encoded(raw) != text:
        raise ValueError("not in base64url")
    return raw
