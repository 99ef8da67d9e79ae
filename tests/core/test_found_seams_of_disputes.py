"""What one part of a contract's life did to another: each of these was found by random commands."""

import pytest

from souq.core import contract as c
from souq.core import dispute
from souq.core.acceptance import Contest, ReportVerification
from souq.core.bond import BONDS, PostBond
from souq.core.conditions import Conditions
from souq.core.cooling_off import COOLING, RevokeContract
from souq.core.criteria import Content
from souq.core.delegation import DelegateMandate
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.erasure import ErasePrincipal
from souq.core.funds import TransferMany
from souq.core.halt import SetHalt
from souq.core.jury import JURORS
from souq.core.ledger import ACCOUNTS, HOLDS, Batch
from souq.core.mandate import MANDATES, GoodsLimit, Limits, Mandate, SecretLimits
from souq.core.party import RegisterAgent, need_other_agent
from souq.core.performance import GrantRefund
from souq.core.procedure import Procedure
from souq.core.reputation import RECORDS
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, Rules
from souq.core.seal import PartyText, PublicText
from souq.core.state import row_of
from souq.core.transfer import MOVE
from souq.core.undo import UNDO_UNTIL, UndoContract
from tests.core.quarrel import PROCEDURE, quarrel, secret
from tests.core.stall import BEA, DAN, DEPOSIT, EVE, SOL, Stall, usd

PRICE = 1_000
COOL = Conditions(cooling_off_us=DAY_US, undo_us=DAY_US)
WORDS = PartyText("it is broken")


def wallet(stall: Stall, principal: str) -> int:
    account = stall.engine.state.get(ACCOUNTS, f"wallet:{principal}/USD")
    assert account is not None
    return account.posted - account.held


def reason(stall: Stall, actor: str, command: object) -> str:
    refusal = stall.try_(actor, command).refusal
    return "" if refusal is None else str(refusal.reason)


def bought(stall: Stall, conditions: Conditions, *, delivery: str = "meet") -> str:
    thing = stall.list(SOL, price=PRICE, delivery=delivery, conditions=conditions)
    return stall.deal(BEA, SOL, (thing,), PRICE)


@pytest.mark.parametrize("epochs", [True, False])
def test_no_disputed_deal_is_undone_so_that_its_fee_and_jurors_stay_behind(epochs: bool) -> None:
    house = Rules(procedure=PROCEDURE)
    stall = Stall(house)
    if epochs:
        stall.do(OPERATOR, CommitEpoch(of_secret("ab" * 16)))
    deal = bought(stall, COOL, delivery="title")
    stall.do(BEA, dispute.OpenDispute(deal, "not_as_described", WORDS))
    assert reason(stall, "P2", UndoContract(deal)) == "wrong_state"
    stall.do("P1", RevokeContract(deal))
    assert not [id for id in stall.engine.state.rows(HOLDS) if id.startswith("#C")]
    assert wallet(stall, "P1") == DEPOSIT


def test_an_agent_cannot_settle_cooling_off_away() -> None:
    stall = Stall()
    deal = bought(stall, COOL)
    stall.do(SOL, c.SubmitDelivery(deal))
    stall.do(BEA, dispute.OpenDispute(deal, "other", WORDS, asked_bps=1))
    stall.do(SOL, dispute.ProposeSplit(deal, 0))
    assert reason(stall, BEA, dispute.AcceptSplit(deal, 0)) == "wrong_state"
    accepts = dispute.AnswerDispute(deal, True, WORDS)
    assert reason(stall, SOL, accepts) == "wrong_state"
    assert reason(stall, OPERATOR, dispute.Rule(deal, 0)) == "wrong_state"
    stall.do("P1", RevokeContract(deal))
    assert wallet(stall, "P1") == DEPOSIT


def test_silence_in_a_dispute_decides_nothing_before_cooling_off_is_over() -> None:
    stall = Stall(Rules(ruling_us=HOUR_US, silent_ruling_bps=0))
    deal = bought(stall, COOL)
    stall.do(SOL, c.SubmitDelivery(deal))
    stall.do(BEA, dispute.OpenDispute(deal, "other", WORDS))
    stall.now += DAY_US - HOUR_US
    stall.engine.tick()
    stall.do("P1", RevokeContract(deal))
    assert wallet(stall, "P1") == DEPOSIT


