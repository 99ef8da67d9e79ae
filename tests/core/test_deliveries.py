"""Deliveries that can be checked: by both words, a code, a digest, a key, a verifier's report."""

from typing import Any

import pytest

from souq.core import dispute, market
from souq.core.acceptance import ConfirmReturn, Contest, ReportVerification, SendBack
from souq.core.conditions import Conditions
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.criteria import Content, Criterion, Encrypted, Probe, Rows, Suite, of_code
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.mandate import MANDATES
from souq.core.performance import (
    MISSES_MAX,
    PERFORMANCES,
    ClaimNonDelivery,
    CommitCode,
    CommitDelivery,
    GrantRefund,
)
from souq.core.promise import Promise
from souq.core.refusal import Refused
from souq.core.reputation import record_of
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, Rules
from souq.core.stage import CONTRACTS
from tests.core.stall import BEA, DAN, DEPOSIT, EVE, SOL, Stall, check_books, usd

CODE, KEY = "a7" * 10, "0c" * 32
DIGEST, OTHER = "ab" * 32, "cd" * 32


def deal(rules: Rules | None = None, units: int = 500, **asked: Any) -> Stall:
    """Bring a contract C1 about, in which bea buys of sol under such conditions."""
    stall = Stall(rules or Rules())
    thing = stall.list(SOL, conditions=Conditions(**asked))
    stall.deal(BEA, SOL, (thing,), units)
    return stall


def verified(*criteria: Criterion, verifier: str = DAN, **more: Any) -> Stall:
    return deal(criteria=criteria, verifier=verifier, **more)


def stage(stall: Stall) -> str:
    found = stall.engine.state.get(CONTRACTS, "C1")
    return type(found).__name__


def paid(stall: Stall, principal: str = "P2") -> int:
    account = stall.engine.state.get(ACCOUNTS, f"wallet:{principal}/USD")
    assert account is not None
    return account.posted - DEPOSIT


def wait(stall: Stall, us: int) -> None:
    stall.now += us
    stall.engine.tick()


def check_over(stall: Stall) -> None:
    """See that nothing is left of the contract: no hold, no row, no money made or lost."""
    state = stall.engine.state
    assert not state.rows(CONTRACTS)
    assert not state.rows(HOLDS)
    assert not state.rows(PERFORMANCES)
    check_books(state)


def refused(stall: Stall, actor: str, command: Any, told: str) -> None:
    with pytest.raises(Refused, match=told):
        stall.do(actor, command)


# Both words, and codes told in person


def test_where_both_words_are_needed_silence_asks_the_arbiter() -> None:
    stall = deal(hand_over="both")
    stall.do(SOL, SubmitDelivery("C1", "photo"))
    wait(stall, 2 * DAY_US)
    assert stage(stall) == "Disputed"
    wait(stall, 8 * DAY_US)
    check_over(stall)
    assert paid(stall) == 250, "an arbiter that stays silent splits"


def test_where_both_words_are_needed_the_takers_word_pays() -> None:
    stall = deal(hand_over="both")
    stall.do(SOL, SubmitDelivery("C1", "photo"))
    stall.do(BEA, AcceptDelivery("C1"))
    check_over(stall)
    assert paid(stall) == 500


def test_the_right_code_proves_a_hand_over_so_that_silence_pays() -> None:
    stall = deal(hand_over="code")
    stall.do(BEA, CommitCode("C1", of_code("C1", CODE)))
    stall.do(SOL, SubmitDelivery("C1", code=CODE))
    wait(stall, 2 * DAY_US)
    check_over(stall)
    assert paid(stall) == 500


def test_without_its_code_a_hand_over_needs_both_words() -> None:
    stall = deal(hand_over="code")
    stall.do(BEA, CommitCode("C1", of_code("C1", CODE)))
    stall.do(SOL, SubmitDelivery("C1", "photo"))
    wait(stall, 2 * DAY_US)
    assert stage(stall) == "Disputed"


def test_wrong_codes_deliver_nothing_and_are_limited() -> None:
    stall = deal(hand_over="code")
    stall.do(BEA, CommitCode("C1", of_code("C1", CODE)))
    for n in range(MISSES_MAX):
        answer = stall.do(SOL, SubmitDelivery("C1", code=f"{n:016d}"))
        assert [type(one).__name__ for one in answer.events] == ["CodeMissed"]
        assert stage(stall) == "Formed"
    refused(stall, SOL, SubmitDelivery("C1", code=CODE), "wrong too often")
    wait(stall, 8 * DAY_US)
    check_over(stall)
    assert paid(stall) == 0


