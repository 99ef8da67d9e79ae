"""Who is who: principals own money, agents speak for one principal each."""

from typing import Any

from msgspec import Struct

from souq.core import ledger
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, need_operator, rules
from souq.core.seal import PublicText
from souq.core.state import Draft, Table, View, next_id, take_id


class RegisterPrincipal(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Register a person or organisation, and open its wallets. Operator only.

    `key`, an Ed25519 public key in hex, becomes its first credential.
    """

    name: PublicText
    key: str = ""


class RegisterAgent(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Register software that speaks for a principal. By that principal, or the operator.

    `key`, an Ed25519 public key in hex, becomes its first credential.
    """

    principal: str
    name: PublicText
    key: str = ""


class PrincipalRegistered(Struct, frozen=True, tag=True, omit_defaults=True):
    principal: str
    name: str
    key: str = ""


class AgentRegistered(Struct, frozen=True, tag=True, omit_defaults=True):
    agent: str
    principal: str
    name: str
    key: str = ""


class Principal(Struct, frozen=True, omit_defaults=True):
    name: str
    key: str = ""


class Agent(Struct, frozen=True, omit_defaults=True):
    id: str
    principal: str
    name: str
    key: str = ""
    mandate: str = ""


PRINCIPALS: Table[Principal] = Table("principals", Principal)
AGENTS: Table[Agent] = Table("agents", Agent)
TABLES: tuple[Table[Any], ...] = (PRINCIPALS, AGENTS)


def wallet(principal: str, asset: str) -> str:
    """Name a principal's account."""
    return f"wallet:{principal}/{asset}"


def need_agent(view: View, actor: str) -> Agent:
    """Give the agent that speaks. Raises Refused(not_yours) for anybody else."""
    agent = view.get(AGENTS, actor)
    if agent is None:
        raise Refused(Reason.NOT_YOURS)
    return agent


def need_other_agent(view: View, agent: str) -> Agent:
    """Give an agent somebody named. Raises Refused(not_found)."""
    found = view.get(AGENTS, agent)
    if found is None:
        raise Refused(Reason.NOT_FOUND, id=agent[:64])
    return found


def need_principal(view: View, principal: str) -> Principal:
    """Give a principal somebody named. Raises Refused(not_found)."""
    found = view.get(PRINCIPALS, principal)
    if found is None:
        raise Refused(Reason.NOT_FOUND, id=principal[:64])
    return found


def _register_principal(draft: Draft, actor: str, command: RegisterPrincipal) -> None:
    need_operator(actor)
    market = rules(draft)
    principal = next_id(draft, "P")
    draft.emit(PrincipalRegistered(principal, command.name.digest, command.key))
    for asset in market.assets:
        ledger.open_account(draft, wallet(principal, asset.code), asset.code, no_overdraft=True)


def _register_agent(draft: Draft, actor: str, command: RegisterAgent) -> None:
    if actor not in (OPERATOR, command.principal):
        raise Refused(Reason.NOT_YOURS)
    need_principal(draft, command.principal)
    agent = next_id(draft, "A")
    draft.emit(AgentRegistered(agent, command.principal, command.name.digest, command.key))


def _principal_registered(view: View, event: PrincipalRegistered) -> None:
    take_id(view, event.principal)
    view.put(PRINCIPALS, event.principal, Principal(event.name, event.key))


def _agent_registered(view: View, event: AgentRegistered) -> None:
    take_id(view, event.agent)
    view.put(AGENTS, event.agent, Agent(event.agent, event.principal, event.name, event.key))


DECIDE: dict[type, Any] = {
    RegisterPrincipal: _register_principal,
    RegisterAgent: _register_agent,
}
EVOLVE: dict[type, Any] = {
    PrincipalRegistered: _principal_registered,
    AgentRegistered: _agent_registered,
}
