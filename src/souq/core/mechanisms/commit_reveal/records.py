"""What is asked, what happens and what is remembered in a run of `commit_reveal`."""

from typing import Any, Literal

from msgspec import Struct

from souq.core.index import Rank
from souq.core.mechanisms.sealed_bid.records import Pricing
from souq.core.money import Money
from souq.core.state import DEADLINES, Table, View, change, row_of

Phase = Literal["committing", "revealing", "over"]


class OpenCommitReveal(
    Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Sell a listing of one's own to the highest of bids that are committed to, then shown.

    `secret` is the digest of a reserve, which counts where it is above `reserve`, and of a nonce
    that becomes the seed of the lot (`commitment.of_reserve`): SHA-256 over canonical JSON of
    ["souq.reserve.v1", agent, listing, [units, asset], nonce]. `deposit` is held of each bidder
    and of the seller.
    """

    listing: str
    reserve: Money
    deposit: Money
    secret: str
    committing_us: int
    revealing_us: int
    quantity: int = 1
    pricing: Pricing = "second_price"


class CommitBid(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Commit to a bid for the whole, without saying what it is.

    `commitment` is the digest that `commitment.of_bid` gives: SHA-256 over canonical JSON of
    ["souq.bid.v1", negotiation, agent, [units, asset], nonce], the nonce being 32 to 64 small
    hexadecimal digits. It takes the place of one's old one. The deposit is held until the bid is
    shown, and lost where it is not.
    """

    negotiation: str
    commitment: str


class RevealBid(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Show the bid that one committed to; its money is held. Others see it when all are shown."""

    negotiation: str
    price: Money
    nonce: str


class CommitRevealOpened(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    quantity: int
    pricing: Pricing
    reserve: Money
    deposit_units: int
    secret: str
    reveals_at: int
    closes_at: int


class BidCommitted(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    commitment: str
    number: int


class CommittingClosed(Struct, frozen=True, tag=True):
    """From now on bids are shown."""

    negotiation: str


class BidRevealed(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    units: int
    nonce: str


class SellerRevealed(Struct, frozen=True, tag=True):
    """The seller has shown its reserve, `units`, and the seed of the lot."""

    negotiation: str
    agent: str
    units: int
    nonce: str


class BidsPublished(Struct, frozen=True, tag=True):
    """All that was shown, one column each, so that anybody can draw the lot again.

    `seed` is "" where the seller never showed it; `reserve_units` is what counts.
    """

    negotiation: str
    agents: tuple[str, ...]
    units: tuple[int, ...]
    nonces: tuple[str, ...]
    reserve_units: int
    seed: str
    lot: str


class CommitRevealWon(Struct, frozen=True, tag=True):
    """`units` is what the winner pays, `minimum_units` what would have drawn level with it."""

    negotiation: str
    agent: str
    units: int
    minimum_units: int


class CommitRevealFailed(Struct, frozen=True, tag=True):
    """An agent could not keep its word, and loses its deposit."""

    negotiation: str
    agent: str


class Run(Struct, frozen=True, omit_defaults=True):
    seller: str
    principal: str
    listing: str
    quantity: int
    pricing: Pricing
    reserve: Money
    deposit_units: int
    secret: str
    due: int
    closes_at: int
    least_units: int  # the reserve that counts
    phase: Phase = "committing"
    bidders: int = 0
    revealed: int = 0
    seed: str = ""
    lot: str = ""
    winner: str = ""
    is_unable: bool = False  # to sell


class CommittedBid(Struct, frozen=True, gc=False, array_like=True):
    """`units` is 0 until it is shown, and again when it cannot be kept."""

    negotiation: str
    agent: str
    number: int
    commitment: str
    units: int = 0
    nonce: str = ""


def _rank(bid: CommittedBid) -> Rank:
    return Rank(bid.negotiation, -bid.units, bid.number)


RUNS: Table[Run] = Table("commit_reveal", Run)
BIDS: Table[CommittedBid] = Table("committed_bids", CommittedBid, rank=_rank)
TABLES: tuple[Table[Any], ...] = (RUNS, BIDS)


def _opened(view: View, event: CommitRevealOpened) -> None:
    view.put(
        RUNS,
        event.negotiation,
        Run(
            event.agent,
            event.principal,
            event.listing,
            event.quantity,
            event.pricing,
            event.reserve,
            event.deposit_units,
            event.secret,
            event.reveals_at,
            event.closes_at,
            event.reserve.units,
        ),
    )
    view.put(DEADLINES, event.negotiation, event.reveals_at)


def _committed(view: View, event: BidCommitted) -> None:
    id, agent = event.negotiation, event.agent
    view.put(BIDS, f"{id}/{agent}", CommittedBid(id, agent, event.number, event.commitment))
    run = row_of(view, RUNS, id)
    change(view, RUNS, id, bidders=max(run.bidders, event.number))


def _closed(view: View, event: CommittingClosed) -> None:
    id = event.negotiation
    # Never sooner than announced; after a halt, late enough to show a bid still.
    run = row_of(view, RUNS, id)
    due = max(run.closes_at, view.at + run.closes_at - run.due)
    change(view, RUNS, id, phase="revealing", due=due)
    view.put(DEADLINES, id, due)


def _revealed(view: View, event: BidRevealed) -> None:
    id, key = event.negotiation, f"{event.negotiation}/{event.agent}"
    bid = row_of(view, BIDS, key)
    shown = CommittedBid(id, bid.agent, bid.number, bid.commitment, event.units, event.nonce)
    view.put(BIDS, key, shown)
    change(view, RUNS, id, revealed=row_of(view, RUNS, id).revealed + 1)


def _seller_revealed(view: View, event: SellerRevealed) -> None:
    id = event.negotiation
    least = max(row_of(view, RUNS, id).reserve.units, event.units)
    change(view, RUNS, id, seed=event.nonce, least_units=least)


def _published(view: View, event: BidsPublished) -> None:
    change(view, RUNS, event.negotiation, phase="over", lot=event.lot)


def _won(view: View, event: CommitRevealWon) -> None:
    change(view, RUNS, event.negotiation, winner=event.agent)


def _failed(view: View, event: CommitRevealFailed) -> None:
    id, key = event.negotiation, f"{event.negotiation}/{event.agent}"
    bid = view.get(BIDS, key)
    if bid is None:
        change(view, RUNS, id, is_unable=True)
    else:
        view.put(BIDS, key, CommittedBid(id, bid.agent, bid.number, bid.commitment))


SEEN: dict[type, Any] = {
    CommitRevealOpened: "public",
    BidCommitted: "public",
    CommittingClosed: "public",
    BidRevealed: "own",
    SellerRevealed: "own",
    BidsPublished: "public",
    CommitRevealWon: "public",
    CommitRevealFailed: "public",
}
EVOLVE: dict[type, Any] = {
    CommitRevealOpened: _opened,
    BidCommitted: _committed,
    CommittingClosed: _closed,
    BidRevealed: _revealed,
    SellerRevealed: _seller_revealed,
    BidsPublished: _published,
    CommitRevealWon: _won,
    CommitRevealFailed: _failed,
}
