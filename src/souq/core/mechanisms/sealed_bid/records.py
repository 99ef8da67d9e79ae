"""What is asked, what happens and what is remembered in a run of `sealed_bid`."""

from typing import Any, Literal

from msgspec import Struct

from souq.core.index import Rank
from souq.core.money import Money
from souq.core.state import DEADLINES, Table, View, change, row_of

Pricing = Literal["first_price", "second_price"]


class OpenSealedBid(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Sell a listing of one's own to the highest sealed bid.

    `reserve` is the least it goes for; `bidding_us` is how long bids are taken. `secret_reserve`
    is the digest of a higher one, to be shown within `revealing_us`: SHA-256 over canonical JSON of
    ["souq.reserve.v1", agent, listing, [units, asset], nonce].
    """

    listing: str
    reserve: Money
    bidding_us: int
    quantity: int = 1
    pricing: Pricing = "second_price"
    secret_reserve: str = ""
    revealing_us: int = 0


class PlaceSealedBid(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Bid for the whole; nobody sees it until the close. It takes the place of one's old bid."""

    negotiation: str
    price: Money


class SealedBidOpened(Struct, frozen=True, tag=True, omit_defaults=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    quantity: int
    pricing: Pricing
    reserve: Money
    closes_at: int
    secret_reserve: str = ""
    revealing_us: int = 0


class SealedBidPlaced(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    units: int
    number: int


class SealedBiddingClosed(Struct, frozen=True, tag=True):
    """Bidding is over; by `reveal_by` a secret reserve must be shown, 0 where there is none."""

    negotiation: str
    reveal_by: int


class SealedBidReserveRevealed(Struct, frozen=True, tag=True):
    """`seed` is the nonce that was committed to with the reserve; lots are drawn by it."""

    negotiation: str
    units: int
    seed: str


class SealedBidReserveLost(Struct, frozen=True, tag=True):
    """The secret reserve was not shown in time; the public one counts."""

    negotiation: str


class SealedBidWon(Struct, frozen=True, tag=True):
    """`units` is what the winner pays, `minimum_units` what would have drawn level with it."""

    negotiation: str
    agent: str
    units: int
    minimum_units: int


class SealedBidFailed(Struct, frozen=True, tag=True):
    """A bid that would have won could not be kept; the next one counts."""

    negotiation: str
    agent: str


class Auction(Struct, frozen=True, omit_defaults=True):
    seller: str
    principal: str
    listing: str
    quantity: int
    pricing: Pricing
    reserve: Money
    due: int
    secret_reserve: str = ""
    revealing_us: int = 0
    bids: int = 0
    bidders: int = 0
    is_closed: bool = False
    is_decided: bool = False  # the reserve is known
    winner: str = ""
    seed: str = ""


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
            event.secret_reserve,
            event.revealing_us,
        ),
    )
    view.put(DEADLINES, event.negotiation, event.closes_at)


def _placed(view: View, event: SealedBidPlaced) -> None:
    id, key = event.negotiation, f"{event.negotiation}/{event.agent}"
    more = view.get(BIDS, key) is None
    view.put(BIDS, key, Bid(id, event.agent, event.units, event.number))
    change(view, AUCTIONS, id, bids=event.number, bidders=row_of(view, AUCTIONS, id).bidders + more)


def _closed(view: View, event: SealedBiddingClosed) -> None:
    id, due = event.negotiation, event.reveal_by
    if due:
        change(view, AUCTIONS, id, is_closed=True, due=due)
        view.put(DEADLINES, id, due)
    else:
        change(view, AUCTIONS, id, is_closed=True, is_decided=True)


def _revealed(view: View, event: SealedBidReserveRevealed) -> None:
    reserve = Money(event.units, row_of(view, AUCTIONS, event.negotiation).reserve.asset)
    change(view, AUCTIONS, event.negotiation, reserve=reserve, is_decided=True, seed=event.seed)


def _failed(view: View, event: SealedBidFailed) -> None:
    view.drop(BIDS, f"{event.negotiation}/{event.agent}")


SEEN: dict[type, Any] = {
    SealedBidOpened: "public",
    SealedBidPlaced: "own",
    SealedBiddingClosed: "public",
    SealedBidReserveRevealed: "public",
    SealedBidReserveLost: "public",
    SealedBidWon: "public",
    SealedBidFailed: "own",
}
EVOLVE: dict[type, Any] = {
    SealedBidOpened: _opened,
    SealedBidPlaced: _placed,
    SealedBiddingClosed: _closed,
    SealedBidReserveRevealed: _revealed,
    SealedBidReserveLost: lambda view, event: change(
        view, AUCTIONS, event.negotiation, is_decided=True
    ),
    SealedBidWon: lambda view, event: change(view, AUCTIONS, event.negotiation, winner=event.agent),
    SealedBidFailed: _failed,
}
