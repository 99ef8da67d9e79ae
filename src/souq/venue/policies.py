"""Answers about policies: what is in force, and what rules would say of a command.

A command is tried out on a draft that is thrown away. What it would come to on the other side is
not told: else anybody could feel for another's limits without leaving a trace.
"""

from typing import Any

import msgspec

from souq.core import authority, market
from souq.core.agreement import Agreement, cash_given
from souq.core.objection import Binding, Objection
from souq.core.party import need_other_agent
from souq.core.policy import Policy
from souq.core.policy.checking import mistakes, words
from souq.core.policy.history import ANY, KEPT, MARKET
from souq.core.policy.setting import POLICIES, SecretPolicy, owner_of
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR
from souq.core.state import Draft, State, View
from souq.journal.admission import READ, SIZE_MAX, Malformed, admit
from souq.journal.sealing import no_salt, seal
from souq.operations import policy_queries as ask
from souq.venue.access import agent_asked
from souq.venue.desk import Desk

_BY_NAME = {kind.__name__: kind for kind in market.COMMANDS}
_HOUSE = "platform"  # whose rules are the market's own
_ORDER = ("DENY", "HOLD", "ALLOW")


def get_policy(desk: Desk, actor: str, query: ask.GetPolicy) -> ask.PolicyInForce:
    scope = query.scope
    if not _may_read(desk.state, actor, scope):
        raise Refused(Reason.NOT_YOURS, id=scope[:64])
    found = desk.state.get(POLICIES, scope)
    if found is None:
        return ask.PolicyInForce(scope, Policy())
    return ask.PolicyInForce(scope, found.value, found.digest)


def explain_command(desk: Desk, actor: str, query: ask.ExplainCommand) -> ask.Explanation:
    agent = agent_asked(desk.state, actor, query.agent)
    policy = _policy(query.policy) if query.policy else None
    return explain(desk.state, actor, agent, read_command(query.command), policy)


def read_command(text: str) -> Any:
    """Read a command of any type from its JSON. Raises Refused(invalid)."""
    try:
        head = msgspec.json.decode(text)
        kind = _BY_NAME.get(head.get("type", "") if isinstance(head, dict) else "")
        if kind is None:
            raise invalid("command", "its type is none of this market's commands")
        return admit(READ[kind](text), SIZE_MAX)
    except (msgspec.MsgspecError, Malformed, TypeError, ValueError) as error:
        raise invalid("command", str(error)[:200]) from None


def explain(
    state: State, asker: str, agent: str, command: Any, policy: Policy | None = None
) -> ask.Explanation:
    """Try a command out as an agent's, and say what its rules object to. Raises Refused."""
    draft = Draft(state, state.at + 1, market.evolve)
    if policy is not None:
        _try_policy(draft, agent, policy)
    sealed, _ = seal(command, no_salt)
    refused = market.try_out(draft, actor=agent, command=sealed)
    found: list[Objection] = []
    for (party, _), objections in draft.weighed.items():
        found += [one for one in objections if party == agent and one not in found]
    said = sorted((_said(state, asker, one) for one in found), key=lambda one: _rank(one.result))
    worst = said[0].result if said else "ALLOW"
    if refused is None or refused.reason == Reason.COUNTERPARTY_UNABLE:
        return ask.Explanation(worst, tuple(said))
    return ask.Explanation(worst, tuple(said), refused.reason, refused.facts)


def seen_in(
    state: State, asker: str, approver: str, agreement: Agreement, reasons: tuple[str, ...]
) -> dict[str, tuple[ask.RuleSaid, ...]]:
    """Say, by agent, what the rules that hold a deal for somebody see in it as things stand now.

    The records say which rules held it, and not what they compared. The deal is judged once more by
    the same guards; one that would hold it no longer, as it knows more by now, is left out.
    """
    draft = Draft(state, state.at + 1, market.evolve)
    seen = {}
    for party in agreement.parties:
        agent, legs = need_other_agent(state, party), agreement.legs
        try:
            found = authority.objections(draft, Binding(agent, legs, "", cash_given(legs, party)))
        except Refused:  # its mandate has ended meanwhile
            continue
        holding = [one for one in found if one.approver == approver and one.rule in reasons]
        if holding:
            seen[party] = tuple(_said(state, asker, one) for one in holding)
    return seen


def _rank(result: str) -> int:
    return _ORDER.index(result)


def _try_policy(draft: Draft, agent: str, policy: Policy) -> None:
    for where, why in mistakes(policy.rules):
        raise invalid(f"policy.{where}", why)
    draft.put(POLICIES, agent, SecretPolicy(policy, "tried"))
    draft.put(KEPT, ANY, draft.at)


def _policy(text: str) -> Policy:
    try:
        return msgspec.json.decode(text, type=Policy)
    except msgspec.ValidationError as error:
        where, why = words(error)
        raise invalid(f"policy.{where}", why) from None
    except msgspec.DecodeError as error:
        raise invalid("policy", str(error)[:200]) from None


def _said(state: State, asker: str, one: Objection) -> ask.RuleSaid:
    is_told = not one.is_private and _may_read(state, asker, one.layer)
    return ask.RuleSaid(
        "HOLD" if one.approver else "DENY",
        one.layer,
        one.rule,
        one.number,
        one.threshold if is_told else "",
        one.observed if is_told else "",
        one.asset if is_told else "",
        one.approver,
        dict(one.facts),
    )


def _may_read(view: View, actor: str, scope: str) -> bool:
    if scope in ("mandate", _HOUSE):  # GetMandate tells its agent of it, GetMarket everybody
        return True
    return scope == MARKET or actor in (OPERATOR, owner_of(view, scope))


ANSWERS: dict[type, Any] = {
    ask.GetPolicy: get_policy,
    ask.ExplainCommand: explain_command,
}
