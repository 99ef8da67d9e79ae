"""Every scenario, told to a market in memory and to one on disk, must come out the same."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from souq.core import market
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.refusal import Reason
from souq.journal.memory import MemoryStore
from souq.journal.replay import records, replay
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from tests.scenario import Play

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.deal"))

# What no agent can meet while it talks to a market that works.
NOT_TOLD = {
    Reason.OVERLOADED: "needs a disk that lags",
    Reason.QUARANTINED: "needs a command that stopped an earlier process",
    Reason.STOPPED: "needs a broken invariant",
}


def told(path: Path, store: Store) -> Play:
    return Play(store).tell(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_deal_goes_as_it_is_told(path: Path, tmp_path: Path) -> None:
    in_memory = told(path, MemoryStore())
    on_disk = told(path, SqliteStore(tmp_path / "market"))
    bodies = [[entry.body for entry in play.store.read()] for play in (in_memory, on_disk)]
    assert bodies[0] == bodies[1]
    for play in (in_memory, on_disk):
        again = replay(play.store)
        assert (again.seq, again.hash) == play.engine.head
        assert market.state_hash(again.state) == market.state_hash(play.engine.state)
        check_books(play.engine.state)
    on_disk.engine.close()


def check_books(state: Any) -> None:
    """Add up the raw rows: nothing made, nothing lost, nothing held without a hold."""
    sums: Counter[str] = Counter()
    held: Counter[str] = Counter()
    incoming: Counter[str] = Counter()
    for hold in state.rows(HOLDS).values():
        held[hold.debit] += hold.amount
        incoming[hold.credit] += hold.amount
    for name, account in state.rows(ACCOUNTS).items():
        sums[account.asset] += account.posted
        assert (account.held, account.incoming) == (held[name], incoming[name]), name
        assert account.posted - account.held >= 0 or name.startswith("world:"), name
    assert set(sums.values()) <= {0}


def test_the_scenarios_meet_every_refusal_that_agents_can_meet() -> None:
    assert len(FILES) >= 28
    met = {
        record.refusal.reason
        for path in FILES
        for record in records(told(path, MemoryStore()).store)
        if record.refusal is not None
    }
    # Nothing is judged when an id is used twice, so no record shows it.
    met |= {"id_reused" for path in FILES if "! id_reused" in path.read_text(encoding="utf-8")}
    assert met == {reason.value for reason in Reason} - {reason.value for reason in NOT_TOLD}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("bea receives 5 USD ! invalid", "it was accepted"),
        ("bea takes lamp", "refused"),
        ("bea has 1 USD", "it is 0 USD"),
        ("bea takes lamp ! closed", "another reason"),
        ("bea takes lamp ! not_found without facts", "it tells"),
        ("bea cashes out 1 USD ! insufficient_funds available=2 needed=1", "it tells"),
        ("bea dances with sol", "no such step"),
        ("lamp is open", "it is over"),
    ],
)
def test_a_line_that_is_not_so_is_told_off(line: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=f"line 2: .*{complaint}"):
        Play(MemoryStore()).tell(f"# a market\n{line}")
