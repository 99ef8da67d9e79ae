"""Reputation is earned by settled deals between strangers, and by nothing else."""

import pytest

from souq.core import reputation
from souq.core.agreement import Agreement, CashLeg, GoodsLeg
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.dispute import OpenDispute, Rule
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.party import RegisterAgent
from souq.core.reputation import ONE, score_of
from souq.core.rules import DAY_US, OPERATOR, Rules
from souq.core.seal import PublicText
from souq.core.trust import SetTrust
from souq.lab.yard import UNITS, Yard
from tests.core.stall import BEA, DAN, EVE, SOL, Stall, usd

ONE_UNITS = 100


def stall(**rules: object) -> Stall:
    return Stall(Rules(reputation_one_units=ONE_UNITS, **rules))  # type: ignore[arg-type]


def take(stall: Stall, seller: str, buyer: str, units: int = ONE_UNITS) -> str:
    """Buy at a posted price; give the contract."""
    answer = stall.do(buyer, TakePrice(stall.list(seller, units), usd(units)))
    return next(one.contract for one in answer.events if hasattr(one, "contract"))


def fulfil(stall: Stall, seller: str, buyer: str, units: int = ONE_UNITS) -> None:
    deal = take(stall, seller, buyer, units)
    stall.do(seller, SubmitDelivery(deal))
    stall.do(buyer, AcceptDelivery(deal))


def rule(stall: Stall, seller: str, buyer: str, payer_bps: int) -> None:
    deal = take(stall, seller, buyer)
    stall.do(seller, SubmitDelivery(deal))
    stall.do(buyer, OpenDispute(deal, "damaged"))
    stall.do(OPERATOR, Rule(deal, payer_bps))


def shown(stall: Stall, subject: str) -> tuple[float, float]:
    tally = reputation.record_of(stall.engine.state, subject)
    return round(tally.good / ONE, 3), round(tally.bad / ONE, 3)


def test_a_fulfilled_deal_counts_for_the_agent_and_its_principal() -> None:
    market = stall()
    fulfil(market, SOL, BEA)
    assert shown(market, SOL) == shown(market, "P2") == (1.0, 0.0)
    assert shown(market, BEA) == (0.0, 0.0), "who pays has shown nothing as a supplier"


def test_a_deal_of_four_times_the_value_weighs_twice_and_beyond_the_bound_no_more() -> None:
    market = stall(reputation_value_max_units=900)
    fulfil(market, SOL, BEA, 400)
    fulfil(market, DAN, EVE, 90_000)
    assert shown(market, SOL) == (2.0, 0.0)
    assert shown(market, DAN) == (3.0, 0.0)


@pytest.mark.parametrize("payer_bps", [0, 3_000, 10_000])
def test_a_ruling_counts_as_the_share_that_was_earned(payer_bps: int) -> None:
    market = stall()
    rule(market, SOL, BEA, payer_bps)
    assert shown(market, SOL) == (1 - payer_bps / 10_000, payer_bps / 10_000)


def test_a_delivery_that_never_came_counts_against_its_supplier_alone() -> None:
    market = stall()
    take(market, SOL, BEA)
    market.now += 8 * DAY_US
    market.engine.tick()
    assert shown(market, SOL) == (0.0, 1.0)
    assert shown(market, BEA) == (0.0, 0.0)


def test_a_payment_too_small_for_a_fee_counts_nothing_where_the_house_takes_one() -> None:
    market = stall(fee_bps=50)
    fulfil(market, SOL, BEA, 199)
    assert shown(market, SOL) == (0.0, 0.0)
    fulfil(market, SOL, BEA, 200)
    assert shown(market, SOL)[0] > 0


def test_a_house_without_fees_may_let_nothing_count() -> None:
    market = stall(reputation_without_fee=False)
    fulfil(market, SOL, BEA)
    assert shown(market, SOL) == (0.0, 0.0)


def test_all_deals_with_one_counterparty_reach_a_bound_together() -> None:
    market = stall(reputation_pair_max=3)
    for _ in range(6):
        fulfil(market, SOL, BEA)
    assert sum(shown(market, "P2")) == pytest.approx(3, abs=0.01)
    fulfil(market, SOL, DAN)
    assert sum(shown(market, "P2")) == pytest.approx(4, abs=0.01)


def test_who_is_at_the_bound_still_loses_by_cheating() -> None:
    market = stall(reputation_pair_max=3)
    for _ in range(6):
        fulfil(market, SOL, BEA)
    before = score_of(market.engine.state, "P2").quantile_bps
    rule(market, SOL, BEA, 10_000)
    assert score_of(market.engine.state, "P2").quantile_bps < before


