"""What the market's own rules hold waits for the operator, who must be able to see it."""

from souq.core.mechanisms.posted_price import TakePrice
from souq.core.policy import Policy
from souq.core.policy.money import Approval
from souq.core.policy.setting import SecretPolicy, SetPolicy
from souq.core.rules import OPERATOR
from souq.operations.approval_queries import ListApprovals
from souq.venue import Venue
from tests.core.stall import BEA, SOL, Stall, usd


def test_the_operator_lists_what_the_markets_own_rules_hold() -> None:
    stall = Stall()
    stall.do(OPERATOR, SetPolicy("market", SecretPolicy(Policy((Approval(10),)))))
    lamp = stall.list(SOL)
    stall.do(BEA, TakePrice(lamp, usd(500)))
    venue = Venue(stall.engine.store, clock=lambda: stall.now)
    found = venue.ask(OPERATOR, ListApprovals()).approvals
    assert [(one.contract, one.reasons) for one in found] == [("C1", ("approval",))]
    assert not venue.ask("P1", ListApprovals()).approvals
