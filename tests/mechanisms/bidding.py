"""Short ways to open auctions and to bid in them, on a kernel or in a market."""

from typing import Any

from souq.core.mechanisms.commit_reveal.records import CommitBid, OpenCommitReveal, RevealBid
from souq.core.mechanisms.commitment import of_bid, of_reserve
from souq.core.mechanisms.english_auction.prices import Increment
from souq.core.mechanisms.english_auction.records import OpenEnglishAuction, PlaceProxyBid
from souq.core.money import Money
from souq.core.rules import HOUR_US

NONCE = "5e" * 16
SEED = "0f" * 16
BY_ONE = (Increment(0, 1),)


def usd(units: int) -> Money:
    return Money(units, "USD")


def nonce(agent: str) -> str:
    return agent.encode().hex().rjust(32, "0")


def open_commit_reveal(path: Any, seller: str, *, reserve: int = 50, **more: Any) -> str:
    """Open a run with a public reserve of 10, a deposit of 5, and a reserve committed to."""
    thing = path.post(seller)
    secret = of_reserve(seller, thing, usd(reserve), SEED)
    command = OpenCommitReveal(thing, usd(10), usd(5), secret, HOUR_US, HOUR_US, **more)
    return str(path.open(seller, command))


def commit(path: Any, run: str, agent: str, units: int) -> None:
    """Commit to a bid."""
    path.move(agent, CommitBid(run, of_bid(run, agent, usd(units), nonce(agent))))


def reveal(path: Any, run: str, agent: str, units: int) -> None:
    """Show it."""
    path.move(agent, RevealBid(run, usd(units), nonce(agent)))


def open_english(path: Any, seller: str, **more: Any) -> str:
    """Open a run from 1 on, by steps of 1, for an hour."""
    named: dict[str, Any] = {"start": usd(1), "increments": BY_ONE, "bidding_us": HOUR_US, **more}
    return str(path.open(seller, OpenEnglishAuction(path.post(seller), **named)))


def bid(path: Any, run: str, agent: str, units: int, cap: int = 0) -> None:
    """Bid up to so much."""
    path.move(agent, PlaceProxyBid(run, usd(units), usd(cap) if cap else None))
