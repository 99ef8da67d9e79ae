"""Bids that are committed to and then shown, played."""

from souq.core.mechanisms.commitment import RevealReserve
from souq.core.rules import HOUR_US
from tests.mechanisms.bidding import SEED, commit, open_commit_reveal, reveal, usd
from tests.mechanisms.plays import Path


def all_shown(path: Path) -> None:
    """The highest wins, and pays the second by one rule, its own bid by the other."""
    sol, bea, dan, eve = path.join(4)
    bids = {bea: 80, dan: 90, eve: 20}
    runs = (open_commit_reveal(path, sol), open_commit_reveal(path, sol, pricing="first_price"))
    for run in runs:
        commit(path, run, bea, 1)
        for agent, units in bids.items():
            commit(path, run, agent, units)
    path.pass_time(HOUR_US + HOUR_US // 2)
    for run in runs:
        for agent, units in bids.items():
            reveal(path, run, agent, units)
        path.move(sol, RevealReserve(run, usd(50), SEED))
    path.pass_time(3 * HOUR_US)
    assert path.trades == [(dan, sol, "L1", 1, 80), (dan, sol, "L2", 1, 90)]


def silent(path: Path) -> None:
    """The highest is not shown and does not count; the seller shows nothing and has no reserve."""
    sol, bea, dan, eve = path.join(4)
    run = open_commit_reveal(path, sol)
    for agent, units in ((bea, 30), (dan, 90), (eve, 20)):
        commit(path, run, agent, units)
    path.pass_time(HOUR_US + HOUR_US // 2)
    reveal(path, run, bea, 30)
    reveal(path, run, eve, 20)
    path.pass_time(3 * HOUR_US)
    assert path.trades == [(bea, sol, "L1", 1, 20)]


def drawn_for(path: Path) -> None:
    """Equal bids are drawn for: by the seed, and without it by the bidders' nonces alone."""
    sol, *bidders = path.join(5)
    runs = (open_commit_reveal(path, sol), open_commit_reveal(path, sol))
    for run in runs:
        for agent in bidders:
            commit(path, run, agent, 60)
    path.pass_time(HOUR_US + HOUR_US // 2)
    for run in runs:
        for agent in bidders:
            reveal(path, run, agent, 60)
    path.move(sol, RevealReserve(runs[0], usd(50), SEED))
    path.pass_time(3 * HOUR_US)
    assert [trade[4] for trade in path.trades] == [60, 60]


PLAYS = (all_shown, silent, drawn_for)
