"""A package auction: several lots at once, sealed bids on sets of them, Clarke payments.

After Vickrey (1961), Clarke (1971) and Groves (1973). A seller offers up to 12 lots, each with a
reserve or none. Each of up to 12 bidders names up to 16 packages of lots and what each is worth to
it; at most one of its packages wins. Winners are those packages that are worth the most together,
where a lot that stays with the seller is worth its reserve: found exactly. A winner pays what its
presence costs the others, so that no bid is better than what the packages are truly worth: never
more than its bid, never less than its lots' reserves. Losers pay nothing.

Ties: among choices worth the same, the earlier bidder wins rather than not, by the package it
named earlier. A new bid takes the place of one's old one, and its own place in time. Bids are
binding, and each bidder's dearest package is held until the close. Nobody but the bidder and its
principal sees them, then or later, except whoever keeps the journal; winners and what they pay are
public.

Where a winner cannot keep its bid, winners and payments are determined again without it; where the
seller cannot, nothing is sold. One principal bids once: several bids under several names could
lower what they pay together (Yokoo, Sakurai and Matsubara 2004), and nobody can tell strangers
apart who are one. A principal that declines an award gets its money back, and the lots return to
the seller; the other awards stand.
"""

from typing import Any

from msgspec import Struct

from souq.core.agreement import Agreement, CashLeg, GoodsLeg, Leg, cash_paid
from souq.core.index import Rank
from souq.core.listing import check_price
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
)
from souq.core.mechanisms.parties import joined, opener
from souq.core.mechanisms.vcg.winners import BIDDERS_MAX, LOTS_MAX, winners
from souq.core.money import Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import DEADLINES, Draft, Table, View, change, drop_group, row_of

NAME = "vcg"
PACKAGES_MAX = 16
NOTICE = {
    "listings": "the listings on sale, with commas between",
    "quantities": "how much of each is on sale, in the same order",
    "reserves": "the least units each goes for, in the same order",
    "asset": "what is paid in",
    "bidders": "how many have bid",
    "bidders_max": "how many may; whoever comes later is turned away",
    "packages_max": "how many packages each may name",
    "instead": "the mechanism for more lots or more bidders: one auction for each lot",
}


