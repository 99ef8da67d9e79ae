"""A sealed-bid auction: everybody bids once, unseen; the highest wins at the close.

The winner pays its own bid (first price), or the most that a loser bid (second price, Vickrey
1961), and at least the reserve. Bids are binding, and their money is held until the close; a new
bid takes the place of one's old one. Ties are drawn: the lot is a digest over all bids, which
nobody knows beforehand, and over the nonce of a secret reserve where one was shown.

The reserve is public, or the seller commits to a higher one by a digest and has `revealing_us`
after the close to show it; one that is never shown protects nothing, and the public one counts
alone.

Until the close no bid is shown to anybody but its bidder and its principal, and not even who bids;
afterwards everybody learns the price and the least that would have drawn level with the winner.
The market itself knows the bids as they come, and whoever owns its journal could read them: where
that matters, use `commit_reveal`.
"""

from typing import Any

from souq.core.agreement import Agreement, cash_paid
from souq.core.digest import check_digest
from souq.core.listing import check_price
from souq.core.mechanisms.commitment import (
    RevealReserve,
    check_opens,
    draw_lot,
    of_reserve,
    place,
)
from souq.core.mechanisms.moves import (
    NOTHING,
    Effect,
    Item,
    Notice,
    Outcome,
    Pledge,
    Standing,
    expiry,
    full,
    need_own,
    sale,
    stake,
)
from souq.core.mechanisms.parties import joined
from souq.core.mechanisms.sealed_bid import records
from souq.core.mechanisms.sealed_bid.records import (
    AUCTIONS,
    BIDS,
    Auction,
    Bid,
    OpenSealedBid,
    PlaceSealedBid,
    SealedBiddingClosed,
    SealedBidFailed,
    SealedBidOpened,
    SealedBidPlaced,
    SealedBidReserveLost,
    SealedBidReserveRevealed,
    SealedBidWon,
)
from souq.core.money import Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import Draft, View, drop_group, row_of

NAME = "sealed_bid"
BIDDERS_MAX = 20_000
NOTICE = {
    "listing": "what is sold",
    "quantity": "how much of it, as one lot",
    "pricing": "first_price: the winner pays its bid; second_price: the highest losing bid",
    "reserve_units": "the least it goes for, as far as that is public",
    "has_secret_reserve": "whether the seller may still show a higher reserve",
    "asset": "what bids are in",
    "bidders": "how many have bid",
    "is_closed": "whether bidding is over",
}


def _open(draft: Draft, agent: Agent, command: OpenSealedBid, id: str) -> Effect:
    listing = need_own(draft, agent, Item(command.listing, command.quantity), NAME, side="sell")
    check_price(draft, command.reserve, "reserve")
    closes_at = expiry(draft, command.bidding_us, "bidding_us")
    if command.secret_reserve:
        check_digest("secret_reserve", command.secret_reserve)
        expiry(draft, command.revealing_us, "revealing_us")
    elif command.revealing_us:
        raise invalid("revealing_us", "only where there is a secret_reserve")
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
            command.secret_reserve,
            command.revealing_us,
        )
    )
    return Effect((agent.id,), stake(agent.id, "", listing.id, command.quantity, command.reserve))


def _bid(draft: Draft, agent: Agent, command: PlaceSealedBid, id: str) -> Effect:
    auction = row_of(draft, AUCTIONS, id)
    if auction.is_closed or draft.at >= auction.due:
        raise Refused(Reason.CLOSED, id=id)
    if agent.principal == auction.principal:
        raise Refused(Reason.SAME_PRINCIPAL)
    check_price(draft, command.price, asset=auction.reserve.asset, units_min=1)
    is_new = draft.get(BIDS, f"{id}/{agent.id}") is None
    if is_new and auction.bidders == BIDDERS_MAX:
        raise full(bidders_max=BIDDERS_MAX)
    units = command.price.units
    draft.emit(SealedBidPlaced(id, agent.id, units, auction.bids + 1))
    lot = (auction.listing, auction.quantity)
    return Effect((agent.id,), stake(auction.seller, agent.id, *lot, command.price))


