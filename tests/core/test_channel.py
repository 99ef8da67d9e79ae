"""Channels: a deposit is spent by vouchers off the market, and no path leaves its money stuck."""

from typing import Any

import pytest

from souq.core import market
from souq.core.budget import COMMITMENTS
from souq.core.channel import (
    CHANNELS,
    TOPUPS_MAX,
    AgreeClose,
    CloseChannel,
    OpenChannel,
    PresentVoucher,
    TopUpChannel,
)
from souq.core.channel_batch import Claim, SettleChannels
from souq.core.halt import SetHalt
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.mandate import MANDATES
from souq.core.party import AGENTS
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, SECOND_US, SYSTEM
from souq.core.state import DEADLINES
from souq.journal.replay import replay
from tests.core import stall as stalls
from tests.core.channels import DEPOSIT, LENGTH, UNIT, Till, chain, signed, word
from tests.core.stall import BEA, DAN, EVE, SOL, check_books, usd

FREE = stalls.DEPOSIT


def check_over(till: Till, paid: int) -> None:
    """Nothing is held; the payer is short of just what the payee and the house have."""
    state = till.state
    fee = paid * 333 // 10_000
    assert not state.rows(CHANNELS)
    assert not state.rows(HOLDS)
    assert not state.rows(COMMITMENTS)
    assert not state.rows(DEADLINES)
    assert till.wallet("P1") == (FREE - paid, 0)
    assert till.wallet("P2") == (FREE + paid - fee, 0)
    assert state.get(ACCOUNTS, "fees/USD").posted == fee
    assert state.get(MANDATES, state.get(AGENTS, BEA).mandate).lifetime_units == paid
    check_books(state)
    again = replay(till.stall.engine.store)
    assert market.state_hash(again.state) == market.state_hash(state)


def test_a_deposit_is_held_with_the_fee_inside_it() -> None:
    till = Till()
    holds = till.state.rows(HOLDS)
    assert {id: one.amount for id, one in holds.items()} == {"#X1.price": 967, "#X1.fee": 33}
    assert till.wallet("P1") == (FREE - DEPOSIT, DEPOSIT)


@pytest.mark.parametrize("units", [0, 1, 30, 31, 999, DEPOSIT])
def test_a_payee_closes_with_its_best_voucher_and_is_paid_at_once(units: int) -> None:
    till = Till()
    till.do(SOL, CloseChannel("X1", till.voucher(units)))
    check_over(till, units)


@pytest.mark.parametrize("index", [0, 1, 7, LENGTH])
def test_a_chain_pays_by_the_number_of_its_word(index: int) -> None:
    till = Till(chain())
    till.do(SOL, CloseChannel("X1", word(index)))
    check_over(till, index * UNIT)


def test_a_channel_without_a_voucher_pays_nothing() -> None:
    till = Till()
    till.do(SOL, CloseChannel("X1"))
    check_over(till, 0)


@pytest.mark.parametrize("on_record", [0, 400])
def test_silence_until_the_expiry_pays_what_is_on_record_and_returns_the_rest(
    on_record: int,
) -> None:
    till = Till(valid_us=DAY_US)
    if on_record:
        till.do(SOL, PresentVoucher("X1", till.voucher(on_record)))
    till.stall.now += DAY_US
    till.stall.engine.tick()
    check_over(till, on_record)


def test_a_payer_who_closes_leaves_the_payee_a_window_for_a_higher_voucher() -> None:
    till = Till(window_us=HOUR_US)
    till.do(BEA, CloseChannel("X1", till.voucher(10)))
    till.stall.now += HOUR_US - 3 * SECOND_US
    till.do(SOL, CloseChannel("X1", till.voucher(700)))
    check_over(till, 700)


@pytest.mark.parametrize("owned", [0, 10])
def test_a_window_that_passes_in_silence_pays_what_is_on_record(owned: int) -> None:
    till = Till(window_us=HOUR_US)
    till.do(BEA, CloseChannel("X1", till.voucher(owned) if owned else None))
    till.stall.now += HOUR_US
    till.stall.engine.tick()
    check_over(till, owned)


