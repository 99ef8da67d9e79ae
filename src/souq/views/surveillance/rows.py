"""What detectors look at: small typed rows of what happened, and the alarm that they raise.

Rows name principals, never agents: whoever trades through two agents is one. `seq` is the record.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Action = Literal["observe", "warn", "slow", "restrict", "human"]
EVIDENCE_MAX = 32  # records, contracts and edges each that an alarm carries


class Trade(Struct, frozen=True, gc=False):
    """One deal, `units` paid in all; `market` is its category, or whatever parts markets."""

    seq: int
    at: int
    seller: str
    buyer: str
    units: int
    market: str = ""
    contract: str = ""


class Quote(Struct, frozen=True, gc=False):
    """A listing's price a piece from now on; `cost_units` is what a piece costs, 0 is unknown."""

    seq: int
    at: int
    seller: str
    listing: str
    units: int
    market: str = ""
    cost_units: int = 0


class Said(Struct, frozen=True, gc=False):
    """A message; `code` is a hash of its words, `room` is "" for the floor."""

    seq: int
    at: int
    by: str
    code: str
    room: str = ""


class Bid(Struct, frozen=True, gc=False):
    """A bid in an auction that ran from `opened_at`; `closes_at` as it stood at the bid."""

    seq: int
    at: int
    run: str
    seller: str
    bidder: str
    units: int
    opened_at: int
    closes_at: int


class Award(Struct, frozen=True, gc=False):
    """An auction has ended; `winner` is "" where nothing was sold."""

    seq: int
    at: int
    run: str
    seller: str
    winner: str
    units: int


class Tender(Struct, frozen=True, gc=False):
    """A call for proposals has been awarded: what everybody proposed, the winner among them."""

    seq: int
    at: int
    run: str
    buyer: str
    market: str
    winner: str
    bids: tuple[tuple[str, int], ...]


class Order(Struct, frozen=True, gc=False):
    """An order in a book. `best_units` is the best of its side before it, 0 is none."""

    seq: int
    at: int
    book: str
    order: int
    owner: str
    is_bid: bool
    units: int
    quantity: int
    best_units: int = 0


class OrderGone(Struct, frozen=True, gc=False):
    """An order left its book, `quantity` of it untraded; `is_cancelled` by its owner."""

    seq: int
    at: int
    book: str
    order: int
    quantity: int
    is_cancelled: bool


class Fill(Struct, frozen=True, gc=False):
    """Two orders traded; `bid` and `ask` are their numbers."""

    seq: int
    at: int
    book: str
    bid: int
    ask: int
    units: int
    quantity: int


Row = Trade | Quote | Said | Bid | Award | Tender | Order | OrderGone | Fill


class Edge(Struct, frozen=True, gc=False):
    """How much went from one principal to another, in how many deals, messages or steps."""

    giver: str
    taker: str
    units: int
    count: int


class Alarm(Struct, frozen=True, omit_defaults=True):
    """What a detector found: who, how sure in basis points, and the evidence for it.

    `advice` is the rung of the ladder that the operator may consider; nothing follows by itself.
    """

    detector: str
    parties: tuple[str, ...]
    score_bps: int
    since: int
    until: int
    advice: Action
    records: tuple[int, ...] = ()
    contracts: tuple[str, ...] = ()
    edges: tuple[Edge, ...] = ()
    told: str = ""


def some(found: Sequence[int]) -> tuple[int, ...]:
    """Cut a list of records down to what an alarm carries: the first ones and the last."""
    if len(found) <= EVIDENCE_MAX:
        return tuple(found)
    half = EVIDENCE_MAX // 2
    return (*found[:half], *found[-half:])


def some_names(found: Sequence[str]) -> tuple[str, ...]:
    """Cut a list of contracts or runs down alike, each once and none empty."""
    names = tuple(dict.fromkeys(filter(None, found)))
    half = EVIDENCE_MAX // 2
    return names if len(names) <= EVIDENCE_MAX else (*names[:half], *names[-half:])
