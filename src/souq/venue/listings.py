"""Answers about listings: as the catalogue knows them, with the conditions that they stand under.

Whoever names a listing agrees to its conditions, so nobody is shown one without them.
"""

from typing import Any

from msgspec.structs import replace

from souq.core.conditions import USUAL
from souq.core.listing import LISTINGS, need_listing
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US
from souq.operations import queries as ask
from souq.venue.desk import Desk
from souq.venue.reputation import rate
from souq.views.catalogue import ListingCard, Search, SearchPage


def search(desk: Desk, actor: str, query: Search) -> SearchPage:
    day = desk.state.at // DAY_US
    if query.order == "reputation":
        rate(desk, day)
    page = desk.catalogue.search(query, day=day)
    return SearchPage(tuple(_whole(desk, card) for card in page.listings), page.cursor)


def get_listing(desk: Desk, actor: str, query: ask.GetListing) -> ListingCard:
    need_listing(desk.state, query.listing)
    card = desk.catalogue.card(query.listing)
    if card is None:  # posted, but not yet where cards are read from
        raise Refused(Reason.NOT_FOUND, id=query.listing[:64])
    return _whole(desk, card)


def _whole(desk: Desk, card: ListingCard) -> ListingCard:
    # Conditions never change, so they are kept with the listing alone, and in no index.
    found = desk.state.get(LISTINGS, card.id)
    if found is None or found.conditions == USUAL:
        return card
    return replace(card, conditions=found.conditions)


ANSWERS: dict[type, Any] = {Search: search, ask.GetListing: get_listing}