def test_a_code_of_another_deal_opens_nothing() -> None:
    stall = deal(hand_over="code")
    stall.do(BEA, CommitCode("C1", of_code("C2", CODE)))
    stall.do(SOL, SubmitDelivery("C1", code=CODE))
    assert stage(stall) == "Formed"


@pytest.mark.parametrize(
    ("actor", "told"), [(SOL, "wrong_state"), (DAN, "not_yours"), ("P3", "not_yours")]
)
def test_only_the_taker_chooses_the_code(actor: str, told: str) -> None:
    refused(deal(hand_over="code"), actor, CommitCode("C1", of_code("C1", CODE)), told)


def test_a_code_is_chosen_once_and_only_where_one_is_asked_for() -> None:
    stall = deal(hand_over="code")
    stall.do(BEA, CommitCode("C1", of_code("C1", CODE)))
    refused(stall, BEA, CommitCode("C1", OTHER), "wrong_state")
    refused(deal(), BEA, CommitCode("C1", OTHER), "wrong_state")
    refused(deal(), SOL, SubmitDelivery("C1", code=CODE), "nobody has committed")


@pytest.mark.parametrize("code", ["", "1234", "A" * 20, "é" * 20, "a" * 129, "a b" * 10])
def test_a_code_that_could_be_guessed_is_none(code: str) -> None:
    stall = deal(hand_over="code")
    stall.do(BEA, CommitCode("C1", of_code("C1", code)))
    refused(stall, SOL, SubmitDelivery("C1", code=code), "small letters and digits")


# Late, partly refunded, sent back

LATE: dict[str, Any] = {"late_us": 3 * DAY_US, "late_day_bps": 1_000, "late_max_bps": 2_500}


@pytest.mark.parametrize(
    ("after_us", "kept"),
    [
        (DAY_US, 500),
        (4 * DAY_US, 450),
        (5 * DAY_US + HOUR_US, 400),
        (6 * DAY_US + HOUR_US, 375),
    ],
)
def test_each_day_late_costs_its_share_up_to_the_cap(after_us: int, kept: int) -> None:
    stall = deal(**LATE)  # due within 7 days, of which the last 3 are late
    wait(stall, after_us)
    stall.do(SOL, SubmitDelivery("C1"))
    stall.do(BEA, AcceptDelivery("C1"))
    check_over(stall)
    assert paid(stall) == kept
    record = record_of(stall.engine.state, "P2")
    assert round(500 * record.good / (record.good + record.bad)) == kept


def test_a_silent_arbiter_leaves_the_payer_what_lateness_costs() -> None:
    stall = deal(Rules(silent_ruling_bps=0), **LATE)
    wait(stall, 4 * DAY_US)
    stall.do(SOL, SubmitDelivery("C1"))
    stall.do(BEA, dispute.OpenDispute("C1", "damaged"))
    wait(stall, 8 * DAY_US)
    check_over(stall)
    assert paid(stall) == 450


def test_who_waits_for_what_is_late_sets_a_last_day() -> None:
    stall = deal(**LATE)
    refused(stall, BEA, ClaimNonDelivery("C1"), "wrong_state")
    wait(stall, 4 * DAY_US)
    refused(stall, SOL, ClaimNonDelivery("C1"), "wrong_state")
    refused(stall, DAN, ClaimNonDelivery("C1"), "not_yours")
    stall.do(BEA, ClaimNonDelivery("C1"))
    refused(stall, BEA, ClaimNonDelivery("C1"), "wrong_state")
    wait(stall, DAY_US)
    check_over(stall)
    assert paid(stall) == 0


def test_whoever_delivers_on_the_last_day_is_paid() -> None:
    stall = deal(**LATE)
    wait(stall, 4 * DAY_US)
    stall.do(BEA, ClaimNonDelivery("C1"))
    wait(stall, DAY_US - HOUR_US)
    stall.do(SOL, SubmitDelivery("C1"))
    stall.do(BEA, AcceptDelivery("C1"))
    assert paid(stall) == 450, "a day late, as if nobody had claimed anything"


