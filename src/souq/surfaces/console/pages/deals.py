"""Contracts: how far they are, what is held, what was delivered, and the receipt of each."""

from typing import Any

from starlette.responses import Response

from souq.core import conditions, contract, criteria
from souq.core.agreement import CashLeg, givers, price_of, takers
from souq.core.feedback import FeedbackGiven
from souq.core.liability import template_of
from souq.core.summary import clauses
from souq.operations import queries as ask
from souq.operations.compliance_queries import GetSummary
from souq.operations.delivery_queries import GetDelivery
from souq.operations.evidence_queries import GetReceipt
from souq.surfaces.console.escrow import shares
from souq.surfaces.console.looking import maybe, own, past
from souq.surfaces.console.rendering import SAFE
from souq.surfaces.console.steps import ENDS, steps, windows
from souq.surfaces.console.visit import Routes, Visit

NAME = "Deals"
PATH = "/deals"
KEY = "d"
KINDS = frozenset({"agent", "principal", "operator"})
_LIMIT = 50
_RECORDS = 200  # of one deal, from which its page tells


async def show(visit: Visit) -> Response:
    """List deals, running or ended: whose move each is, and when silence decides."""
    is_open = visit.given("state") != "ended"
    query = ask.ListContracts(
        agent=visit.given("agent").strip(),
        is_open=is_open,
        limit=_LIMIT,
        cursor=visit.given("cursor"),
    )
    return await visit.show(
        "deals.html",
        page=await visit.ask(query),
        is_open=is_open,
        agent=visit.given("agent"),
        price_of=price_of,
        ours=visit.me.agents,
    )


async def one(visit: Visit) -> Response:
    """Show one deal; to its parties and their principals with what they can do about it."""
    id = visit.path("id")
    deal: ask.Contract = await visit.ask(ask.GetContract(id))
    found = await past(visit, id, _RECORDS)
    events = found.events
    ours = own(visit, deal.parties)
    return await visit.show(
        "deal.html",
        deal=deal,
        steps=steps(events, id, deal.state, deal.agreed_at),
        has_ended=deal.state in ENDS,
        shares=shares(events, id, deal.legs),
        deliveries=_deliveries(events, id),
        delivery=await maybe(visit, GetDelivery(id)),
        summary=await maybe(visit, GetSummary(id)),
        sentences=tuple(clauses(deal.conditions)),
        past=found,
        price_of=price_of,
        ours=ours[0] if ours else "",
        can=_can(visit, deal, events, ours[0]) if ours else frozenset(),
        grounds=template_of(deal.conditions.template).grounds,
        asks_key=criteria.needs_key(deal.conditions.criteria),
    )


async def receipt(visit: Visit) -> Response:
    """Give a deal's receipt as a file, to the byte."""
    found = await visit.ask(GetReceipt(visit.path("id")))
    headers = {"content-disposition": f'attachment; filename="{found.contract}-receipt.json"'}
    return Response(found.file, media_type="application/json", headers={**SAFE, **headers})


def _deliveries(events: list[tuple[int, Any]], id: str) -> list[tuple[int, Any]]:
    kind = contract.DeliverySubmitted
    return [(at, one) for at, one in events if isinstance(one, kind) and one.contract == id]


def _can(
    visit: Visit, deal: ask.Contract, events: list[tuple[int, Any]], party: str
) -> frozenset[str]:
    """Say which forms to show a party or its principal. Whether one works, the core says."""
    now = visit.site.now()
    gives, takes = party in givers(deal.legs), party in takers(deal.legs)
    is_awaited = party in deal.is_waiting_for
    found = set()
    match deal.state:
        case "formed":
            if gives and is_awaited:
                found.add("submit_delivery")
            if gives and set(deal.is_waiting_for) == set(givers(deal.legs)):
                found.add("cancel_contract")
            if takes and deal.conditions.late_us:
                found.add("claim_non_delivery")
        case "delivered" if takes and is_awaited:
            found |= {"accept_delivery", "open_dispute"}
        case "failed":
            found |= {"accept_delivery"} if takes else {"contest"}
        case "returnable" if takes:
            found.add("send_back")
        case "returning" if gives:
            found |= {"confirm_return", "contest"}
        case _:
            pass
    if deal.state in ("formed", "delivered") and any(
        isinstance(leg, CashLeg) and leg.taker == party for leg in deal.legs
    ):
        found.add("grant_refund")
    until = windows(events, deal.id, conditions.undo_us(deal.conditions))
    if visit.me.kind == "principal" and deal.state in ("formed", "delivered", "failed"):
        if now < until.undo_until and deal.state != "failed":
            found.add("undo_contract")
        if takes and now < until.revoke_until:
            found.add("revoke_contract")
    said = any(isinstance(one, FeedbackGiven) and one.said.by == party for _, one in events)
    if deal.state in ENDS and not said:
        found.add("give_feedback")
    return frozenset(found)


ROUTES: Routes = {"/deals": show, "/deals/{id}": one, "/deals/{id}/receipt": receipt}
