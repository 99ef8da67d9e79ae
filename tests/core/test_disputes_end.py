"""Explore every path of a dispute: whatever anybody does or fails to do, no money stays held."""

from collections import Counter
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from souq.core.bond import BONDS
from souq.core.budget import COMMITMENTS, RESERVATIONS
from souq.core.dispute.records import PanelAwaited, RedoOrdered, SplitProposed, VotesCounted
from souq.core.dispute.verdict import REDONE
from souq.core.ending import RulingMade
from souq.core.epoch import WAITING
from souq.core.halt import SetHalt
from souq.core.jury import JURORS
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.procedure import Procedure
from souq.core.rules import DAY_US, OPERATOR
from souq.core.stage import CONTRACTS
from souq.core.state import DEADLINES, State, Table
from souq.core.undo import UNDO_UNTIL
from tests.core.quarrel import PROCEDURE, moves, quarrel, signature, step, tick

TICKS_MAX = 30


class Walk:
    """Every state that can be reached, each once; what was seen on the way."""

    def __init__(self, start: State, around: str = "") -> None:
        self.states: dict[bytes, State] = {}
        self.after_tick: dict[bytes, bytes | None] = {}
        self.seen: Counter[str] = Counter()
        names = [signature(start)]
        self.states[names[0]] = start
        while names:
            name = names.pop()
            state = self.states[name]
            for actor, command in moves(state, around):
                found = step(state, actor, command, state.at + 1)
                if found is not None:
                    self._add(found, names)
            later = tick(state)
            is_drawing = bool(state.rows(WAITING))
            self.after_tick[name] = (
                None if later is None else self._add(later, names, is_drawing=is_drawing)
            )

    def _add(
        self, found: tuple[State, tuple[Any, ...]], names: list[bytes], *, is_drawing: bool = False
    ) -> bytes:
        state, events = found
        for event in events:
            self._note(event)
        if is_drawing and type(events[0]).__name__ == "ArbiterCalled":
            self.seen["too few"] += 1
        name = signature(state)
        if name not in self.states:
            self.states[name] = state
            names.append(name)
        return name

    def _note(self, event: Any) -> None:
        self.seen[type(event).__name__] += 1
        match event:
            case RulingMade(by=by, payer_bps=share):
                self.seen[f"ruled by {by}, {share}"] += 1
            case PanelAwaited(appellant=who):
                self.seen[f"panel for {who or 'the first time'}"] += 1
            case VotesCounted(verdict=found):
                self.seen[f"votes for {found}"] += 1
            case RedoOrdered(by=by):
                self.seen[f"redo by {by}"] += 1
            case SplitProposed():
                self.seen["proposed"] += 1
            case _:
                pass

    def check(self) -> None:
        """Raise unless time alone brings every state to its end, with nothing held there."""
        for name in self.states:
            count, end = 0, name
            while (later := self.after_tick[end]) is not None:
                count, end = count + 1, later
                assert count < TICKS_MAX, "time passes, and something is still due"
            check_nothing_is_held(self.states[end])


def check_nothing_is_held(end: State) -> None:
    holds = end.rows(HOLDS)
    bonds = {f"#bond.{one.principal}.{one.asset}": one for one in end.rows(BONDS).values()}
    assert set(holds) == set(bonds), "more is held than bonds"
    assert all(holds[id].amount == one.units for id, one in bonds.items())
    empty: tuple[Table[Any], ...] = (CONTRACTS, COMMITMENTS, RESERVATIONS, REDONE, UNDO_UNTIL)
    for table in (*empty, WAITING):
        assert not end.rows(table), table.name
    assert all(id.startswith("bond:") for id in end.rows(DEADLINES))
    assert all(not one.cases for one in end.rows(JURORS).values()), "a juror still sits"
    accounts = end.rows(ACCOUNTS)
    assert sum(one.posted for one in accounts.values()) == 0
    assert all(one.posted >= 0 for name, one in accounts.items() if not name.startswith("world"))
    assert sum(one.held for one in accounts.values()) == sum(one.units for one in bonds.values())


@cache
def whole() -> Walk:
    return Walk(quarrel().engine.state)


def test_every_path_of_a_dispute_ends_with_nothing_held() -> None:
    walk = whole()
    walk.check()
    assert len(walk.states) > 10_000
    wanted = {
        *("ruled by panel, 0", "ruled by panel, 10000", "ruled by parties, 4000"),
        *("ruled by parties, 10000", "ruled by system, 5000", "ruled by P3, 0"),
        *("ruled by P3, 10000", "redo by P3", "redo by panel", "redo by parties"),
        *("panel for A1", "panel for A2", "panel for the first time", "votes for None"),
        *("votes for -1", "votes for 0", "votes for 10000", "BondForfeited", "ContractCancelled"),
        *("ContractFulfilled", "DisputeAnswered", "VerdictReached", "PanelDismissed"),
    }
    assert wanted - set(walk.seen) == set()


@pytest.mark.parametrize("around", ["bonds", "mandates", "jurors"])
def test_so_does_every_path_while_bonds_mandates_or_jurors_go(around: str) -> None:
    walk = Walk(quarrel(replace(PROCEDURE, appeal_us=0), jurors=1).engine.state, around)
    walk.check()
    assert walk.seen["VotesCounted"]
    are_too_few = walk.seen["PanelAwaited"] and walk.seen["too few"]
    assert bool(are_too_few) is (around != "mandates"), "where the only juror may go"


@pytest.mark.parametrize(
    ("procedure", "made"),
    [
        (None, {}),
        (Procedure(jury=0, filing_bps=1_000, rounds_max=1), {"jurors": 0}),
        (Procedure(jury=0, appeal_us=0, rounds_max=1), {"jurors": 0, "epochs": False}),
        (PROCEDURE, {"jurors": 0}),
        (PROCEDURE, {"epochs": False, "jurors": 1}),
        (PROCEDURE, {"jurors": 0, "arbiter": "P2"}),
        (PROCEDURE, {"jurors": 0, "arbiter": "P99"}),
    ],
)
def test_so_does_every_path_without_a_panel_or_an_arbiter(
    procedure: Procedure | None, made: dict[str, Any]
) -> None:
    walk = Walk(quarrel(procedure, **made).engine.state)
    walk.check()
    assert walk.seen["RulingMade"]
    assert not walk.seen["PanelDrawn"]
    assert ("ruled by P3, 0" in walk.seen) is (made.get("arbiter", "P3") == "P3")


def test_a_halt_keeps_nothing_for_good_and_moves_nothing_meanwhile() -> None:
    for state in list(whole().states.values())[::47]:
        if state.get(CONTRACTS, "C1") is None:
            continue
        halted = step(state, OPERATOR, SetHalt("settlements"), state.at + 1)
        assert halted is not None
        assert halted[0].next_due() is None
        for actor, command in moves(halted[0]):
            if type(command).__name__ not in ("CommitEpoch", "RevokeMandate", "LeaveJury"):
                assert step(halted[0], actor, command, halted[0].at + 1) is None
        lifted = step(halted[0], OPERATOR, SetHalt("open"), halted[0].at + 90 * DAY_US)
        assert lifted is not None
        end = lifted[0]
        assert end.rows(HOLDS) == state.rows(HOLDS)
        for _ in range(TICKS_MAX):
            later = tick(end)
            if later is None:
                break
            end = later[0]
        check_nothing_is_held(end)
