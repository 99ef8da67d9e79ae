"""Awards of runs that go on: what is held for them counts only while it is there to be paid."""

from souq.core.funds import ReportChargeback, ReportDeposit
from souq.core.mechanisms import sealed_bid
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid
from souq.core.money import Money
from souq.core.rules import HOUR_US, OPERATOR
from souq.lab.hall import Hall


def usd(units: int) -> Money:
    return Money(units, "USD")


def test_who_came_to_owe_the_house_wins_nothing_with_what_it_had_held() -> None:
    hall = Hall(sealed_bid, purse_units=0)
    sol, bea, dan = hall.join(3)
    market = hall.simulation
    for principal in ("P2", "P3"):
        command = ReportDeposit(principal, usd(100), "credits", f"of {principal}")
        market.submit(OPERATOR, command).need()
    run = hall.open(sol, OpenSealedBid(hall.post(sol), usd(50), HOUR_US))
    hall.move(bea, PlaceSealedBid(run, usd(90)))
    hall.move(dan, PlaceSealedBid(run, usd(70)))
    market.submit(OPERATOR, ReportChargeback(usd(100), "credits", "of P2")).need()
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == [(dan, sol, "L1", 1, 50)]