class Lot(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """So much of a listing, sold as one; `reserve_units` is the least it goes for."""

    listing: str
    quantity: int = 1
    reserve_units: int = 0


class Package(Struct, frozen=True, forbid_unknown_fields=True):
    """A set of lots, by their listings, and what they are worth together."""

    listings: tuple[str, ...]
    price: Money


class OpenVcg(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Sell several listings of one's own at once, to bidders who may want them together.

    Up to 12 lots; for more, open several auctions or `sealed_bid` for each. `bidding_us` is how
    long bids are taken.
    """

    lots: tuple[Lot, ...]
    bidding_us: int
    asset: str = "USD"


class BidOnPackages(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say what packages are worth, of which at most one is won; nobody sees it.

    It takes the place of all one bid before. A package is worth at least its lots' reserves.
    """

    negotiation: str
    packages: tuple[Package, ...]


class VcgOpened(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    principal: str
    lots: tuple[Lot, ...]
    asset: str
    closes_at: int


class PackagesBid(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    principal: str
    packages: tuple[Package, ...]
    number: int


class PackageWon(Struct, frozen=True, tag=True):
    """`units` is what the winner pays: what the others would have had more without it."""

    negotiation: str
    agent: str
    listings: tuple[str, ...]
    units: int


class PackagesFailed(Struct, frozen=True, tag=True):
    """A bid could not be kept; winners and payments are determined without it."""

    negotiation: str
    agent: str


class PackageBiddingClosed(Struct, frozen=True, tag=True):
    """Bidding is over."""

    negotiation: str


class Auction(Struct, frozen=True):
    seller: str
    principal: str
    lots: tuple[Lot, ...]
    asset: str
    closes_at: int
    bids: int = 0
    is_closed: bool = False
    sold: tuple[str, ...] = ()


class Bid(Struct, frozen=True, array_like=True):
    negotiation: str
    agent: str
    principal: str
    packages: tuple[Package, ...]
    number: int


def _rank(bid: Bid) -> Rank:
    return Rank(bid.negotiation, 0, bid.number)


AUCTIONS: Table[Auction] = Table("vcg", Auction)
BIDS: Table[Bid] = Table("vcg_bids", Bid, rank=_rank)
TABLES: tuple[Table[Any], ...] = (AUCTIONS, BIDS)


def _open(draft: Draft, agent: Agent, command: OpenVcg, id: str) -> Effect:
    lots = command.lots
    if not 1 <= len(lots) <= LOTS_MAX:
        raise invalid("lots", f"1 to {LOTS_MAX}; open several auctions, or sealed_bid for each")
    if len({lot.listing for lot in lots}) != len(lots):
        raise invalid("lots", "name each listing once")
    for lot in lots:
        need_own(draft, agent, Item(lot.listing, lot.quantity), NAME, side="sell")
        check_price(draft, Money(lot.reserve_units, command.asset), "lots")
    check_price(draft, Money(sum(lot.reserve_units for lot in lots), command.asset), "lots")
    closes_at = expiry(draft, command.bidding_us, "bidding_us")
    draft.emit(VcgOpened(id, agent.id, agent.principal, lots, command.asset, closes_at))
    auction = row_of(draft, AUCTIONS, id)
    singly = [_legs(auction, "", (lot.listing,), lot.reserve_units) for lot in lots]
    whole = _legs(auction, "", _listings(auction), sum(lot.reserve_units for lot in lots))
    return Effect((agent.id,), whole, tuple(singly))


def _bid(draft: Draft, agent: Agent, command: BidOnPackages, id: str) -> Effect:
    auction = row_of(draft, AUCTIONS, id)
    if auction.is_closed or draft.at >= auction.closes_at:
        raise Refused(Reason.CLOSED, id=id)
    others = [bid for _, bid in draft.walk(BIDS, id) if bid.agent != agent.id]
    if agent.principal in (auction.principal, *(bid.principal for bid in others)):
        raise Refused(Reason.SAME_PRINCIPAL)
    if len(others) >= BIDDERS_MAX:
        raise full(bidders_max=BIDDERS_MAX)
    _check_packages(draft, auction, command.packages)
    draft.emit(PackagesBid(id, agent.id, agent.principal, command.packages, auction.bids + 1))
    stakes = [_legs(auction, agent.id, one.listings, one.price.units) for one in command.packages]
    return Effect((agent.id,), stakes[0], tuple(stakes[1:]))


def _check_packages(view: View, auction: Auction, packages: tuple[Package, ...]) -> None:
    if not 1 <= len(packages) <= PACKAGES_MAX:
        raise invalid("packages", f"1 to {PACKAGES_MAX}")
    if len({frozenset(package.listings) for package in packages}) != len(packages):
        raise invalid("packages", "name each set of listings once")
    reserve_of = {lot.listing: lot.reserve_units for lot in auction.lots}
    for package in packages:
        named = set(package.listings)
        if not named or len(named) != len(package.listings) or not named <= set(reserve_of):
            raise invalid("packages", "name lots of this auction, each once")
        least = max(1, sum(reserve_of[listing] for listing in named))
        check_price(view, package.price, "packages", asset=auction.asset, units_min=least)


def _listings(auction: Auction) -> tuple[str, ...]:
    return tuple(lot.listing for lot in auction.lots)


def _legs(auction: Auction, buyer: str, listings: tuple[str, ...], units: int) -> tuple[Leg, ...]:
    """Write a sale down, lots in the auction's order."""
    seller = auction.seller
    legs: tuple[Leg, ...] = tuple(
        GoodsLeg(seller, buyer, lot.listing, lot.quantity)
        for lot in auction.lots
        if lot.listing in listings
    )
    if units:
        legs += (CashLeg(buyer, seller, Money(units, auction.asset)),)
    return legs


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: the lots, their reserves, how many bid, and no bid."""
    on = row_of(view, AUCTIONS, id)
    notice: Notice = {
        "listings": ",".join(_listings(on)),
        "quantities": ",".join(str(lot.quantity) for lot in on.lots),
        "reserves": ",".join(str(lot.reserve_units) for lot in on.lots),
        "asset": on.asset,
        "bidders": sum(1 for _ in view.walk(BIDS, id)),
        "bidders_max": BIDDERS_MAX,
        "packages_max": PACKAGES_MAX,
        "instead": "sealed_bid",
    }
    return Standing(opener(view, id), (), "", on.closes_at, (), notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """The seller sets its unsold lots aside, each bidder the price of its dearest package."""
    auction = row_of(view, AUCTIONS, id)
    if agent == auction.seller:
        unsold = (lot for lot in auction.lots if lot.listing not in auction.sold)
        return Pledge(goods=tuple(Item(lot.listing, lot.quantity) for lot in unsold))
    bid = view.get(BIDS, f"{id}/{agent}")
    if bid is None:
        return NOTHING
    most = max(package.price.units for package in bid.packages)
    return Pledge(most, most, auction.asset)


def outcome(view: View, id: str) -> Outcome | None:
    """Give every winner its agreement once bidding is over, all together; then end."""
    auction = row_of(view, AUCTIONS, id)
    if not auction.is_closed:
        return None
    if auction.sold:
        return Outcome("agreed")
    bids = [bid for _, bid in view.walk(BIDS, id)]
    bit_of = {lot.listing: 1 << n for n, lot in enumerate(auction.lots)}
    offers = [
        [(sum(bit_of[name] for name in one.listings), one.price.units) for one in bid.packages]
        for bid in bids
    ]
    agreements = []
    for bidder, package, units in winners(offers, [lot.reserve_units for lot in auction.lots]):
        bid = bids[bidder]
        legs = _legs(auction, bid.agent, bid.packages[package].listings, units)
        agreements.append(Agreement((bid.agent, auction.seller), legs))
    return Outcome("", tuple(agreements), is_joint=True) if agreements else Outcome("no_deal")


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note who won what."""
    auction, winner = row_of(draft, AUCTIONS, id), agreement.parties[0]
    listings = tuple(leg.listing for leg in agreement.legs if isinstance(leg, GoodsLeg))
    units = cash_paid(agreement.legs)
    draft.emit(PackageWon(id, winner, listings, units))
    return (auction.seller, winner)


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> None:
    """Drop the bid that cannot be kept; where it is the seller who cannot, nothing is sold."""
    if agent == row_of(draft, AUCTIONS, id).seller:
        for _, bid in list(draft.walk(BIDS, id)):
            draft.emit(PackagesFailed(id, bid.agent))
    else:
        draft.emit(PackagesFailed(id, agent))


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Close the bidding."""
    draft.emit(PackageBiddingClosed(id))
    return ()


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    drop_group(view, BIDS, id)
    view.drop(AUCTIONS, id)


def _opened(view: View, event: VcgOpened) -> None:
    auction = Auction(event.agent, event.principal, event.lots, event.asset, event.closes_at)
    view.put(AUCTIONS, event.negotiation, auction)
    view.put(DEADLINES, event.negotiation, event.closes_at)


def _placed(view: View, event: PackagesBid) -> None:
    id = event.negotiation
    bid = Bid(id, event.agent, event.principal, event.packages, event.number)
    view.put(BIDS, f"{id}/{event.agent}", bid)
    change(view, AUCTIONS, id, bids=event.number)


def _won(view: View, event: PackageWon) -> None:
    id = event.negotiation
    view.drop(BIDS, f"{id}/{event.agent}")
    change(view, AUCTIONS, id, sold=row_of(view, AUCTIONS, id).sold + event.listings)


def _failed(view: View, event: PackagesFailed) -> None:
    view.drop(BIDS, f"{event.negotiation}/{event.agent}")


IS_PREPAID = True
OPENS: dict[type, Any] = {OpenVcg: _open}
MOVES: dict[type, Any] = {BidOnPackages: _bid}
JOINS: tuple[type, ...] = (BidOnPackages,)
FREES: tuple[type, ...] = ()
SEEN: dict[type, Any] = {
    VcgOpened: "public",
    PackagesBid: "own",
    PackageWon: "public",
    PackagesFailed: "own",
    PackageBiddingClosed: "public",
}
EVOLVE: dict[type, Any] = {
    VcgOpened: _opened,
    PackagesBid: _placed,
    PackageWon: _won,
    PackagesFailed: _failed,
    PackageBiddingClosed: lambda view, event: change(
        view, AUCTIONS, event.negotiation, is_closed=True
    ),
}
