"""English auctions, played."""

from souq.core.mechanisms.english_auction.prices import Increment, Restraints
from souq.core.rules import HOUR_US, MINUTE_US
from tests.mechanisms.bidding import bid, open_english, usd
from tests.mechanisms.plays import Path


def proxies(path: Path) -> None:
    """The highest maximum wins, at a step above the second."""
    sol, bea, dan, eve = path.join(4)
    run = open_english(path, sol, increments=(Increment(0, 1), Increment(50, 5)))
    for agent, units in ((bea, 70), (dan, 40), (eve, 90), (bea, 80)):
        bid(path, run, agent, units)
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(eve, sol, "L1", 1, 85)]


def late(path: Path) -> None:
    """A late bid puts the end off, so that it can be answered; at a hard close it cannot."""
    sol, bea, dan = path.join(3)
    soft = open_english(path, sol)
    hard = open_english(path, sol, soft_close_us=0)
    for run in (soft, hard):
        bid(path, run, bea, 10)
    path.pass_time(HOUR_US - MINUTE_US)
    for run in (soft, hard):
        bid(path, run, dan, 20)
    path.pass_time(HOUR_US + MINUTE_US)
    assert path.trades == [(dan, sol, "L2", 1, 11)]
    bid(path, soft, bea, 15)
    path.pass_time(2 * HOUR_US)
    assert path.trades[1:] == [(dan, sol, "L1", 1, 16)]


def reserves(path: Path) -> None:
    """A maximum that reaches the reserve is lifted to it; below, nothing is sold."""
    sol, bea, dan = path.join(3)
    met = open_english(path, sol, reserve=usd(50))
    missed = open_english(path, sol, reserve=usd(50))
    bid(path, met, bea, 60)
    bid(path, missed, dan, 40)
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(bea, sol, "L1", 1, 50)]


def restrained(path: Path) -> None:
    """Every restraint at once."""
    sol, bea, dan, eve = path.join(4)
    run = open_english(
        path,
        sol,
        restraints=Restraints(
            entry_fee_units=3,
            refund_increments=2,
            round_us=10 * MINUTE_US,
            idle_rounds_max=2,
            doubling_bids=2,
            needs_value_cap=True,
        ),
    )
    bid(path, run, bea, 10, cap=12)
    bid(path, run, dan, 20, cap=30)
    path.pass_time(15 * MINUTE_US)
    bid(path, run, eve, 18, cap=18)  # the third bid: steps are 2
    bid(path, run, dan, 30)
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(dan, sol, "L1", 1, 20)]


PLAYS = (proxies, late, reserves, restrained)
