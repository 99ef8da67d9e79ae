"""A market with policies comes back from its snapshot as it was, and goes on judging by them."""

from pathlib import Path

import pytest

from souq.core import market
from souq.core.policy.history import ROWS
from souq.core.policy.setting import POLICIES
from souq.engine import Engine
from souq.journal.replay import SNAPSHOT, load_snapshot, replay, write_snapshot
from souq.journal.sqlite import SqliteStore
from tests.scenario import Play

TOLD = Path(__file__).parents[1] / "scenarios"


@pytest.mark.parametrize("name", ["101", "103", "107"])
def test_a_snapshot_holds_policies_and_what_they_remember(tmp_path: Path, name: str) -> None:
    [path] = TOLD.glob(f"{name}_*.deal")
    store = SqliteStore(tmp_path / "m")
    play = Play(store).tell(path.read_text(encoding="utf-8"))
    before = market.state_hash(play.engine.state)
    assert play.engine.state.rows(POLICIES)
    assert play.engine.state.rows(ROWS)
    write_snapshot(store, tmp_path / "m" / SNAPSHOT)
    play.engine.close()
    again = SqliteStore(tmp_path / "m")
    assert load_snapshot(again, tmp_path / "m" / SNAPSHOT, 1 << 53) is not None
    assert market.state_hash(replay(again).state) == before
    with Engine(again, snapshot=tmp_path / "m" / SNAPSHOT) as engine:
        assert market.state_hash(engine.state) == before
        rules = [policy.value.rules for policy in engine.state.rows(POLICIES).values()]
        assert all(rules)
