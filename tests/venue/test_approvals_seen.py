"""Who approves is told what the rules saw, and nobody is told more than they may read."""

from typing import Any

import pytest

from souq.core.delegation import DelegateMandate
from souq.core.mandate import Limits, RevokeMandate, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.party import RegisterAgent
from souq.core.policy import Policy
from souq.core.policy.goods import UsualQuantity
from souq.core.policy.money import Approval, PerDeal
from souq.core.policy.setting import SecretPolicy, SetOrganisation, SetPolicy
from souq.core.rules import OPERATOR, Rules
from souq.core.seal import PublicText
from souq.operations.approval_queries import ListApprovals
from souq.operations.policy_queries import RuleSaid
from souq.venue import Venue
from tests.core.stall import BEA, SOL, Stall, usd


def rules(*all: Any) -> SecretPolicy:
    return SecretPolicy(Policy(all))


def saw(stall: Stall, actor: str, principal: str = "") -> dict[str, tuple[RuleSaid, ...]]:
    venue = Venue(stall.engine.store, clock=lambda: stall.now)
    (found,) = venue.ask(actor, ListApprovals(principal)).approvals
    told: dict[str, tuple[RuleSaid, ...]] = found.saw
    return told


def take(stall: Stall, **more: Any) -> None:
    stall.do(BEA, TakePrice(stall.list(SOL, **more), usd(500)))


def test_the_mandates_threshold_and_the_price_are_told() -> None:
    stall = Stall()
    stall.grant(BEA, approval_above_units=300)
    take(stall)
    expected = {BEA: (RuleSaid("HOLD", "mandate", "approval", 0, 300, 500, "USD", "P1"),)}
    for actor, principal in (("P1", ""), (BEA, ""), (OPERATOR, "P1")):
        assert saw(stall, actor, principal) == expected


def test_what_holds_every_deal_compares_nothing() -> None:
    stall = Stall()
    stall.grant(BEA, approval_always=True)
    take(stall)
    assert saw(stall, "P1") == {BEA: (RuleSaid("HOLD", "mandate", "approval", approver="P1"),)}


def test_a_policys_figures_are_told_to_its_owner_and_not_to_its_agent() -> None:
    stall = Stall()
    stall.do("P1", SetPolicy("P1", rules(PerDeal(900), Approval(100))))
    take(stall)
    told = RuleSaid("HOLD", "P1", "approval", 2, 100, 500, "USD", "P1")
    assert saw(stall, "P1") == {BEA: (told,)}
    assert saw(stall, BEA) == {BEA: (RuleSaid("HOLD", "P1", "approval", 2, approver="P1"),)}


def test_each_approver_is_told_of_its_own_rules_alone() -> None:
    stall = Stall()
    stall.do(OPERATOR, SetOrganisation("P1", "P4"))
    stall.do("P4", SetPolicy("organisation/P4", rules(Approval(50))))
    stall.do(OPERATOR, SetPolicy("market", rules(Approval(10))))
    stall.grant(BEA, approval_above_units=300)
    take(stall)
    layers = {
        "P1": ("mandate", 300),
        "P4": ("organisation/P4", 50),
        OPERATOR: ("market", 10),
    }
    for actor, expected in layers.items():
        ((one,),) = saw(stall, actor).values()
        assert (one.layer, one.threshold) == expected


def test_the_house_tells_above_what_it_asks_for_a_second_look() -> None:
    stall = Stall(Rules(confirm_above_units=400))
    take(stall)
    ((one,),) = saw(stall, "P1").values()
    assert (one.rule, one.layer, one.threshold, one.observed) == ("confirm", "platform", 400, 500)


def test_of_a_lenders_mandate_no_figure_is_told() -> None:
    stall = Stall()
    stall.grant(BEA, approval_above_units=300)
    stall.do("P1", RegisterAgent("P1", PublicText("agent 1b")))
    part = Limits(approval_above_units=200)
    stall.do("P1", DelegateMandate("A5", SecretLimits(part), BEA))
    stall.do("A5", TakePrice(stall.list(SOL), usd(500)))
    (own, above) = saw(stall, "P1")["A5"]
    assert (own.threshold, own.observed) == (200, 500)
    assert (above.threshold, above.observed, above.facts) == ("", "", {"of": "M5"})


def test_figures_are_those_of_the_rules_as_they_stand_now() -> None:
    stall = Stall()
    stall.do("P1", SetPolicy("P1", rules(Approval(100))))
    take(stall)
    stall.do("P1", SetPolicy("P1", rules(Approval(450))))
    assert saw(stall, "P1")[BEA][0].threshold == 450
    stall.do("P1", SetPolicy("P1", rules(Approval(800))))
    assert saw(stall, "P1") == {}  # it would be held no more
    stall.do("P1", SetPolicy("P1", rules(UsualQuantity())))
    assert saw(stall, "P1") == {}  # and not by what did not hold it


def test_without_a_mandate_nothing_is_compared_and_the_deal_is_listed_still() -> None:
    stall = Stall()
    stall.grant(BEA, approval_above_units=300)
    take(stall)
    stall.do("P1", RevokeMandate(BEA))
    assert saw(stall, "P1") == {}


@pytest.mark.parametrize("asker", ["P2", SOL])
def test_the_other_side_is_told_nothing(asker: str) -> None:
    stall = Stall()
    stall.grant(BEA, approval_above_units=300)
    take(stall)
    venue = Venue(stall.engine.store, clock=lambda: stall.now)
    assert venue.ask(asker, ListApprovals()).approvals == ()
