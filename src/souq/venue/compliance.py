"""Answers about who stands behind an agent, the terms, yearly totals, and being told no."""

from itertools import islice
from typing import Any

from souq.core.agent_facts import AGENT_FACTS, AgentDescribed
from souq.core.attestation import attested, jurisdiction_of, level_of
from souq.core.credential import KEYS, KEYS_OF
from souq.core.party import AGENTS, need_other_agent, need_principal, wallet
from souq.core.review import REVIEWS
from souq.core.rules import OPERATOR, rules
from souq.core.stage import need_contract
from souq.core.state import View
from souq.core.summary import CONFIRMED, digest_of, sentences
from souq.core.terms import current, has_adopted
from souq.operations import compliance_queries as ask
from souq.operations.disclosure import Disclosure
from souq.operations.reasons import EXPLANATIONS
from souq.venue.access import need_party, principal_asked
from souq.venue.desk import Desk, check_limit
from souq.views.feed import STORY_PAGE
from souq.views.statements import Statements


def disclosed(view: View, parties: tuple[str, ...]) -> dict[str, Disclosure]:
    """Tell of each party who stands behind it, as far as the house attested."""
    agents = (need_other_agent(view, party) for party in parties)
    return {
        one.id: Disclosure(
            one.principal, level_of(view, one.principal), jurisdiction_of(view, one.principal)
        )
        for one in agents
    }


def get_agent_card(desk: Desk, actor: str, query: ask.GetAgentCard) -> ask.KnownAgent:
    state = desk.state
    agent = need_other_agent(state, query.agent)
    principal = need_principal(state, agent.principal)
    checked = attested(state, agent.principal)
    said = state.get(AGENT_FACTS, agent.id) or AgentDescribed(agent.id)
    keys = (state.get(KEYS, id) for id in state.get(KEYS_OF, agent.id) or ())
    return ask.KnownAgent(
        id=agent.id,
        name=desk.words(agent.name),
        principal=agent.principal,
        principal_name=desk.words(principal.name),
        level=0 if checked is None else checked.level,
        jurisdiction="" if checked is None else checked.jurisdiction,
        party_type="" if checked is None else checked.party_type,
        verified_until=None if checked is None else checked.until,
        # A bearer key's fingerprint is what it is looked up by: not for strangers.
        keys=tuple(one.fingerprint for one in keys if one is not None and one.kind != "bearer"),
        model=agent.model,
        operated_by=said.operated_by,
        version=said.version,
        capabilities=said.capabilities,
        contact=desk.words(said.contact),
    )


def get_terms(desk: Desk, actor: str, query: ask.GetTerms) -> ask.MarketTerms:
    state = desk.state
    rules(state)
    found = current(state)
    if found is None:
        return ask.MarketTerms(0, "", "", 0, is_adopted=True)
    agent = state.get(AGENTS, actor)
    principal = actor if agent is None else agent.principal
    return ask.MarketTerms(
        version=found.version,
        terms=found.hash,
        text=desk.words(found.text),
        published_at=found.published_at,
        is_adopted=has_adopted(state, principal),
    )


def get_summary(desk: Desk, actor: str, query: ask.GetSummary) -> ask.Summary:
    id = query.contract
    found = need_contract(desk.state, id)
    need_party(desk.state, actor, found.agreement.parties, id)
    said = sentences(desk.state, id, found.agreement)
    return ask.Summary(id, said, digest_of(said), desk.state.get(CONFIRMED, id) or ())


def get_statement(desk: Desk, actor: str, query: ask.GetStatement) -> ask.Statement:
    principal = principal_asked(desk.state, actor, query.principal)
    found = Statements()
    wallets = tuple(wallet(principal, one.code) for one in rules(desk.state).assets)
    after = 0
    while seqs := desk.mentions.seqs(wallets, after, STORY_PAGE):
        for after in seqs:
            record = desk.feed.record(after)
            found.take(record.at, record.events)
    totals = found.totals(principal)
    return ask.Statement(principal, tuple(one for one in totals if query.year in (0, one.year)))


def list_reviews(desk: Desk, actor: str, query: ask.ListReviews) -> ask.Reviews:
    check_limit(query.limit)
    own = "" if actor == OPERATOR else principal_asked(desk.state, actor, "")
    rows = desk.state.rows(REVIEWS).items()
    found = ((id, one) for id, one in rows if own in ("", one.principal))
    return ask.Reviews(
        tuple(
            ask.OpenReview(id, one.principal, one.about, desk.words(one.words), one.answer_by)
            for id, one in islice(found, query.limit)
        )
    )


def list_reasons(desk: Desk, actor: str, query: ask.ListReasons) -> ask.Reasons:
    return ask.Reasons(EXPLANATIONS)


ANSWERS: dict[type, Any] = {
    ask.GetAgentCard: get_agent_card,
    ask.GetTerms: get_terms,
    ask.GetSummary: get_summary,
    ask.GetStatement: get_statement,
    ask.ListReviews: list_reviews,
    ask.ListReasons: list_reasons,
}
