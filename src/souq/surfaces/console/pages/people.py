"""Agents and principals: who they are, what they have shown, and what they may spend."""

from typing import Any, get_args

from starlette.responses import Response

from souq.core.halt import LEVELS
from souq.core.refusal import Reason
from souq.core.restriction import Why
from souq.core.rules import DAY_US
from souq.operations import queries as ask
from souq.operations.compliance_queries import GetAgentCard, ListReviews
from souq.operations.key_queries import ListKeys
from souq.operations.party_queries import ListPrincipals
from souq.operations.policy_queries import GetPolicy
from souq.operations.reputation_queries import GetReputation
from souq.operations.surveillance_queries import ListHalts, ListRestrictions
from souq.surfaces.console.policy_words import told
from souq.surfaces.console.visit import Routes, Visit

NAME = "People"
PATH = "/people"
KEY = "p"
KINDS = frozenset({"agent", "principal", "officer", "operator"})
LINES = 15
OPEN_MAX = 20  # deals and talks that a page names; the others stand on their own pages
BUDGETS_MAX = 20  # agents of one principal whose budgets its page shows
MARKET = "market"
# How long a restriction may be set for, in days.
_DAYS = (1, 7, 30, 90)


async def show(visit: Visit) -> Response:
    """List principals and their agents; for the house, with its switches and open reviews."""
    found = await visit.ask(ListPrincipals(cursor=visit.given("cursor")))
    switches = await visit.ask(ListHalts())
    house = await visit.ask(GetPolicy(MARKET))
    reviews = await visit.ask(ListReviews()) if visit.is_operator else None
    return await visit.show(
        "people.html",
        found=found,
        switches=switches,
        levels=LEVELS,
        house_rules=await _rules(visit, house),
        reviews=reviews.reviews if reviews else (),
    )


async def agent(visit: Visit) -> Response:
    """Show an agent: to anybody what is public, to whose it is what it may do and spend."""
    id = visit.path("id")
    card = await visit.ask(ask.GetAgent(id))
    keys = await visit.ask_if_told(ListKeys(owner=id))
    is_own = keys is not None
    mandate = policy = deals = talks = None
    if is_own:
        mandate = await visit.ask_if_told(ask.GetMandate(id), Reason.NO_MANDATE)
        policy = await visit.ask_if_told(GetPolicy(id))
        deals = await visit.ask_if_told(ask.ListContracts(agent=id, limit=OPEN_MAX))
        talks = await visit.ask_if_told(ask.ListNegotiations(agent=id, limit=OPEN_MAX))
    return await visit.show(
        "agent.html",
        card=card,
        known=await visit.ask(GetAgentCard(id)),
        keys=keys,
        is_own=is_own,
        may_rule=is_own and visit.me.kind in ("principal", "operator"),
        mandate=mandate,
        guardrails=await _told(visit, mandate.limits.guardrails if mandate else ()),
        policy=await _rules(visit, policy),
        deals=deals.contracts if deals else (),
        talks=talks.negotiations if talks else (),
        **await _standing(visit, id),
    )


async def principal(visit: Visit) -> Response:
    """Show a principal to itself, its agents and the house."""
    id = visit.path("id")
    (known,) = (await visit.ask(ListPrincipals(principal=id))).principals
    keys = await visit.ask_if_told(ListKeys(owner=id))
    is_own = keys is not None
    restrictions = (await visit.ask(ListRestrictions(principal=id))).restrictions
    reviews = await visit.ask_if_told(ListReviews()) if is_own else None
    mandates: dict[str, Any] = {}
    for one in known.agents[:BUDGETS_MAX] if is_own else ():
        asked = ask.GetMandate(one.id)
        mandates[one.id] = await visit.ask_if_told(asked, Reason.NO_MANDATE)
    now = visit.site.now()
    return await visit.show(
        "principal.html",
        known=known,
        balance=await visit.ask_if_told(ask.GetBalance(id)),
        keys=keys,
        is_own=is_own,
        mandates=mandates,
        policy=await _rules(visit, await visit.ask_if_told(GetPolicy(id))),
        restriction=restrictions[0] if restrictions else None,
        reviews=[one for one in reviews.reviews if one.principal == id] if reviews else [],
        whys=get_args(Why),
        untils=[(days, now + days * DAY_US) for days in _DAYS],
        **await _standing(visit, id),
    )


async def _standing(visit: Visit, id: str) -> dict[str, Any]:
    """Ask what both kinds of pages show: the record, the switches, what happened lately."""
    page = await visit.ask(ask.ListEvents(about=id, order="newest", limit=LINES))
    return {
        "id": id,
        "standing": await visit.ask(GetReputation(of=id)),
        "switches": (await visit.ask(ListHalts(of=id))).halts,
        "levels": LEVELS[:-1],  # settlements stand still for all or for nobody
        "records": page.records,
    }


async def _rules(visit: Visit, found: Any) -> list[Any] | None:
    """Say a policy in words; None where it is not for the viewer."""
    return None if found is None else await _told(visit, found.policy.rules)


async def _told(visit: Visit, rules: Any) -> list[Any]:
    house = await visit.rules()
    return [told(rule, house) for rule in rules]


ROUTES: Routes = {"/people": show, "/agents/{id}": agent, "/principals/{id}": principal}
