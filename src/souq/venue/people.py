"""Answers about the market itself, and about who is who: agents, keys, mandates."""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core import bond
from souq.core.budget import expired_entries
from souq.core.credential import KEYS, KEYS_OF
from souq.core.dispute.record import record_of
from souq.core.halt import level
from souq.core.mandate import need_mandate
from souq.core.officer import OFFICERS
from souq.core.party import AGENTS, PRINCIPALS, need_other_agent, need_principal
from souq.core.refusal import Reason, Refused
from souq.core.reputation import score_of
from souq.core.rules import OPERATOR, rules
from souq.core.webhook import WEBHOOKS, WEBHOOKS_OF
from souq.operations import key_queries
from souq.operations import queries as ask
from souq.venue.access import agent_asked, speaks_for
from souq.venue.desk import Desk


def get_market(desk: Desk, actor: str, query: ask.GetMarket) -> ask.Market:
    state = desk.state
    return ask.Market(rules(state), level(state), state.at, desk.seq)


def who_am_i(desk: Desk, actor: str, query: ask.WhoAmI) -> ask.Me:
    state = desk.state
    agent = state.get(AGENTS, actor)
    if agent is not None:
        return ask.Me(actor, "agent", agent.principal, (actor,))
    if state.get(PRINCIPALS, actor) is not None:
        return ask.Me(actor, "principal", actor, desk.affairs.agents(actor))
    kind = "operator" if actor == OPERATOR else "officer" if actor in state.rows(OFFICERS) else ""
    return ask.Me(actor, kind or "anybody", "", ())


def get_agent(desk: Desk, actor: str, query: ask.GetAgent) -> ask.AgentCard:
    state = desk.state
    agent = need_other_agent(state, query.agent)
    principal = need_principal(state, agent.principal)
    deals, rulings = desk.catalogue.standing(agent.id)
    score = score_of(state, agent.principal)
    return ask.AgentCard(
        id=agent.id,
        name=desk.words(agent.name),
        principal=agent.principal,
        principal_name=desk.words(principal.name),
        deals=deals,
        rulings=rulings,
        model=agent.model,
        disputes=record_of(state, agent.principal),
        mean_bps=score.mean_bps,
        evidence_milli=score.evidence_milli,
        quantile_bps=score.quantile_bps,
        bond_units=bond.standing_units(state, agent.principal, rules(state).assets[0].code),
        is_newcomer=score.is_newcomer,
    )


def get_mandate(desk: Desk, actor: str, query: ask.GetMandate) -> ask.Mandate:
    state = desk.state
    agent = state.get(AGENTS, agent_asked(state, actor, query.agent))
    assert agent is not None, "it was asked for"
    mandate = need_mandate(state, agent)
    limits = mandate.limits.value
    expired = sum(units for _, units in expired_entries(state, mandate, limits))
    return ask.Mandate(
        id=mandate.id,
        agent=agent.id,
        limits=limits,
        reserved_units=mandate.reserved_units,
        lifetime_units=mandate.lifetime_units,
        window_units=mandate.window_units - expired,
        parent=mandate.parent,
    )


def list_keys(desk: Desk, actor: str, query: key_queries.ListKeys) -> key_queries.Keys:
    state, owner = desk.state, query.owner or actor
    if not speaks_for(state, actor, owner):
        raise Refused(Reason.NOT_YOURS)
    found = (state.get(KEYS, id) for id in state.get(KEYS_OF, owner) or ())
    return key_queries.Keys(
        tuple(
            key_queries.KeyCard(key.id, key.owner, key.kind, key.fingerprint, key.expires_at)
            for key in found
            if key is not None
        )
    )


def list_webhooks(desk: Desk, actor: str, query: key_queries.ListWebhooks) -> key_queries.Webhooks:
    state, owner = desk.state, query.owner or actor
    if not speaks_for(state, actor, owner):
        raise Refused(Reason.NOT_YOURS)
    return key_queries.Webhooks(
        tuple(_webhook(desk, id) for id in state.get(WEBHOOKS_OF, owner) or ())
    )


class _Mark(Struct):
    """How far a webhook has come, as its deliverer notes it."""

    cursor: int
    failing_since: int = 0


def _webhook(desk: Desk, id: str) -> key_queries.WebhookCard:
    found = desk.state.rows(WEBHOOKS)[id]
    text = desk.store.mark(f"webhook:{id}")
    mark = msgspec.json.decode(text, type=_Mark) if text else _Mark(0)
    wish = found.wish
    return key_queries.WebhookCard(
        id=id,
        owner=wish.owner,
        url=desk.words(wish.url),
        types=wish.types,
        state=type(found).__name__.lower(),
        cursor=mark.cursor,
        failing_since=mark.failing_since,
    )


ANSWERS: dict[type, Any] = {
    ask.GetMarket: get_market,
    ask.WhoAmI: who_am_i,
    ask.GetAgent: get_agent,
    ask.GetMandate: get_mandate,
    key_queries.ListKeys: list_keys,
    key_queries.ListWebhooks: list_webhooks,
}