def test_no_claim_makes_a_deadline_later() -> None:
    stall = deal(**LATE)
    wait(stall, 7 * DAY_US - 10 * 1_000_000)
    stall.do(BEA, ClaimNonDelivery("C1"))
    wait(stall, HOUR_US)
    check_over(stall)


def spent(stall: Stall) -> int:
    return next(iter(stall.engine.state.rows(MANDATES).values())).lifetime_units


def test_a_partial_refund_comes_back_at_once_and_frees_its_budget() -> None:
    stall = deal(Rules(fee_bps=1_000))
    assert spent(stall) == 500
    stall.do(SOL, GrantRefund("C1", 3_000))
    account = stall.engine.state.get(ACCOUNTS, "wallet:P1/USD")
    assert account is not None
    assert account.available == DEPOSIT - 350
    assert spent(stall) == 350
    stall.do(SOL, SubmitDelivery("C1"))
    stall.do(BEA, AcceptDelivery("C1"))
    check_over(stall)
    assert (paid(stall), paid(stall, "P1"), spent(stall)) == (315, -350, 350)


def test_refunds_add_up_to_no_more_than_is_held() -> None:
    stall = deal()
    stall.do(SOL, GrantRefund("C1", 5_000))
    stall.do(SOL, GrantRefund("C1", 10_000))
    refused(stall, SOL, GrantRefund("C1", 1), "nothing is held")
    stall.do(SOL, SubmitDelivery("C1"))
    stall.do(BEA, AcceptDelivery("C1"))
    check_over(stall)
    assert paid(stall) == 0


@pytest.mark.parametrize("bps", [0, -1, 10_001])
def test_a_refund_is_a_share(bps: int) -> None:
    refused(deal(), SOL, GrantRefund("C1", bps), "must be above 0")


def test_nobody_grants_a_refund_of_what_is_anothers() -> None:
    refused(deal(), BEA, GrantRefund("C1", 100), "nothing is held for you")
    refused(deal(), DAN, GrantRefund("C1", 100), "not_yours")


def test_a_refund_during_a_dispute_is_not_given_twice() -> None:
    stall = deal()
    stall.do(SOL, SubmitDelivery("C1"))
    stall.do(BEA, dispute.OpenDispute("C1", "damaged"))
    stall.do(SOL, GrantRefund("C1", 4_000))
    stall.do(OPERATOR, dispute.Rule("C1", 5_000))
    check_over(stall)
    assert (paid(stall), paid(stall, "P1"), spent(stall)) == (150, -150, 150)


def accepted(**more: Any) -> Stall:
    stall = deal(returns_us=2 * DAY_US, **more)
    stall.do(SOL, SubmitDelivery("C1"))
    stall.do(BEA, AcceptDelivery("C1"))
    return stall


def test_what_is_not_sent_back_in_time_is_paid() -> None:
    stall = accepted()
    assert (stage(stall), paid(stall)) == ("Returnable", 0)
    wait(stall, 2 * DAY_US)
    check_over(stall)
    assert paid(stall) == 500


@pytest.mark.parametrize("is_silent", [True, False])
def test_what_is_sent_back_is_not_paid_and_is_for_sale_again(is_silent: bool) -> None:
    stall = accepted()
    stall.do(BEA, SendBack("C1"))
    if is_silent:
        wait(stall, DAY_US)
    else:
        stall.do(SOL, ConfirmReturn("C1"))
    check_over(stall)
    assert paid(stall) == 0
    stall.deal(DAN, SOL, ("L1",), 500)


def test_a_return_that_never_came_goes_to_the_arbiter() -> None:
    stall = accepted()
    stall.do(BEA, SendBack("C1"))
    stall.do(SOL, Contest("C1"))
    stall.do(OPERATOR, dispute.Rule("C1", 0))
    check_over(stall)
    assert paid(stall) == 500


def test_returns_are_for_their_own_sides_and_moments() -> None:
    stall = accepted()
    for actor, command in (
        (SOL, SendBack("C1")),
        (SOL, ConfirmReturn("C1")),
        (SOL, Contest("C1")),
        (BEA, AcceptDelivery("C1")),
        (BEA, dispute.OpenDispute("C1", "damaged")),
    ):
        refused(stall, actor, command, "wrong_state")
    refused(stall, EVE, SendBack("C1"), "not_yours")
    stall.do(BEA, SendBack("C1"))
    refused(stall, BEA, ConfirmReturn("C1"), "wrong_state")
    refused(stall, BEA, Contest("C1"), "wrong_state")


