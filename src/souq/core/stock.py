"""Stock is set aside at an agreement, so that one unit can never be sold twice."""

from typing import Any

from msgspec import Struct

from souq.core.agreement import Leg, goods
from souq.core.listing import LISTINGS, Listing, change
from souq.core.party import need_agent
from souq.core.state import Draft, View


class StockReserved(Struct, frozen=True, tag=True):
    listing: str
    quantity: int


class StockReturned(Struct, frozen=True, tag=True):
    listing: str
    quantity: int


class StockSold(Struct, frozen=True, tag=True):
    """Reserved stock has changed hands; a listing with nothing left is over."""

    listing: str
    quantity: int


class TitleMoved(Struct, frozen=True, tag=True):
    """The listing itself has a new owner, who may offer it on."""

    listing: str
    agent: str
    principal: str


def are_goods_here(view: View, legs: tuple[Leg, ...]) -> bool:
    """Tell whether all that is promised still is its giver's (or still wanted) and suffices."""
    needed: dict[str, int] = {}
    for leg in goods(legs):
        needed[leg.listing] = needed.get(leg.listing, 0) + leg.quantity
        listing = view.get(LISTINGS, leg.listing)
        if listing is None or listing.is_paused or listing.is_withdrawn:
            return False
        if listing.agent != (leg.giver if listing.side == "sell" else leg.taker):
            return False
        if listing.has_stock and listing.available < needed[leg.listing]:
            return False
    return True


def is_title_only(view: View, legs: tuple[Leg, ...]) -> bool:
    """Tell whether all of it moves by ownership alone, with nothing left to hand over."""
    for leg in goods(legs):
        listing = view.get(LISTINGS, leg.listing)
        if listing is None or listing.delivery != "title":
            return False
    return True


def reserve_stock(draft: Draft, legs: tuple[Leg, ...]) -> None:
    """Set stock aside for an agreement, so that it cannot be promised again."""
    for leg in goods(legs):
        if _counts(draft.get(LISTINGS, leg.listing)):
            draft.emit(StockReserved(leg.listing, leg.quantity))


def return_stock(draft: Draft, legs: tuple[Leg, ...]) -> None:
    """Offer again what an agreement that came to nothing had set aside."""
    for leg in goods(legs):
        if _counts(draft.get(LISTINGS, leg.listing)):
            draft.emit(StockReturned(leg.listing, leg.quantity))


def hand_over(draft: Draft, legs: tuple[Leg, ...]) -> None:
    """Count reserved stock as gone; what moves by ownership gets its new owner instead."""
    for leg in goods(legs):
        listing = draft.get(LISTINGS, leg.listing)
        if listing is not None and listing.delivery == "title":
            taker = need_agent(draft, leg.taker)
            draft.emit(TitleMoved(leg.listing, taker.id, taker.principal))
            draft.emit(StockReturned(leg.listing, leg.quantity))
        elif _counts(listing):
            draft.emit(StockSold(leg.listing, leg.quantity))


def _counts(listing: Listing | None) -> bool:
    # Set-aside stock keeps its listing alive, so one that has gone was data, licensed without end.
    return listing is not None and listing.has_stock


def _stock(view: View, listing: str, available: int, reserved: int) -> None:
    found = view.get(LISTINGS, listing)
    assert found is not None, f"stock of an ended listing: {listing}"
    change(
        view,
        listing,
        available=found.available + available,
        reserved=found.reserved + reserved,
    )


EVOLVE: dict[type, Any] = {
    StockReserved: lambda view, event: _stock(view, event.listing, -event.quantity, event.quantity),
    StockReturned: lambda view, event: _stock(view, event.listing, event.quantity, -event.quantity),
    StockSold: lambda view, event: _stock(view, event.listing, 0, -event.quantity),
    TitleMoved: lambda view, event: change(
        view,
        event.listing,
        agent=event.agent,
        principal=event.principal,
        ref="",  # the old owner's name for it; the new one may keep, offer on or withdraw it
        is_paused=False,
        is_withdrawn=False,
    ),
}
