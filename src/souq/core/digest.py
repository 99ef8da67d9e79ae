"""A digest from outside: the SHA-256 of what the market never holds, in hexadecimal digits."""

import re

from souq.core.refusal import invalid

_DIGEST = re.compile(r"[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Tell whether a text could be a SHA-256."""
    return _DIGEST.fullmatch(text) is not None


def check_digest(field: str, text: str) -> None:
    """Raise Refused(invalid) unless a text could be a SHA-256."""
    if not is_digest(text):
        raise invalid(field, "64 small hexadecimal digits: a SHA-256")
