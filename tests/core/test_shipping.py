"""What sending costs is paid on top of the price, held with it, and comes back with it."""

import pytest

from souq.core.contract import AcceptDelivery, CancelContract, SubmitDelivery
from souq.core.ledger import ACCOUNTS
from souq.core.mechanisms.moves import Accept
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.refusal import Refused
from souq.core.rules import Rules
from tests.core.stall import BEA, DEPOSIT, SOL, Stall, check_books, usd


def money(stall: Stall, principal: str) -> int:
    found = stall.engine.state.get(ACCOUNTS, f"wallet:{principal}/USD")
    assert found is not None
    return found.posted - DEPOSIT


def shipped(stall: Stall, units: int = 30, **more: int) -> str:
    return stall.list(SOL, delivery="ship", shipping_units=units, **more)


@pytest.mark.parametrize("is_haggled", [True, False])
def test_it_is_held_and_paid_with_the_price(is_haggled: bool) -> None:
    stall = Stall(Rules(fee_bps=1_000))
    lamp = shipped(stall)
    if is_haggled:
        stall.deal(BEA, SOL, (lamp,), 500)
    else:
        stall.do(BEA, TakePrice(lamp, usd(500)))
    account = stall.engine.state.get(ACCOUNTS, "wallet:P1/USD")
    assert account is not None
    assert account.held == 530
    stall.do(SOL, SubmitDelivery("C1"))
    stall.do(BEA, AcceptDelivery("C1"))
    assert (money(stall, "P1"), money(stall, "P2")) == (-530, 477)
    check_books(stall.engine.state)


def test_it_comes_back_when_the_deal_is_off() -> None:
    stall = Stall()
    stall.do(BEA, TakePrice(shipped(stall), usd(500)))
    stall.do(SOL, CancelContract("C1"))
    assert money(stall, "P1") == 0


def test_it_is_paid_once_for_many_pieces_and_even_for_a_gift() -> None:
    stall = Stall()
    stall.do(BEA, TakePrice(shipped(stall, quantity=5), usd(500), 3))
    stall.do(BEA, TakePrice(shipped(stall, price=0), usd(0)))
    account = stall.engine.state.get(ACCOUNTS, "wallet:P1/USD")
    assert account is not None
    assert account.held == 3 * 500 + 30 + 30


def test_a_mandate_counts_it() -> None:
    stall = Stall()
    stall.grant(BEA, per_deal_units=520)
    lamp = shipped(stall)
    with pytest.raises(Refused, match="per_deal"):
        stall.do(BEA, TakePrice(lamp, usd(500)))
    with pytest.raises(Refused, match="per_deal"):
        stall.offer(BEA, (lamp,), 500)
    stall.offer(BEA, (lamp,), 490)


def test_nobody_buys_who_cannot_pay_it() -> None:
    stall = Stall(deposit=510)
    with pytest.raises(Refused, match="insufficient_funds"):
        stall.do(BEA, TakePrice(shipped(stall), usd(500)))


def test_where_goods_go_both_ways_it_is_meant_to_be_in_the_deal() -> None:
    stall = Stall()
    lamp, globe = shipped(stall), stall.list(BEA, delivery="ship", shipping_units=7)
    talk, terms = stall.offer(BEA, (lamp, globe), 10, payer=BEA)
    stall.do(SOL, Accept(talk, terms))
    account = stall.engine.state.get(ACCOUNTS, "wallet:P1/USD")
    assert account is not None
    assert account.held == 10
