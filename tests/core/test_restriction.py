"""The ladder: what each rung stops, what goes on at every rung, and how it ends."""

from typing import Any

import pytest

from souq.core import channel, contract, dispute, payout
from souq.core.mechanisms import double_auction
from souq.core.mechanisms.alternating_offers import Counter
from souq.core.mechanisms.double_auction.records import CancelOrder, OpenOrderBook, PlaceOrder
from souq.core.mechanisms.moves import Accept, Reject
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.refusal import Reason, Refused
from souq.core.restriction import (
    APPEALS_MAX,
    LEVELS,
    PAUSE_US,
    RESTRICTIONS,
    AppealRestriction,
    RestrictionLapsed,
    SetRestriction,
    level_of,
)
from souq.core.rules import DAY_US, DURATION_MAX_US, HOUR_US, OPERATOR, SECOND_US
from souq.core.seal import PartyText
from souq.core.state import DEADLINES
from souq.journal.replay import records, replay
from souq.lab.hall import Hall
from tests.core.channels import chain
from tests.core.stall import BEA, SOL, Stall, usd

SHUT = ("restrict", "human")


def put(stall: Stall, principal: str, level: Any, us: int = HOUR_US, **more: Any) -> Any:
    until = None if level in ("observe", "human") else stall.now + us
    return stall.try_(OPERATOR, SetRestriction(principal, level, until, "spoofing", **more))


def why(stall: Stall, actor: str, command: Any) -> Any:
    refusal = stall.try_(actor, command).refusal
    return None if refusal is None else refusal.reason


@pytest.mark.parametrize("level", SHUT)
def test_whoever_is_restricted_makes_no_new_commitment_but_keeps_the_old_ones(level: str) -> None:
    stall = Stall()
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 50)
    thing = stall.list(SOL, 20)
    put(stall, "P1", level).need()
    put(stall, "P2", level).need()
    for command in (TakePrice(thing, usd(20)), channel.OpenChannel(SOL, usd(5), chain("x"))):
        assert why(stall, BEA, command) == Reason.RESTRICTED
    stall.do(SOL, contract.SubmitDelivery(deal))
    stall.do(BEA, dispute.OpenDispute(deal, "damaged"))
    stall.do(OPERATOR, dispute.Rule(deal, 3_000))
    stall.do("P1", payout.RequestPayout(usd(5)))
    stall.list(BEA)  # words and listings go on


def test_the_refusal_tells_level_reason_end_and_the_way_to_appeal() -> None:
    stall = Stall()
    thing = stall.list(SOL)
    put(stall, "P1", "restrict").need()
    refusal = stall.try_(BEA, TakePrice(thing, usd(500))).refusal
    assert refusal is not None
    until = stall.engine.state.rows(RESTRICTIONS)["P1"].until
    facts = {"level": "restrict", "why": "spoofing", "appeal": "appeal_restriction"}
    assert refusal.facts == {"rule": "ladder", "until": until, **facts}


def test_of_the_other_sides_restriction_one_learns_nothing() -> None:
    stall = Stall()
    thing = stall.list(SOL)
    talk, _ = stall.offer(SOL, (stall.list(BEA),), 50)
    terms = stall.do(BEA, Counter(talk, usd(60))).events[0].terms
    put(stall, "P1", "human").need()
    for actor, command in ((SOL, Accept(talk, terms)),):
        refusal = stall.try_(actor, command).refusal
        assert refusal is not None
        assert (refusal.reason, dict(refusal.facts)) == (Reason.COUNTERPARTY_UNABLE, {})
    stall.do(SOL, Reject(talk))
    put(stall, "P2", "human").need()
    refusal = stall.try_("A3", TakePrice(thing, usd(500))).refusal
    assert refusal is not None
    assert (refusal.reason, dict(refusal.facts)) == (Reason.COUNTERPARTY_UNABLE, {})


def test_a_slowed_principal_waits_between_its_own_moves_whichever_agent_makes_them() -> None:
    stall = Stall()
    thing, other = stall.list(SOL, 20, quantity=9), stall.list(SOL, 30, quantity=9)
    put(stall, "P1", "slow", DAY_US).need()
    stall.do(BEA, TakePrice(thing, usd(20)))
    refusal = stall.try_(BEA, TakePrice(other, usd(30))).refusal
    assert refusal is not None
    assert refusal.facts["next_at"] == stall.now - SECOND_US + PAUSE_US
    stall.now += PAUSE_US - 3 * SECOND_US
    assert why(stall, BEA, TakePrice(other, usd(30))) == Reason.RESTRICTED
    stall.now += SECOND_US
    stall.do(BEA, TakePrice(other, usd(30)))


def test_what_was_offered_before_is_no_new_commitment_when_the_other_side_accepts() -> None:
    stall = Stall()
    put(stall, "P1", "slow", DAY_US).need()
    talk, terms = stall.offer(BEA, (stall.list(SOL),), 50)
    stall.do(SOL, Accept(talk, terms))


