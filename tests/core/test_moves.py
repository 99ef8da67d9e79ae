"""What can be done about a contract is what the sweep writes down as legal, state by state."""

import msgspec
import pytest

from souq.core import market
from souq.core.moves import moves_of
from souq.core.rules import SECOND_US
from tests.core.test_sweep import LEGAL, ROLES, cells, scene_of

ABOUT = {
    command.__name__
    for command in market.COMMANDS
    if any(field.name == "contract" for field in msgspec.structs.fields(command))
}


def offered(name: str) -> set[tuple[str, str]]:
    scene = scene_of(name)
    at = scene.stall.now + SECOND_US
    state = scene.stall.engine.fork()
    before = market.state_hash(state)
    found = {
        (command.__name__, role)
        for role, actor in ROLES.items()
        for command in moves_of(state, at=at, actor=actor, contract=scene.deal)
    }
    assert market.state_hash(state) == before
    return found


@pytest.mark.parametrize("name", LEGAL)
def test_the_moves_are_the_legal_cells(name: str) -> None:
    legal = {(command, role) for command, role in cells(name) if command in ABOUT}
    found = offered(name)
    if not name.startswith("house, a contract"):
        # Elsewhere the sweep confirms a summary that is none; the moves have the right one.
        confirmed = {role for command, role in found if command == "ConfirmSummary"}
        assert confirmed <= set("BSbs"), confirmed
        found = {(command, role) for command, role in found if command != "ConfirmSummary"}
    if name == "delivery to be committed to":
        legal |= {("SubmitDelivery", "S"), ("SubmitDelivery", "s")}  # with evidence it may do
    assert sorted(found - legal) == []
    assert sorted(legal - found) == []


def test_every_command_about_a_contract_is_tried_somewhere() -> None:
    assert {command for name in LEGAL for command, _ in offered(name)} == ABOUT


@pytest.mark.parametrize("name", LEGAL)
def test_whoever_brings_no_key_can_do_nothing(name: str) -> None:
    # Where nobody is named as verifier, auditor or arbiter, nobody is: not even who has no name.
    scene = scene_of(name)
    state, at = scene.stall.engine.state, scene.stall.now + SECOND_US
    assert moves_of(state, at=at, actor="", contract=scene.deal) == ()
