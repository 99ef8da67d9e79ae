"""What is offered and wanted: a search with the same typed filters as the API, and one listing."""

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
from starlette.responses import Response

from souq.core.agreement import goods, price_of
from souq.core.listing import Delivery, Listing, ListingPosted, Subject
from souq.core.mechanisms import BY_NAME
from souq.core.refusal import Reason, Refused
from souq.core.rules import Rules
from souq.core.summary import clauses, timing
from souq.operations import queries as ask
from souq.surfaces.console.looking import Past, maybe, past
from souq.surfaces.console.visit import Routes, Visit
from souq.surfaces.problems import Malformed
from souq.views.catalogue import ListingCard, Search
from souq.views.catalogue.card import Order
from souq.views.showing import RecordSeen

NAME = "Listings"
PATH = "/listings"
KEY = "l"
KINDS = frozenset({"anybody", "agent", "principal", "officer", "operator"})
_LIMIT = 30
_TALKS = 20
_LOOKED_AT = 50  # of the viewer's own negotiations
_TEXTS = (
    *("text", "side", "subject", "category", "delivery", "agent", "mechanism"),
    *("order", "cursor"),
)
# What a card has of a listing as it stands in the journal.
_SAME = (
    *("id", "agent", "principal", "side", "subject", "category", "price", "available", "unit"),
    *("delivery", "shipping_units", "attributes", "mechanisms", "conditions"),
)


async def show(visit: Visit) -> Response:
    """List what fits the filters; without any, the newest."""
    rules = await visit.rules()
    why = ""
    try:
        page = await visit.ask(_search(visit, rules))
    except (Refused, Malformed) as no:
        why = no.why if isinstance(no, Malformed) else str(no.facts.get("why", no.reason.value))
        page = None
    return await visit.show(
        "listings.html",
        page=page,
        why=why,
        given=visit.given,
        categories=sorted(rules.categories),
        mechanisms=sorted(BY_NAME),
        subjects=get_args(Subject),
        deliveries=get_args(Delivery),
        orders=get_args(Order),
    )


async def one(visit: Visit) -> Response:
    """Show one listing, what happened to it, and what the viewer may see of talks about it."""
    id = visit.path("id")
    try:
        card: ListingCard | None = await visit.ask(ask.GetListing(id))
    except Refused as no:
        if no.reason is not Reason.CLOSED:
            raise
        card = None
    found = await past(visit, id)
    house = await visit.rules()
    began = await visit.ask(ask.ListEvents(about=id, limit=1))
    shown = card or _posted(began.records, id)
    return await visit.show(
        "listing.html",
        id=id,
        card=shown,
        has_ended=card is None,
        digests=_digests(began.records, id),
        sentences=(timing(house, shown.conditions), *clauses(shown.conditions)) if shown else (),
        past=found,
        talks=await _talks(visit, id, found),
        price_of=price_of,
    )


def _first(records: Sequence[RecordSeen], id: str) -> tuple[RecordSeen, Listing] | None:
    for record in records:
        for event in record.events:
            if isinstance(event, ListingPosted) and event.listing.id == id:
                return record, event.listing
    return None


def _posted(records: Sequence[RecordSeen], id: str) -> ListingCard | None:
    """Give a listing as it was posted: what is left to show of one that has ended."""
    found = _first(records, id)
    if found is None:
        return None
    record, posted = found
    same = {name: getattr(posted, name) for name in _SAME}
    return ListingCard(
        **same,
        title=record.words.get(posted.title, ""),
        description=record.words.get(posted.description, ""),
        posted_at=record.at,
        seller_deals=0,
        seller_rulings=0,
    )


def _digests(records: Sequence[RecordSeen], id: str) -> list[tuple[str, str]]:
    """List what of a listing stands in the journal by its digest alone, by name."""
    found = _first(records, id)
    if found is None:
        return []
    return [("title as posted", found[1].title), ("description as posted", found[1].description)]


async def _talks(visit: Visit, id: str, found: Past) -> list[ask.Negotiation]:
    """Give the negotiations about a listing that the viewer may see, the latest first."""
    seen: dict[str, ask.Negotiation] = {}
    for is_open in (True, False):  # the viewer's own, or for the house everybody's
        page = await maybe(visit, ask.ListNegotiations(is_open=is_open, limit=_LOOKED_AT))
        for talk in page.negotiations if page is not None else ():
            if any(leg.listing == id for leg in goods(talk.legs)):
                seen[talk.id] = talk
    named = (getattr(event, "negotiation", "") for _, event in reversed(found.events))
    for other in [one for one in dict.fromkeys(named) if one and one not in seen][:_TALKS]:
        run = await maybe(visit, ask.GetNegotiation(other))
        if run is not None:
            seen[other] = run
    return sorted(seen.values(), key=lambda talk: -int(talk.id[1:]))[:_TALKS]


def _search(visit: Visit, rules: Rules) -> Search:
    fields: dict[str, Any] = {"limit": _LIMIT}
    for name in _TEXTS:
        if text := visit.given(name).strip():
            fields[name] = text
    if conditions := visit.given("attributes").split():
        fields["attributes"] = conditions
    for name in ("price_min", "price_max"):
        if text := visit.given(name).strip():
            try:
                fields[f"{name}_units"] = rules.assets[0].parse(text).units
            except ValueError as error:
                raise Malformed(422, str(error)) from None
    try:
        return msgspec.convert(fields, Search, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(422, str(error)) from None


ROUTES: Routes = {"/listings": show, "/listings/{id}": one}
