"""Package auctions, played."""

from souq.core.mechanisms.vcg import BidOnPackages, Lot, OpenVcg, Package
from souq.core.money import Money
from souq.core.rules import HOUR_US
from tests.mechanisms.plays import Path


def package(names: str, units: int) -> Package:
    """Read `L1 L2`, and what it is worth."""
    return Package(tuple(names.split()), Money(units, "USD"))


def alone_or_together(path: Path) -> None:
    """Two who want one lot each outbid the one who wants both; each pays what it costs others."""
    sol, bea, dan, eve = path.join(4)
    lots = (Lot(path.post(sol)), Lot(path.post(sol), reserve_units=10))
    run = path.open(sol, OpenVcg(lots, HOUR_US))
    path.move(eve, BidOnPackages(run, (package("L1 L2", 100),)))
    path.move(bea, BidOnPackages(run, (package("L1", 70), package("L1 L2", 80))))
    path.move(dan, BidOnPackages(run, (package("L2", 20),)))
    path.move(dan, BidOnPackages(run, (package("L2", 60),)))
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(bea, sol, "L1", 1, 40), (dan, sol, "L2", 1, 30)]


def a_gift_to_the_only_bidder(path: Path) -> None:
    """Who costs nobody anything pays nothing; the lot nobody wants stays."""
    sol, bea = path.join(2)
    lots = (Lot(path.post(sol, available=5), 3), Lot(path.post(sol), reserve_units=10))
    run = path.open(sol, OpenVcg(lots, HOUR_US))
    path.move(bea, BidOnPackages(run, (package("L1", 70),)))
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(bea, sol, "L1", 3, 0)]


PLAYS = (alone_or_together, a_gift_to_the_only_bidder)
