"""Bytes become commands and queries under their declared types, or a clear complaint."""

import json
import re
from typing import Any, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from souq.core import market
from souq.core.money import UNITS_MAX
from souq.journal.admission import READ, unsealed
from souq.operations import OPERATIONS, Operation
from souq.surfaces.problems import Malformed

BATCH_MAX = 1_000
PARAMETERS_MAX = 64

_union: Any = market.COMMANDS[0]
for _command in market.COMMANDS[1:]:
    _union = _union | _command
_any_command = msgspec.json.Decoder(_union, dec_hook=unsealed).decode
_KEYS = re.compile(rb'"([^"]*)"\s*:')
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


class BatchItem(Struct, frozen=True, forbid_unknown_fields=True):
    """One command of many, with its id, and its actor's signature under it."""

    id: str
    command: msgspec.Raw
    act: str = ""


class CommandBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 1,000 commands, judged in order, each with an answer of its own."""

    commands: list[BatchItem]


_batch = msgspec.json.Decoder(CommandBatch).decode


def read_command(body: bytes | msgspec.Raw) -> Any:
    """Read a command that says its own type. Raises Malformed."""
    if isinstance(body, msgspec.Raw):
        return _decoded(_any_command, bytes(body))  # its keys were looked at with its batch's
    return _read(_any_command, body)


def read_batch(body: bytes) -> list[BatchItem]:
    """Read many commands, not looking into any yet. Raises Malformed."""
    items: list[BatchItem] = _read(_batch, body).commands
    if not 0 < len(items) <= BATCH_MAX:
        raise Malformed(422, f"a batch holds 1 to {BATCH_MAX} commands")
    return items


def read_fields(operation: Operation, fields: dict[str, str], body: bytes) -> Any:
    """Read a command whose type and some of whose fields stand in the path. Raises Malformed."""
    given = _read(_object, body) if body.strip() else {}
    for name in ("type", *fields):
        if name in given:
            raise Malformed(422, f"{name} stands in the path, and not in the body")
    whole = _encode({**given, **fields, "type": operation.asks.__name__})
    return _decoded(READ[operation.asks], whole)


def read_query(operation: Operation, fields: dict[str, str], query: bytes) -> Any:
    """Read a query from its path and its parameters. Raises Malformed."""
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query),
            max_num_fields=PARAMETERS_MAX,
            errors="strict",
        )
    except (ValueError, UnicodeError):
        raise Malformed(400, "the query is not made of name=value pairs in UTF-8") from None
    asked: dict[str, Any] = dict(fields)
    lists = _LISTS[operation.asks]
    for name, value in pairs:
        if name in lists:
            asked.setdefault(name, []).append(value)
        elif name in asked:
            raise Malformed(422, f"{name} is said twice")
        else:
            asked[name] = value
    try:
        read: Any = msgspec.convert(asked, operation.asks, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(422, str(error)) from None
    for name in asked:
        number = getattr(read, name)
        if isinstance(number, int) and abs(number) > UNITS_MAX:
            raise Malformed(422, f"{name} is a whole number beyond 2**53")
    return read


def read_form(operation: Operation, fields: dict[str, Any]) -> Any:
    """Read a command from a form, whose fields are all text. Raises Malformed."""
    try:
        return msgspec.convert(fields, operation.asks, strict=False, dec_hook=unsealed)
    except msgspec.ValidationError as error:
        raise Malformed(422, str(error)) from None
    except (TypeError, ValueError) as error:
        raise Malformed(422, str(error)) from None


def _read(decode: Any, body: bytes) -> Any:
    read = _decoded(decode, body)
    _check_keys(body)
    return read


def _decoded(decode: Any, body: bytes) -> Any:
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise Malformed(422, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(400, f"the body is not JSON: {error}") from None
    except RecursionError:
        raise Malformed(400, "the body is nested too deeply") from None
    except (TypeError, ValueError) as error:
        raise Malformed(422, str(error)) from None


def _check_keys(body: bytes) -> None:
    """Raise Malformed where an object says a key twice: readers differ on which one counts.

    Only where some key comes again anywhere, or may be written in escapes, is it looked at closely.
    """
    keys = _KEYS.findall(body)
    if len(set(keys)) < len(keys) or b"\\" in body:
        try:
            json.loads(body, object_pairs_hook=_no_twins)
        except (ValueError, RecursionError):
            return  # what is no JSON is complained about elsewhere


def _no_twins(pairs: list[tuple[str, Any]]) -> None:
    keys = {key for key, _ in pairs}
    if len(keys) < len(pairs):
        raise Malformed(400, "the body says a key twice in one object")


_LISTS: dict[type, frozenset[str]] = {
    one.asks: frozenset(
        name for name, hint in get_type_hints(one.asks).items() if get_origin(hint) is tuple
    )
    for one in OPERATIONS
}
