"""An experiment as a whole: cut off anywhere, it ends as if it had not been."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify
from souq.lab import goods, population, tables
from souq.lab.experiment import folder, reading, running, stopping
from souq.lab.experiment.folder import BadFolder
from souq.lab.experiment.one_cell import CellFailed, Order
from souq.lab.experiment.processes import Processes
from souq.lab.experiment.running import Done, Standing
from souq.lab.sources import people
from souq.lab.study.opening import open_study
from souq.lab.tables import MetricRow, PersonRow

SMALL = """\
name = "small"
seed = 5
repetitions = 2
[population]
people = 10
goods_per_person = 4
[market]
turns_per_person = 20
[agents.strong]
skill = "strong"
[agents.weak]
skill = "weak"
[survey]
[[arms]]
name = "free"
[[arms]]
name = "dear"
market.fee_bps = 1000
"""


def quiet(at: Standing) -> None:
    """Tell nobody."""


def file_of(at: Path, text: str = SMALL) -> Path:
    path = at / "small.toml"
    path.write_text(text)
    return path


def ran(file: Path, out: Path, *, jobs: int = 1, is_resumed: bool = False) -> list[str]:
    design, plan = running.begin(file, out, is_resumed=is_resumed)
    used = running.run(design, plan, out, file.parent, Processes(jobs), quiet)
    return [cell.name for cell in used]


def contents(out: Path) -> dict[str, str]:
    """Hash all that an experiment leaves but when and where it was run, and what readers leave."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and path.name not in (folder.RUN, folder.ORIGIN, folder.LOCK)
        and not path.name.endswith(("-shm", "-wal"))
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("whole")
    ran(file_of(at), at / "out")
    return at / "out"


def test_each_cell_leaves_a_journal_that_verifies_and_a_manifest_that_names_all(
    whole: Path,
) -> None:
    plan = folder.read_plan(whole)
    assert len(plan.cells) == 4
    for cell in plan.cells:
        at = folder.whole(whole, cell)
        manifest = folder.read_manifest(whole, cell)
        assert manifest.files == folder.hashes(at)
        assert {
            f"{name}.parquet" for name in tables.TABLES if name not in ("survey", "readers")
        } <= (manifest.files.keys())
        store = SqliteStore(at, read_only=True)
        checked = verify(store)
        store.close()
        assert checked.records == manifest.records


def test_people_and_goods_are_the_same_in_all_arms_of_a_repetition(whole: Path) -> None:
    names = []
    for cell in folder.read_plan(whole).cells[:2]:
        rows = tables.read(folder.whole(whole, cell) / "persons.parquet", PersonRow)
        names.append([(row.person, row.style, row.budget_units) for row in rows])
    assert names[0] == names[1]


def test_the_fee_of_the_dear_arm_is_missing_from_its_gift_cards(whole: Path) -> None:
    plan = folder.read_plan(whole)
    cards: dict[str, int] = {}
    for cell in plan.cells:
        rows = tables.read(folder.whole(whole, cell) / "persons.parquet", PersonRow)
        cards[cell.arm] = cards.get(cell.arm, 0) + sum(row.gift_card_units for row in rows)
    assert cards["dear"] < cards["free"] == 2 * 10 * 100_000_000


def test_the_same_file_gives_the_same_bytes_whatever_runs_it(whole: Path, tmp_path: Path) -> None:
    ran(file_of(tmp_path), tmp_path / "out", jobs=2)
    assert contents(tmp_path / "out") == contents(whole)


def test_another_seed_gives_other_markets(whole: Path, tmp_path: Path) -> None:
    ran(file_of(tmp_path, SMALL.replace("seed = 5", "seed = 6")), tmp_path / "out")
    for name in ("00001", "00004"):
        other = tmp_path / "out" / folder.CELLS / name / "journal.sqlite"
        assert other.read_bytes() != (whole / folder.CELLS / name / "journal.sqlite").read_bytes()


class Counting:
    """An engine that runs cells here, and fails after so many."""

    def __init__(self, fails_after: int) -> None:
        self.left = fails_after
        self.made: list[str] = []

    def run(self, orders: Sequence[tuple[Order, Path]]) -> Iterator[Done]:
        for order in orders:
            if self.left == 0:
                raise CellFailed("no more")
            self.left -= 1
            self.made.append(order[0].cell.name)
            yield from Processes(1).run([order])


