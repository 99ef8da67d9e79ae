"""Claims, both sides' evidence, and the ruling."""

from typing import Any

from starlette.responses import Response

from souq.core.agreement import price_of
from souq.core.dispute.records import VotesCounted
from souq.core.ending import RulingMade
from souq.core.liability import template_of
from souq.core.rules import OPERATOR
from souq.operations import dispute_queries as ask
from souq.operations.delivery_queries import GetDelivery
from souq.surfaces.console.looking import lately, maybe, moves, own, past
from souq.surfaces.console.visit import Routes, Visit

NAME = "Disputes"
PATH = "/disputes"
KEY = "i"
KINDS = frozenset({"agent", "principal", "officer", "operator"})
_LIMIT = 50
_LATELY = 20


async def show(visit: Visit) -> Response:
    """List what waits for the viewer's verdict, then what else is in dispute, then what was."""
    mine = await visit.ask(ask.ListDisputes(mine_to_judge=True, limit=_LIMIT))
    page = await visit.ask(ask.ListDisputes(limit=_LIMIT, cursor=visit.given("cursor")))
    ruled = await lately(visit, "RulingMade", _LATELY)
    return await visit.show(
        "disputes.html",
        # The operator may look over every juror's shoulder; what waits for the house itself is its.
        mine=[one for one in mine.disputes if not visit.is_operator or one.arbiter == OPERATOR],
        page=page,
        rulings=[(at, one) for at, one in reversed(ruled.events) if isinstance(one, RulingMade)],
        before=ruled.cursor,
        price_of=price_of,
    )


async def one(visit: Visit) -> Response:
    """Show one dispute; to its sides and its arbiter with what they can do about it."""
    id = visit.path("id")
    case: ask.Dispute = await visit.ask(ask.GetDispute(id))
    sides = own(visit, (case.claimant, *case.respondents))
    found = await past(visit, id)
    house = await visit.rules()
    return await visit.show(
        "dispute.html",
        case=case,
        ours=sides[0] if sides else "",
        can=await moves(visit, id),
        takes_bonds=case.arbiter == house.arbiter,
        bears=template_of(case.template).bears,
        delivery=await maybe(visit, GetDelivery(id)),
        past=found,
        counts=_counts(found.events),
        price_of=price_of,
    )


def _counts(events: list[tuple[int, Any]]) -> list[tuple[int, VotesCounted]]:
    return [one for one in events if isinstance(one[1], VotesCounted)]


ROUTES: Routes = {"/disputes": show, "/disputes/{id}": one}
