"""What is asked, what happens and what is remembered in a run of `english_auction`."""

from typing import Any

from msgspec import Struct

from souq.core.index import Rank
from souq.core.mechanisms.english_auction.prices import Increment, Restraints
from souq.core.money import Money
from souq.core.rules import MINUTE_US
from souq.core.state import DEADLINES, Table, View, change, row_of


class OpenEnglishAuction(
    Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Sell a listing of one's own to whoever bids most, in the open.

    `start` is the least bid, `reserve` the least it is sold for, which nobody else sees. The price
    rises by `increments`: [{"from_units": 0, "by_units": 1000000}] is by one dollar throughout. A
    bid in the last `soft_close_us` puts the end off by as much, `extensions_max` times at most.
    """

    listing: str
    start: Money
    increments: tuple[Increment, ...]
    bidding_us: int
    reserve: Money | None = None
    quantity: int = 1
    soft_close_us: int = 5 * MINUTE_US
    extensions_max: int = 10
    restraints: Restraints = Restraints()


class PlaceProxyBid(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Bid up to a maximum, which others do not see.

    Whoever wins pays a step above the highest that lost. `value_cap` is what it is worth at most,
    where the auction asks for that.
    """

    negotiation: str
    maximum: Money
    value_cap: Money | None = None


class EnglishAuctionOpened(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    quantity: int
    start: Money
    increments: tuple[Increment, ...]
    opened_at: int
    closes_at: int
    soft_close_us: int
    extensions_max: int
    restraints: Restraints
    has_reserve: bool


class EnglishReserveSet(Struct, frozen=True, tag=True):
    """The least it is sold for, which only the seller sees."""

    negotiation: str
    agent: str
    units: int


class ProxyBidPlaced(Struct, frozen=True, tag=True):
    """`units` is the most the bidder would pay, `cap_units` the cap it named, or 0."""

    negotiation: str
    agent: str
    units: int
    cap_units: int
    bidders: int


class EnglishPriceSet(Struct, frozen=True, tag=True):
    """After a bid: `agent` leads at `units`, and the next bid must be at least `minimum_units`."""

    negotiation: str
    agent: str
    units: int
    minimum_units: int
    bids: int
    closes_at: int
    extensions: int


class EnglishBiddingClosed(Struct, frozen=True, tag=True):
    """Bidding is over."""

    negotiation: str


class EnglishAuctionWon(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    units: int


class EnglishAuctionFailed(Struct, frozen=True, tag=True):
    """The leader could not buy, or the seller could not sell: nothing is sold."""

    negotiation: str
    agent: str


class Run(Struct, frozen=True, omit_defaults=True):
    seller: str
    principal: str
    listing: str
    quantity: int
    start: Money
    increments: tuple[Increment, ...]
    opened_at: int
    closes_at: int
    soft_close_us: int
    extensions_max: int
    restraints: Restraints
    reserve_units: int
    price: int
    minimum: int
    bids: int = 0
    bidders: int = 0
    extensions: int = 0
    leader: str = ""
    winner: str = ""
    failed: str = ""
    is_closed: bool = False


class Bidder(Struct, frozen=True, gc=False, array_like=True):
    """`units` is its highest bid; it bid or led last at `active_at`."""

    negotiation: str
    agent: str
    number: int
    units: int
    cap_units: int
    active_at: int


def _rank(bidder: Bidder) -> Rank:
    return Rank(bidder.negotiation, 0, bidder.number)


RUNS: Table[Run] = Table("english_auction", Run)
BIDDERS: Table[Bidder] = Table("english_bidders", Bidder, rank=_rank)
TABLES: tuple[Table[Any], ...] = (RUNS, BIDDERS)


def _opened(view: View, event: EnglishAuctionOpened) -> None:
    id, start = event.negotiation, event.start
    run = Run(
        event.agent,
        event.principal,
        event.listing,
        event.quantity,
        start,
        event.increments,
        event.opened_at,
        event.closes_at,
        event.soft_close_us,
        event.extensions_max,
        event.restraints,
        start.units,
        start.units,
        start.units,
    )
    view.put(RUNS, id, run)
    view.put(DEADLINES, id, event.closes_at)


def _placed(view: View, event: ProxyBidPlaced) -> None:
    id, key = event.negotiation, f"{event.negotiation}/{event.agent}"
    before = view.get(BIDDERS, key)
    number = event.bidders if before is None else before.number
    bidder = Bidder(id, event.agent, number, event.units, event.cap_units, view.at)
    view.put(BIDDERS, key, bidder)
    change(view, RUNS, id, bidders=event.bidders)


def _price_set(view: View, event: EnglishPriceSet) -> None:
    id = event.negotiation
    before = row_of(view, RUNS, id).leader
    outbid = view.get(BIDDERS, f"{id}/{before}")
    if outbid is not None and before != event.agent:  # it was active as long as it led
        row = Bidder(id, before, outbid.number, outbid.units, outbid.cap_units, view.at)
        view.put(BIDDERS, f"{id}/{before}", row)
    change(
        view,
        RUNS,
        id,
        leader=event.agent,
        price=event.units,
        minimum=event.minimum_units,
        bids=event.bids,
        closes_at=event.closes_at,
        extensions=event.extensions,
    )
    view.put(DEADLINES, id, event.closes_at)


def _failed(view: View, event: EnglishAuctionFailed) -> None:
    change(view, RUNS, event.negotiation, failed=event.agent, leader="")


SEEN: dict[type, Any] = {
    EnglishAuctionOpened: "public",
    EnglishReserveSet: "own",
    ProxyBidPlaced: "own",
    EnglishPriceSet: "public",
    EnglishBiddingClosed: "public",
    EnglishAuctionWon: "public",
    EnglishAuctionFailed: "public",
}
EVOLVE: dict[type, Any] = {
    EnglishAuctionOpened: _opened,
    EnglishReserveSet: lambda view, event: change(
        view, RUNS, event.negotiation, reserve_units=event.units
    ),
    ProxyBidPlaced: _placed,
    EnglishPriceSet: _price_set,
    EnglishBiddingClosed: lambda view, event: change(view, RUNS, event.negotiation, is_closed=True),
    EnglishAuctionWon: lambda view, event: change(
        view, RUNS, event.negotiation, winner=event.agent
    ),
    EnglishAuctionFailed: _failed,
}
