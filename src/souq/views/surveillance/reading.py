"""Records read as rows: who dealt, asked, said, bid and ordered what, by principals.

Memory holds who is who, what stands in order books, and what auctions and calls are under way.
"""

import hashlib
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

import msgspec
from msgspec import Struct

from souq.core import listing, message, negotiation, party, stock
from souq.core.agreement import CashLeg, GoodsLeg, Leg
from souq.core.listing import LISTINGS
from souq.core.mechanisms.call_for_proposals import records as calls
from souq.core.mechanisms.double_auction import records as books
from souq.core.mechanisms.english_auction import records as auctions
from souq.core.party import AGENTS
from souq.core.state import State
from souq.journal.record import Payload, Record
from souq.views.surveillance.rows import (
    Award,
    Bid,
    Fill,
    Order,
    OrderGone,
    Quote,
    Row,
    Said,
    Tender,
    Trade,
)

Rows = Iterator[Row]
_strings = msgspec.json.Decoder(str)


class _Listed(Struct):
    seller: str
    market: str


class _Auction(Struct):
    seller: str
    opened_at: int
    closes_at: int
    winner: str = ""
    units: int = 0


class _Call(Struct):
    buyer: str
    market: str
    bids: dict[str, int]
    winner: str = ""


class _Side:
    """One side of a book: what is left of its orders, and the best price of them."""

    def __init__(self, *, is_bid: bool) -> None:
        self.left: dict[int, int] = {}
        self._sign = -1 if is_bid else 1
        self._heap: list[tuple[int, int]] = []

    def add(self, order: int, units: int, quantity: int) -> None:
        self.left[order] = quantity
        heappush(self._heap, (self._sign * units, order))

    def best(self) -> int:
        while self._heap and self._heap[0][1] not in self.left:
            heappop(self._heap)
        return abs(self._heap[0][0]) if self._heap else 0

    def take(self, order: int, quantity: int) -> None:
        if order in self.left:
            self.left[order] -= quantity
            if self.left[order] <= 0:
                del self.left[order]


class Reader:
    """Give it records in order; what it missed of who is who, it looks up in the live state."""

    def __init__(
        self,
        find: Callable[[str], Payload | None],
        state: Callable[[], State] | None = None,
    ) -> None:
        self._find = find
        self._state = state
        self.seq = self.at = 0
        self._principals: dict[str, str] = {}
        self._listed: dict[str, _Listed] = {}
        self.sides: dict[str, dict[bool, _Side]] = {}
        self.auctions: dict[str, _Auction] = {}
        self.calls: dict[str, _Call] = {}

    def rows(self, record: Record) -> Rows:
        """Give the rows of one record."""
        self.seq, self.at = record.seq, record.at
        for event in record.events:
            read = _READ.get(type(event))
            if read is not None:
                yield from read(self, event)

    def principal(self, agent: str) -> str:
        """Give whom an agent speaks for, or itself where nobody knows."""
        found = self._principals.get(agent)
        if found is None and self._state is not None:
            row = self._state().get(AGENTS, agent)
            found = row.principal if row is not None else None
        return found or agent

    def know(self, agent: str, principal: str) -> None:
        """Note whom an agent speaks for."""
        self._principals[agent] = principal

    def list(self, id: str, seller: str, market: str) -> None:
        """Note whose a listing is, and of which market."""
        self._listed[id] = _Listed(seller, market)

    def listed(self, id: str) -> _Listed:
        """Give whose a listing is, and of which market; both "" where nobody knows."""
        found = self._listed.get(id)
        if found is None and self._state is not None:
            row = self._state().get(LISTINGS, id)
            if row is not None:
                found = self._listed[id] = _Listed(row.principal, row.category)
        return found or _Listed("", "")

    def code(self, digest: str) -> str:
        """Give a hash of a message's words, without case and spacing; "" where they are erased."""
        payload = self._find(digest)
        if payload is None:
            return ""
        words = " ".join(_strings.decode(payload.content).casefold().split())
        return hashlib.sha256(words.encode()).hexdigest()[:16]

    def side(self, book: str, *, is_bid: bool) -> _Side:
        """Give one side of a book."""
        sides = self.sides.setdefault(book, {})
        found = sides.get(is_bid)
        if found is None:
            found = sides[is_bid] = _Side(is_bid=is_bid)
        return found


def _agent(reader: Reader, event: party.AgentRegistered) -> Rows:
    reader.know(event.agent, event.principal)
    yield from ()


def _posted(reader: Reader, event: listing.ListingPosted) -> Rows:
    posted = event.listing
    reader.list(posted.id, posted.principal, posted.category)
    if posted.price is not None and posted.side == "sell":
        yield _quote(reader, posted.id, posted.price.units)


def _edited(reader: Reader, event: listing.ListingEdited) -> Rows:
    if event.price is not None:
        yield _quote(reader, event.listing, event.price.units)


def _quote(reader: Reader, id: str, units: int) -> Quote:
    found = reader.listed(id)
    return Quote(reader.seq, reader.at, found.seller, id, units, found.market)


def _moved(reader: Reader, event: stock.TitleMoved) -> Rows:
    reader.list(event.listing, event.principal, reader.listed(event.listing).market)
    yield from ()