def test_what_was_cut_off_goes_on_and_no_cell_is_made_twice(whole: Path, tmp_path: Path) -> None:
    file, out = file_of(tmp_path), tmp_path / "out"
    first, second = Counting(2), Counting(99)
    design, plan = running.begin(file, out, is_resumed=False)
    with pytest.raises(CellFailed):
        running.run(design, plan, out, tmp_path, first, quiet)
    design, plan = running.begin(file, out, is_resumed=True)
    running.run(design, plan, out, tmp_path, second, quiet)
    assert first.made + second.made == [cell.name for cell in plan.cells]
    assert contents(out) == contents(whole)


def wait_until_gone(group: int) -> None:
    """Return once a killed program's workers have noticed it, and write nothing more."""
    until = time.monotonic() + 60
    while is_at_work(group):
        assert time.monotonic() < until, "the workers go on by themselves"
        time.sleep(0.01)


def is_at_work(group: int) -> bool:
    """Tell whether a process of a group lives; one that is dead and not buried does not."""
    for one in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group, *_ = one.read_text().rpartition(")")[2].split()
            if int(its_group) == group and state != "Z":
                return True
    return False


def test_a_killed_run_ends_as_if_it_had_not_been(whole: Path, tmp_path: Path) -> None:
    file, out = file_of(tmp_path), tmp_path / "out"
    command = [sys.executable, "-m", "souq.cli", "lab", "run", str(file), "--out", str(out)]
    for n in range(12):
        more = ["--resume"] if (out / folder.PLAN).exists() else []
        with subprocess.Popen(
            [*command, *more, "-j", "2"], stdout=subprocess.DEVNULL, start_new_session=True
        ) as program:
            # Somewhere else each time: while it starts, in a cell, between two, at the end.
            deadline = time.monotonic() + 1.2 + 0.35 * n
            while time.monotonic() < deadline and program.poll() is None:
                time.sleep(0.01)
            if program.poll() is None:
                os.kill(program.pid, signal.SIGKILL)
        wait_until_gone(program.pid)
        if program.returncode == 0:
            break
    ran(file, out, is_resumed=True)
    assert contents(out) == contents(whole)
    assert not list((out / folder.CELLS).glob(".*")), "what was begun has been finished"