def test_a_window_never_outlasts_the_channel() -> None:
    till = Till(valid_us=DAY_US, window_us=DAY_US)
    till.stall.now += DAY_US // 2
    expires_at = till.channel().expires_at
    till.do(BEA, CloseChannel("X1"))
    assert till.channel().settle_by == expires_at


def test_both_sides_end_it_at_once_at_the_amount_that_both_name() -> None:
    till = Till()
    till.do(BEA, AgreeClose("X1", 300))
    till.do(SOL, AgreeClose("X1", 350))
    assert till.refusal(SOL, AgreeClose("X1", 350)) == "not_your_turn"
    till.do("P1", AgreeClose("X1", 350))
    check_over(till, 350)


def test_both_sides_may_agree_below_what_is_on_record_and_never_above_the_deposit() -> None:
    till = Till()
    till.do(SOL, PresentVoucher("X1", till.voucher(400)))
    for units in (-1, DEPOSIT + 1):
        assert till.refusal(SOL, AgreeClose("X1", units)).startswith("invalid field=units")
    till.do(SOL, AgreeClose("X1", 5))
    till.do(BEA, AgreeClose("X1", 5))
    check_over(till, 5)


def test_a_top_up_raises_what_can_be_paid() -> None:
    till = Till()
    above = till.voucher(DEPOSIT + 500)
    assert "above the deposit" in till.refusal(SOL, CloseChannel("X1", above))
    till.do(BEA, TopUpChannel("X1", usd(500)))
    assert till.wallet("P1") == (FREE - DEPOSIT - 500, DEPOSIT + 500)
    till.do(SOL, CloseChannel("X1", above))
    check_over(till, DEPOSIT + 500)


def test_top_ups_have_a_number_a_state_and_an_owner() -> None:
    till = Till()
    for _ in range(TOPUPS_MAX):
        till.do(BEA, TopUpChannel("X1", usd(1)))
    assert till.refusal(BEA, TopUpChannel("X1", usd(1))).startswith("invalid field=deposit")
    for actor in (SOL, DAN, "P1", OPERATOR, "nobody"):
        assert till.refusal(actor, TopUpChannel("X1", usd(1))) == "not_yours"
    till.do(BEA, CloseChannel("X1"))
    assert till.refusal(BEA, TopUpChannel("X1", usd(1))) == "wrong_state state=Closing"
    assert till.refusal(BEA, CloseChannel("X1")) == "wrong_state state=Closing"
    till.do(SOL, CloseChannel("X1", till.voucher(DEPOSIT + 3)))
    check_over(till, DEPOSIT + 3)


@pytest.mark.parametrize("actor", [DAN, EVE, "P3", OPERATOR, SYSTEM, "nobody"])
def test_a_channel_is_its_two_sides_alone(actor: str) -> None:
    till = Till()
    best = till.voucher(5)
    for command in (
        PresentVoucher("X1", best),
        CloseChannel("X1", best),
        CloseChannel("X1"),
        AgreeClose("X1", 5),
        SettleChannels((Claim("X1", best),)),
    ):
        assert till.refusal(actor, command) == "not_yours"


def test_a_payer_cannot_redeem_what_it_signed() -> None:
    till = Till()
    best = till.voucher(5)
    assert till.refusal(BEA, PresentVoucher("X1", best)) == "not_yours"
    assert till.refusal(BEA, SettleChannels((Claim("X1", best),))) == "not_yours"


def test_a_channel_that_is_over_stays_over() -> None:
    till = Till()
    best = till.voucher(5)
    till.do("P2", CloseChannel("X1", best))  # in person
    for actor, command in (
        (SOL, PresentVoucher("X1", best)),
        (SOL, CloseChannel("X1", best)),
        (BEA, CloseChannel("X1")),
        (BEA, AgreeClose("X1", 5)),
        (BEA, TopUpChannel("X1", usd(5))),
        (SOL, SettleChannels((Claim("X1", best),))),
    ):
        assert till.refusal(actor, command) == "closed id=X1"
    assert till.refusal(SOL, CloseChannel("X2")) == "not_found id=X2"
    check_over(till, 5)


