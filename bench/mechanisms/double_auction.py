"""An order book under a stream like an exchange's: many orders are cancelled, few trade."""

import random
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.mechanisms.rates import Rates
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms import double_auction
from souq.core.mechanisms.double_auction.records import (
    TALLIES,
    CancelOrder,
    OpenOrderBook,
    PlaceOrder,
)
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import DAY_US, OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.engine import Engine, Pending
from souq.journal.sqlite import SqliteStore
from souq.lab.kernel import Kernel

AGENTS = 200
MIDDLE = 10_000
DEPTH = 50  # ticks on either side
IN_FLIGHT = 64
OPENING = OpenOrderBook("units", "USD", DAY_US)

Sent = tuple[str, Any]


def stream(count: int, seed: int, *, resting: int) -> list[Sent]:
    """Give orders and cancellations around one price, after as many as shall rest.

    Which orders still rest is not known beforehand, so cancellations name orders far behind the
    market, and orders that trade come in at its middle.
    """
    rng = random.Random(seed)
    sent: list[Sent] = []
    quiet: deque[tuple[str, int]] = deque()
    number = 0

    def place(units: int, *, is_bid: bool, quantity: int = 1) -> None:
        nonlocal number
        number += 1
        n = rng.randrange(AGENTS)
        listing = f"L{2 * n + (2 if is_bid else 1)}"
        agent = f"A{n + 1}"
        sent.append((agent, PlaceOrder("N1", listing, Money(units, "USD"), quantity)))
        if abs(units - MIDDLE) > 1:
            quiet.append((agent, number))

    def far() -> None:
        is_bid = rng.random() < 0.5
        away = rng.randint(2, DEPTH)
        place(MIDDLE - away if is_bid else MIDDLE + away, is_bid=is_bid)

    for _ in range(resting):
        far()
    while len(sent) < count + resting:
        drawn = rng.random()
        if drawn < 0.42:
            far()
        elif drawn < 0.84:
            agent, order = quiet.popleft()
            sent.append((agent, CancelOrder("N1", order)))
        else:
            place(MIDDLE, is_bid=rng.random() < 0.5)
    return sent


class Stream:
    """A kernel with its book filled, and the stream that is still to come."""

    def __init__(self, count: int, *, resting: int) -> None:
        self.kernel = Kernel(double_auction)
        self.kernel.join(AGENTS)
        for n in range(AGENTS):
            self.kernel.post(f"A{n + 1}", available=10**9)
            self.kernel.post(f"A{n + 1}", available=10**9, side="want")
        self.kernel.open("A1", OPENING)
        sent = stream(count, 1, resting=resting)
        self._play(sent[:resting])
        self._rest = sent[resting:]

    def _play(self, sent: list[Sent]) -> None:
        move = self.kernel.move
        for agent, command in sent:
            move(agent, command)

    def go(self) -> None:
        """Play the rest."""
        self._play(self._rest)

    @property
    def trades(self) -> int:
        """Count the trades so far."""
        return self.kernel.tables[TALLIES]["N1"].trades


def opened(store: SqliteStore) -> Engine:
    """Open a market with a book, and agents with money, open mandates and listings."""
    engine = Engine(store)
    commands: list[Sent] = [(OPERATOR, OpenMarket(Rules()))]
    for n in range(1, AGENTS + 1):
        title = PublicText("units")
        fields: dict[str, Any] = {"quantity": 10**9, "mechanisms": (double_auction.NAME,)}
        commands += [
            (OPERATOR, RegisterPrincipal(PublicText(f"person {n}"))),
            (f"P{n}", RegisterAgent(f"P{n}", PublicText(f"agent {n}"))),
            (f"P{n}", GrantMandate(f"A{n}", SecretLimits(Limits(lifetime_units=10**15)))),
            (OPERATOR, ReportDeposit(f"P{n}", Money(10**12, "USD"))),
            (f"A{n}", PostListing(title, "units", side="sell", **fields)),
            (f"A{n}", PostListing(title, "units", side="want", **fields)),
        ]
    commands.append(("A1", OPENING))
    for n, (actor, command) in enumerate(commands):
        engine.submit(actor, f"open-{n}", command).need()
    return engine


def sending(engine: Engine, sent: list[Sent], name: str) -> Callable[[], None]:
    """Give work that sends commands, so many in flight, and waits until the last is durable."""

    def work() -> None:
        waiting: deque[Pending] = deque()
        for n, (actor, command) in enumerate(sent):
            waiting.append(engine.submit_soon(actor, f"{name}-{n}", command))
            if len(waiting) >= IN_FLIGHT:
                waiting.popleft().result().need()
        while waiting:
            waiting.popleft().result().need()

    return work


def measure(rates: Rates) -> None:
    """Measure the book alone, at one and ten sizes, and in a durable market.

    What is counted is orders, cancellations and trades; how many trades, a run beforehand tells.
    """
    commands = 60_000
    for resting in (2_000, 20_000):
        halves, again = Stream(commands, resting=resting), Stream(commands, resting=resting)
        before = halves.trades
        halves.go()
        events = commands + halves.trades - before
        rates.rate(f"order book, events, {resting:,} orders resting", events, again.go)
        rates.note(f"of them trades, {resting:,} orders resting", 1 - commands / events, "")
    commands = 10_000
    with tempfile.TemporaryDirectory() as folder, opened(SqliteStore(Path(folder))) as engine:
        sent = stream(commands, 1, resting=2_000)
        sending(engine, sent[:2_000], "fill")()
        trades = Stream(commands, resting=2_000)
        before = trades.trades
        trades.go()
        events = commands + trades.trades - before
        work = sending(engine, sent[2_000:], "go")
        rates.rate(f"order book, events, durable in SQLite, {IN_FLIGHT} in flight", events, work)
