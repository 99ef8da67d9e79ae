"""Where learners bid in a market of souq: one sealed auction after another, of one piece each.

A bidder learns from what it won and paid. Where it listens, it also learns from what the auction
publishes once it is over: what the winner paid, and what would have been enough.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from souq.core.mechanisms import sealed_bid
from souq.core.mechanisms.sealed_bid.records import (
    OpenSealedBid,
    PlaceSealedBid,
    Pricing,
    SealedBidWon,
)
from souq.core.money import USD, Money
from souq.core.rules import HOUR_US
from souq.journal.memory import MemoryStore
from souq.journal.replay import reader
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.learning.bidding import BIDS, Sale, Schooling, alone

STOCK = 1_000_000
TURN_US = 2 * HOUR_US
ROUNDS = 16
# Within the rounds trials give way to what was learnt.
SCHOOLING = Schooling(rounds=ROUNDS, fading=0.1, rate=0.3, patience=0.5, chance=1.0)


class LoudKernel(Kernel):
    """A kernel that keeps what auctions published."""

    __slots__ = ("told",)

    def __init__(self, mechanism: Any) -> None:
        super().__init__(mechanism)
        self.told: list[SealedBidWon] = []

    def emit(self, event: Any) -> None:
        super().emit(event)
        if isinstance(event, SealedBidWon):
            self.told.append(event)


class LoudHall(Hall):
    """A market whose journal is read for what auctions published."""

    def __init__(self, mechanism: Any) -> None:
        self._journal = MemoryStore()
        super().__init__(mechanism, store=self._journal)
        self._read = reader(self._journal).whole

    @property
    def told(self) -> list[SealedBidWon]:
        return [
            event
            for entry in self._journal.read(1, self._journal.head()[0])
            for event in self._read(entry.seq, entry.body).events
            if isinstance(event, SealedBidWon)
        ]


Path = LoudKernel | LoudHall


class Room:
    """One seller and two bidders on a path, auction after auction."""

    def __init__(self, path: Path, pricing: Pricing, *, listens: bool = False) -> None:
        self.path = path
        self._pricing, self._listens = pricing, listens
        self._seller, *self.bidders = path.join(3)
        self._pieces = path.post(self._seller, available=STOCK)
        self._rounds = 0

    def sell(self, chosen: Sequence[int]) -> Sale:
        """Hold one auction at the bids chosen."""
        path = self.path
        opening = OpenSealedBid(self._pieces, _usd(0), HOUR_US, pricing=self._pricing)
        run = path.open(self._seller, opening)
        for bidder, bid in zip(self.bidders, chosen, strict=True):
            path.move(bidder, PlaceSealedBid(run, _usd(BIDS[bid])))
        self._rounds += 1
        path.pass_time(self._rounds * TURN_US)
        winner, _, _, _, paid = path.trades[-1]
        if not self._listens:
            return Sale(self.bidders.index(winner), paid)
        told = path.told[-1]
        assert self._pricing == "first_price", "by second price nobody is told the winner's bid"
        # The winner hears what would have been enough, the loser what was paid.
        heard = (told.units, told.minimum_units)
        rivals = (heard[told.agent == one] for one in self.bidders)
        first, second = (BIDS.index(units) for units in rivals)
        return Sale(self.bidders.index(winner), paid, (first, second))


def room(pricing: Pricing, *, listens: bool = False, is_market: bool = False) -> Room:
    """Open a room on the mechanism alone, or in a whole market."""
    path: Path = LoudHall(sealed_bid) if is_market else LoudKernel(sealed_bid)
    return Room(path, pricing, listens=listens)


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of some rounds of each format, by the kernel and by the whole market."""
    return _rounds(seed, is_market=False), _rounds(seed, is_market=True)


def _rounds(seed: int, *, is_market: bool) -> list[Trade]:
    found: list[Trade] = []
    formats: tuple[tuple[Pricing, bool], ...] = (
        ("first_price", False),
        ("first_price", True),
        ("second_price", False),
    )
    for pricing, listens in formats:
        here = room(pricing, listens=listens, is_market=is_market)
        rng = random.Random(f"R4 {seed} {pricing} {listens}")
        for _ in islice(alone(pricing, SCHOOLING, _draws(rng), here.sell), ROUNDS):
            pass
        found += here.path.trades
    return found


def _draws(rng: random.Random) -> Iterator[float]:
    while True:
        yield rng.random()


def _usd(units: int) -> Money:
    return Money(units, USD.code)
