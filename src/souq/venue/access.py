"""Who may see what, decided once per kind of object; each query asks here before it answers.

What may be done is the core's to say, and who sees an event is `views.audience`'s.
"""

from collections.abc import Iterable

from souq.core.agreement import Agreement
from souq.core.officer import OFFICERS
from souq.core.party import AGENTS, PRINCIPALS, need_other_agent, need_principal
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.core.state import View


def speaks_for(view: View, actor: str, party: str) -> bool:
    """Tell whether somebody may see what is an agent's or a principal's own."""
    if actor in (OPERATOR, party):
        return bool(actor)
    agent = view.get(AGENTS, party)
    return agent is not None and agent.principal == actor


def need_party(view: View, actor: str, parties: Iterable[str], id: str) -> None:
    """Raise Refused(not_yours) unless the actor speaks for one of the parties."""
    if not any(speaks_for(view, actor, party) for party in parties):
        raise Refused(Reason.NOT_YOURS, id=id[:64])


def seers(agreement: Agreement) -> tuple[str, ...]:
    """List who may look into a contract: its parties, and who is to check what is delivered."""
    verifier = agreement.conditions.verifier
    return (*agreement.parties, verifier) if verifier else agreement.parties


def agent_asked(view: View, actor: str, agent: str) -> str:
    """Give the agent a query is about: oneself, or one that was named.

    Raises Refused(not_found | not_yours).
    """
    if agent:
        need_other_agent(view, agent)
    asked = agent or actor
    if view.get(AGENTS, asked) is None or not speaks_for(view, actor, asked):
        raise Refused(Reason.NOT_YOURS)
    return asked


def principal_asked(view: View, actor: str, principal: str) -> str:
    """Give the principal whose money a query is about: one's own, or one that was named.

    Raises Refused(not_found | not_yours).
    """
    agent = view.get(AGENTS, actor)
    own = agent.principal if agent is not None else actor
    if actor == OPERATOR and principal:
        need_principal(view, principal)
        return principal
    if view.get(PRINCIPALS, own) is None or principal not in ("", own):
        raise Refused(Reason.NOT_YOURS)
    return own


def need_cash_desk(view: View, actor: str) -> None:
    """Raise Refused(not_yours) for anybody but the operator and officers."""
    if actor != OPERATOR and view.get(OFFICERS, actor) is None:
        raise Refused(Reason.NOT_YOURS)