def test_a_slowed_trader_in_a_book_trades_what_rests_and_orders_anew_only_later() -> None:
    hall = Hall(double_auction)
    sol, bea = hall.join(2)
    sells, wants = hall.post(sol, available=99), hall.post(bea, available=99, side="want")
    run = hall.open(sol, OpenOrderBook("units", "USD", DAY_US))
    now = hall.simulation.clock.at
    slow = SetRestriction("P2", "slow", now + DAY_US, "spoofing")
    hall.simulation.submit(OPERATOR, slow).need()
    hall.move(bea, PlaceOrder(run, wants, usd(50), 3))
    with pytest.raises(Refused, match="restricted"):
        hall.move(bea, PlaceOrder(run, wants, usd(51), 3))
    hall.move(sol, PlaceOrder(run, sells, usd(50)))  # meets what rests
    assert len(hall.trades) == 1
    hall.move(bea, CancelOrder(run, 1))  # getting free is always possible
    hall.simulation.advance(PAUSE_US + SECOND_US)  # which taking back has put off
    hall.move(bea, PlaceOrder(run, wants, usd(51), 3))


def test_a_restricted_traders_resting_orders_are_dropped_when_they_are_met() -> None:
    hall = Hall(double_auction)
    sol, bea, dan = hall.join(3)
    sells = hall.post(sol, available=99)
    wants = [hall.post(one, available=99, side="want") for one in (bea, dan)]
    run = hall.open(sol, OpenOrderBook("units", "USD", DAY_US))
    hall.move(bea, PlaceOrder(run, wants[0], usd(60)))
    hall.move(dan, PlaceOrder(run, wants[1], usd(50)))
    hall.simulation.submit(OPERATOR, SetRestriction("P2", "human")).need()
    hall.move(sol, PlaceOrder(run, sells, usd(50)))
    assert [(buyer, units) for buyer, _, _, _, units in hall.trades] == [(dan, 50)]


@pytest.mark.parametrize("level", ["warn", "slow", "restrict"])
def test_a_restriction_ends_by_itself_and_the_last_rung_does_not(level: str) -> None:
    stall = Stall()
    put(stall, "P1", level).need()
    put(stall, "P2", "human").need()
    stall.now += HOUR_US
    stall.engine.tick()
    assert level_of(stall.engine.state, "P1") == "observe"
    last = list(records(stall.engine.store))[-1]
    assert last.events == (RestrictionLapsed("P1", level),)  # type: ignore[arg-type]
    stall.now += 400 * DAY_US
    stall.engine.tick()
    assert level_of(stall.engine.state, "P2") == "human"
    assert not any(key.startswith("restriction:") for key in stall.engine.state.rows(DEADLINES))


@pytest.mark.parametrize("before", LEVELS)
@pytest.mark.parametrize("after", LEVELS)
def test_any_level_leads_to_any_other_and_leaves_one_deadline_at_most(
    before: str, after: str
) -> None:
    stall = Stall()
    if before != "observe":
        put(stall, "P1", before).need()
    stall.now += SECOND_US
    answer = put(stall, "P1", after)
    state = stall.engine.state
    if before == after and before in ("observe", "human"):
        assert answer.refusal is not None
        assert answer.refusal.reason == Reason.WRONG_STATE
    else:
        assert answer.need().events[0].before == before
        assert level_of(state, "P1") == after
    rows = [key for key in state.rows(DEADLINES) if key.startswith("restriction:")]
    assert len(rows) == (after in ("warn", "slow", "restrict"))
    assert replay(stall.engine.store).state.digest(repr_bytes) == state.digest(repr_bytes)


def repr_bytes(value: Any) -> bytes:
    return repr(value).encode()


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("until", {"level": "warn"}),
        ("until", {"level": "slow", "until": 1}),
        ("until", {"level": "restrict", "until": 2**52}),
        ("until", {"level": "human", "until": 2**52}),
        ("until", {"level": "observe", "until": 2**52}),
        ("evidence", {"level": "human", "evidence": "ab"}),
        ("evidence", {"level": "human", "evidence": "Z" * 64}),
        ("words", {"level": "human", "words": PartyText("a" * 4_001)}),
        ("pause_us", {"level": "human", "pause_us": 0}),
        ("pause_us", {"level": "human", "pause_us": DURATION_MAX_US}),
    ],
)
def test_a_malformed_restriction_is_refused_by_its_field(field: str, fields: Any) -> None:
    refusal = Stall().try_(OPERATOR, SetRestriction("P1", **fields)).refusal
    assert refusal is not None
    assert (refusal.reason, refusal.facts["field"]) == (Reason.INVALID, field)


def test_nobody_restricts_but_the_operator_and_officers_and_nobody_appeals_for_another() -> None:
    stall = Stall()
    for actor in (BEA, "P1", "P2", "nobody", "O1"):
        assert why(stall, actor, SetRestriction("P1", "human")) == Reason.NOT_YOURS
    assert why(stall, OPERATOR, SetRestriction("P99", "human")) == Reason.NOT_FOUND
    assert why(stall, OPERATOR, SetRestriction("A1", "human")) == Reason.NOT_FOUND
    put(stall, "P1", "human").need()
    appeal = AppealRestriction("P1", PartyText("no"))
    for actor in (BEA, "P2", OPERATOR, "nobody"):
        assert why(stall, actor, appeal) == Reason.NOT_YOURS
    for _ in range(APPEALS_MAX):
        stall.do("P1", appeal)
    assert why(stall, "P1", appeal) == Reason.WRONG_STATE  # a flood ends


def test_money_is_never_taken_by_the_ladder() -> None:
    stall = Stall()
    for level in ("warn", "slow", "restrict", "human", "observe"):
        events = put(stall, "P1", level).need().events
        assert [type(one).__name__ for one in events] == ["RestrictionSet"]
