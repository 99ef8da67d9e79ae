"""Sealed bids: the highest wins, pays by the rule, and everybody else is free at once."""

import pytest

from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.mechanisms import sealed_bid
from souq.core.mechanisms.sealed_bid import OpenSealedBid, PlaceSealedBid
from souq.core.money import Money
from souq.core.rules import HOUR_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel


def usd(units: int) -> Money:
    return Money(units, "USD")


def sell(path: Kernel | Hall, pricing: sealed_bid.Pricing, bids: list[int]) -> None:
    sol, *bidders = path.join(1 + len(bids))
    lamp = path.post(sol)
    run = path.open(sol, OpenSealedBid(lamp, usd(50), HOUR_US, pricing=pricing))
    for agent, units in zip(bidders, bids, strict=True):
        path.move(agent, PlaceSealedBid(run, usd(units)))


@pytest.mark.parametrize(("pricing", "paid"), [("first_price", 90), ("second_price", 70)])
def test_kernel_and_market_sell_alike(pricing: sealed_bid.Pricing, paid: int) -> None:
    for path in (Kernel(sealed_bid), Hall(sealed_bid)):
        sell(path, pricing, [70, 90, 20])
        path.pass_time(2 * HOUR_US)
        assert path.trades == [("A3", "A1", "L1", 1, paid)]


def test_losers_have_all_their_money_again() -> None:
    hall = Hall(sealed_bid, purse_units=100)
    sell(hall, "second_price", [70, 90, 20])
    state = hall.simulation.engine.state
    assert {id: hold.amount for id, hold in state.rows(HOLDS).items()} == {
        "#N1.A2": 70,
        "#N1.A3": 90,
        "#N1.A4": 20,
    }
    hall.pass_time(2 * HOUR_US)
    available = [state.rows(ACCOUNTS)[f"wallet:P{n}/USD"].available for n in (2, 3, 4)]
    assert available == [100, 30, 100]
