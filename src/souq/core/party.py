"""Who is who: principals own money, agents speak for one principal each."""

import re
from typing import Any

import msgspec
from msgspec import Struct

from souq.core import deny_list, ledger
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR, need_operator, rules
from souq.core.seal import PublicText
from souq.core.state import Draft, Table, View, next_id, take_id

MODEL_MAX = 80
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*")


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


class DeclareModel(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say which model an agent runs on, for everybody to read; nobody checks it.

    By the agent, its principal, or the operator. `model` is a name such as
    "anthropic:claude-opus-5", "local:smollm2" or "scripted:boulware", of letters, digits and
    ._:/@+- without spaces; "" takes back what was declared.
    """

    agent: str
    model: str


class PrincipalRegistered(Struct, frozen=True, tag=True, omit_defaults=True):
    principal: str
    name: str
    key: str = ""


class AgentRegistered(Struct, frozen=True, tag=True, omit_defaults=True):
    agent: str
    principal: str
    name: str
    key: str = ""


class ModelDeclared(Struct, frozen=True, tag=True):
    """`model` is "" where the declaration was taken back."""

    agent: str
    model: str


class Principal(Struct, frozen=True, omit_defaults=True):
    name: str
    key: str = ""


class Agent(Struct, frozen=True, omit_defaults=True):
    id: str
    principal: str
    name: str
    key: str = ""
    mandate: str = ""
    model: str = ""  # what it is said to run on


PRINCIPALS: Table[Principal] = Table("principals", Principal)
AGENTS: Table[Agent] = Table("agents", Agent)
TABLES: tuple[Table[Any], ...] = (PRINCIPALS, AGENTS)


WALLET = "wallet:"  # how a wallet's name begins, and no other account's


def wallet(principal: str, asset: str) -> str:
    """Name a principal's account."""
    return f"wallet:{principal}/{asset}"


def wallet_owner(account: str) -> str:
    """Give whose wallet an account is, "" where it is none."""
    kind, _, rest = account.partition(":")
    return rest.partition("/")[0] if kind == "wallet" else ""


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
    deny_list.screen(draft, command.name.value)
    principal = next_id(draft, "P")
    draft.emit(PrincipalRegistered(principal, command.name.digest, command.key))
    deny_list.note_screened(draft, principal, command.name.value)
    for asset in market.assets:
        ledger.open_account(draft, wallet(principal, asset.code), asset.code, no_overdraft=True)


def _register_agent(draft: Draft, actor: str, command: RegisterAgent) -> None:
    if actor not in (OPERATOR, command.principal):
        raise Refused(Reason.NOT_YOURS)
    need_principal(draft, command.principal)
    agent = next_id(draft, "A")
    draft.emit(AgentRegistered(agent, command.principal, command.name.digest, command.key))


def _may_declare(actor: str, agent: Agent) -> bool:
    return actor in (OPERATOR, agent.principal, agent.id)


def _declare_model(draft: Draft, actor: str, command: DeclareModel) -> None:
    agent = need_other_agent(draft, command.agent)
    if not _may_declare(actor, agent):
        raise Refused(Reason.NOT_YOURS)
    # Other agents read it: a name has no room for a sentence that they might obey.
    is_name = len(command.model) <= MODEL_MAX and _MODEL.fullmatch(command.model)
    if command.model and not is_name:
        raise invalid("model", f"up to {MODEL_MAX} letters, digits and (not first) ._:/@+-")
    if command.model == agent.model:
        raise Refused(Reason.WRONG_STATE, state=agent.model or "Undeclared")
    draft.emit(ModelDeclared(agent.id, command.model))


def _principal_registered(view: View, event: PrincipalRegistered) -> None:
    take_id(view, event.principal)
    view.put(PRINCIPALS, event.principal, Principal(event.name, event.key))


def _agent_registered(view: View, event: AgentRegistered) -> None:
    take_id(view, event.agent)
    view.put(AGENTS, event.agent, Agent(event.agent, event.principal, event.name, event.key))


def _model_declared(view: View, event: ModelDeclared) -> None:
    agent = view.get(AGENTS, event.agent)
    assert agent is not None, f"declared for nobody: {event.agent}"
    view.put(AGENTS, agent.id, msgspec.structs.replace(agent, model=event.model))


DECIDE: dict[type, Any] = {
    RegisterPrincipal: _register_principal,
    RegisterAgent: _register_agent,
    DeclareModel: _declare_model,
}
EVOLVE: dict[type, Any] = {
    PrincipalRegistered: _principal_registered,
    AgentRegistered: _agent_registered,
    ModelDeclared: _model_declared,
}
