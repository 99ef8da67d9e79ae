"""The kill switch: what each level stops, and that what stood still goes on as if it had not."""

from typing import Any

import pytest

from souq.core import contract, dispute, funds, market, payout
from souq.core.halt import HALTS, LEVELS, SetHalt
from souq.core.ledger import HOLDS
from souq.core.mechanisms.alternating_offers import Counter
from souq.core.mechanisms.moves import Reject
from souq.core.negotiation import NEGOTIATIONS
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, SECOND_US
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS
from souq.core.standstill import STOPPED
from souq.core.state import DEADLINES
from souq.core.transfer import HOLD, Batch
from souq.journal.replay import replay
from tests.core.stall import BEA, SOL, Stall, usd


def switch(stall: Stall, level: Any) -> Any:
    return stall.do(OPERATOR, SetHalt(level, PublicText("smoke"))).events


def delivered() -> tuple[Stall, str]:
    """A stall whose only contract waits for the buyer's word, with an hour and a bit to go."""
    stall = Stall()
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 50)
    stall.do(SOL, contract.SubmitDelivery(deal))
    stall.now += DAY_US - 2 * HOUR_US
    stall.engine.tick()
    return stall, deal


def due(stall: Stall, id: str) -> int | None:
    return stall.engine.state.get(DEADLINES, id)


@pytest.mark.parametrize("before", LEVELS)
@pytest.mark.parametrize("after", LEVELS)
def test_the_switch_goes_from_any_level_to_any_other(before: str, after: str) -> None:
    stall, _ = delivered()
    if before != "open":
        switch(stall, before)
    answer = stall.try_(OPERATOR, SetHalt(after))  # type: ignore[arg-type]
    if before == after:
        assert answer.refusal is not None
        assert answer.refusal.reason == Reason.WRONG_STATE
    else:
        assert answer.events[0].before == before
        assert (stall.engine.state.get(HALTS, "market") is None) == (after == "open")


@pytest.mark.parametrize("level", LEVELS)
def test_only_the_operator_throws_the_switch(level: Any) -> None:
    stall, _ = delivered()
    for actor in (BEA, "P1", "nobody"):
        refusal = stall.try_(actor, SetHalt(level)).refusal
        assert refusal is not None
        assert refusal.reason == Reason.NOT_YOURS


def test_a_deadline_that_stood_still_has_the_time_again_that_it_had_left() -> None:
    stall, deal = delivered()
    was = due(stall, deal)
    assert was is not None
    stopped = switch(stall, "settlements")
    began = stall.engine.state.at
    assert stopped[1].left_us == (was - began,)
    assert due(stall, deal) is None
    stall.now += 90 * DAY_US
    assert stall.engine.tick() == 0
    switch(stall, "open")
    lifted = stall.engine.state.at
    assert due(stall, deal) == lifted + was - began
    found: Any = stall.engine.state.get(CONTRACTS, deal)
    assert found.accept_by == due(stall, deal)
    assert not stall.engine.state.rows(STOPPED)


def test_no_deadline_comes_within_an_hour_of_the_lifting() -> None:
    stall, deal = delivered()
    stall.now += 2 * HOUR_US - 3 * SECOND_US
    switch(stall, "settlements")
    stall.now += DAY_US
    switch(stall, "negotiations")
    assert due(stall, deal) == stall.engine.state.at + HOUR_US
    stall.do(BEA, dispute.OpenDispute(deal, "damaged"))


def test_a_deadline_that_had_come_counts_though_the_switch_was_thrown_in_the_same_instant() -> None:
    stall, deal = delivered()
    stall.now += 3 * HOUR_US
    switch(stall, "settlements")
    assert stall.engine.state.get(CONTRACTS, deal) is None
    assert not stall.engine.state.rows(STOPPED)


def test_a_callers_hold_stands_still_with_the_contracts() -> None:
    stall, _ = delivered()
    for name in ("x", "y"):
        stall.do(OPERATOR, funds.OpenAccount(name, no_overdraft=False))
    hold = Batch(("t",), ("x",), ("y",), (5,), (HOLD,), (), (5 * HOUR_US,))
    stall.do(OPERATOR, funds.TransferMany(hold))
    switch(stall, "settlements")
    stall.now += DAY_US
    stall.engine.tick()
    assert stall.engine.state.get(HOLDS, "t") is not None
    switch(stall, "open")
    stall.now += 5 * HOUR_US
    stall.engine.tick()
    assert stall.engine.state.get(HOLDS, "t") is None


@pytest.mark.parametrize("level", LEVELS[1:])
def test_an_offer_lapses_at_every_level(level: str) -> None:
    stall = Stall()
    talk, _ = stall.offer(BEA, (stall.list(SOL),), 50, valid_us=HOUR_US)
    switch(stall, level)
    stall.now += HOUR_US
    assert stall.engine.tick() == 1
    assert stall.engine.state.get(NEGOTIATIONS, talk) is None


@pytest.mark.parametrize("level", LEVELS[1:])
def test_the_refusal_names_the_level_that_holds(level: str) -> None:
    stall = Stall()
    talk, _ = stall.offer(BEA, (stall.list(SOL),), 50)
    switch(stall, level)
    with pytest.raises(Refused, match=f"halted.level={level}"):
        stall.offer(BEA, (stall.list(SOL),), 50)
    counter = stall.try_(SOL, Counter(talk, usd(60)))
    assert (counter.refusal is None) == (level == "commitments")
    if level != "commitments":
        stall.do(SOL, Reject(talk))


def test_money_comes_in_and_back_but_does_not_leave_while_settlements_are_halted() -> None:
    stall = Stall()
    asked = [stall.do("P1", payout.RequestPayout(usd(5))).events[0].payout for _ in range(3)]
    stall.do(OPERATOR, payout.SendPayout(asked[0]))
    switch(stall, "settlements")
    for actor, command in (
        ("P1", payout.RequestPayout(usd(5))),
        (OPERATOR, payout.SendPayout(asked[1])),
        (OPERATOR, funds.ReportPayout("P1", usd(5))),
        (OPERATOR, funds.TransferMany(Batch(("t",), ("x",), ("y",), (1,)))),
    ):
        refusal = stall.try_(actor, command).refusal
        assert refusal is not None
        assert refusal.reason == Reason.HALTED
    stall.do(OPERATOR, payout.ConfirmPayout(asked[0]))  # it had left before
    stall.do("P1", payout.CancelPayout(asked[1]))
    stall.do(OPERATOR, funds.ReportDeposit("P1", usd(5), reference="d"))
    stall.do(OPERATOR, funds.ReportChargeback(usd(5), "credits", "d"))
    switch(stall, "open")
    stall.do(OPERATOR, payout.SendPayout(asked[2]))


def test_a_standstill_replays() -> None:
    stall, _ = delivered()
    stall.offer(BEA, (stall.list(SOL),), 50)
    for level in ("settlements", "commitments", "settlements"):
        stall.now += DAY_US
        switch(stall, level)
        again = replay(stall.engine.store)
        assert market.state_hash(again.state) == market.state_hash(stall.engine.state)
        assert again.state.next_due() == stall.engine.state.next_due()
