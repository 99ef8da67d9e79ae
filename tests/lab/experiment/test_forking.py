"""A counterfactual shares its past with what happened, to the byte, and differs from there on."""

from pathlib import Path

import pytest

from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify
from souq.lab import tables
from souq.lab.experiment import folder
from souq.lab.experiment.folder import BadFolder
from souq.lab.experiment.forking import BadChange, fork
from souq.lab.tables import PersonRow
from tests.lab.experiment.test_running import file_of, ran


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("study")
    ran(file_of(at), at / "out")
    return at / "out" / folder.CELLS / "00001"


def bodies(where: Path) -> list[bytes]:
    store = SqliteStore(where, read_only=True)
    try:
        verify(store)
        return [entry.body for entry in store.read()]
    finally:
        store.close()


def cards(where: Path) -> int:
    rows = tables.read(where / "persons.parquet", PersonRow)
    return sum(row.gift_card_units for row in rows)


def test_the_past_is_shared_and_the_rule_counts_from_there_on(cell: Path, tmp_path: Path) -> None:
    found = fork(cell, at=120, changes=["fee_bps=1000"], out=tmp_path / "dear")
    assert found.forked is not None
    changed_at = found.forked.changed_at
    before, after = bodies(cell), bodies(tmp_path / "dear")
    assert before[: changed_at - 1] == after[: changed_at - 1]
    assert b"AmendRules" in after[changed_at - 1]
    assert cards(tmp_path / "dear") < cards(cell)


def test_a_change_to_what_it_is_already_changes_no_deal(cell: Path, tmp_path: Path) -> None:
    fork(cell, at=120, changes=["fee_bps=0"], out=tmp_path / "same")
    assert cards(tmp_path / "same") == cards(cell)
    rows = [tables.read(one / "items.parquet", tables.ItemRow) for one in (cell, tmp_path / "same")]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("at", "changes", "why"),
    [
        (120, ["fee_bps=none"], "fee_bps"),
        (120, ["assets=[]"], "one of"),
        (120, ["fee"], "NAME=VALUE"),
        (120, [], "--set"),
        (10**9, ["fee_bps=5"], "records"),
    ],
)
def test_what_cannot_be_changed_is_refused(
    cell: Path, tmp_path: Path, at: int, changes: list[str], why: str
) -> None:
    with pytest.raises(BadChange, match=why):
        fork(cell, at=at, changes=changes, out=tmp_path / "no")


def test_a_fork_that_comes_to_nothing_leaves_nothing(cell: Path, tmp_path: Path) -> None:
    records = len(bodies(cell))
    with pytest.raises(BadChange, match="after the last turn"):
        fork(cell, at=records - 1, changes=["fee_bps=5"], out=tmp_path / "again")
    assert not list(tmp_path.iterdir())
    assert fork(cell, at=60, changes=["fee_bps=5"], out=tmp_path / "again").forked


def test_only_a_cell_can_be_forked(cell: Path, tmp_path: Path) -> None:
    with pytest.raises(BadFolder, match="no experiment"):
        fork(tmp_path, at=1, changes=["fee_bps=5"], out=tmp_path / "no")
    with pytest.raises(BadFolder, match="is no cell"):
        fork(cell.parent / "00099", at=1, changes=["fee_bps=5"], out=tmp_path / "no")
