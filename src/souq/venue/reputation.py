"""Answers about reputation: what somebody has shown, and what was said of them."""

from typing import Any

from souq.core import bond, exposure, imported, reputation, trust
from souq.core.feedback import received
from souq.core.money import BPS
from souq.core.party import AGENTS, need_other_agent, need_principal
from souq.core.refusal import invalid
from souq.core.rules import OPERATOR, rules
from souq.core.state import State
from souq.operations import reputation_queries as ask
from souq.venue.desk import Desk

CATEGORY_MAX = 256


def get_reputation(desk: Desk, actor: str, query: ask.GetReputation) -> ask.Reputation:
    state, of = desk.state, query.of
    if len(query.category) > CATEGORY_MAX:
        raise invalid("category", f"at most {CATEGORY_MAX} characters")
    if of.startswith("P"):
        need_principal(state, of)
        principal = of
    else:
        principal = need_other_agent(state, of).principal
    market = rules(state)
    asset = market.assets[0].code
    score = reputation.score_of(state, principal, query.category)
    brought = imported.prior_of(state, principal, market.reputation_half_life_us)
    own = reputation.record_of(state, of)
    found = ask.Reputation(
        of=of,
        principal=principal,
        mean_bps=score.mean_bps,
        evidence_milli=score.evidence_milli,
        quantile_bps=score.quantile_bps,
        is_newcomer=score.is_newcomer,
        own_evidence_milli=(own.good + own.bad) // 1_000,
        imported_milli=(brought.good + brought.bad) // 1_000,
        bond_units=bond.standing_units(state, principal, asset),
        feedback=_feedback(desk, of),
    )
    return _with_own(state, found, asset) if _may_see(state, actor, principal) else found


def rate(desk: Desk, day: int) -> None:
    """Bring the scores up to date by which the catalogue ranks; once a day all, for they fade."""
    state = desk.state
    changed = desk.catalogue.unrated(day)
    if changed is None:
        subjects = {one for one in state.rows(reputation.RECORDS) if one.startswith("P")}
        subjects.update(state.rows(imported.BROUGHT))
    else:
        subjects = {state.rows(AGENTS)[agent].principal for agent in changed}
    if subjects or changed is None:
        scores = [(one, reputation.score_of(state, one)) for one in sorted(subjects)]
        rows = [(one, found.quantile_bps, found.is_newcomer) for one, found in scores]
        desk.catalogue.rate(rows, day)


def _with_own(state: State, found: ask.Reputation, asset: str) -> ask.Reputation:
    whom = trust.trust(state)
    is_limited = rules(state).exposure_detect_bps > 0
    private = {
        "trust_bps": BPS if whom is None else whom.bps.get(found.principal, 0),
        "owes_units": exposure.open_units(state, found.principal, asset),
        "owes_max_units": (
            exposure.most_units(state, found.principal, asset) if is_limited else None
        ),
    }
    return ask.Reputation(**{**_fields(found), **private})


def _fields(found: ask.Reputation) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__struct_fields__}


def _may_see(state: State, actor: str, principal: str) -> bool:
    agent = state.get(AGENTS, actor)
    return actor in (OPERATOR, principal) or (agent is not None and agent.principal == principal)


def _feedback(desk: Desk, of: str) -> ask.Feedback:
    found = received(desk.state, of)
    return ask.Feedback(
        found.count,
        found.delivered,
        found.on_time,
        found.as_described,
        found.stars * BPS // found.starred if found.starred else 0,
        tuple(map(desk.words, found.latest)),
    )


ANSWERS: dict[type, Any] = {ask.GetReputation: get_reputation}
