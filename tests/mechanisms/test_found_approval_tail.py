"""An order above the approval threshold waits for its principal to its last piece."""

from souq.core.approval import ContractHeld
from souq.core.contract import ContractFormed
from souq.core.mandate import Limits
from souq.core.mechanisms import double_auction
from souq.core.mechanisms.double_auction.records import OpenOrderBook, PlaceOrder
from souq.core.rules import HOUR_US
from souq.lab.hall import Hall
from tests.mechanisms.bidding import usd
from tests.mechanisms.rooms import happened


def test_an_order_above_the_threshold_asks_for_approval_of_every_piece() -> None:
    hall = Hall(double_auction)
    (sol,) = hall.join(1)
    (bea,) = hall.join(1, Limits(approval_above_units=500))
    has, wants = hall.post(sol, available=10), hall.post(bea, available=10, side="want")
    run = hall.open(sol, OpenOrderBook("units", "USD", HOUR_US))
    hall.move(bea, PlaceOrder(run, wants, usd(100), 10))
    for _ in range(10):
        hall.move(sol, PlaceOrder(run, has, usd(100)))
    assert len(happened(hall, ContractHeld)) == 10
    assert not happened(hall, ContractFormed)
