"""Sealed bids, played."""

from souq.core.mechanisms.sealed_bid import OpenSealedBid, PlaceSealedBid
from souq.core.money import Money
from souq.core.rules import HOUR_US
from tests.mechanisms.plays import Path


def usd(units: int) -> Money:
    return Money(units, "USD")


def three_bids(path: Path) -> None:
    """The highest of three wins."""
    sol, bea, dan, eve = path.join(4)
    run = path.open(sol, OpenSealedBid(path.post(sol), usd(50), HOUR_US))
    for agent, units in ((bea, 70), (dan, 90), (eve, 20), (bea, 80)):
        path.move(agent, PlaceSealedBid(run, usd(units)))
    path.pass_time(2 * HOUR_US)
    assert path.trades[-1] == (dan, sol, "L1", 1, 80)


PLAYS = (three_bids,)
