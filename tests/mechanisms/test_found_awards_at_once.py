"""Several awards of one agent in one record count together, and a debtor wins none of them."""

from souq.core.funds import ReportChargeback, ReportDeposit
from souq.core.mandate import MANDATES, GrantMandate, Limits, SecretLimits
from souq.core.mechanisms import compute_lane, double_auction
from souq.core.mechanisms.double_auction.records import OpenOrderBook, PlaceOrder
from souq.core.rules import OPERATOR
from souq.lab.hall import Hall
from tests.mechanisms.bidding import usd
from tests.mechanisms.floor import Floor
from tests.mechanisms.lanes import bid, into, open_lane
from tests.mechanisms.purses import owned


def test_a_narrower_mandate_is_not_exceeded_by_orders_that_trade_at_once() -> None:
    hall = Hall(double_auction)
    floor = Floor(hall, 2)
    sol, bea = floor.people
    for _ in range(10):
        floor.bid(bea, 100)
    narrow = SecretLimits(Limits(lifetime_units=300, window_units=300))
    hall.simulation.submit("P2", GrantMandate(bea, narrow)).need()
    floor.ask(sol, 90, 10)
    assert len(hall.trades) == 3
    mandates = hall.simulation.engine.state.rows(MANDATES).values()
    assert [one.lifetime_units for one in mandates if one.agent == bea] == [300]


def _in_debt(hall: Hall) -> None:
    hall.simulation.submit(OPERATOR, ReportChargeback(usd(1_000), "credits", "once")).need()


def _pay_in(hall: Hall) -> None:
    command = ReportDeposit("P2", usd(1_000), "credits", "once")
    hall.simulation.submit(OPERATOR, command).need()


def test_a_debtor_does_not_pay_with_what_its_order_before_has_just_let_go_of() -> None:
    hall = Hall(double_auction, purse_units=0)
    sol, bea = hall.join(2)
    _pay_in(hall)
    has, wants = hall.post(sol, available=9), hall.post(bea, available=9, side="want")
    opening = OpenOrderBook("units", "USD", 3_600_000_000)
    run = hall.open(sol, opening)
    for _ in range(2):
        hall.move(bea, PlaceOrder(run, wants, usd(100)))
    _in_debt(hall)
    hall.move(sol, PlaceOrder(run, has, usd(90), 2))
    assert hall.trades == []
    assert owned(hall, bea) == [0]


def test_a_debtors_jobs_that_end_together_do_not_stop_the_market() -> None:
    hall = Hall(compute_lane, purse_units=0)
    sol, bea = hall.join(2)
    _pay_in(hall)
    run = open_lane(hall, sol, capacity=2, reserve=10)
    for _ in range(2):
        bid(hall, run, bea, "standard", 100)
    _in_debt(hall)
    hall.pass_time(into(20))
    assert hall.trades == []
    assert owned(hall, sol, bea) == [20, 0]
