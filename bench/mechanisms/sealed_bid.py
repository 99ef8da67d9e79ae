"""The close of a sealed-bid auction with 10,000 bids, and with a tenth of them, for growth."""

import random
import tempfile
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.mechanisms.rates import Rates
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms import sealed_bid
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import HOUR_US, OPERATOR, Rules
from souq.core.seal import PublicText
from souq.engine import Pending
from souq.journal.sqlite import SqliteStore
from souq.lab.kernel import Kernel
from souq.lab.simulation import Simulation

BIDS = 10_000
PRIME = 7_919  # runs through all prices in no order
IN_FLIGHT = 256
OPENING = OpenSealedBid("L1", Money(1, "USD"), HOUR_US)

Sent = tuple[str, Any]


def measure(rates: Rates) -> None:
    """Measure bidding and the close, by the kernel and through the durable market."""
    for bids in (BIDS // 10, BIDS):
        _by_kernel(rates, f"sealed bids, {bids:,}, kernel", bids)
        _in_market(rates, f"sealed bids, {bids:,}, durable market", bids)


def _moves(bids: int) -> list[Sent]:
    prices = (1 + n * PRIME % bids for n in range(bids))
    return [
        (f"A{n}", PlaceSealedBid("N1", Money(price, "USD"))) for n, price in enumerate(prices, 2)
    ]


def _by_kernel(rates: Rates, name: str, bids: int) -> None:
    kernel = Kernel(sealed_bid)
    kernel.join(1 + bids)
    kernel.post("A1")
    kernel.open("A1", OPENING)
    moves = _moves(bids)

    def bid() -> None:
        for agent, move in moves:
            kernel.move(agent, move)

    rates.rate(f"{name}: bidding", bids, bid)
    rates.rate(f"{name}: close", bids, lambda: kernel.pass_time(2 * HOUR_US))
    assert [trade[4] for trade in kernel.trades] == [bids - 1], "the second-highest is paid"


def _in_market(rates: Rates, name: str, bids: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        market = Simulation(SqliteStore(Path(folder) / "market"), random.Random(7))
        market.open(Rules(), b"")
        _send(market, "join", _people(1 + bids))
        _send(market, "open", [("A1", OPENING)])
        moves = _moves(bids)
        rates.rate(f"{name}: bidding", bids, lambda: _send(market, "bid", moves))
        before = market.engine.head[0]
        market.clock.at += 2 * HOUR_US
        rates.rate(f"{name}: close", bids, lambda: (market.engine.tick(), market.engine.head))
        rates.note(f"{name}: records of the close", market.engine.head[0] - before, "")
        market.catch_up()
        assert len(market.history.deals) == 1
        market.engine.close()


def _people(count: int) -> Iterable[Sent]:
    for n in range(1, count + 1):
        yield OPERATOR, RegisterPrincipal(PublicText("somebody"))
        yield f"P{n}", RegisterAgent(f"P{n}", PublicText("an agent"))
        yield f"P{n}", GrantMandate(f"A{n}", SecretLimits(Limits()))
        yield OPERATOR, ReportDeposit(f"P{n}", Money(10**9, "USD"))
    thing = PostListing(PublicText("a thing"), "units", mechanisms=(sealed_bid.NAME,))
    yield "A1", thing


def _send(market: Simulation, name: str, sent: Iterable[Sent]) -> None:
    """Submit commands, so many of them on the way to the disk at a time."""
    waiting: deque[Pending] = deque()
    for n, (actor, command) in enumerate(sent):
        if len(waiting) == IN_FLIGHT:
            waiting.popleft().result().need()
        waiting.append(market.engine.submit_soon(actor, f"{name}-{n}", command))
    while waiting:
        waiting.popleft().result().need()
