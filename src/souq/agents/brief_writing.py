"""Writes a brief as TOML that `brief.read` reads back as the same brief, to the last sign.

The standard library reads TOML and does not write it. A brief needs a small part of it: texts,
whole numbers, truth values, lists of texts, tables, and lists of tables.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from souq.agents.brief import Brief

HEAD = "# Yours alone: what you would pay and take at the least is nobody else's business."
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def written(brief: Brief) -> str:
    """Write a brief. Raises ValueError for text that no file in UTF-8 can hold."""
    return "\n".join([HEAD, *_table(msgspec.to_builtins(brief), "")]) + "\n"


def _table(table: dict[str, Any], name: str) -> Iterator[str]:
    """Give a table's lines: its own values first, since what follows a heading belongs to it."""
    inner = {key: value for key, value in table.items() if _is_table(value)}
    for key, value in table.items():
        if key not in inner and value is not None:
            yield f"{key} = {_value(value)}"
    for key, value in inner.items():
        path = f"{name}{key}"
        for one in [value] if isinstance(value, dict) else value:
            yield ""
            yield f"[{path}]" if isinstance(value, dict) else f"[[{path}]]"
            yield from _table(one, f"{path}.")


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list | tuple) and bool(value) and isinstance(value[0], dict)
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    assert isinstance(value, str), f"a brief holds no {type(value).__name__}"
    return '"' + "".join(map(_sign, value)) + '"'


def _sign(sign: str) -> str:
    """Write one sign; what does not print is named by its number, so that an editor shows it."""
    if sign in _SHORT:
        return _SHORT[sign]
    if sign.isprintable():
        return sign
    number = ord(sign)
    if 0xD800 <= number <= 0xDFFF:
        raise ValueError(f"half a sign (U+{number:04X}) cannot be written down")
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
