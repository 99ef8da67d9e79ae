"""A lot's secret is committed to before and shown after; who waits for it is due at once then."""

import pytest

from souq.core import epoch, market
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.refusal import Refused
from souq.core.rules import HOUR_US, OPERATOR
from souq.core.state import DEADLINES, Draft
from tests.core.stall import BEA, Stall

SECRET, NEXT = "ab" * 16, "cd" * 16


def opened() -> Stall:
    stall = Stall()
    stall.do(OPERATOR, CommitEpoch(of_secret(SECRET)))
    return stall


def test_what_waits_is_due_when_the_secret_is_shown() -> None:
    stall = opened()
    state = stall.engine.state
    draft = Draft(state, state.at + 1, market.evolve)
    epoch.wait(draft, "C7", "E1", draft.at + HOUR_US)
    epoch.wait(draft, "C8", "E2", draft.at + HOUR_US)
    draft.merge()
    later = state.at + HOUR_US
    draft = Draft(state, state.at + 1, market.evolve)
    draft.emit(epoch.EpochRevealed("E1", SECRET))
    draft.merge()
    assert state.get(DEADLINES, "C7") == state.at + 1
    assert state.get(DEADLINES, "C8") == later
    assert [one.id for one in state.rows(epoch.WAITING).values()] == ["C8"]


def test_a_secret_is_shown_once_its_epoch_has_closed_and_opens_its_commitment() -> None:
    stall = opened()
    for told, command in (
        ("Open", RevealEpoch("E1", SECRET)),
        ("not_found", RevealEpoch("E9", SECRET)),
    ):
        with pytest.raises(Refused, match=told):
            stall.do(OPERATOR, command)
    stall.do(OPERATOR, CommitEpoch(of_secret(NEXT)))
    with pytest.raises(Refused, match="not what was committed to"):
        stall.do(OPERATOR, RevealEpoch("E1", NEXT))
    assert epoch.secret_of(stall.engine.state, "E1") == ""
    stall.do(OPERATOR, RevealEpoch("E1", SECRET))
    assert epoch.secret_of(stall.engine.state, "E1") == SECRET
    assert epoch.open_epoch(stall.engine.state) == "E2"
    with pytest.raises(Refused, match="Revealed"):
        stall.do(OPERATOR, RevealEpoch("E1", SECRET))


@pytest.mark.parametrize("actor", [BEA, "P1", "nobody"])
def test_only_the_operator_commits(actor: str) -> None:
    stall = opened()
    for command in (CommitEpoch(of_secret(NEXT)), RevealEpoch("E1", SECRET)):
        with pytest.raises(Refused, match="not_yours"):
            stall.do(actor, command)


def test_a_lot_follows_from_the_secret_and_every_name() -> None:
    lots = {epoch.lot(SECRET, "C1", "P1"), epoch.lot(SECRET, "C1", "P2"), epoch.lot(NEXT, "C1")}
    assert len(lots) == 3
    assert epoch.lot(SECRET, "C1", "P1") == epoch.lot(SECRET, "C1", "P1")
    assert epoch.lot(SECRET, "C1P", "1") != epoch.lot(SECRET, "C1", "P1")
