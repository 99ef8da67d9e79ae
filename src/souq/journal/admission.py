"""A command is parsed before anything looks at it, so that only what can be read back is recorded.

Frozen structs do not check their fields, and a journal outlives its writer: a float, a side that
is none, half a surrogate pair would stand in it for good and stop every later reading. So whatever
the caller built is written out and read in again under its declared types. That also copies it: a
dict the caller goes on changing is not the market's.
"""

from typing import Any, get_type_hints

import msgspec

from souq.core import market
from souq.core.funds import TransferMany
from souq.core.money import UNITS_MAX
from souq.core.seal import Sealed
from souq.core.transfer import Batch, Kind

SIZE_MAX = 1 << 20  # bytes of one command as JSON, words included
SIZE_MAX_OPERATOR = 32 << 20  # batches of transfers, an experiment's evidence

_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 16


class Malformed(ValueError):
    """What was handed in is no command, whatever its type says; nothing of it is recorded."""


_TEXT_COLUMNS = frozenset({"id", "debit", "credit", "hold"})
_TEXT = frozenset({str})
_NUMBERS = frozenset({int, Kind})


def _sealed_fields(command: type) -> dict[str, type[Sealed]]:
    # Unions come only as "a text or None", so one look at the arguments finds them.
    found = {}
    for name, hint in get_type_hints(command).items():
        for kind in (hint, *getattr(hint, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, Sealed):
                found[name] = kind
    return found


# Which fields of which command are sealed, worked out once.
FIELDS: dict[type, dict[str, type[Sealed]]] = {
    command: fields for command in market.COMMANDS if (fields := _sealed_fields(command))
}


def _content(value: Any) -> Any:
    if isinstance(value, Sealed):
        return value.value
    raise TypeError(f"{type(value).__name__} has no place in a command")


def unsealed(kind: type, content: Any) -> Any:
    """Wrap what a caller wrote in the sealed type that its field has."""
    if not issubclass(kind, Sealed):
        raise TypeError(f"not a sealed value: {kind}")
    return kind(msgspec.convert(content, kind.of))


write = msgspec.json.Encoder(enc_hook=_content).encode  # a command as its caller would
READ: dict[type, Any] = {
    command: msgspec.json.Decoder(command, dec_hook=unsealed).decode for command in market.COMMANDS
}


def admit(command: Any, size_max: int) -> Any:
    """Give a copy of the command with every field of its declared type. Raises Malformed."""
    kind = type(command)
    if kind is TransferMany:
        _check_columns(command.batch, size_max)
        return command
    for name, sealed in FIELDS.get(kind, {}).items():
        # A text under another name would be shown to another audience.
        if type(value := getattr(command, name)) is not sealed and value is not None:
            raise Malformed(f"{name} is a {type(value).__name__}, not a {sealed.__name__}")
    try:
        body = write(command)
        if len(body) > size_max:
            raise Malformed(f"longer than {size_max} bytes")
        parsed = READ[kind](body)
        if _is_suspect(body):
            _check(msgspec.json.decode(body))
    except Malformed:
        raise
    except UnicodeEncodeError:
        raise Malformed("holds text that is no Unicode: half of a surrogate pair") from None
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        raise Malformed(str(error)[:200]) from None
    return parsed


def _is_suspect(body: bytes) -> bool:
    """Tell whether a second look is due.

    A number of sixteen digits may pass 2**53. And NaN is written as null, which would read as
    "no limit": fields that hold None are left out, so no null is ever meant.
    """
    # Two searches for what is fixed take a third of the time of one for a pattern; and `in` would
    # first try to read what it looks for as a number.
    return body.translate(_AS_ZEROS).find(_LONG_NUMBER) >= 0 or body.find(b"null") >= 0


def _check_columns(batch: Any, size_max: int) -> None:
    """Check a batch by the types of whole columns: reading its rows again would cost a third more.

    Its columns are tuples, so nobody can change them afterwards.
    """
    if type(batch) is not Batch:
        raise Malformed(f"batch is a {type(batch).__name__}, not a Batch")
    size = 0
    for name in batch.__struct_fields__:
        column = getattr(batch, name)
        if type(column) is not tuple:
            raise Malformed(f"{name} is a {type(column).__name__}, not a tuple")
        if name in _TEXT_COLUMNS:
            if not _TEXT.issuperset(map(type, column)):
                raise Malformed(f"{name} is no column of text")
            try:
                size += 3 * len(column) + len("".join(column).encode())
            except UnicodeEncodeError:
                raise Malformed(f"{name} holds half of a surrogate pair") from None
        elif column:
            if not _NUMBERS.issuperset(map(type, column)):
                raise Malformed(f"{name} is no column of whole numbers")
            if not -UNITS_MAX <= min(column) <= max(column) <= UNITS_MAX:
                raise Malformed(f"{name} holds a whole number beyond 2**53")
            size += 17 * len(column)
    if size > size_max:
        raise Malformed(f"longer than {size_max} bytes")


def _check(value: Any) -> None:
    match value:
        case None:
            raise Malformed("holds a number that is none")
        case int() if abs(value) > UNITS_MAX:
            raise Malformed("holds a whole number beyond 2**53")
        case list():
            for one in value:
                _check(one)
        case dict():
            for one in value.values():
                _check(one)
        case _:
            pass
