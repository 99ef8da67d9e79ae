"""What an agent says about itself beside its model; nobody checks it, and no badge follows."""

import re
from typing import Any

from msgspec import Struct

from souq.core.party import need_other_agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.core.state import Draft, Table, View

NAME_MAX = 80
CAPABILITIES_MAX = 16
CONTACT_MAX = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*")


class DescribeAgent(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Say who operates an agent, which version runs, what it can do, and whom to write to.

    By the agent, its principal, or the operator; in place of what was said before. All but
    `contact` are names of letters, digits and ._:/@+- without spaces.
    """

    agent: str
    operated_by: str = ""
    version: str = ""
    capabilities: tuple[str, ...] = ()
    contact: PublicText = PublicText("")


class AgentDescribed(Struct, frozen=True, tag=True, omit_defaults=True):
    agent: str
    operated_by: str = ""
    version: str = ""
    capabilities: tuple[str, ...] = ()
    contact: str = ""


AGENT_FACTS: Table[AgentDescribed] = Table("agent facts", AgentDescribed)
TABLES: tuple[Table[Any], ...] = (AGENT_FACTS,)


def _describe(draft: Draft, actor: str, command: DescribeAgent) -> None:
    agent = need_other_agent(draft, command.agent)
    if actor not in (OPERATOR, agent.principal, agent.id):
        raise Refused(Reason.NOT_YOURS)
    # Other agents read these: a name has no room for a sentence that they might obey.
    for field in ("operated_by", "version"):
        if (said := getattr(command, field)) and not _is_name(said):
            raise invalid(field, f"up to {NAME_MAX} letters, digits and (not first) ._:/@+-")
    able = command.capabilities
    if len(able) > CAPABILITIES_MAX or not all(map(_is_name, able)) or len(set(able)) != len(able):
        raise invalid("capabilities", f"up to {CAPABILITIES_MAX} names, each once")
    if len(command.contact.value) > CONTACT_MAX:
        raise invalid("contact", f"up to {CONTACT_MAX} characters")
    draft.emit(
        AgentDescribed(agent.id, command.operated_by, command.version, able, command.contact.digest)
    )


def _is_name(said: str) -> bool:
    return len(said) <= NAME_MAX and _NAME.fullmatch(said) is not None


def _described(view: View, event: AgentDescribed) -> None:
    view.put(AGENT_FACTS, event.agent, event)


DECIDE: dict[type, Any] = {DescribeAgent: _describe}
EVOLVE: dict[type, Any] = {AgentDescribed: _described}
