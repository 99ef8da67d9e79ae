"""A sealed-bid auction: everybody bids once, unseen; the highest wins at the close.

The winner pays its own bid (first price), or the most that a loser bid (second price, Vickrey
1961), and at least the reserve. Bids are binding, and their money is held until the close; a new
bid takes the place of one's old one. Ties go to the earlier bid.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.core.agreement import Agreement, CashLeg, GoodsLeg, Leg
from souq.core.index import Rank
from souq.core.listing import check_price
from souq.core.mechanisms.moves import (
    NOTHING,
    Effect,
    Item,
    Outcome,
    Pledge,
    Standing,
    expiry,
    need_own,
)
from souq.core.mechanisms.parties import joined
from souq.core.money import Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import DEADLINES, Draft, Table, View

NAME = "sealed_bid"
Pricing = Literal["first_price", "second_price"]


class OpenSealedBid(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Sell a listing of one's own to the highest sealed bid.

    `reserve` is the least it goes for; `bidding_us` is how long bids are taken.
    """

    listing: str
    reserve: Money
    bidding_us: int
    quantity: int = 1
    pricing: Pricing = "second_price"


class PlaceSealedBid(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Bid for the whole; nobody sees it until the close. It takes the place of one's old bid."""

    negotiation: str
    price: Money


class SealedBidOpened(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    quantity: int
    pricing: Pricing
    reserve: Money
    closes_at: int


class SealedBidPlaced(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    units: int
    number: int


class SealedBidWon(Struct, frozen=True, tag=True):
    """`units` is what the winner pays: by second price, the least it could have won with."""

    negotiation: str
    agent: str
    units: int


class SealedBidFailed(Struct, frozen=True, tag=True):
    """A bid that would have won could not be kept; the next one counts."""

    negotiation: str
    agent: str


class SealedBidClosed(Struct, frozen=True, tag=True):
    """Bidding is over."""

    negotiation: str


class Auction(Struct, frozen=True):
    seller: str
    principal: str
    listing: str
    quantity: int
    pricing: Pricing
    reserve: Money
    closes_at: int
    bids: int = 0
    is_closed: bool = False
    winner: str = ""


class Bid(Struct, frozen=True, gc=False, array_like=True):
    negotiation: str
    agent: str
    units: int
    number: int


def _rank(bid: Bid) -> Rank:
    return Rank(bid.negotiation, -bid.units, bid.number)


AUCTIONS: Table[Auction] = Table("sealed_bid", Auction)
BIDS: Table[Bid] = Table("sealed_bids", Bid, rank=_rank)
TABLES: tuple[Table[Any], ...] = (AUCTIONS, BIDS)


def _open(draft: Draft, agent: Agent, command: OpenSealedBid, id: str) -> Effect:
    listing = need_own(draft, agent, Item(command.listing, command.quantity), NAME)
    check_price(draft, command.reserve)
    closes_at = expiry(draft, command.bidding_us)
    draft.emit(
        SealedBidOpened(
            id,
            agent.id,
            agent.principal,
            listing.id,
            command.quantity,
            command.pricing,
            command.reserve,
            closes_at,
        )
    )
    return Effect((agent.id,), _legs(agent.id, "", _need(draft, id), command.reserve.units))


def _bid(draft: Draft, agent: Agent, command: PlaceSealedBid, id: str) -> Effect:
    auction = _need(draft, id)
    if auction.is_closed or draft.at >= auction.closes_at:
        raise Refused(Reason.CLOSED, id=id)
    if agent.principal == auction.principal:
        raise Refused(Reason.SAME_PRINCIPAL)
    check_price(draft, command.price)
    if command.price.asset != auction.reserve.asset or command.price.units == 0:
        raise invalid("price", f"above 0, and in {auction.reserve.asset}")
    units = command.price.units
    draft.emit(SealedBidPlaced(id, agent.id, units, auction.bids + 1))
    return Effect((agent.id,), _legs(auction.seller, agent.id, auction, units))


def _legs(seller: str, buyer: str, auction: Auction, units: int) -> tuple[Leg, ...]:
    legs: tuple[Leg, ...] = (GoodsLeg(seller, buyer, auction.listing, auction.quantity),)
    if units:
        legs += (CashLeg(buyer, seller, Money(units, auction.reserve.asset)),)
    return legs


def _need(view: View, id: str) -> Auction:
    auction = view.get(AUCTIONS, id)
    assert auction is not None, f"no sealed-bid auction: {id}"
    return auction


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: how many bids there are, and no bid."""
    on = _need(view, id)
    notice: dict[str, int | str | bool] = {
        "listing": on.listing,
        "quantity": on.quantity,
        "pricing": on.pricing,
        "reserve_units": on.reserve.units,
        "asset": on.reserve.asset,
        "bids": on.bids,
    }
    return Standing(joined(view, id), (), "", on.closes_at, (), notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """The seller sets the goods aside, each bidder the whole of its bid."""
    auction = _need(view, id)
    if agent == auction.seller:
        if auction.winner:
            return NOTHING
        return Pledge(goods=(Item(auction.listing, auction.quantity),))
    bid = view.get(BIDS, f"{id}/{agent}")
    if bid is None or auction.winner:
        return NOTHING
    return Pledge(bid.units, bid.units, auction.reserve.asset)


def outcome(view: View, id: str) -> Outcome | None:
    """Give the highest bid its agreement once bidding is over, then end."""
    auction = _need(view, id)
    if not auction.is_closed:
        return None
    if auction.winner:
        return Outcome("agreed")
    best = _two_best(view, id)
    if not best or best[0].units < auction.reserve.units:
        return Outcome("no_sale")
    price = best[0].units
    if auction.pricing == "second_price":
        second = best[1].units if len(best) > 1 else 0
        price = max(auction.reserve.units, second)
    winner = best[0].agent
    legs = _legs(auction.seller, winner, auction, price)
    return Outcome("", (Agreement((winner, auction.seller), legs),))


def _two_best(view: View, id: str) -> list[Bid]:
    found = []
    for _, bid in view.walk(BIDS, id):
        found.append(bid)
        if len(found) == 2:
            break
    return found


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note who won."""
    auction = _need(draft, id)
    units = sum(leg.amount.units for leg in agreement.legs if isinstance(leg, CashLeg))
    draft.emit(SealedBidWon(id, agreement.parties[0], units))
    return (auction.seller, agreement.parties[0])


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> None:
    """Drop the bid that cannot be kept; where it is the seller who cannot, nothing is sold."""
    if agent == _need(draft, id).seller:
        for _, bid in list(draft.walk(BIDS, id)):
            draft.emit(SealedBidFailed(id, bid.agent))
    else:
        draft.emit(SealedBidFailed(id, agent))


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Close the bidding."""
    draft.emit(SealedBidClosed(id))
    return ()


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    for key, _ in list(view.walk(BIDS, id)):
        view.drop(BIDS, key)
    view.drop(AUCTIONS, id)


def _opened(view: View, event: SealedBidOpened) -> None:
    view.put(
        AUCTIONS,
        event.negotiation,
        Auction(
            event.agent,
            event.principal,
            event.listing,
            event.quantity,
            event.pricing,
            event.reserve,
            event.closes_at,
        ),
    )
    view.put(DEADLINES, event.negotiation, event.closes_at)


def _placed(view: View, event: SealedBidPlaced) -> None:
    id = event.negotiation
    view.put(BIDS, f"{id}/{event.agent}", Bid(id, event.agent, event.units, event.number))
    _change(view, id, bids=event.number)


def _failed(view: View, event: SealedBidFailed) -> None:
    view.drop(BIDS, f"{event.negotiation}/{event.agent}")


def _change(view: View, id: str, **fields: Any) -> None:
    view.put(AUCTIONS, id, msgspec.structs.replace(_need(view, id), **fields))


IS_PREPAID = True
OPENS: dict[type, Any] = {OpenSealedBid: _open}
MOVES: dict[type, Any] = {PlaceSealedBid: _bid}
JOINS: tuple[type, ...] = (PlaceSealedBid,)
FREES: tuple[type, ...] = ()
SEEN: dict[type, Any] = {
    SealedBidOpened: "public",
    SealedBidPlaced: "own",
    SealedBidWon: "public",
    SealedBidFailed: "own",
    SealedBidClosed: "public",
}
EVOLVE: dict[type, Any] = {
    SealedBidOpened: _opened,
    SealedBidPlaced: _placed,
    SealedBidWon: lambda view, event: _change(view, event.negotiation, winner=event.agent),
    SealedBidFailed: _failed,
    SealedBidClosed: lambda view, event: _change(view, event.negotiation, is_closed=True),
}