def _reveal(draft: Draft, agent: Agent, command: RevealReserve, id: str) -> Effect:
    auction = row_of(draft, AUCTIONS, id)
    if agent.id != auction.seller:
        raise Refused(Reason.NOT_YOURS, id=id)
    if not auction.secret_reserve or not auction.is_closed or auction.is_decided:
        raise Refused(Reason.WRONG_STATE, state="Closed" if auction.is_closed else "Open")
    reserve = command.reserve
    found = of_reserve(agent.id, auction.listing, reserve, command.nonce)
    check_opens("reserve", command.nonce, found, auction.secret_reserve)
    check_price(draft, reserve, "reserve", asset=auction.reserve.asset)
    units = max(reserve.units, auction.reserve.units)
    draft.emit(SealedBidReserveRevealed(id, units, command.nonce))
    return Effect()


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: how many have bid, and neither who nor how much."""
    on = row_of(view, AUCTIONS, id)
    notice: Notice = {
        "listing": on.listing,
        "quantity": on.quantity,
        "pricing": on.pricing,
        "reserve_units": on.reserve.units,
        "has_secret_reserve": bool(on.secret_reserve) and not on.is_decided,
        "asset": on.reserve.asset,
        "bidders": on.bidders,
        "is_closed": on.is_closed,
    }
    waiting = (on.seller,) if on.is_closed and not on.is_decided else ()
    return Standing((on.seller,), (), "", on.due, waiting, notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """The seller sets the goods aside, each bidder the whole of its bid."""
    auction = row_of(view, AUCTIONS, id)
    if auction.winner:
        return NOTHING
    if agent == auction.seller:
        return Pledge(goods=(Item(auction.listing, auction.quantity),))
    bid = view.get(BIDS, f"{id}/{agent}")
    return NOTHING if bid is None else Pledge(bid.units, bid.units, auction.reserve.asset)


def outcome(view: View, id: str) -> Outcome | None:
    """Give the highest bid its agreement once the reserve is known, then end."""
    auction = row_of(view, AUCTIONS, id)
    if not auction.is_decided:
        return None
    if auction.winner:
        return Outcome("agreed")
    bid = _best(view, id, auction)
    if bid is None or bid.units < auction.reserve.units:
        return Outcome("no_deal")
    price = bid.units if auction.pricing == "first_price" else _minimum(view, id, auction)
    total = Money(price, auction.reserve.asset)
    legs = sale(auction.seller, bid.agent, auction.listing, auction.quantity, total)
    return Outcome("", (Agreement((bid.agent, auction.seller), legs),))


def _best(view: View, id: str, auction: Auction) -> Bid | None:
    """Give the highest bid; of several, the one that the lot names."""
    equals: list[Bid] = []
    for _, bid in view.walk(BIDS, id):
        if equals and bid.units < equals[0].units:
            break
        equals.append(bid)
    if len(equals) < 2:
        return equals[0] if equals else None
    bids = sorted((bid.agent, str(bid.units)) for _, bid in view.walk(BIDS, id))
    lot = draw_lot(id, auction.seed, tuple(bids))
    return min(equals, key=lambda bid: place(lot, bid.agent))


def _minimum(view: View, id: str, auction: Auction) -> int:
    """Give the second-highest bid, or the reserve where that is more."""
    bids = view.walk(BIDS, id)
    next(bids)
    second = next(bids, None)
    return max(auction.reserve.units, 0 if second is None else second[1].units)


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note who won, and publish what would have been enough."""
    auction = row_of(draft, AUCTIONS, id)
    units = cash_paid(agreement.legs)
    draft.emit(SealedBidWon(id, agreement.parties[0], units, _minimum(draft, id, auction)))
    return (auction.seller, agreement.parties[0])


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> None:
    """Drop the bid that cannot be kept; where it is the seller who cannot, nothing is sold."""
    if agent == row_of(draft, AUCTIONS, id).seller:
        for _, bid in list(draft.walk(BIDS, id)):
            draft.emit(SealedBidFailed(id, bid.agent))
    else:
        draft.emit(SealedBidFailed(id, agent))


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Close the bidding; once it is closed, go on without the reserve that was not shown."""
    auction = row_of(draft, AUCTIONS, id)
    if auction.is_closed:
        draft.emit(SealedBidReserveLost(id))
    else:
        draft.emit(
            SealedBiddingClosed(id, draft.at + auction.revealing_us if auction.revealing_us else 0)
        )
    return ()


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    drop_group(view, BIDS, id)
    view.drop(AUCTIONS, id)


IS_PREPAID = True
OPENS: dict[type, Any] = {OpenSealedBid: _open}
MOVES: dict[type, Any] = {PlaceSealedBid: _bid, RevealReserve: _reveal}
JOINS: tuple[type, ...] = (PlaceSealedBid,)
FREES: tuple[type, ...] = ()
TABLES, EVOLVE, SEEN = records.TABLES, records.EVOLVE, records.SEEN