# Digests, keys and reports


@pytest.mark.parametrize(
    "criteria", [(Content(),), (Rows(DIGEST),), (Suite(DIGEST),), (Encrypted(),), (Content(OTHER),)]
)
@pytest.mark.parametrize("evidence", ["", "it is done, trust me", DIGEST.upper(), DIGEST[:-1]])
def test_a_claim_of_completion_without_an_artefact_releases_nothing(
    criteria: tuple[Criterion, ...], evidence: str
) -> None:
    stall = deal(criteria=criteria)
    refused(stall, SOL, SubmitDelivery("C1", evidence), "64 small hexadecimal digits")
    wait(stall, 8 * DAY_US)
    check_over(stall)
    assert paid(stall) == 0


def test_what_is_delivered_is_what_the_conditions_name() -> None:
    stall = deal(criteria=(Content(DIGEST),))
    refused(stall, SOL, SubmitDelivery("C1", OTHER), "not what was committed to")
    stall.do(SOL, SubmitDelivery("C1", DIGEST))
    assert stage(stall) == "Delivered"


def test_what_is_delivered_is_what_was_committed_to_and_that_once() -> None:
    stall = deal(criteria=(Content(),))
    refused(stall, SOL, SubmitDelivery("C1", DIGEST), "commit to what")
    refused(stall, BEA, CommitDelivery("C1", DIGEST), "wrong_state")
    refused(stall, SOL, CommitDelivery("C1", "photo"), "64 small")
    stall.do(SOL, CommitDelivery("C1", DIGEST))
    refused(stall, SOL, CommitDelivery("C1", OTHER), "wrong_state")
    refused(stall, SOL, SubmitDelivery("C1", OTHER), "not what was committed to")
    stall.do(SOL, SubmitDelivery("C1", DIGEST))
    refused(deal(), SOL, CommitDelivery("C1", DIGEST), "wrong_state")


def test_a_key_that_does_not_open_what_was_committed_to_is_refused() -> None:
    stall = verified(Encrypted())
    refused(stall, SOL, CommitDelivery("C1", DIGEST), "key: |field=key")
    stall.do(SOL, CommitDelivery("C1", DIGEST, of_code("C1", KEY)))
    refused(stall, SOL, SubmitDelivery("C1", DIGEST), "show the key")
    refused(stall, SOL, SubmitDelivery("C1", DIGEST, key="11" * 32), "not what was committed to")
    refused(stall, SOL, SubmitDelivery("C1", OTHER, key=KEY), "not what was committed to")
    stall.do(SOL, SubmitDelivery("C1", DIGEST, key=KEY))
    stall.do(DAN, ReportVerification("C1", True, OTHER))
    check_over(stall)
    assert paid(stall) == 500


def test_a_key_that_opens_nothing_of_worth_is_refunded() -> None:
    stall = verified(Encrypted())
    stall.do(SOL, CommitDelivery("C1", DIGEST, of_code("C1", KEY)))
    stall.do(SOL, SubmitDelivery("C1", DIGEST, key=KEY))
    stall.do(DAN, ReportVerification("C1", False, OTHER))
    wait(stall, DAY_US)
    check_over(stall)
    assert paid(stall) == 0


def delivered(*criteria: Criterion, **more: Any) -> Stall:
    stall = verified(*(criteria or (Suite(OTHER),)), **more)
    stall.do(SOL, SubmitDelivery("C1", DIGEST))
    return stall


def test_a_verifiers_pass_releases_the_money() -> None:
    stall = delivered()
    stall.do(DAN, ReportVerification("C1", True, OTHER))
    check_over(stall)
    assert paid(stall) == 500


def test_a_verifiers_fail_refunds_unless_it_is_contested() -> None:
    stall = delivered()
    stall.do("P3", ReportVerification("C1", False, OTHER))
    assert stage(stall) == "Failed"
    wait(stall, DAY_US)
    check_over(stall)
    assert paid(stall) == 0


