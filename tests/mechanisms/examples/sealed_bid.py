"""Sealed bids, played."""

from souq.core.mechanisms.commitment import RevealReserve, of_reserve
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid
from souq.core.rules import HOUR_US
from tests.mechanisms.bidding import NONCE, usd
from tests.mechanisms.plays import Path


def three_bids(path: Path) -> None:
    """The highest of three wins."""
    sol, bea, dan, eve = path.join(4)
    run = path.open(sol, OpenSealedBid(path.post(sol), usd(50), HOUR_US))
    for agent, units in ((bea, 70), (dan, 90), (eve, 20), (bea, 80)):
        path.move(agent, PlaceSealedBid(run, usd(units)))
    path.pass_time(2 * HOUR_US)
    assert path.trades[-1] == (dan, sol, "L1", 1, 80)


def secret_reserves(path: Path) -> None:
    """A reserve shown in time counts; one that is not protects nothing."""
    sol, bea, dan = path.join(3)
    runs = []
    for reserve in (100, 75, 1_000):
        lamp = path.post(sol)
        digest = of_reserve(sol, lamp, usd(reserve), NONCE)
        command = OpenSealedBid(lamp, usd(10), HOUR_US, secret_reserve=digest, revealing_us=HOUR_US)
        run = path.open(sol, command)
        path.move(bea, PlaceSealedBid(run, usd(80)))
        path.move(dan, PlaceSealedBid(run, usd(70)))
        runs.append(run)
    path.pass_time(HOUR_US + HOUR_US // 2)
    assert path.trades == []
    path.move(sol, RevealReserve(runs[0], usd(100), NONCE))
    assert path.trades == [], "nobody bid as much"
    path.move(sol, RevealReserve(runs[1], usd(75), NONCE))
    assert path.trades[-1] == (bea, sol, "L2", 1, 75)
    path.pass_time(3 * HOUR_US)
    assert path.trades[-1] == (bea, sol, "L3", 1, 70)


def a_tie_is_drawn(path: Path) -> None:
    """By first price; and of two equal bids the lot names one."""
    sol, bea, dan = path.join(3)
    lots = path.post(sol, available=5)
    command = OpenSealedBid(lots, usd(0), HOUR_US, quantity=3, pricing="first_price")
    run = path.open(sol, command)
    path.move(dan, PlaceSealedBid(run, usd(60)))
    path.move(bea, PlaceSealedBid(run, usd(60)))
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(bea, sol, "L1", 3, 60)]


PLAYS = (three_bids, secret_reserves, a_tie_is_drawn)