def _agreed(reader: Reader, event: negotiation.AgreementReached) -> Rows:
    legs = event.agreement.legs
    paid: dict[tuple[str, str], int] = {}
    for leg in legs:
        if isinstance(leg, CashLeg):
            pair = reader.principal(leg.taker), reader.principal(leg.giver)
            paid[pair] = paid.get(pair, 0) + leg.amount.units
    market = _market(reader, legs)
    for (seller, buyer), units in paid.items():
        yield Trade(reader.seq, reader.at, seller, buyer, units, market, event.contract)


def _market(reader: Reader, legs: tuple[Leg, ...]) -> str:
    for leg in legs:
        if isinstance(leg, GoodsLeg):
            return reader.listed(leg.listing).market
    return ""


def _said(reader: Reader, event: message.MessagePosted | message.MessageSent) -> Rows:
    room = event.negotiation if isinstance(event, message.MessageSent) else ""
    by = reader.principal(event.agent)
    yield Said(reader.seq, reader.at, by, reader.code(event.text), room)


def _ordered(reader: Reader, event: books.OrderPlaced) -> Rows:
    is_bid = event.side == "bid"
    side = reader.side(event.negotiation, is_bid=is_bid)
    best = side.best()
    side.add(event.order, event.units, event.quantity)
    yield Order(
        *(reader.seq, reader.at, event.negotiation, event.order, event.principal, is_bid),
        *(event.units, event.quantity, best),
    )


def _order_ended(reader: Reader, event: books.OrderEnded) -> Rows:
    reader.side(event.negotiation, is_bid=event.side == "bid").left.pop(event.order, None)
    is_cancelled = event.why == "cancelled"
    row = (reader.seq, reader.at, event.negotiation, event.order, event.quantity, is_cancelled)
    yield OrderGone(*row)


def _matched(reader: Reader, event: books.OrdersMatched) -> Rows:
    book, quantity = event.negotiation, event.quantity
    reader.side(book, is_bid=True).take(event.bid, quantity)
    reader.side(book, is_bid=False).take(event.ask, quantity)
    yield Fill(reader.seq, reader.at, book, event.bid, event.ask, event.units, quantity)


def _cleared(reader: Reader, event: books.QuotesCleared) -> Rows:
    for side in reader.sides.pop(event.negotiation, {}).values():
        for order, left in side.left.items():
            yield OrderGone(reader.seq, reader.at, event.negotiation, order, left, False)


def _auction(reader: Reader, event: auctions.EnglishAuctionOpened) -> Rows:
    found = _Auction(event.principal, event.opened_at, event.closes_at)
    reader.auctions[event.negotiation] = found
    yield from ()


def _bid(reader: Reader, event: auctions.ProxyBidPlaced) -> Rows:
    found = reader.auctions.get(event.negotiation)
    if found is not None:
        who = (event.negotiation, found.seller, reader.principal(event.agent), event.units)
        yield Bid(reader.seq, reader.at, *who, found.opened_at, found.closes_at)


def _price_set(reader: Reader, event: auctions.EnglishPriceSet) -> Rows:
    found = reader.auctions.get(event.negotiation)
    if found is not None:
        found.closes_at = event.closes_at
    yield from ()


def _won(reader: Reader, event: auctions.EnglishAuctionWon) -> Rows:
    found = reader.auctions.get(event.negotiation)
    if found is not None:
        found.winner, found.units = reader.principal(event.agent), event.units
    yield from ()


def _call(reader: Reader, event: calls.CallForProposalsOpened) -> Rows:
    market = reader.listed(event.listing).market
    reader.calls[event.negotiation] = _Call(event.principal, market, {})
    yield from ()


def _proposed(reader: Reader, event: calls.ProposalSent) -> Rows:
    found = reader.calls.get(event.negotiation)
    if found is not None:
        found.bids[reader.principal(event.agent)] = event.units
    yield from ()


def _awarded(reader: Reader, event: calls.ProposalAwarded) -> Rows:
    found = reader.calls.get(event.negotiation)
    if found is not None and not found.winner:
        found.winner = reader.principal(event.agent)
    yield from ()


def _closed(reader: Reader, event: negotiation.NegotiationClosed) -> Rows:
    id, now = event.negotiation, (reader.seq, reader.at, event.negotiation)
    reader.sides.pop(id, None)
    auction = reader.auctions.pop(id, None)
    if auction is not None:
        yield Award(*now, auction.seller, auction.winner, auction.units)
    call = reader.calls.pop(id, None)
    if call is not None and call.winner in call.bids:
        yield Tender(*now, call.buyer, call.market, call.winner, tuple(call.bids.items()))


_READ: dict[type, Callable[[Reader, Any], Rows]] = {
    party.AgentRegistered: _agent,
    listing.ListingPosted: _posted,
    listing.ListingEdited: _edited,
    stock.TitleMoved: _moved,
    negotiation.AgreementReached: _agreed,
    message.MessagePosted: _said,
    message.MessageSent: _said,
    books.OrderPlaced: _ordered,
    books.OrderEnded: _order_ended,
    books.OrdersMatched: _matched,
    books.QuotesCleared: _cleared,
    auctions.EnglishAuctionOpened: _auction,
    auctions.ProxyBidPlaced: _bid,
    auctions.EnglishPriceSet: _price_set,
    auctions.EnglishAuctionWon: _won,
    calls.CallForProposalsOpened: _call,
    calls.ProposalSent: _proposed,
    calls.SealedProposalSent: _proposed,
    calls.ProposalAwarded: _awarded,
    negotiation.NegotiationClosed: _closed,
}