def test_a_report_of_failure_that_is_contested_goes_to_the_arbiter() -> None:
    stall = delivered()
    stall.do(DAN, ReportVerification("C1", False, OTHER))
    refused(stall, BEA, Contest("C1"), "wrong_state")
    stall.do(SOL, Contest("C1"))
    stall.do(OPERATOR, dispute.Rule("C1", 0))
    assert paid(stall) == 500


def test_a_taker_may_want_what_failed_all_the_same() -> None:
    stall = delivered()
    stall.do(DAN, ReportVerification("C1", False, OTHER))
    stall.do(BEA, AcceptDelivery("C1"))
    check_over(stall)
    assert paid(stall) == 500


def test_a_verifier_that_stays_silent_changes_nothing() -> None:
    stall = delivered()
    wait(stall, 2 * DAY_US)
    check_over(stall)
    assert paid(stall) == 500


@pytest.mark.parametrize("actor", [SOL, BEA, EVE, "P1", OPERATOR])
def test_only_the_named_verifier_reports(actor: str) -> None:
    refused(delivered(), actor, ReportVerification("C1", True, OTHER), "not_yours")


def test_nobody_verifies_their_own_delivery() -> None:
    stall = delivered(verifier=SOL)
    refused(stall, SOL, ReportVerification("C1", True, OTHER), "not_yours")
    stall = delivered(verifier=BEA)
    refused(stall, BEA, ReportVerification("C1", False, OTHER), "not_yours")


def test_a_report_comes_after_a_delivery_and_once() -> None:
    stall = verified(Probe(100))
    refused(stall, DAN, ReportVerification("C1", True, OTHER), "wrong_state")
    stall.do(SOL, SubmitDelivery("C1"))
    refused(stall, DAN, ReportVerification("C1", True, "fine"), "64 small")
    stall.do(DAN, ReportVerification("C1", False, OTHER))
    refused(stall, DAN, ReportVerification("C1", True, OTHER), "wrong_state")


def test_a_verifier_is_an_agent_and_has_something_to_verify() -> None:
    stall = Stall()
    with pytest.raises(Refused, match="no agent of this market"):
        stall.list(SOL, conditions=Conditions(criteria=(Content(),), verifier="A77"))
    with pytest.raises(Refused, match="name criteria"):
        stall.list(SOL, conditions=Conditions(verifier=DAN))


def test_what_a_verifier_measured_takes_the_place_of_what_was_reported() -> None:
    stall = delivered()
    state = stall.engine.fork()
    found = state.get(CONTRACTS, "C1")
    assert found is not None
    # A promise stands in a call for proposals; here it is put into a deal that is delivered.
    import msgspec

    promises = (Promise("latency", "at_most", 50, 2_000),)
    agreement = msgspec.structs.replace(found.agreement, promises=promises)
    told = msgspec.structs.replace(found, agreement=agreement, measured={"latency": 10})
    state.put(CONTRACTS, "C1", told)
    report = ReportVerification("C1", True, OTHER, {"latency": 90})
    draft = market.decide(state, at=state.at + 1, actor=DAN, command=report)
    ends = [one.penalty_bps for one in draft.events if hasattr(one, "penalty_bps")]
    assert ends == [2_000]


@pytest.mark.parametrize(
    "asked",
    [
        {"criteria": (Content("photo"),)},
        {"criteria": (Content(), Content(DIGEST))},
        {"criteria": (Rows(DIGEST, rows_min=5, rows_max=4),)},
        {"criteria": (Rows("x"),)},
        {"criteria": (Rows(DIGEST, sampled=-1),)},
        {"criteria": (Suite(DIGEST, seconds=0),)},
        {"criteria": (Suite(DIGEST, memory_mib=10**9),)},
        {"criteria": (Probe(0),)},
        {"criteria": (Probe(10, share_bps=10_001),)},
        {"late_us": DAY_US},
        {"late_day_bps": 5, "late_max_bps": 5},
        {"returns_us": -1},
        {"late_us": -1, "late_day_bps": 5, "late_max_bps": 5},
    ],
)
def test_conditions_that_no_deal_can_run_by_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="conditions"):
        Stall().list(SOL, conditions=Conditions(**asked))


def test_what_stands_in_a_refusal_is_ones_own() -> None:
    stall = delivered()
    with pytest.raises(Refused) as told:
        stall.do(EVE, GrantRefund("C1", 5))
    assert told.value.facts == {}
    assert usd(5).units == 5
