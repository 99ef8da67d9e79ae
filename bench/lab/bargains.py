"""One buyer, one seller and a price, haggled over by the clock: kernel, market, NegMAS.

Equal on all sides: the prices (0 to 1000), the limits (600 and 400), the tactic (time-dependent
concession, Boulware or linear), 50 steps in which first the buyer and then the seller names a price
or accepts, and a side accepts what is no worse than what it would name next. Not equal: NegMAS's
negotiators search a table of outcomes for what they aspire to, ours compute a price; ours opens at
1 instead of 0; and our market, beyond the offers, judges mandates, sets money aside, forms a
contract and writes a record of every move.
"""

from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from bench.lab.yardsticks import Yardstick, scratch
from bench.mechanisms.rates import Rates
from souq.agents.concession import Concession
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms import alternating_offers
from souq.core.mechanisms.alternating_offers import HAGGLES, Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.engine import Engine, Pending
from souq.journal.memory import MemoryStore
from souq.journal.sqlite import SqliteStore
from souq.lab.kernel import Kernel

NEGMAS = "negmas==0.16.0"
PRICE_MAX, BUYER_LIMIT, SELLER_LIMIT, STEPS = 1_000, 600, 400, 50
TACTICS = {"boulware": 0.25, "linear": 1.0}
IN_FLIGHT = 1_024  # moves of the durable market on the way to the disk
RULES = Rules(rounds_max=4 * STEPS)
BUYER, SELLER, LISTING, STOCK = "A1", "A2", "L1", 10**8


class Floor(Protocol):
    """Where a bargain is struck."""

    def open(self, agent: str, command: Any) -> str: ...
    def move(self, agent: str, command: Any) -> None: ...
    def terms(self, run: str) -> str: ...


class KernelPath(Kernel):
    """The mechanism by itself."""

    def __init__(self) -> None:
        super().__init__(alternating_offers, RULES)
        self.join(2)
        self.post(SELLER, available=STOCK)

    def terms(self, run: str) -> str:
        """Give the digest of what lies on the table."""
        return self.tables[HAGGLES][run].terms


class MarketPath:
    """The whole market: mandates, ledger, contracts, and a record of every move."""

    def __init__(self, engine: Engine, in_flight: int = 1) -> None:
        self._engine = engine
        self._in_flight = in_flight
        self._waiting: deque[Pending] = deque()
        self._sent = 0
        limits = Limits(per_deal_units=10**12, window_units=10**15, lifetime_units=10**15)
        commands: list[tuple[str, Any]] = [(OPERATOR, OpenMarket(RULES))]
        for n in (1, 2):
            commands += [
                (OPERATOR, RegisterPrincipal(PublicText(f"person {n}"))),
                (f"P{n}", RegisterAgent(f"P{n}", PublicText(f"agent {n}"))),
                (f"P{n}", GrantMandate(f"A{n}", SecretLimits(limits))),
                (OPERATOR, ReportDeposit(f"P{n}", Money(10**12, "USD"))),
            ]
        commands.append((SELLER, PostListing(PublicText("lamp"), "home", quantity=STOCK)))
        for actor, command in commands:
            self.move(actor, command)
        self.finish()

    def open(self, agent: str, command: Any) -> str:
        """Open a negotiation."""
        return str(self._send(agent, command).judged.need().events[0].negotiation)

    def move(self, agent: str, command: Any) -> None:
        """Send a command."""
        self._send(agent, command).judged.need()

    def terms(self, run: str) -> str:
        """Give the digest of what lies on the table."""
        return self._engine.live[0].rows(HAGGLES)[run].terms

    def finish(self) -> None:
        """Wait until the last move is durable."""
        while self._waiting:
            self._waiting.popleft().result()

    def _send(self, agent: str, command: Any) -> Pending:
        self._sent += 1
        pending = self._engine.submit_soon(agent, f"c{self._sent}", command)
        self._waiting.append(pending)
        if len(self._waiting) >= self._in_flight:
            self._waiting.popleft().result()
        return pending  # who haggles and the market share a process, so it may look before the disk


def bargain(path: Floor, tactic: Concession) -> tuple[int, int]:
    """Give how many moves there were, the acceptance among them, and the price."""
    bid, ask, run, moves = 0, PRICE_MAX + 1, "", 0
    for step in range(1, STEPS + 1):
        progress = step / (STEPS + 1)
        bid = tactic.price(
            "buyer", opening=1, limit=BUYER_LIMIT, progress=progress, mine=(), theirs=()
        )
        moves += 1
        if ask <= bid:
            path.move(BUYER, Accept(run, path.terms(run)))
            return moves, ask
        if run:
            path.move(BUYER, Counter(run, Money(bid, "USD")))
        else:
            run = path.open(BUYER, MakeOffer((Item(LISTING),), Money(bid, "USD")))
        ask = tactic.price(
            "seller", opening=PRICE_MAX, limit=SELLER_LIMIT, progress=progress, mine=(), theirs=()
        )
        moves += 1
        if bid >= ask:
            path.move(SELLER, Accept(run, path.terms(run)))
            return moves, bid
        path.move(SELLER, Counter(run, Money(ask, "USD")))
    raise AssertionError("limits cross, so that there is a price")


def measure(rates: Rates, scale: float, negmas: Yardstick | None) -> None:
    """Let each side strike bargains, the tactics by turns."""
    for name, beta in TACTICS.items():
        tactic = Concession(beta)
        if negmas is not None:
            told = negmas.measure(
                rates,
                f"bargains, {name}: NegMAS",
                count=max(2, int(80 * scale)),
                tactic=name,
                prices=PRICE_MAX + 1,
                steps=STEPS,
                reserved=SELLER_LIMIT / PRICE_MAX,
            )
            rates.note(f"bargains, {name}: moves in NegMAS", told["moves"], "moves a bargain")
        kernel = KernelPath()
        moves, _ = bargain(kernel, tactic)
        rates.note(f"bargains, {name}: moves here", moves, "moves a bargain")
        count = max(2, int(2_000 * scale))
        rates.rate(f"bargains, {name}: kernel", count, lambda: _many(kernel, tactic, count))  # noqa: B023
        few = max(2, int(300 * scale))
        with Engine(MemoryStore()) as engine:
            market = MarketPath(engine)
            _many(market, tactic, 2)
            rates.rate(
                f"bargains, {name}: market, journal in memory",
                few,
                lambda: _many(market, tactic, few),  # noqa: B023
            )
        with (
            TemporaryDirectory(dir=scratch()) as folder,
            Engine(SqliteStore(Path(folder) / "market")) as engine,
        ):
            durable = MarketPath(engine, IN_FLIGHT)
            _many(durable, tactic, 2)
            rates.rate(
                f"bargains, {name}: market, journal in SQLite",
                few,
                lambda: _many(durable, tactic, few),  # noqa: B023
            )


def _many(path: Any, tactic: Concession, count: int) -> None:
    for _ in range(count):
        bargain(path, tactic)
    if isinstance(path, MarketPath):
        path.finish()
    else:
        path.agreements.clear()
