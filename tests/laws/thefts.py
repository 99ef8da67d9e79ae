"""More bugs to plant: keys that whoever stole one could keep, plant or bring back."""

from typing import Any

import msgspec
import pytest

from souq.core import credential, market
from souq.core.officer import OFFICERS
from souq.core.party import AgentRegistered, PrincipalRegistered
from souq.core.rules import OPERATOR
from souq.core.state import Draft
from tests.laws.bugs import _nothing, bug


@bug
def an_agent_plants_a_key_for_itself(patch: pytest.MonkeyPatch) -> None:
    honest = credential._may_add
    patch.setattr(
        credential,
        "_may_add",
        lambda view, actor, owner: actor == owner or honest(view, actor, owner),
    )


@bug
def an_officer_plants_a_key_for_itself(patch: pytest.MonkeyPatch) -> None:
    honest = credential._may_add

    def may_add(view: Any, actor: str, owner: str) -> bool:
        return honest(view, actor, owner) or (
            actor == owner and view.get(OFFICERS, actor) is not None
        )

    patch.setattr(credential, "_may_add", may_add)


@bug
def anybody_adds_keys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(credential, "_may_add", lambda view, actor, owner: True)


@bug
def anybody_ends_keys(patch: pytest.MonkeyPatch) -> None:
    honest = credential._revoke
    patch.setitem(
        market._DECIDE,
        credential.RevokeKey,
        lambda draft, actor, command: honest(draft, OPERATOR, command),
    )


@bug
def a_key_may_come_again(patch: pytest.MonkeyPatch) -> None:
    def revoked(view: Any, event: Any) -> None:
        key = view.get(credential.KEYS, event.key)
        credential._revoked(view, event)
        view.drop(credential.KEY_IDS, key.fingerprint)

    patch.setitem(market._EVOLVE, credential.KeyRevoked, revoked)


@bug
def a_replaced_key_lives_on(patch: pytest.MonkeyPatch) -> None:
    def add(draft: Draft, actor: str, command: Any) -> None:
        credential._add(draft, actor, msgspec.structs.replace(command, replaces=""))

    patch.setitem(market._DECIDE, credential.AddKey, add)


@bug
def a_key_replaces_somebody_elses(patch: pytest.MonkeyPatch) -> None:
    def add(draft: Draft, actor: str, command: Any) -> None:
        if command.replaces:
            credential._need(draft, command.replaces)
            draft.emit(credential.KeyRevoked(command.replaces))
        credential._add(draft, actor, msgspec.structs.replace(command, replaces=""))

    patch.setitem(market._DECIDE, credential.AddKey, add)


@bug
def an_expired_key_is_added(patch: pytest.MonkeyPatch) -> None:
    def add(draft: Draft, actor: str, command: Any) -> None:
        ends = command.expires_at
        credential._add(draft, actor, msgspec.structs.replace(command, expires_at=None))
        draft.events[-1] = msgspec.structs.replace(draft.events[-1], expires_at=ends)

    patch.setitem(market._DECIDE, credential.AddKey, add)


@bug
def a_registered_key_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    for event in (AgentRegistered, PrincipalRegistered):
        patch.setitem(market.REACTIONS, event, (_nothing,))
