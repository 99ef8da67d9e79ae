"""Nobody binds an erased principal, whatever it grants afterwards."""

import pytest

from souq.core.erasure import ErasePrincipal
from souq.core.funds import ReportPayout
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.refusal import Refused
from souq.core.rules import OPERATOR
from tests.core.stall import BEA, DEPOSIT, SOL, Stall, usd


def test_an_erased_principal_trades_no_more() -> None:
    stall = Stall()
    stall.do(OPERATOR, ReportPayout("P2", usd(DEPOSIT)))
    stall.do(OPERATOR, ErasePrincipal("P2"))
    with pytest.raises(Refused, match="no_mandate"):
        stall.list(SOL)
    stall.grant(SOL)
    thing = stall.list(SOL)
    with pytest.raises(Refused, match="counterparty_unable"):
        stall.do(BEA, TakePrice(thing, usd(500)))