def test_evidence_halves_with_the_half_life_without_being_touched() -> None:
    market = stall(reputation_half_life_us=10 * DAY_US)
    fulfil(market, SOL, BEA)
    market.now += 10 * DAY_US
    fulfil(market, DAN, BEA)
    assert shown(market, SOL) == (0.5, 0.0)


def test_a_new_agent_has_its_principals_reputation() -> None:
    market = stall()
    rule(market, SOL, BEA, 10_000)
    market.do("P2", RegisterAgent("P2", PublicText("another")))
    state = market.engine.state
    assert reputation.standing_of(state, "A5") == reputation.standing_of(state, SOL)
    assert reputation.standing_of(state, "A5") < reputation.standing_of(state, DAN)


def test_two_agents_of_one_principal_share_the_bound_to_a_counterparty() -> None:
    market = stall(reputation_pair_max=2)
    market.do("P2", RegisterAgent("P2", PublicText("another")))
    market.do("P2", GrantMandate("A5", SecretLimits(Limits())))
    for seller in (SOL, SOL, "A5", "A5"):
        fulfil(market, seller, BEA)
    assert sum(shown(market, "P2")) == pytest.approx(2, abs=0.01)


def test_nobody_counts_whom_the_operator_leaves_out_and_all_counts_anew() -> None:
    market = stall()
    fulfil(market, SOL, BEA)
    fulfil(market, SOL, DAN)
    market.do(OPERATOR, SetTrust(("P1",), (5_000,)))
    assert shown(market, "P2") == (0.5, 0.0), "what came before counts anew"
    fulfil(market, SOL, DAN)
    assert shown(market, "P2") == (0.5, 0.0)
    market.do(OPERATOR, SetTrust(("P1", "P3"), (10_000, 10_000)))
    assert shown(market, "P2") == (3.0, 0.0)


def test_a_ring_counts_nothing_for_itself() -> None:
    market = stall()
    fulfil(market, SOL, BEA)
    fulfil(market, SOL, DAN)
    everybody = ("P1", "P2", "P3"), (10_000,) * 3
    market.do(OPERATOR, SetTrust(*everybody, (1, 1, 0)))
    assert shown(market, "P2") == (1.0, 0.0)
    market.do(OPERATOR, SetTrust(*everybody))
    assert shown(market, "P2") == (2.0, 0.0)


def test_the_mean_and_quantile_are_those_of_the_record_on_its_prior() -> None:
    yard = Yard()
    mine, *buyers = yard.join(9)
    assert yard.score(mine).quantile_bps == 500, "Beta(1, 1)"
    for buyer in buyers:
        yard.deal(mine, buyer)
    found = yard.score(mine)
    assert found.evidence_milli == 8_000
    assert not found.is_newcomer
    assert found.mean_bps == 9_500, "the prior is that of the category: at most three quarters"


def test_a_newcomer_is_never_ranked_above_a_sound_record() -> None:
    yard = Yard()
    mine, newcomer, *buyers = yard.join(30)
    for n in range(400):
        yard.deal(buyers[n % 7], buyers[7 + n % 21])  # all goes well everywhere
    for n, buyer in enumerate(buyers[:20]):
        yard.deal(mine, buyer, share_bps=0 if n == 7 else 10_000)
    assert yard.score(newcomer).quantile_bps < yard.score(mine).quantile_bps


def test_an_audit_overrules_what_was_accepted() -> None:
    market = stall()
    deal = take(market, SOL, BEA)
    market.do(SOL, SubmitDelivery(deal))
    market.do(BEA, AcceptDelivery(deal))
    state = market.engine.fork()
    reputation.overrule(
        state,
        supplier=SOL,
        payer=BEA,
        amount=usd(ONE_UNITS),
        before_bps=10_000,
        after_bps=2_500,
    )
    tally = reputation.record_of(state, "P2")
    assert (tally.good, tally.bad) == (ONE // 4, 3 * ONE // 4)


def test_value_in_another_asset_than_the_first_counts_nothing() -> None:
    house = Rules()
    assert list(reputation.payments(house, _in_credits())) == []


def _in_credits() -> Agreement:
    legs = (GoodsLeg("A1", "A2", "L1", 1), CashLeg("A2", "A1", Money(UNITS, "FUN")))
    return Agreement(("A1", "A2"), legs)
