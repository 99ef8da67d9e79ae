"""A run comes out of its journal again: folded, judged anew, from a snapshot, and on disk."""

from pathlib import Path
from typing import Any

import pytest

from souq.core import market
from souq.core.mechanisms import BY_NAME
from souq.core.rules import SYSTEM
from souq.core.state import State
from souq.journal.replay import keep_snapshot, load_snapshot, replay
from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify
from souq.lab.hall import Hall
from tests.mechanisms.plays import PLAYS, Play
from tests.mechanisms.test_laws import watched
from tests.mechanisms.walks import walk_through

EVERY = [(name, play) for name, plays in PLAYS.items() for play in plays]


@pytest.mark.parametrize(("name", "play"), EVERY)
def test_a_run_replays_and_every_decision_is_made_again(name: str, play: Play) -> None:
    hall = watched(name, play)
    engine = hall.simulation.engine
    checked = verify(engine.store)
    assert checked.state_hash == market.state_hash(engine.state)
    assert checked.judged_again == checked.records


def test_what_noise_does_to_runs_is_judged_again_alike() -> None:
    walk = walk_through(3, plays=20)
    checked = verify(walk.store)
    assert checked.state_hash == market.state_hash(walk.state)


@pytest.mark.parametrize(("name", "play"), EVERY)
def test_a_run_goes_on_from_a_snapshot_as_if_nothing_had_been(
    name: str, play: Play, tmp_path: Path
) -> None:
    """Ranks follow from the rows: bids come in the same order whoever built the index."""
    hall = watched(name, play)
    store = hall.simulation.engine.store
    middle = store.head()[0] * 2 // 3
    path = tmp_path / "snapshot.json"
    keep_snapshot(replay(store, until=middle), path)
    found = load_snapshot(store, path, None)
    assert found is not None
    folded = replay(store, until=middle).state
    assert _rest(found.state) == _rest(folded)


def _rest(state: State) -> tuple[list[Any], str]:
    """Let every deadline come; give what happens, and where it ends."""
    events: list[Any] = []
    while (due := state.next_due()) is not None:
        at = max(due[0], state.at + 1)
        draft = market.decide(state, at=at, actor=SYSTEM, command=market.Tick(due[1]))
        events += draft.events
        draft.merge()
    return events, market.state_hash(state)


@pytest.mark.parametrize("name", PLAYS)
def test_memory_and_sqlite_keep_the_same_bytes(name: str, tmp_path: Path) -> None:
    play = PLAYS[name][0]
    in_memory = Hall(BY_NAME[name])
    on_disk = Hall(BY_NAME[name], store=SqliteStore(tmp_path / "market.db"))
    play(in_memory)
    play(on_disk)
    heads = [hall.simulation.engine.head for hall in (in_memory, on_disk)]
    on_disk.simulation.engine.close()
    assert heads[0] == heads[1]
