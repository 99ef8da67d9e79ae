"""Talks about a price: the moves on a time axis, the words, and what is on the table."""

from starlette.responses import Response

from souq.core.agreement import price_of
from souq.core.mechanisms import BY_NAME, OPEN_TO_ALL, alternating_offers
from souq.operations import queries as ask
from souq.surfaces.console import drawing
from souq.surfaces.console.looking import maybe, own, past
from souq.surfaces.console.visit import Routes, Visit

NAME = "Negotiations"
PATH = "/negotiations"
KEY = "n"
KINDS = frozenset({"agent", "principal", "officer", "operator"})
_LIMIT = 50
_SAID = 100


async def show(visit: Visit) -> Response:
    """List negotiations, open or ended, and what is open to anybody."""
    is_open = visit.given("state") != "ended"
    query = ask.ListNegotiations(
        agent=visit.given("agent").strip(),
        is_open=is_open,
        limit=_LIMIT,
        cursor=visit.given("cursor"),
    )
    talks = await maybe(visit, query)  # an officer has none, and sees the runs alone
    runs = await visit.ask(ask.ListRuns(limit=_LIMIT, cursor=visit.given("runs")))
    return await visit.show(
        "negotiations.html",
        talks=talks,
        runs=runs,
        is_open=is_open,
        agent=visit.given("agent"),
        price_of=price_of,
    )


async def one(visit: Visit) -> Response:
    """Show one negotiation as far as the viewer may see it."""
    id = visit.path("id")
    talk: ask.Negotiation = await visit.ask(ask.GetNegotiation(id))
    said = await maybe(visit, ask.ListMessages(negotiation=id, limit=_SAID))
    is_run = talk.mechanism in OPEN_TO_ALL
    ours = own(visit, talk.parties)
    mandates = [await maybe(visit, ask.GetMandate(agent)) for agent in ours]
    moves = visit.me.actor if visit.me.actor in talk.is_waiting_for else ""
    return await visit.show(
        "negotiation.html",
        talk=talk,
        chart=drawing.moves(talk.steps, () if is_run else talk.parties),
        is_run=is_run,
        asset=_asset(talk),
        said=said.messages[::-1] if said else (),
        has_more_said=bool(said and said.cursor),
        ours=ours,
        mandates=[found for found in mandates if found is not None],
        meanings=BY_NAME[talk.mechanism].NOTICE if talk.mechanism in BY_NAME else {},
        past=await past(visit, id),
        is_haggling=talk.mechanism == alternating_offers.NAME,
        moves=moves,
    )


def _asset(talk: ask.Negotiation) -> str:
    price = price_of(talk.legs)
    return price.asset if price is not None else str(talk.notice.get("asset", ""))


ROUTES: Routes = {"/negotiations": show, "/negotiations/{id}": one}
