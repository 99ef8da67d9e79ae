"""Credentials: the keys by which the market knows who speaks.

A bearer key stands here as the SHA-256 of a secret that never enters the market; other keys stand
as public keys. A key is found by its fingerprint alone, and revoking it tells on the very next
command, because it is state like all else. A fingerprint is never used twice, so that no old
configuration brings a revoked key back.
"""

from typing import Any, Literal

from msgspec import Struct

from souq.core.officer import OFFICERS
from souq.core.party import AGENTS, PRINCIPALS, AgentRegistered, PrincipalRegistered
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR, rules
from souq.core.signature import check_public, thumbprint
from souq.core.state import Draft, Table, View, need_live, next_id, take_id

KEYS_MAX = 16  # that one owner may hold at a time
BEARER = "bearer"
_DIGEST_HEX = 64

Kind = Literal["bearer", "ed25519", "es256"]


class AddKey(Struct, frozen=True, tag=True, forbid_unknown_fields=True, omit_defaults=True):
    """Let somebody speak with one more key. By the operator, or a principal for its own.

    `material` is, in lower-case hex, the SHA-256 of a bearer secret, or a public key: Ed25519 in
    32 bytes, ES256 as a compressed point of 33. `replaces` names a key that ends at once.
    """

    owner: str
    kind: Kind
    material: str
    expires_at: int | None = None
    replaces: str = ""


class RevokeKey(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End a key at once. By its owner, that owner's principal, or the operator."""

    key: str


class KeyAdded(Struct, frozen=True, tag=True, omit_defaults=True):
    key: str
    owner: str
    kind: Kind
    material: str
    fingerprint: str
    expires_at: int | None = None


class KeyRevoked(Struct, frozen=True, tag=True):
    key: str


class Key(Struct, frozen=True, omit_defaults=True):
    """What lets somebody speak. `fingerprint` is how it is found, and its `keyid` on the wire."""

    id: str
    owner: str
    kind: Kind
    material: str
    fingerprint: str
    expires_at: int | None = None


KEYS: Table[Key] = Table("keys", Key)
KEY_IDS: Table[str] = Table("key ids", str)  # by fingerprint, for good
KEYS_OF: Table[tuple[str, ...]] = Table("keys of", tuple[str, ...])  # by owner
TABLES: tuple[Table[Any], ...] = (KEYS, KEY_IDS, KEYS_OF)


def holder(view: View, fingerprint: str, at: int) -> Key | None:
    """Give the live key with a fingerprint: the one answer to who speaks."""
    id = view.get(KEY_IDS, fingerprint)
    key = view.get(KEYS, id) if id is not None else None
    return None if key is None or has_expired(key, at) else key


def has_expired(key: Key, at: int) -> bool:
    """Tell whether a key's time is over."""
    return key.expires_at is not None and at >= key.expires_at


def is_known(view: View, party: str) -> bool:
    """Tell whether the market knows somebody who can hold keys."""
    tables: tuple[Table[Any], ...] = (AGENTS, PRINCIPALS, OFFICERS)
    return party == OPERATOR or any(view.get(table, party) is not None for table in tables)


def _keys_of(view: View, owner: str) -> tuple[str, ...]:
    return view.get(KEYS_OF, owner) or ()


def _principal_of(view: View, party: str) -> str:
    agent = view.get(AGENTS, party)
    return party if agent is None else agent.principal


def _may_add(view: View, actor: str, owner: str) -> bool:
    # Not the agent itself: whoever stole its key could plant another, and outlive the theft.
    is_principal = view.get(PRINCIPALS, actor) is not None
    return actor == OPERATOR or (is_principal and actor == _principal_of(view, owner))


def _add(draft: Draft, actor: str, command: AddKey) -> None:
    rules(draft)
    if not _may_add(draft, actor, command.owner):
        raise Refused(Reason.NOT_YOURS)
    if not is_known(draft, command.owner):
        raise Refused(Reason.NOT_FOUND, id=command.owner[:64])
    if command.expires_at is not None and command.expires_at <= draft.at:
        raise invalid("expires_at", "must lie ahead")
    if command.replaces:
        if _need(draft, command.replaces).owner != command.owner:
            raise Refused(Reason.NOT_YOURS)
        draft.emit(KeyRevoked(command.replaces))
    _admit(draft, command.owner, command.kind, command.material, command.expires_at)


def admit_registered(draft: Draft, event: PrincipalRegistered | AgentRegistered) -> None:
    """Let somebody who registered with a public key speak with it."""
    owner = event.agent if isinstance(event, AgentRegistered) else event.principal
    if event.key:
        _admit(draft, owner, "ed25519", event.key, None)


def _admit(draft: Draft, owner: str, kind: Kind, material: str, expires_at: int | None) -> None:
    fingerprint = _fingerprint(kind, material)
    if draft.get(KEY_IDS, fingerprint) is not None:
        # Whose it is stays untold. Only who knows the material can ask, but digests do leak.
        raise Refused(Reason.ALREADY_EXISTS)
    for id in _keys_of(draft, owner):
        key = draft.get(KEYS, id)
        if key is not None and has_expired(key, draft.at):
            draft.emit(KeyRevoked(id))  # swept up here, so that keys of a day never fill the bound
    if len(_keys_of(draft, owner)) >= KEYS_MAX:
        raise invalid("owner", f"{KEYS_MAX} keys are held already")
    draft.emit(KeyAdded(next_id(draft, "K"), owner, kind, material, fingerprint, expires_at))


def _fingerprint(kind: Kind, material: str) -> str:
    if kind == BEARER:
        if len(material) != _DIGEST_HEX or any(one not in "0123456789abcdef" for one in material):
            raise invalid("material", f"a SHA-256 is {_DIGEST_HEX} lower-case hex digits")
        return material
    try:
        check_public(kind, material)
    except ValueError as error:
        raise invalid("material", str(error)) from error
    return thumbprint(kind, material)


def _revoke(draft: Draft, actor: str, command: RevokeKey) -> None:
    owner = _need(draft, command.key).owner
    if actor not in (OPERATOR, owner, _principal_of(draft, owner)):
        raise Refused(Reason.NOT_YOURS)
    draft.emit(KeyRevoked(command.key))


def _need(view: View, id: str) -> Key:
    return need_live(view, KEYS, id, "K")


def _added(view: View, event: KeyAdded) -> None:
    take_id(view, event.key)
    key = Key(
        event.key, event.owner, event.kind, event.material, event.fingerprint, event.expires_at
    )
    view.put(KEYS, event.key, key)
    view.put(KEY_IDS, event.fingerprint, event.key)
    view.put(KEYS_OF, event.owner, (*_keys_of(view, event.owner), event.key))


def _revoked(view: View, event: KeyRevoked) -> None:
    key = view.get(KEYS, event.key)
    assert key is not None, f"{event.key} is revoked, and was not live"
    view.drop(KEYS, event.key)
    left = tuple(id for id in _keys_of(view, key.owner) if id != event.key)
    if left:
        view.put(KEYS_OF, key.owner, left)
    else:
        view.drop(KEYS_OF, key.owner)


DECIDE: dict[type, Any] = {AddKey: _add, RevokeKey: _revoke}
EVOLVE: dict[type, Any] = {KeyAdded: _added, KeyRevoked: _revoked}
