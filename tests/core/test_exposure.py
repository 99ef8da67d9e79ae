"""Nobody owes more than it would be foolish to run with; a bond, a record or a delivery helps."""

from typing import Any

import pytest

from souq.core import bond, exposure
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.exposure import EXPOSURES
from souq.core.mechanisms.moves import Accept
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.rules import DAY_US, Rules
from tests.core.stall import BEA, DAN, SOL, Stall, usd


def stall(**rules: Any) -> Stall:
    fields: dict[str, Any] = {"exposure_detect_bps": 5_000, "reputation_one_units": 100, **rules}
    return Stall(Rules(**fields))


def take(stall: Stall, units: int, buyer: str = BEA, seller: str = SOL) -> str:
    """Try to buy; give the contract, or the refusal as told."""
    answer = stall.try_(buyer, TakePrice(stall.list(seller, units), usd(units)))
    if answer.refusal is not None:
        return f"{answer.refusal.reason} {answer.refusal.facts}".strip()
    return next(one.contract for one in answer.events if hasattr(one, "contract"))


@pytest.mark.parametrize(("detect_bps", "most"), [(1_000, 11), (5_000, 100), (9_000, 900)])
def test_a_bond_of_100_vouches_for_what_the_rule_says(detect_bps: int, most: int) -> None:
    market = stall(exposure_detect_bps=detect_bps)
    market.do("P2", bond.PostBond(usd(100)))
    assert exposure.most_units(market.engine.state, "P2", "USD") == most


def test_without_bond_or_allowance_nothing_may_be_owed_and_with_one_so_much() -> None:
    market = stall()
    assert take(market, 1) == "counterparty_unable {}", "a stranger's exposure is not told"
    market.do("P2", bond.PostBond(usd(100)))
    assert take(market, 101).startswith("counterparty_unable")
    assert take(market, 60).startswith("C")
    assert take(market, 41).startswith("counterparty_unable")
    assert take(market, 40).startswith("C")


def test_the_supplier_itself_is_told_what_is_available() -> None:
    market = stall(exposure_allowance_units=50)
    talk, terms = market.offer(BEA, (market.list(SOL),), 80)
    refusal = market.try_(SOL, Accept(talk, terms)).refusal
    assert refusal is not None
    assert refusal.reason == "insufficient_standing"
    assert refusal.facts["rule"] == "exposure"
    assert (refusal.facts["available"], refusal.facts["needed"]) == (50, 80)


def test_what_is_delivered_and_accepted_is_owed_no_more() -> None:
    market = stall(exposure_allowance_units=100)
    deal = take(market, 100)
    assert take(market, 1).startswith("counterparty_unable")
    market.do(SOL, SubmitDelivery(deal))
    market.do(BEA, AcceptDelivery(deal))
    assert not market.engine.state.rows(EXPOSURES)
    assert take(market, 100).startswith("C")


def test_what_is_not_delivered_in_time_is_owed_no_more() -> None:
    market = stall(exposure_allowance_units=100)
    take(market, 100)
    market.now += 8 * DAY_US
    market.engine.tick()
    assert take(market, 100).startswith("C")


def test_a_bond_that_is_asked_back_vouches_for_nothing() -> None:
    market = stall()
    market.do("P2", bond.PostBond(usd(100)))
    market.do("P2", bond.WithdrawBond())
    assert take(market, 1).startswith("counterparty_unable")


def test_a_record_vouches_for_what_the_house_says() -> None:
    market = stall(exposure_allowance_units=100, exposure_record_units=10)
    deal = take(market, 100)
    market.do(SOL, SubmitDelivery(deal))
    market.do(BEA, AcceptDelivery(deal))
    assert exposure.most_units(market.engine.state, "P2", "USD") in (109, 110)


def test_who_only_pays_is_not_limited() -> None:
    market = stall(exposure_allowance_units=1_000)
    assert take(market, 900, buyer=DAN).startswith("C")


def test_a_house_that_does_not_ask_limits_nothing() -> None:
    assert take(Stall(), 90_000).startswith("C")


def test_agents_of_one_principal_owe_together() -> None:
    market = stall(exposure_allowance_units=100)
    assert take(market, 100).startswith("C")
    assert exposure.open_units(market.engine.state, "P2", "USD") == 100