def test_a_verifier_of_the_sellers_cannot_take_cooling_off_away() -> None:
    stall = Stall()
    checked = Conditions(
        cooling_off_us=DAY_US, criteria=(Content("ab" * 32),), verifier=EVE, arbiter=DAN
    )
    deal = bought(stall, checked)
    stall.do(SOL, c.SubmitDelivery(deal, "ab" * 32))
    stall.do(EVE, ReportVerification(deal, False, "cd" * 32))
    stall.do(SOL, Contest(deal))
    assert reason(stall, DAN, dispute.Rule(deal, 0)) == "wrong_state"
    stall.do("P1", RevokeContract(deal))
    assert wallet(stall, "P1") == DEPOSIT


def test_a_standstill_takes_nothing_from_cooling_off_or_undoing() -> None:
    stall = Stall()
    deal = bought(stall, COOL)
    left = stall.engine.state.get(COOLING, deal) or 0
    stall.do(OPERATOR, SetHalt("settlements"))
    stall.now += 3 * DAY_US
    stall.do(OPERATOR, SetHalt("open"))
    state = stall.engine.state
    for table in (COOLING, UNDO_UNTIL):
        assert (state.get(table, deal) or 0) > left + 3 * DAY_US
    stall.do("P1", RevokeContract(deal))
    assert wallet(stall, "P1") == DEPOSIT


def test_the_arbiter_of_a_listing_takes_of_nobodys_bond() -> None:
    stall = Stall()
    stall.do("P1", PostBond(usd(5_000)))
    deal = bought(stall, Conditions(arbiter=DAN, hand_over="both"))
    stall.do(SOL, c.SubmitDelivery(deal))
    stall.do(BEA, dispute.OpenDispute(deal, "other", WORDS))
    assert reason(stall, DAN, dispute.Rule(deal, 0, forfeit_units=PRICE)) == "invalid"
    stall.do(DAN, dispute.Rule(deal, 0))
    bond = stall.engine.state.get(BONDS, "P1/USD")
    assert bond is not None
    assert bond.units == 5_000


def test_a_refund_gives_a_lenders_budget_back_and_the_end_does_too() -> None:
    stall = Stall()
    stall.grant(BEA, lifetime_units=5_000)
    helper = stall.do("P1", RegisterAgent("P1", PublicText("helper"))).events[0].agent
    stall.do(BEA, DelegateMandate(helper, SecretLimits(Limits(lifetime_units=5_000))))
    thing = stall.list(SOL, price=PRICE)
    deal = stall.deal(helper, SOL, (thing,), PRICE)
    stall.do(SOL, GrantRefund(deal, 4_000))
    stall.do(SOL, c.CancelContract(deal))
    spent = [one.lifetime_units for one in stall.engine.state.rows(MANDATES).values()]
    assert not any(spent)


def test_what_was_refunded_earns_no_name() -> None:
    found = []
    for bps in (0, 9_999, 10_000):
        stall = Stall(Rules(fee_bps=100))
        thing = stall.list(SOL, price=90_000)
        deal = stall.deal(BEA, SOL, (thing,), 90_000)
        if bps:
            stall.do(SOL, GrantRefund(deal, bps))
        stall.do(SOL, c.SubmitDelivery(deal))
        stall.do(BEA, c.AcceptDelivery(deal))
        record = stall.engine.state.get(RECORDS, "P2")
        found.append(record.good if record else 0)
    assert found[0] > 0
    assert found[1:] == [0, 0]


def test_the_house_makes_good_only_what_was_not_refunded_before() -> None:
    stall = Stall(Rules(arbiter="P4"))
    full = Batch(("t",), ("wallet:P3/USD",), ("reserve/USD",), (50_000,), (MOVE,), ("",))
    stall.do(OPERATOR, TransferMany(full))
    deal = bought(stall, Conditions(template="standard"))
    stall.do(SOL, GrantRefund(deal, 10_000))
    stall.do(SOL, c.SubmitDelivery(deal))
    stall.do(BEA, dispute.OpenDispute(deal, "other", WORDS))
    ruled = stall.do("P4", dispute.Rule(deal, 10_000, cause="platform_fault"))
    ruling = next(one for one in ruled.events if hasattr(one, "reserve_units"))
    assert ruling.reserve_units == 0
    assert wallet(stall, "P1") == DEPOSIT


