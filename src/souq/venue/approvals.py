"""Answers about deals that wait for somebody's approval."""

from typing import Any

from souq.core.agreement import CashLeg
from souq.core.approval import digest_of
from souq.core.party import AGENTS
from souq.core.rules import OPERATOR, rules
from souq.core.stage import Held, stage_of
from souq.operations import approval_queries as ask
from souq.venue.access import principal_asked
from souq.venue.desk import Desk, check_limit, read_cursor, write_cursor
from souq.venue.policies import seen_in


def list_approvals(desk: Desk, actor: str, query: ask.ListApprovals) -> ask.Approvals:
    check_limit(query.limit)
    is_house = actor == OPERATOR and not query.principal  # what the market's own rules hold
    principal = OPERATOR if is_house else principal_asked(desk.state, actor, query.principal)
    after = read_cursor(query.cursor, int) if query.cursor else 0
    waiting = [id for id in desk.affairs.approvals(principal) if int(id[1:]) > after]
    if actor in desk.state.rows(AGENTS):  # an agent sees its own deals, and not its siblings'
        own = set(desk.affairs.contracts(actor))
        waiting = [id for id in waiting if id in own]
    page = tuple(_approval(desk, actor, principal, id) for id in waiting[: query.limit])
    cursor = write_cursor(int(page[-1].contract[1:])) if len(waiting) > query.limit else ""
    return ask.Approvals(page, rules(desk.state).signed_approvals, cursor)


def _approval(desk: Desk, actor: str, principal: str, id: str) -> ask.ApprovalAsked:
    state = desk.state
    held = stage_of(state, id)
    assert isinstance(held, Held), f"{id} waits for nobody"
    agreement = held.agreement
    ours = tuple(one for one in agreement.parties if state.rows(AGENTS)[one].principal == principal)
    pays: dict[str, int] = {}
    for leg in agreement.legs:
        if isinstance(leg, CashLeg) and leg.giver in ours:
            pays[leg.amount.asset] = pays.get(leg.amount.asset, 0) + leg.amount.units
    return ask.ApprovalAsked(
        market=rules(state).name,
        contract=id,
        digest=digest_of(id, agreement),
        decide_by=held.decide_by,
        agents=ours,
        parties=agreement.parties,
        legs=agreement.legs,
        pays=pays,
        reasons=held.reasons,
        promises=agreement.promises,
        conditions=agreement.conditions,
        under=agreement.under,
        saw=seen_in(state, actor, principal, agreement, held.reasons),
    )


ANSWERS: dict[type, Any] = {ask.ListApprovals: list_approvals}
