"""What holds for every mechanism that is open to all, whatever happens around it."""

import os
from typing import Any

import pytest

from souq.core import market
from souq.core.budget import RESERVATIONS
from souq.core.ledger import HOLDS
from souq.core.listing import LISTINGS
from souq.core.mandate import RevokeMandate
from souq.core.mechanisms import BY_NAME
from souq.core.mechanisms.call_for_proposals.records import CallForProposalsSubcontracted
from souq.core.mechanisms.parties import PARTIES
from souq.core.negotiation import NEGOTIATIONS
from souq.core.pledge import PLEDGED
from souq.core.refusal import Refused
from souq.core.rules import OPERATOR, SYSTEM
from souq.core.state import DEADLINES, State, Table
from souq.journal.replay import records
from souq.lab.hall import Hall
from tests.mechanisms.plays import PLAYS, Play
from tests.mechanisms.walks import let_end, walk_through

EVERY = [(name, play) for name, plays in PLAYS.items() for play in plays]
WALKS = range(40 if os.environ.get("SOUQ_FULL") else 4)


# What needs a contract to stand under: tests/mechanisms/test_call_for_proposals.py
SHOWN_ELSEWHERE = {CallForProposalsSubcontracted}


class Watched(Hall):
    """A hall that keeps every state it went through."""

    def __init__(self, name: str) -> None:
        super().__init__(BY_NAME[name])
        self.states: list[State] = []
        self.sent: list[tuple[str, Any]] = []

    def open(self, agent: str, command: Any) -> str:
        self.sent.append((agent, command))
        found = super().open(agent, command)
        self.states.append(self.simulation.engine.fork())
        return found

    def move(self, agent: str, command: Any) -> None:
        self.sent.append((agent, command))
        super().move(agent, command)
        self.states.append(self.simulation.engine.fork())


def watched(name: str, play: Play) -> Watched:
    hall = Watched(name)
    play(hall)
    return hall


def fall_silent(state: State) -> set[type]:
    """Let every deadline come, and give the kinds of what happens."""
    happened: set[type] = set()
    for _ in range(10_000):
        due = state.next_due()
        if due is None:
            return happened
        happened |= _do(state, SYSTEM, market.Tick(due[1]), at=max(due[0], state.at + 1))
    raise AssertionError("deadlines beget deadlines")


def _do(state: State, actor: str, command: Any, at: int = 0) -> set[type]:
    draft = market.decide(state, at=at or state.at + 1, actor=actor, command=command)
    draft.merge()
    return {type(event) for event in draft.events}


def without_each_party(hall: Watched, name: str) -> set[type]:
    """Take away one party's authority at a time, at every step, and let the rest happen."""
    happened: set[type] = set()
    for state in hall.states:
        for agent in sorted({agent for agent, _ in hall.sent}):
            other = state.fork()
            happened |= _do(other, OPERATOR, RevokeMandate(agent))
            happened |= fall_silent(other)
            check_nothing_is_left(other, name)
    return happened


def check_nothing_is_left(state: State, name: str) -> None:
    own: tuple[Table[Any], ...] = (HOLDS, RESERVATIONS, PLEDGED, NEGOTIATIONS, PARTIES, DEADLINES)
    for table in own:
        assert not state.rows(table), f"{table.name} are left: {state.rows(table)}"
    for table in BY_NAME[name].TABLES:
        assert not state.rows(table), f"{table.name} are left"
    for listing in state.rows(LISTINGS).values():
        assert (listing.reserved, listing.pledged) == (0, 0), f"{listing.id} is kept aside"


@pytest.mark.parametrize(("name", "play"), EVERY)
def test_from_every_step_silence_frees_everything(name: str, play: Play) -> None:
    for state in watched(name, play).states:
        fall_silent(state)
        check_nothing_is_left(state, name)


@pytest.mark.parametrize(("name", "play"), EVERY)
def test_whoever_says_whatever_is_answered(name: str, play: Play) -> None:
    """No command, from anybody, at any step, breaks the market; and none leaves money stuck."""
    hall = watched(name, play)
    said = list({repr(command): command for _, command in hall.sent}.values())
    speakers = [*sorted({agent for agent, _ in hall.sent}), "P1", OPERATOR, "A77"]
    accepted = 0
    for n, state in enumerate(hall.states):
        for m, command in enumerate(said):
            for actor in speakers:
                try:
                    draft = market.decide(state, at=state.at + 1, actor=actor, command=command)
                except Refused:
                    continue
                accepted += 1
                if (n + m) % 5 == 0:
                    other = state.fork()
                    _do(other, actor, command)
                    fall_silent(other)
                    check_nothing_is_left(other, name)
                assert draft.events
    assert accepted


@pytest.mark.parametrize("name", PLAYS)
def test_whoever_loses_its_authority_holds_nobody_up(name: str) -> None:
    """Every command of a mechanism is accepted somewhere, and every event of it happens."""
    mechanism = BY_NAME[name]
    commands: set[type] = set()
    events: set[type] = set()
    for play in PLAYS[name]:
        hall = watched(name, play)
        events |= without_each_party(hall, name)
        for record in records(hall.simulation.engine.store):
            if record.refusal is None:
                commands.add(type(record.command))
                events |= {type(event) for event in record.events}
    assert {*mechanism.OPENS, *mechanism.MOVES} <= commands
    assert set(mechanism.EVOLVE) - SHOWN_ELSEWHERE <= events
    assert set(mechanism.EVOLVE) == set(mechanism.SEEN)


@pytest.mark.parametrize("seed", WALKS)
def test_runs_keep_the_laws_amid_noise(seed: int) -> None:
    walk = walk_through(seed, plays=12)
    let_end(walk)
    assert walk.auditor.runs.closed, "no run came to its end"
    assert walk.auditor.runs.agreed, "no run came to an agreement"