@pytest.mark.parametrize("level", ["commitments", "negotiations", "settlements"])
def test_each_level_of_the_switch_stops_what_it_says(level: Any) -> None:
    till = Till()
    till.do(OPERATOR, SetHalt(level))
    halted = f"halted level={level}"
    assert till.refusal(BEA, OpenChannel(SOL, usd(5), signed())) == halted
    if level == "commitments":
        till.do(BEA, TopUpChannel("X1", usd(5)))
    else:
        assert till.refusal(BEA, TopUpChannel("X1", usd(5))) == halted
    for actor, command in (
        (SOL, PresentVoucher("X1", till.voucher(5))),
        (BEA, AgreeClose("X1", 7)),
        (BEA, CloseChannel("X1")),
        (SOL, CloseChannel("X1", till.voucher(9))),
    ):
        if level == "settlements":
            assert till.refusal(actor, command) == halted
            assert till.refusal(SOL, SettleChannels((Claim("X1"),))) == halted
        else:
            till.do(actor, command)


@pytest.mark.parametrize("is_closing", [False, True])
def test_a_channel_stands_still_with_settlements_and_has_its_time_again(is_closing: bool) -> None:
    till = Till(valid_us=10 * DAY_US, window_us=DAY_US)
    if is_closing:
        till.do(BEA, CloseChannel("X1"))
    till.stall.now += HOUR_US
    due = till.state.get(DEADLINES, "X1")
    till.do(OPERATOR, SetHalt("settlements"))
    left = due - till.state.at
    till.stall.now += 100 * DAY_US
    assert till.stall.engine.tick() == 0
    till.do(OPERATOR, SetHalt("open"))
    again = till.state.get(DEADLINES, "X1")
    assert again == till.state.at + left
    told = till.channel().settle_by if is_closing else till.channel().expires_at
    assert told == again
    till.do(SOL, CloseChannel("X1", till.voucher(7)))
    check_over(till, 7)


MOVES = (
    TopUpChannel("X1", usd(100)),
    CloseChannel("X1"),
    AgreeClose("X1", 10),
    AgreeClose("X1", 20),
)
STATES_MAX = 250


@pytest.mark.parametrize("means", [signed(), chain()], ids=["signed", "chain"])
@pytest.mark.parametrize("fee_bps", [0, 333, 10_000])
def test_whatever_happens_or_not_all_money_comes_free(means: Any, fee_bps: int) -> None:
    till = Till(means, fee_bps=fee_bps)
    proofs = [word(n) if means == chain() else till.voucher(n * UNIT) for n in (1, 2)]
    kinds: tuple[Any, ...] = (CloseChannel, PresentVoucher)
    moves = [*MOVES, *(kind("X1", one) for one in proofs for kind in kinds)]
    start = till.stall.engine.fork()
    seen, frontier, states = {market.state_hash(start)}, [start], set()
    while frontier and len(seen) < STATES_MAX:
        state = frontier.pop(0)
        states |= {type(one).__name__ for one in state.rows(CHANNELS).values()}
        for actor in (BEA, SOL):
            for move in moves:
                after = state.fork()
                try:
                    market.decide(after, at=state.at + 1, actor=actor, command=move).merge()
                except Refused:
                    continue
                if (name := market.state_hash(after)) not in seen:
                    seen.add(name)
                    frontier.append(after)
        end = state.fork()
        while (due := end.next_due()) is not None:
            at = max(due[0], end.at + 1)
            market.decide(end, at=at, actor=SYSTEM, command=market.Tick(due[1])).merge()
        assert not end.rows(HOLDS)
        assert not end.rows(CHANNELS)
        assert not end.rows(COMMITMENTS)
        lost = FREE - end.rows(ACCOUNTS)["wallet:P1/USD"].posted
        assert lost in {0, 10, UNIT, 2 * UNIT}, "not what a voucher or both sides say"
        check_books(end)
    assert states == {"Open", "Closing"}
    assert len(seen) >= STATES_MAX
