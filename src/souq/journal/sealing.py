"""Before a command is judged its words and secrets are sealed: digest in, bytes beside."""

from collections.abc import Callable
from typing import Any, get_type_hints

import msgspec

from souq.core import market
from souq.core.seal import OperatorText, PublicText, Sealed, Secret
from souq.journal.record import Payload

Salts = Callable[[], bytes]


def _sealed_fields(command: type) -> dict[str, Any]:
    # Unions come only as "a text or None", so one look at the arguments finds them.
    hints = get_type_hints(command)
    return {
        field.name: field.default
        for field in msgspec.structs.fields(command)
        for kind in (hints[field.name], *getattr(hints[field.name], "__args__", ()))
        if isinstance(kind, type) and issubclass(kind, Sealed)
    }


# Which fields of which command are sealed, with their defaults, worked out once.
FIELDS: dict[type, dict[str, Any]] = {
    command: fields for command in market.COMMANDS if (fields := _sealed_fields(command))
}


def seal(command: Any, salts: Salts) -> tuple[Any, tuple[Payload, ...]]:
    """Give the command with digests in place, and the payloads to store beside its record."""
    fields = FIELDS.get(type(command))
    if fields is None:
        return command, ()
    changes: dict[str, Sealed] = {}
    payloads = []
    for name, default in fields.items():
        value = getattr(command, name)
        if value is None or value is default:
            continue
        if value.value == "" and isinstance(default, Sealed):
            changes[name] = default  # said or left out, nothing is nothing, and stays unsealed
            continue
        salt = salts()
        changes[name] = sealed = value.sealed(salt)
        payloads.append(Payload(sealed.digest, salt, audience(command, value), value.content()))
    return msgspec.structs.replace(command, **changes), tuple(payloads)


def audience(command: Any, value: Sealed) -> str:
    """Say who may read a sealed value: everybody, the parties of a thing, or one agent's side."""
    if isinstance(value, PublicText):
        return "public"
    if isinstance(value, OperatorText):
        return "operator"
    if isinstance(value, Secret):
        return f"principal-of:{command.agent}"
    return f"parties:{getattr(command, 'negotiation', '') or command.contract}"


def opened(command: Any, find: Callable[[str], Payload | None]) -> tuple[Any, bool]:
    """Give a recorded command with its words back, and whether all of them were still there."""
    fields = FIELDS.get(type(command), {})
    changes: dict[str, Sealed] = {}
    is_whole = True
    for name in fields:
        value = getattr(command, name)
        if value is None or not value.digest:
            continue
        payload = find(value.digest)
        if payload is None:
            is_whole = False
        else:
            content = msgspec.json.decode(payload.content, type=type(value).of)
            changes[name] = type(value)(content, value.digest)
    return msgspec.structs.replace(command, **changes), is_whole


def is_same(submitted: Any, recorded: Any, find: Callable[[str], Payload | None]) -> bool:
    """Tell whether a repeated command asks what the recorded one asked.

    An erased text cannot be compared and counts as the same: the caller brought the same id.
    """
    if type(submitted) is not type(recorded):
        return False
    changes: dict[str, Any] = {}
    for name in FIELDS.get(type(recorded), {}):
        was, now = getattr(recorded, name), getattr(submitted, name)
        if was is None or now is None:
            if was is not now:
                return False
        elif not was.digest:
            if now.value != "":
                return False
        else:
            payload = find(was.digest)
            if payload is not None and payload.content != now.content():
                return False
        changes[name] = was
    return bool(msgspec.structs.replace(submitted, **changes) == recorded)
