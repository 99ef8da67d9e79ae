"""Policies are set by whoever answers for those they bind: operator, organisation, principal.

What a principal asks of its agents is sealed as its mandates are; the market's own rules are
public.
"""

import re
from typing import Any

from msgspec import Struct

from souq.core.party import AGENTS, PRINCIPALS, need_other_agent, need_principal
from souq.core.policy import Policy
from souq.core.policy.checking import mistakes
from souq.core.policy.history import MARKET
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR, need_operator, rules
from souq.core.seal import Secret
from souq.core.state import Draft, Table, View

ORGANISATION = "organisation/"
_DESTINATION = re.compile(r"[A-Za-z0-9.:_-]{0,128}")


class SecretPolicy(Secret):
    """A policy for the core, its owner and the operator alone; the market's own is everybody's."""

    of = Policy


class SetPolicy(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Set the rules that hold for a scope, in place of those before; an empty policy sets none.

    `scope` is an agent or a principal ("A5", "P3": by that principal), "organisation/P9" (by P9,
    for all its members) or "market" (by the operator). The operator may set any.
    """

    scope: str
    policy: SecretPolicy


class SetOrganisation(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say that a principal belongs to an organisation, itself a principal, or to none. Operator."""

    principal: str
    organisation: str = ""


class SetDestination(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Name the place where goods that are shipped to an agent go, from the next deal on.

    By the agent or its principal. A short name that both know, or a digest of the address; "" is
    none.
    """

    agent: str
    destination: str = ""


class PolicySet(Struct, frozen=True, tag=True):
    scope: str
    policy: SecretPolicy


class OrganisationSet(Struct, frozen=True, tag=True):
    principal: str
    organisation: str


class DestinationSet(Struct, frozen=True, tag=True):
    agent: str
    destination: str


POLICIES: Table[SecretPolicy] = Table("policies", SecretPolicy)
ORGANISATIONS: Table[str] = Table("organisations", str)
DESTINATIONS: Table[str] = Table("destinations", str)
TABLES: tuple[Table[Any], ...] = (POLICIES, ORGANISATIONS, DESTINATIONS)


def owner_of(view: View, scope: str) -> str:
    """Give who may set and read a scope's policy beside the operator. Raises Refused(not_found)."""
    if scope == MARKET:
        return OPERATOR
    agent = view.get(AGENTS, scope)
    if agent is not None:
        return agent.principal
    principal = scope.removeprefix(ORGANISATION)
    if view.get(PRINCIPALS, principal) is None:
        raise Refused(Reason.NOT_FOUND, id=scope[:64])
    return principal


def _set_policy(draft: Draft, actor: str, command: SetPolicy) -> None:
    rules(draft)
    scope = command.scope
    if actor not in (OPERATOR, owner_of(draft, scope)):
        raise Refused(Reason.NOT_YOURS)
    policy: Policy = command.policy.value
    for where, why in mistakes(policy.rules):
        raise invalid(f"policy.{where}", why)
    if not policy.rules and draft.get(POLICIES, scope) is None:
        raise Refused(Reason.WRONG_STATE, state="Unset")
    draft.emit(PolicySet(scope, command.policy))


def _set_organisation(draft: Draft, actor: str, command: SetOrganisation) -> None:
    need_operator(actor)
    need_principal(draft, command.principal)
    if command.organisation:
        need_principal(draft, command.organisation)
    if command.organisation == command.principal:
        raise invalid("organisation", "nobody belongs to itself")
    if (draft.get(ORGANISATIONS, command.principal) or "") == command.organisation:
        raise Refused(Reason.WRONG_STATE, state=command.organisation or "Alone")
    draft.emit(OrganisationSet(command.principal, command.organisation))


def _set_destination(draft: Draft, actor: str, command: SetDestination) -> None:
    agent = need_other_agent(draft, command.agent)
    if actor not in (agent.id, agent.principal):
        raise Refused(Reason.NOT_YOURS)
    if not _DESTINATION.fullmatch(command.destination):
        raise invalid("destination", "up to 128 letters, digits and .:_-")
    if (draft.get(DESTINATIONS, agent.id) or "") == command.destination:
        raise Refused(Reason.WRONG_STATE, state="Named" if command.destination else "Unnamed")
    draft.emit(DestinationSet(agent.id, command.destination))


def _policy_set(view: View, event: PolicySet) -> None:
    if event.policy.value.rules:
        view.put(POLICIES, event.scope, event.policy)
    else:
        view.drop(POLICIES, event.scope)


def _organisation_set(view: View, event: OrganisationSet) -> None:
    _put_word(view, ORGANISATIONS, event.principal, event.organisation)


def _destination_set(view: View, event: DestinationSet) -> None:
    _put_word(view, DESTINATIONS, event.agent, event.destination)


def _put_word(view: View, table: Table[str], key: str, word: str) -> None:
    if word:
        view.put(table, key, word)
    else:
        view.drop(table, key)


DECIDE: dict[type, Any] = {
    SetPolicy: _set_policy,
    SetOrganisation: _set_organisation,
    SetDestination: _set_destination,
}
EVOLVE: dict[type, Any] = {
    PolicySet: _policy_set,
    OrganisationSet: _organisation_set,
    DestinationSet: _destination_set,
}
