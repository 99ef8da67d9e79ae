"""Before a command is judged its words and secrets are sealed: digest in, bytes beside."""

import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from souq.core.act import SALT, Act, is_jws
from souq.core.party import AGENTS, PRINCIPALS, PrincipalRegistered
from souq.core.policy.setting import SetPolicy
from souq.core.seal import SALT_BYTES, OperatorText, PublicText, Sealed, Secret, canonical
from souq.core.state import View
from souq.journal.admission import FIELDS, Malformed
from souq.journal.record import Payload

Salts = Callable[[], bytes]
_FOR_REPLAY = "principal-of:"  # the audience of secrets

_SALTS_PAGE = 256
_salts: list[bytes] = []  # popping is atomic, so no salt is given twice
os.register_at_fork(after_in_child=_salts.clear)
_DEFAULTS: dict[type, tuple[tuple[str, Any], ...]] = {
    kind: tuple(
        (one.name, one.default) for one in msgspec.structs.fields(kind) if one.name in names
    )
    for kind, names in FIELDS.items()
}


def system_salts() -> bytes:
    """Give salt that nobody can guess.

    It is asked of the system a page at a time: each asking lets go of the interpreter's lock, and
    under load another thread takes it.
    """
    try:
        return _salts.pop()
    except IndexError:
        page = secrets.token_bytes(_SALTS_PAGE * SALT_BYTES)
        _salts.extend(page[n : n + SALT_BYTES] for n in range(SALT_BYTES, len(page), SALT_BYTES))
        return page[:SALT_BYTES]


def no_salt() -> bytes:
    """Give the same salt every time, to compare what is sealed."""
    return bytes(SALT_BYTES)


class Signed(NamedTuple):
    """An actor's signature under its command; with words in it, the salts that it chose for them.

    Nothing was signed where `jws` is "".
    """

    jws: str = ""
    salts: Salts | None = None

    def act(self, command_id: str) -> Act | None:
        """Give what the core judges."""
        return Act(command_id, self.jws) if self.jws else None


_UNSIGNED = Signed()


def read_signed(text: str, actor: str, command_id: str) -> Signed:
    """Read a detached JWS and, after a semicolon, the secret its salts come from.

    Raises Malformed for what has not that form; whether it holds is the core's to judge.
    """
    if not text:
        return _UNSIGNED
    jws, _, secret = text.partition(";")
    if not is_jws(jws):
        raise Malformed("its signature is no detached JWS by Ed25519 or ES256")
    if secret and not SALT.fullmatch(secret):
        raise Malformed("the salt of its signature is not 32 lower-case hex digits")
    return Signed(jws, salts_of(secret, actor, command_id) if secret else None)


def salts_of(secret: str, actor: str, command_id: str) -> Salts:
    """Give the salts that a signer chose, which nobody else can bring about a second time."""
    number = 0

    def salt() -> bytes:
        nonlocal number
        number += 1
        place = canonical.encode([secret, actor, command_id, number])
        return hashlib.sha256(place).digest()[:SALT_BYTES]

    return salt


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
        scope = command.scope if type(command) is SetPolicy else command.agent
        return f"{_FOR_REPLAY}{scope}"
    for field in ("negotiation", "contract", "review"):
        if hasattr(command, field):
            return f"parties:{getattr(command, field)}"
    return f"parties:{command.principal}"


def owned(
    payloads: tuple[Payload, ...], view: View, actor: str, command: Any, events: Sequence[Any]
) -> tuple[Payload, ...]:
    """Say whose key is to lock a command's words; what replay needs is locked with none."""
    owner = _owner(view, actor, command, events)
    if not owner:
        return payloads
    return tuple(
        one if one.audience.startswith(_FOR_REPLAY) else one._replace(owner=owner)
        for one in payloads
    )


def _owner(view: View, actor: str, command: Any, events: Sequence[Any]) -> str:
    """Give the principal who speaks, else the one spoken of, else ""."""
    for party in (actor, getattr(command, "principal", ""), getattr(command, "agent", "")):
        agent = view.get(AGENTS, party)
        if agent is not None:
            return agent.principal
        if view.get(PRINCIPALS, party) is not None:
            return str(party)
    found = (event.principal for event in events if isinstance(event, PrincipalRegistered))
    return next(found, "")


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
