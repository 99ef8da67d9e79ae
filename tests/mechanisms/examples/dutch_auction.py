"""Dutch auctions, played."""

from souq.core.mechanisms.dutch_auction import OpenDutchAuction, TakeFallingPrice
from souq.core.rules import HOUR_US
from tests.mechanisms.bidding import usd
from tests.mechanisms.plays import Path


def falls(path: Path) -> None:
    """The first to take buys, at the price of that moment; nobody else can."""
    sol, bea = path.join(2)
    command = OpenDutchAuction(path.post(sol, available=2), usd(100), usd(40), usd(10), HOUR_US)
    run = path.open(sol, command)
    path.pass_time(3 * HOUR_US + HOUR_US // 2)
    path.move(bea, TakeFallingPrice(run, usd(75)))
    assert path.trades == [(bea, sol, "L1", 1, 70)]


def in_parts(path: Path) -> None:
    """One takes a part, another the rest for less; what nobody takes is free again."""
    sol, bea, dan = path.join(3)
    crates = path.post(sol, available=10)
    for quantity in (5, 5):
        command = OpenDutchAuction(crates, usd(100), usd(40), usd(25), HOUR_US, quantity=quantity)
        run = path.open(sol, command)
    path.move(bea, TakeFallingPrice(run, usd(100), 2))
    path.pass_time(HOUR_US + HOUR_US // 2)
    path.move(dan, TakeFallingPrice(run, usd(80), 3))
    path.pass_time(6 * HOUR_US)
    assert path.trades == [(bea, sol, "L1", 2, 200), (dan, sol, "L1", 3, 225)]


PLAYS = (falls, in_parts)
