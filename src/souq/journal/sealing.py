"""Before a command is judged its words and secrets are sealed: digest in, bytes beside."""

from collections.abc import Callable
from typing import Any

import msgspec

from souq.core.policy.history import MARKET
from souq.core.policy.setting import SetPolicy
from souq.core.seal import SALT_BYTES, OperatorText, PublicText, Sealed, Secret
from souq.journal.admission import FIELDS
from souq.journal.record import Payload

Salts = Callable[[], bytes]

_DEFAULTS: dict[type, tuple[tuple[str, Any], ...]] = {
    kind: tuple(
        (one.name, one.default) for one in msgspec.structs.fields(kind) if one.name in names
    )
    for kind, names in FIELDS.items()
}


def no_salt() -> bytes:
    """Give the same salt every time, to compare what is sealed."""
    return bytes(SALT_BYTES)


def seal(command: Any, salts: Salts) -> tuple[Any, tuple[Payload, ...]]:
    """Give the command with digests in place, and the payloads to store beside its record."""
    fields = _DEFAULTS.get(type(command))
    if fields is None:
        return command, ()
    changes: dict[str, Sealed] = {}
    payloads = []
    for name, default in fields:
        value = getattr(command, name)
        if value is None:
            continue
        if value.value == "" and isinstance(default, Sealed):
            changes[name] = default  # said or left out, no words are no words
            continue
        salt = salts()
        assert len(salt) == SALT_BYTES, "a salt's length is fixed"
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
        if isinstance(command, SetPolicy):
            return "public" if command.scope == MARKET else f"principal-of:{command.scope}"
        return f"principal-of:{command.agent}"
    thing = command.negotiation if hasattr(command, "negotiation") else command.contract
    return f"parties:{thing}"


def sealed_values(command: Any) -> list[Sealed]:
    """List what a recorded command has sealed."""
    values = (getattr(command, name) for name in FIELDS.get(type(command), {}))
    return [value for value in values if value is not None and value.digest]


def opened(command: Any, find: Callable[[str], Payload | None]) -> tuple[Any, bool]:
    """Give a recorded command with its words back, and whether all of them were still there."""
    changes: dict[str, Sealed] = {}
    is_whole = True
    for name in FIELDS.get(type(command), ()):
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
    plain, _ = seal(submitted, no_salt)
    changes: dict[str, Any] = {}
    for name in FIELDS.get(type(recorded), ()):
        was, now = getattr(recorded, name), getattr(plain, name)
        if was is None or now is None or not was.digest or not now.digest:
            if was != now:
                return False
        else:
            payload = find(was.digest)
            if payload is not None and payload.content != now.content():
                return False
        changes[name] = was
    return bool(msgspec.structs.replace(plain, **changes) == recorded)
