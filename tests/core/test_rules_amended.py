"""Rules may be amended while people trade, where nothing that stands relied on them."""

import msgspec
import pytest

from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.ledger import ACCOUNTS
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Asset
from souq.core.refusal import Refused
from souq.core.rules import AMENDABLE, DAY_US, OPERATOR, AmendRules, Rules
from tests.core.stall import BEA, SOL, Stall, usd

HOUSE = Rules(fee_bps=100)


def amended(**changes: object) -> AmendRules:
    return AmendRules(msgspec.structs.replace(HOUSE, **changes))


def fees(stall: Stall) -> int:
    return stall.engine.state.rows(ACCOUNTS)["fees/USD"].posted


def test_a_deal_pays_the_fee_of_the_day_it_was_agreed_on() -> None:
    stall = Stall(HOUSE)
    first, second = stall.list(SOL), stall.list(SOL)
    price = usd(500)
    stall.do(BEA, TakePrice(first, price))
    stall.do(OPERATOR, amended(fee_bps=500))
    stall.do(BEA, TakePrice(second, price))
    for contract, expected in (("C1", 100), ("C2", 600)):
        stall.do(SOL, SubmitDelivery(contract))
        stall.do(BEA, AcceptDelivery(contract))
        assert fees(stall) == price.units * expected // 10_000


@pytest.mark.parametrize(
    "changes",
    [
        {"assets": (Asset("EUR", 2),)},
        {"name": "another"},
        {"reputation_pair_max": 3},
        {"signed_acts": True},
        {"rails": ("credits", "manual")},
    ],
)
def test_what_records_rely_on_stays(changes: dict[str, object]) -> None:
    stall = Stall(HOUSE)
    with pytest.raises(Refused, match=f"field={next(iter(changes))}"):
        stall.do(OPERATOR, amended(**changes))


def test_amended_rules_are_checked_as_the_first_ones_were() -> None:
    stall = Stall(HOUSE)
    for wrong in ({"fee_bps": 10_001}, {"offer_us": 0}, {"delivery_us": 4_000 * DAY_US}):
        with pytest.raises(Refused, match="invalid"):
            stall.do(OPERATOR, amended(**wrong))


def test_nobody_but_the_operator_amends_them() -> None:
    stall = Stall(HOUSE)
    for who in (BEA, "P1"):
        with pytest.raises(Refused, match="not_yours"):
            stall.do(who, amended(fee_bps=0))


def test_the_same_rules_again_change_nothing() -> None:
    stall = Stall(HOUSE)
    assert stall.do(OPERATOR, AmendRules(HOUSE)).events == ()


def test_only_rules_that_there_are_may_be_amended() -> None:
    assert set(AMENDABLE) < set(Rules.__struct_fields__)
