"""What every reader says when it cannot go on: which file, where in it, what is wrong, what to do.

Also what all need first: a file's bytes, and an amount as people write it.
"""

import re
from pathlib import Path

from souq.core.money import USD

UNITS_MAX = 10_000_000 * 10**USD.exponent  # dearer than anything a person brings to a market
_MARK = b"\xef\xbb\xbf"  # which spreadsheets on Windows set before UTF-8, and JSON does not allow
_AMOUNT = re.compile(r"\d{1,12}(\.\d+)?|\.\d+")


class BadSource(ValueError):
    """What was brought cannot be used; the message names the file, the place and what to do."""


def content(path: Path, *, kind: str) -> bytes:
    """Give a file's bytes. Raises BadSource; `kind` is what the file should have been."""
    try:
        return path.read_bytes().removeprefix(_MARK)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadSource(f"{path}: cannot be read ({why}); name {kind}") from None


def text(path: Path, *, kind: str) -> str:
    """Give a file's words. Raises BadSource."""
    found = content(path, kind=kind)
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        raise BadSource(f"{path}:{line}: is not valid UTF-8; save the file as UTF-8") from None


def units(amount: str) -> int:
    """Give an amount of dollars in units, exactly. Raises BadSource that says how to write it."""
    if not _AMOUNT.fullmatch(amount):
        raise BadSource(f"{amount[:40]!r} is not an amount; write dollars such as 9.10")
    whole, _, fraction = amount.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > USD.exponent:
        raise BadSource(f"{amount[:40]} has more than {USD.exponent} decimal places; round it")
    found = int((whole or "0") + fraction.ljust(USD.exponent, "0"))
    if found > UNITS_MAX:
        raise BadSource(f"{amount[:40]} is above {UNITS_MAX // 10**USD.exponent}; correct it")
    return found
