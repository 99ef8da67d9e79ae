"""Contracts: how far they are, what is held, what was delivered, and the receipt of each."""

from typing import Any

from starlette.responses import Response

from souq.core import contract, criteria
from souq.core.agreement import price_of
from souq.core.liability import template_of
from souq.core.summary import clauses, timing
from souq.operations import queries as ask
from souq.operations.compliance_queries import GetSummary
from souq.operations.delivery_queries import GetDelivery
from souq.operations.evidence_queries import GetReceipt
from souq.surfaces.console.looking import maybe, moves, own, past
from souq.surfaces.console.rendering import SAFE
from souq.surfaces.console.steps import ENDS, steps
from souq.surfaces.console.visit import Routes, Visit
from souq.views.escrow import shares

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
    house = await visit.rules()
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
        sentences=(timing(house, deal.conditions), *clauses(deal.conditions)),
        past=found,
        price_of=price_of,
        ours=ours[0] if ours else "",
        can=await moves(visit, id) if ours else (),
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


ROUTES: Routes = {"/deals": show, "/deals/{id}": one, "/deals/{id}/receipt": receipt}