def test_nobody_is_erased_who_sits_on_a_panel() -> None:
    stall = quarrel(arbiter="P4")
    stall.do(BEA, dispute.OpenDispute("C1", "other", WORDS))
    stall.now += DAY_US
    stall.engine.tick()  # evidence closes
    stall.do(OPERATOR, CommitEpoch(of_secret(secret(2))))
    stall.do(OPERATOR, RevealEpoch("E1", secret(1)))
    stall.now += 1
    stall.engine.tick()  # the panel is drawn
    sitting = [one.principal for one in stall.engine.state.rows(JURORS).values() if one.cases]
    refusal = stall.try_(OPERATOR, ErasePrincipal(sitting[0])).refusal
    assert refusal is not None
    assert refusal.facts == {"state": "SittingOnPanel"}


FEES = Procedure(jury=0, filing_units=100, appeal_us=0)


def mandate_of(stall: Stall) -> Mandate:
    return row_of(stall.engine.state, MANDATES, need_other_agent(stall.engine.state, BEA).mandate)


def test_a_claim_on_an_agents_word_costs_its_mandate_a_fee() -> None:
    stall = Stall(Rules(procedure=FEES, arbiter="P4"))
    stall.grant(BEA, lifetime_units=PRICE + 99)
    deal = bought(stall, Conditions())
    stall.do(SOL, c.SubmitDelivery(deal))
    claim = dispute.OpenDispute(deal, "other", WORDS)
    assert reason(stall, BEA, claim) == "budget_exceeded"
    stall.do("P1", claim)  # a principal's own money has no mandate to keep to
    stall.do(SOL, dispute.AnswerDispute(deal, False, WORDS))
    stall.now += FEES.evidence_us
    stall.do("P4", dispute.Rule(deal, 0))
    assert mandate_of(stall).lifetime_units == PRICE
    assert wallet(stall, "P1") == DEPOSIT - PRICE - 100


@pytest.mark.parametrize(("back_bps", "spent"), [(0, PRICE + 100), (10_000, 0)])
def test_a_fee_comes_back_to_the_budget_if_it_comes_back(back_bps: int, spent: int) -> None:
    stall = Stall(Rules(procedure=FEES, arbiter="P4"))
    stall.grant(BEA, lifetime_units=PRICE + 100)
    deal = bought(stall, Conditions())
    stall.do(SOL, c.SubmitDelivery(deal))
    stall.do(BEA, dispute.OpenDispute(deal, "other", WORDS))
    stall.do(SOL, dispute.AnswerDispute(deal, False, WORDS))
    stall.now += FEES.evidence_us
    stall.do("P4", dispute.Rule(deal, back_bps))
    assert mandate_of(stall).lifetime_units == spent
    assert wallet(stall, "P1") == DEPOSIT - spent


def test_what_may_not_be_sold_below_a_floor_is_not_paid_back_below_it() -> None:
    """By whoever has stolen the seller's key and buys as its accomplice."""
    stall = Stall()
    thing = stall.list(SOL, price=PRICE, ref="lamp")
    stall.grant(SOL, goods={"lamp": GoodsLimit(800)})
    deal = stall.deal(BEA, SOL, (thing,), PRICE)
    stall.do(SOL, c.SubmitDelivery(deal))
    assert reason(stall, SOL, GrantRefund(deal, 2_001)) == "outside_mandate"
    stall.do(SOL, GrantRefund(deal, 1_000))
    assert reason(stall, SOL, GrantRefund(deal, 1_200)) == "outside_mandate"  # of what is left
    stall.do(BEA, dispute.OpenDispute(deal, "other", WORDS, asked_bps=5_000))
    for gift in (
        dispute.AnswerDispute(deal, True, WORDS),
        dispute.ProposeSplit(deal, 1_200),
    ):
        assert reason(stall, SOL, gift) == "outside_mandate"
    stall.do(BEA, dispute.ProposeSplit(deal, 1_200))
    assert reason(stall, SOL, dispute.AcceptSplit(deal, 1_200)) == "outside_mandate"
    stall.do("P2", dispute.AcceptSplit(deal, 1_200))  # its principal may be as kind as it likes
    assert wallet(stall, "P2") == DEPOSIT + PRICE * 9 // 10 * 88 // 100


def test_a_seller_without_floors_pays_back_what_it_likes() -> None:
    stall = Stall()
    deal = bought(stall, Conditions())
    stall.do(SOL, c.SubmitDelivery(deal))
    stall.do(SOL, GrantRefund(deal, 10_000))
    assert wallet(stall, "P1") == DEPOSIT