def test_a_folder_is_not_run_over_nor_gone_on_with_by_other_means(
    whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadFolder, match="--resume"):
        ran(file_of(tmp_path), whole)
    with pytest.raises(BadFolder, match="other files"):
        ran(file_of(tmp_path, SMALL.replace("people = 10", "people = 7")), whole, is_resumed=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    with pytest.raises(BadFolder, match="holds no experiment"):
        ran(file_of(tmp_path), tmp_path / "mine")
    plan = json.loads((whole / folder.PLAN).read_text())
    copy = tmp_path / "copy"
    (copy / folder.CELLS).mkdir(parents=True)
    (copy / folder.PLAN).write_text(json.dumps({**plan, "commit": "another"}))
    with pytest.raises(BadFolder, match="would not compare"):
        ran(file_of(tmp_path), copy, is_resumed=True)


def test_two_programs_do_not_run_one_experiment(tmp_path: Path) -> None:
    with (
        folder.held(tmp_path),
        pytest.raises(BadFolder, match="another program"),
        folder.held(tmp_path),
    ):
        pass


def test_a_market_that_cannot_be_is_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    text = SMALL.replace("market.fee_bps = 1000", 'agents.weak.names = ["Nobody"]')
    file, out = file_of(tmp_path, text), tmp_path / "out"
    with pytest.raises(CellFailed, match=r"arm 'dear', repetition 1: .*Nobody"):
        ran(file, out)
    assert len(folder.finished_cells(out, folder.read_plan(out))) == 1


def test_everybody_ranks_what_each_market_brought(whole: Path) -> None:
    rows = tables.read(whole / "survey.parquet", tables.SurveyRow)
    assert len(rows) == 2 * 2 * 10
    for repetition in (1, 2):
        for person in {row.person for row in rows}:
            mine = [one for one in rows if (one.person, one.repetition) == (person, repetition)]
            assert sorted(one.rank for one in mine) == [1, 2]


def test_it_stops_once_the_interval_is_narrow_enough(tmp_path: Path) -> None:
    rule = '[stopping]\nmetric = "deals"\nhalf_width = 1000.0\nevery = 2\n'
    text = SMALL.replace("repetitions = 2", "repetitions = 6").replace("[survey]\n", rule)
    file, out = file_of(tmp_path, text), tmp_path / "out"
    assert len(ran(file, out)) == 4
    assert len(ran(file, out, is_resumed=True)) == 4
    study = open_study(out)
    assert not study.left_out, "what was not needed is not missing"
    assert any("stopping rule" in note for note in study.notes)
    never = text.replace("1000.0", "0.000001")
    assert len(ran(file_of(tmp_path, never), tmp_path / "other")) == 12


def test_half_an_interval_is_students() -> None:
    # Values 1, 2, 3: sd 1, t(2) at 97.5 % is 4.302653.
    assert stopping.half_width([1, 2, 3]) == pytest.approx(4.302653 / 3**0.5, abs=1e-6)


def test_a_plan_is_made_before_the_first_cell_and_bound_to_each(whole: Path) -> None:
    sha = hashlib.sha256((whole / folder.PLAN).read_bytes()).hexdigest()
    plan = folder.read_plan(whole)
    assert {folder.read_manifest(whole, cell).plan_sha256 for cell in plan.cells} == {sha}
    assert len({cell.luck_seed for cell in plan.cells}) == 4
    assert msgspec.json.decode((whole / folder.PLAN).read_bytes())["repetitions"] == 2


def test_metrics_are_there_for_every_cell(whole: Path) -> None:
    for cell in folder.read_plan(whole).cells:
        rows = tables.read(folder.whole(whole, cell) / "metrics.parquet", MetricRow)
        assert {row.metric for row in rows} >= {"deals", "efficiency", "surplus_per_person"}
        assert {(row.arm, row.repetition) for row in rows} == {(cell.arm, cell.repetition)}


def test_reading_gives_what_running_plans(tmp_path: Path) -> None:
    design = reading.read(file_of(tmp_path))
    assert [arm.name for arm in design.arms] == ["free", "dear"]


def stages(out: Path) -> set[str]:
    """Give how the contracts of all cells ended."""
    cells = folder.read_plan(out).cells
    paths = [folder.whole(out, cell) / "deals.parquet" for cell in cells]
    return {row.stage for path in paths for row in tables.read(path, tables.DealRow)}


def test_a_market_of_two_months_keeps_its_deals_until_the_hand_over(tmp_path: Path) -> None:
    ran(file_of(tmp_path, SMALL.replace("[market]", "[market]\ndays = 60")), tmp_path / "out")
    assert stages(tmp_path / "out") == {"fulfilled"}


def test_everybody_looks_before_silence_accepts_however_short_the_inspection(
    tmp_path: Path,
) -> None:
    text = SMALL.replace("[market]", "[market]\nrules.inspection_us = 60000000")
    ran(file_of(tmp_path, text), tmp_path / "out")
    assert stages(tmp_path / "out") == {"fulfilled"}


def test_a_run_cut_off_before_its_plan_was_written_can_be_begun_again(tmp_path: Path) -> None:
    (tmp_path / "out" / folder.CELLS).mkdir(parents=True)
    (tmp_path / "out" / f".{folder.FILE}").write_text("half")
    assert len(ran(file_of(tmp_path), tmp_path / "out", is_resumed=True)) == 4


def test_people_from_a_file_are_one_population(tmp_path: Path) -> None:
    drawn = population.draw(goods.bundled(), people=6, seed=3, per_person=2, budget_units=10**8)
    people.write(drawn, tmp_path / "people.json")
    text = SMALL.replace("people = 10\ngoods_per_person = 4", 'file = "people.json"')
    ran(file_of(tmp_path, text), tmp_path / "out")
    assert len({cell.people_seed for cell in folder.read_plan(tmp_path / "out").cells}) == 1
