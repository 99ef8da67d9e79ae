"""Rows that stand one JSON object a line, and what is said of a line that is none."""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

import msgspec

from souq.lab.sources.bad_source import BadSource, content

# Decimal, because a binary float has already moved 1.005 off the half before it meets our rounding.
DECODER = msgspec.json.Decoder(float_hook=Decimal)

Row = dict[str, object]
Read = TypeVar("Read")


def read(paths: Sequence[Path], parse: Callable[[Row], Read]) -> list[Read]:
    """Parse every line of every file. Raises BadSource at the first that cannot be used."""
    return [one for path in paths for one in _read_file(path, parse)]


def _read_file(path: Path, parse: Callable[[Row], Read]) -> list[Read]:
    # Lines end at \n only: str.splitlines would also cut inside a title at U+2028.
    lines = content(path, kind="a file of JSON lines").split(b"\n")
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(parse(_row(line)))
        except BadSource as error:
            raise BadSource(f"{path}:{number}: {error}") from None
    if not found:
        raise BadSource(f"{path}: holds no goods; write one JSON object a line")
    return found


def _row(line: bytes) -> Row:
    try:
        row = DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadSource("is not valid UTF-8; save the file as UTF-8") from None
    except msgspec.DecodeError as error:
        raise BadSource(f"is not JSON ({error}); write one JSON object a line") from None
    except (InvalidOperation, RecursionError):
        raise BadSource("has a number too large or lists too deep to read; remove it") from None
    if not isinstance(row, dict):
        raise BadSource("is not a JSON object; write one {...} a line")
    return row


def words(row: Row, field: str, *, default: str | None = None) -> str:
    """Give a field that holds text. Raises BadSource where it is not there, without `default`."""
    # Exporters write null for a value they do not have, so null counts as absent.
    value = default if row.get(field) is None else row[field]
    if value is None:
        raise BadSource(f"has no {field}; add it as text")
    if not isinstance(value, str):
        raise BadSource(f"{field} is not text; put it in quotes")
    return value
