"""Walk every state that a contract under conditions can reach; from each, time alone ends it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from souq.core import dispute, market
from souq.core.acceptance import ConfirmReturn, Contest, ReportVerification, SendBack
from souq.core.budget import COMMITMENTS
from souq.core.conditions import Conditions
from souq.core.contract import AcceptDelivery, CancelContract, SubmitDelivery
from souq.core.criteria import Content, Encrypted, of_code
from souq.core.halt import SetHalt
from souq.core.ledger import HOLDS
from souq.core.mandate import MANDATES
from souq.core.performance import (
    PERFORMANCES,
    ClaimNonDelivery,
    CommitCode,
    CommitDelivery,
    GrantRefund,
)
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, SYSTEM, Rules
from souq.core.stage import CONTRACTS
from souq.core.state import DEADLINES, State, Table
from tests.core.stall import BEA, DAN, DEPOSIT, SOL, Stall, check_books

CODE, DIGEST = "a7" * 10, "ab" * 32
MOVES: tuple[Any, ...] = (
    SubmitDelivery("C1", DIGEST),
    SubmitDelivery("C1", DIGEST, code=CODE),
    SubmitDelivery("C1", DIGEST, code="wrong" * 5),
    SubmitDelivery("C1", DIGEST, key=CODE),
    AcceptDelivery("C1"),
    CancelContract("C1"),
    CommitCode("C1", of_code("C1", CODE)),
    CommitDelivery("C1", DIGEST),
    CommitDelivery("C1", DIGEST, of_code("C1", CODE)),
    ClaimNonDelivery("C1"),
    ReportVerification("C1", True, DIGEST),
    ReportVerification("C1", False, DIGEST),
    SendBack("C1"),
    ConfirmReturn("C1"),
    Contest("C1"),
    dispute.OpenDispute("C1", "damaged"),
    dispute.Rule("C1", 3_333),
)
REFUND = GrantRefund("C1", 6_000)
ACTORS = (BEA, SOL, DAN, OPERATOR)
CASES = {
    "both words": Conditions(hand_over="both"),
    "a code": Conditions(hand_over="code"),
    "late": Conditions(late_us=7 * DAY_US, late_day_bps=700, late_max_bps=1_500),
    "returns": Conditions(returns_us=HOUR_US, hand_over="code"),
    "content, verified": Conditions(criteria=(Content(),), verifier=DAN),
    "a key, verified, returns": Conditions(
        criteria=(Encrypted(),), verifier=DAN, returns_us=HOUR_US
    ),
}
STAGES = {
    "both words": {"Formed", "Delivered", "Disputed"},
    "a code": {"Formed", "Delivered", "Disputed"},
    "late": {"Formed", "Delivered", "Disputed"},
    "returns": {"Formed", "Delivered", "Disputed", "Returnable", "Returning"},
    "content, verified": {"Formed", "Delivered", "Disputed", "Failed"},
    "a key, verified, returns": {
        *("Formed", "Delivered", "Disputed", "Failed", "Returnable", "Returning")
    },
}


def formed(conditions: Conditions) -> State:
    stall = Stall(Rules(fee_bps=333))
    stall.deal(BEA, SOL, (stall.list(SOL, conditions=conditions),), 1_003)
    return stall.engine.fork()


def step(state: State, actor: str, command: Any, at: int) -> State | None:
    after = state.fork()
    try:
        market.decide(after, at=at, actor=actor, command=command).merge()
    except Refused:
        return None
    return after


def tick(state: State) -> State:
    due = state.next_due()
    assert due is not None
    after = step(state, SYSTEM, market.Tick(due[1]), max(due[0], state.at + 1))
    assert after is not None, "a tick was refused"
    return after


def shape(state: State) -> str:
    """Name a state but for when it is, so that walks meet again."""
    rows = state.rows(CONTRACTS), state.rows(PERFORMANCES), state.rows(HOLDS)
    return re.sub(r"(_by|cut_us)=\d+", "", repr([sorted(one.items()) for one in rows]))


def reachable(start: State) -> Iterator[State]:
    seen, frontier = {shape(start)}, [start]
    while frontier:
        state = frontier.pop()
        yield state
        at = state.at + 1
        after = [step(state, actor, move, at) for actor in ACTORS for move in _moves(state)]
        if state.next_due() is not None:
            after.append(tick(state))
        for one in after:
            if one is not None and (name := shape(one)) not in seen:
                seen.add(name)
                frontier.append(one)


def _moves(state: State) -> tuple[Any, ...]:
    # A refund once, or the walk never ends.
    held = sum(one.amount for one in state.rows(HOLDS).values())
    return (*MOVES, REFUND) if held > 1_000 else MOVES


def check_ended(end: State) -> None:
    tables: tuple[Table[Any], ...] = (CONTRACTS, HOLDS, COMMITMENTS, PERFORMANCES, DEADLINES)
    for table in tables:
        assert not end.rows(table), f"{table.name} is left"
    check_books(end)
    paid = DEPOSIT - end.tables[_accounts(end)]["wallet:P1/USD"].posted
    spent = next(one.lifetime_units for one in end.rows(MANDATES).values())
    assert spent == paid, "the mandate counts what was paid, and no more"


def _accounts(state: State) -> Any:
    return next(table for table in state.tables if table.name == "accounts")


@pytest.mark.parametrize("case", CASES)
def test_whatever_happens_or_not_a_delivery_ends_and_its_money_with_it(case: str) -> None:
    stages: set[str] = set()
    count = 0
    for state in reachable(formed(CASES[case])):
        count += 1
        stages |= {type(one).__name__ for one in state.rows(CONTRACTS).values()}
        end = state.fork()
        for _ in range(8):
            if end.next_due() is not None:
                end = tick(end)
        check_ended(end)
    assert stages == STAGES[case]
    assert count >= 8


@pytest.mark.parametrize("case", CASES)
def test_a_halt_keeps_no_delivery_for_good(case: str) -> None:
    for state in reachable(formed(CASES[case])):
        halted = step(state, OPERATOR, SetHalt("settlements"), state.at + 1)
        assert halted is not None
        assert halted.next_due() is None
        moves = (*MOVES, REFUND)
        later = halted.at + 400 * DAY_US
        assert all(step(halted, who, one, later) is None for who in ACTORS for one in moves)
        end = step(halted, OPERATOR, SetHalt("open"), later)
        assert end is not None
        for _ in range(8):
            if end.next_due() is not None:
                end = tick(end)
        check_ended(end)
