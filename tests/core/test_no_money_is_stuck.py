"""Walk every state a contract can reach, and from each let time pass until nothing is held."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from souq.core import approval, dispute, market
from souq.core import contract as c
from souq.core.agreement import Agreement, CashLeg, GoodsLeg, Leg
from souq.core.budget import COMMITMENTS, RESERVATIONS
from souq.core.halt import LEVELS, SetHalt
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import LISTINGS, PostListing
from souq.core.mandate import MANDATES, GoodsLimit, Limits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.money import USD, Money
from souq.core.negotiation import AgreementReached
from souq.core.promise import Promise, penalty_bps
from souq.core.refusal import Refused
from souq.core.reputation import RECORDS
from souq.core.rules import DAY_US, OPERATOR, SYSTEM, Rules
from souq.core.seal import PartyText, PublicText
from souq.core.stage import CONTRACTS
from souq.core.state import DEADLINES, Draft, State
from souq.journal.memory import MemoryStore
from souq.lab.simulation import Simulation

CLAIM = PartyText("broken").sealed(b"")
MOVES = (
    approval.Approve("C1"),
    approval.Decline("C1"),
    c.SubmitDelivery("C1"),
    c.SubmitDelivery("C1", measured={"quality": 7}),
    c.AcceptDelivery("C1"),
    c.CancelContract("C1"),
    dispute.OpenDispute("C1", "damaged", CLAIM),
    dispute.Rule("C1", 0),
    dispute.Rule("C1", 3_333),
    dispute.Rule("C1", 10_000),
)
ACTORS = ("A1", "A2", "P1", "P2", OPERATOR)


def formed(kind: str) -> State:
    """Bring a market to its first contract. A1 buys, A2 sells."""
    s = Simulation(MemoryStore(), random.Random(1))
    s.open(Rules(fee_bps=0 if kind == "plain" else 333), b"")
    asks = USD.parse("10").units if kind == "one approval" else None
    buyer = Limits(approval_above_units=asks, lifetime_units=USD.parse("100").units)
    s.join("bea", buyer, USD.parse("100"))
    seller = Limits(goods={name: GoodsLimit(0, True) for name in ("lamp", "globe")})
    s.join("sol", seller, USD.parse("100"))
    for agent, ref in (("A2", "lamp"), ("A2", "globe"), ("A1", "radio")):
        s.submit(agent, PostListing(PublicText(ref), "home", ref=ref)).need()
    if kind == "two approvals":
        return waiting_for_two(s.engine.fork())
    if kind == "promises":
        return promised(s.engine.fork())
    items = {"bundle": ("L1", "L2"), "barter": ("L1", "L3")}.get(kind, ("L1",))
    payer = "A1" if kind == "barter" else ""
    offer = MakeOffer(tuple(map(Item, items)), USD.parse("33.333333"), payer=payer)
    made = s.submit("A1", offer).need()
    terms = next(event.terms for event in made.events if hasattr(event, "terms"))
    s.submit("A2", Accept("N1", terms)).need()
    return s.engine.state


def waiting_for_two(state: State) -> State:
    """Add a deal that both principals must approve.

    No mechanism makes one yet, as only one side of a haggle pays; the contract has a state for it.
    """
    pays = (("A1", "A2", 7_000_001), ("A2", "A1", 3_000_003))
    legs: tuple[Leg, ...] = (
        GoodsLeg("A2", "A1", "L2", 1),
        *(CashLeg(giver, taker, Money(units, "USD")) for giver, taker, units in pays),
    )
    draft = Draft(state.fork(), state.at + 1, market.evolve)
    reached = AgreementReached("C1", "N1", Agreement(("A1", "A2"), legs), ("P1", "P2"))
    draft.emit(reached)
    c.form(draft, reached)
    draft.merge()
    return draft.state


def promised(state: State) -> State:
    """Add a deal in which two things are promised, of which the report can keep one."""
    legs: tuple[Leg, ...] = (
        GoodsLeg("A2", "A1", "L1", 1),
        CashLeg("A1", "A2", Money(7_000_001, "USD")),
    )
    promises = (Promise("quality", "at_least", 7, 6_667), Promise("speed", "at_most", 3, 3_331))
    draft = Draft(state.fork(), state.at + 1, market.evolve)
    reached = AgreementReached("C1", "N1", Agreement(("A1", "A2"), legs, promises))
    draft.emit(reached)
    c.form(draft, reached)
    draft.merge()
    return draft.state


def step(state: State, actor: str, command: Any, at: int) -> State | None:
    after = state.fork()
    try:
        market.decide(after, at=at, actor=actor, command=command).merge()
    except Refused:
        return None
    return after


def reachable(start: State) -> Iterator[State]:
    seen, frontier = {market.state_hash(start)}, [start]
    while frontier:
        state = frontier.pop()
        yield state
        for actor in ACTORS:
            for move in MOVES:
                after = step(state, actor, move, state.at + 1)
                if after is not None and (name := market.state_hash(after)) not in seen:
                    seen.add(name)
                    frontier.append(after)
        due = state.next_due()
        if due is not None:
            later = step(state, SYSTEM, market.Tick(due[1]), max(due[0], state.at + 1))
            assert later is not None
            if (name := market.state_hash(later)) not in seen:
                seen.add(name)
                frontier.append(later)


def let_time_pass(state: State) -> State:
    for _ in range(10):
        due = state.next_due()
        if due is None:
            return state
        after = step(state, SYSTEM, market.Tick(due[1]), max(due[0], state.at + 1))
        assert after is not None, "a tick was refused"
        state = after
    raise AssertionError("time passes, and something is still due")


def check_nothing_is_held(end: State, kind: str) -> None:
    assert not end.rows(CONTRACTS)
    assert not end.rows(HOLDS)
    assert not end.rows(COMMITMENTS)
    assert not end.rows(RESERVATIONS)
    assert not end.rows(DEADLINES)
    assert all(one.reserved == 0 for one in end.rows(LISTINGS).values())
    accounts = end.rows(ACCOUNTS)
    assert all(one.reserved_units == 0 for one in end.rows(MANDATES).values())
    if kind != "two approvals":  # where the buyer also receives, his wallet does not tell
        spent = USD.parse("100").units - accounts["wallet:P1/USD"].posted
        assert [one.lifetime_units for one in end.rows(MANDATES).values()] == [spent, 0]
    assert sum(one.posted for one in accounts.values()) == 0
    assert all(one.held == one.incoming == 0 for one in accounts.values())
    assert all(one.posted >= 0 for name, one in accounts.items() if not name.startswith("world"))


@pytest.mark.parametrize(
    "kind", ["plain", "fee", "promises", "bundle", "barter", "one approval", "two approvals"]
)
def test_whatever_happens_or_not_all_escrow_ends(kind: str) -> None:
    stages: set[str] = set()
    count = 0
    for state in reachable(formed(kind)):
        count += 1
        stages |= {type(one).__name__ for one in state.rows(CONTRACTS).values()}
        end = let_time_pass(state.fork())
        check_nothing_is_held(end, kind)
    expected = {"Formed", "Delivered", "Disputed"} | ({"Held"} if "approval" in kind else set())
    assert stages == expected
    assert count >= 8


@pytest.mark.parametrize("kind", ["fee", "barter", "one approval"])
@pytest.mark.parametrize("level", LEVELS[1:])
def test_a_halt_of_any_level_keeps_no_money_for_good(level: str, kind: str) -> None:
    for state in reachable(formed(kind)):
        halted = switched(state, level)
        if level == "settlements":
            held = halted.rows(CONTRACTS), halted.rows(HOLDS)
            assert halted.next_due() is None
            for actor in ACTORS:
                for move in MOVES:
                    assert step(halted, actor, move, halted.at + 400 * DAY_US) is None
            lifted = switched(halted, "open", later_us=400 * DAY_US)
            assert (len(lifted.rows(CONTRACTS)), lifted.rows(HOLDS)) == (len(held[0]), held[1])
            halted = lifted
        check_nothing_is_held(let_time_pass(halted), kind)


def switched(state: State, level: Any, *, later_us: int = 1) -> State:
    after = step(state, OPERATOR, SetHalt(level), state.at + later_us)
    assert after is not None, f"the switch stuck at {level}"
    return after


@pytest.mark.parametrize(
    ("measured", "back_bps"),
    [({"quality": 7, "speed": 3}, 0), ({"quality": 8}, 3_331), ({"speed": 2}, 6_667), ({}, 9_998)],
)
@pytest.mark.parametrize("is_silent", [True, False])
def test_a_missed_promise_costs_its_penalty_and_frees_its_budget(
    measured: dict[str, int], back_bps: int, is_silent: bool
) -> None:
    state = formed("promises")
    given = step(state, "A2", c.SubmitDelivery("C1", measured=measured), state.at + 1)
    assert given is not None
    end = step(given, "A1", c.AcceptDelivery("C1"), given.at + 1)
    end = let_time_pass(given) if is_silent else end
    assert end is not None
    check_nothing_is_held(end, "promises")
    fee = 7_000_001 * 333 // 10_000
    back = sum(part * back_bps // 10_000 for part in (fee, 7_000_001 - fee))
    paid = USD.parse("100").units - end.rows(ACCOUNTS)["wallet:P1/USD"].posted
    assert paid == 7_000_001 - back
    shown = end.rows(RECORDS)["A2"]
    assert (shown.bad > 0) == (back_bps > 0)
    assert (shown.good > 0) == (back_bps < 10_000)


def test_all_penalties_together_cost_at_most_the_price() -> None:
    promises = tuple(Promise(name, "at_least", 1, 6_000) for name in "abc")
    assert penalty_bps(promises, {}) == 10_000
    assert penalty_bps(promises, {"a": 1}) == 10_000
    assert penalty_bps(promises, {"a": 1, "b": 1, "c": 0}) == 6_000
