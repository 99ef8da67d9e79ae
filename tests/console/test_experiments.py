"""An experiment is shown as far as it is, while it is run and after, and each of its markets."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from souq.app.lobby import Lobby
from souq.app.shelving import OPEN_MAX, Folder
from souq.journal.sqlite import SqliteStore
from souq.lab.experiment import folder, running
from souq.lab.experiment.one_cell import PROGRESS
from souq.lab.experiment.processes import Processes
from souq.lab.study.watching import Watcher
from souq.lab.tables import MetricRow, read
from souq.surfaces.console.shelf import State
from tests.console.looked_at import hashed, links, told, walked
from tests.console.test_onlooking import written

SMALL = """\
name = "small"
question = "Does a <b>fee</b> matter?"
seed = 5
repetitions = 3
[population]
people = 6
goods_per_person = 3
[market]
turns_per_person = 12
[[arms]]
name = "free"
[[arms]]
name = "dear"
market.fee_bps = 1000
"""
CELLS = "/experiments/small/cells/"
# What is promised; a machine that has much else to do is given more.
WITHIN_S = 2.0 if os.environ.get("SOUQ_FULL") == "1" else 30.0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a small experiment."""
    at = tmp_path_factory.mktemp("experiments")
    file = at / "small.toml"
    file.write_text(SMALL)
    design, plan = running.begin(file, at / "small", is_resumed=False)
    running.run(design, plan, at / "small", at, Processes(1), lambda standing: None)
    return at / "small"


@pytest.fixture
def half(whole: Path, tmp_path: Path) -> Path:
    """Leave an experiment of which two cells are done, one is a quarter over, three wait."""
    at = tmp_path / "small"
    shutil.copytree(whole, at)
    for number in range(3, 7):
        shutil.rmtree(at / folder.CELLS / f"{number:05d}")
    lines = (at / folder.RUN).read_bytes().splitlines(keepends=True)
    (at / folder.RUN).write_bytes(b"".join(lines[:2]))
    begun = at / folder.CELLS / ".00003"
    begun.mkdir()
    (begun / PROGRESS).write_bytes(msgspec.json.encode((3, 12, 1_250_000)))
    return at


def states(at: Path) -> list[State]:
    return [cell.state for cell in Watcher(at).seen().cells]


def test_a_running_experiment_shows_how_far_each_cell_is_and_what_it_costs(half: Path) -> None:
    with folder.held(half):
        found = Watcher(half).seen()
        (page,) = told(half, "/experiments/small")
    assert found.state == "at_work"
    assert [cell.state for cell in found.cells] == [
        "done",
        "done",
        "at_work",
        "waiting",
        "waiting",
        "waiting",
    ]
    assert (found.cells[2].share_bps, found.cost_units) == (2_500, 1_250_000)
    assert found.share_bps == (2 * 10_000 + 2_500) // 6
    pace = sum(cell.seconds for cell in found.cells) / 2
    assert found.left_s == pytest.approx(3.75 * pace)
    assert found.records == sum(cell.records for cell in found.cells[:2]) > 0
    assert "25 %" in page.text
    assert "1.25 <small>USD</small>" in page.text
    assert page.text.count(">waits<") == 3


def test_an_experiment_that_nobody_runs_any_more_is_cut_off_and_says_how_to_go_on(
    half: Path,
) -> None:
    found = Watcher(half).seen()
    assert found.state == "cut_off"
    assert states(half)[2] == "cut_off"
    assert found.left_s is None
    (page,) = told(half, "/experiments/small")
    assert "souq lab run FILE --resume" in page.text


def test_cells_beyond_a_stopping_rule_that_was_met_are_not_waited_for(half: Path) -> None:
    shutil.rmtree(half / folder.CELLS / ".00003")
    (half / folder.ENOUGH).write_text("1\n")
    found = Watcher(half).seen()
    assert states(half) == ["done"] * 2 + ["not_needed"] * 4
    assert (found.state, found.share_bps, found.needed) == ("done", 10_000, 2)
    (page,) = told(half, "/experiments/small")
    assert "met after repetition 1 of 3" in page.text


def test_to_look_at_a_lock_neither_changes_the_folder_nor_stops_a_run_from_beginning(
    half: Path,
) -> None:
    before = hashed(half)
    assert not folder.is_held(half)
    with folder.held(half):
        assert folder.is_held(half)
    assert not folder.is_held(half)
    (half / folder.LOCK).unlink()
    assert not folder.is_held(half)
    assert {**hashed(half), folder.LOCK: ""} == {**before, folder.LOCK: ""}


def test_a_process_that_is_killed_leaves_what_is_shown_as_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "long.toml"
    file.write_text(SMALL.replace("people = 6", "people = 60").replace("= 12", "= 200"))
    command = "from souq.cli import main; main()"
    out = tmp_path / "long"
    run = subprocess.Popen(
        [sys.executable, "-c", command, "lab", "run", str(file), "-j", "1", "--out", str(out)],
        stdout=subprocess.DEVNULL,
    )
    watcher = Watcher(out)
    try:
        deadline = time.monotonic() + 120
        while not any(cell.share_bps for cell in watcher.seen().cells):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        seen = watcher.seen()
        assert seen.is_running
        assert seen.cells[0].state == "at_work"
    finally:
        run.kill()
        run.wait()
    assert watcher.seen().state == "cut_off"
    assert watcher.seen().cells[0].state == "cut_off"
    (page,) = told(out, "/experiments/long")
    assert page.status_code == 200


def test_whoever_watches_is_told_within_two_seconds_that_a_cell_went_on(half: Path) -> None:
    async def listen() -> None:
        lobby = Lobby(Folder(half))
        with lobby.bell() as bell:
            await asyncio.sleep(0.1)
            bell.clear()
            after = lobby.durable
            assert not lobby.page("operator", after, 9).records
            (half / folder.CELLS / ".00003" / PROGRESS).write_bytes(b"[4,12,1250000]")
            async with asyncio.timeout(WITHIN_S):
                await bell.wait()
        assert lobby.page("operator", after, 9).records

    asyncio.run(listen())


def test_whoever_watches_is_told_of_records_that_a_page_of_their_market_has_read_already(
    half: Path,
) -> None:
    async def listen() -> None:
        begun = half / folder.CELLS / ".00003"
        shelf = Folder(half)
        lobby = Lobby(shelf)
        with closing(SqliteStore(begun)) as store:
            store.append(written()[:80])
            read = await shelf.cell("small", "00003")
            assert read is not None
            with lobby.bell() as bell:
                await asyncio.sleep(0.1)
                bell.clear()
                store.append(written()[80:90])
                assert [one.seq for one in read.page("operator", 89, 9).records] == [90]
                async with asyncio.timeout(WITHIN_S):
                    await bell.wait()
        shelf.close()

    asyncio.run(listen())


def test_every_page_of_an_experiment_is_shown_and_nothing_in_its_folder_changes(
    whole: Path,
) -> None:
    before = hashed(whole)
    found = walked(whole, "/experiments/small", most=60)
    assert {one.status_code for one in found.values()} <= {200, 303, 404, 409}
    for path in ("/experiments/small", f"{CELLS}00001/", f"{CELLS}00006/"):
        assert found[path].status_code == 200
    assert hashed(whole) == before


def test_a_markets_links_stay_below_its_own_place(whole: Path) -> None:
    base = f"{CELLS}00003"
    for path, page in walked(whole, f"{base}/", most=60).items():
        if path.startswith(base) and page.headers["content-type"].startswith("text/html"):
            outside = [one for one in links(page.text) if not one.startswith(f"{base}/")]
            assert set(outside) <= {"/experiments/small"}, path
            streams = re.findall(r'data-stream="([^"]*)"', page.text)
            assert all(one.startswith(f"{base}/live") for one in streams)
    without, with_ = told(whole, base, f"{base}/")
    assert without.headers["location"] == f"{base}/"
    assert "deal" in with_.text


def test_strangers_words_in_an_experiment_stay_words(whole: Path) -> None:
    listed, one = told(whole, "/experiments", "/experiments/small")
    for page in (listed, one):
        assert "<b>fee</b>" not in page.text
        assert "&lt;b&gt;fee&lt;/b&gt;" in page.text


def test_metrics_are_the_means_of_cells_that_are_done(half: Path) -> None:
    found = Watcher(half).means()
    assert found.rows[0].metric == "surplus_per_person"
    rows = read(half / folder.CELLS / "00001" / "metrics.parquet", MetricRow)
    value = next(row.value for row in rows if row.metric == "surplus_per_person")
    assert value is not None
    assert found.rows[0].by_arm[0] == f"${value:,.2f}"


def test_without_tables_the_page_says_why_there_are_no_metrics(half: Path) -> None:
    for path in half.glob("cells/*/metrics.parquet"):
        path.unlink()
    (page,) = told(half, "/experiments/small")
    assert page.status_code == 200
    assert "Metrics cannot be read" in page.text


def test_floors_stand_side_by_side_on_the_same_axes(whole: Path) -> None:
    (page,) = told(whole, "/experiments/small/beside?cells=00001,00002,00003")
    assert page.status_code == 200
    price = set(
        re.findall(
            r'data-chart="price".*? data-from="(.*?)" data-to="(.*?)" data-most="(.*?)"', page.text
        )
    )
    assert len(price) == 1
    assert page.text.count('data-chart="price"') == 3
    for name in ("00001", "00002", "00003"):
        assert f'href="{CELLS}{name}/"' in page.text
        assert f"{CELLS}{name}/audit/" in page.text
    for asked, status in (("", 422), ("99999", 422), ("00001", 200), ("<script>", 422)):
        (page,) = told(whole, f"/experiments/small/beside?cells={asked}")
        assert page.status_code == status


def test_a_market_that_is_being_written_is_shown_beside_one_that_waits(half: Path) -> None:
    begun = half / folder.CELLS / ".00003"
    with closing(SqliteStore(begun)) as store, folder.held(half):
        store.append(written()[:80])
        (page,) = told(half, "/experiments/small/beside?cells=00003,00004")
        assert '<td class="n">80</td><td class="n">–</td>' in page.text
        assert "It has not been run." in page.text
        store.append(written()[80:90])
        (floor,) = told(half, f"{CELLS}00003/")
        assert "#90" in floor.text


def test_a_cell_at_work_without_a_journal_says_when_it_will_have_one(half: Path) -> None:
    with folder.held(half):
        (page,) = told(half, "/experiments/small/beside?cells=00003,00001")
    assert "its journal is written at the end" in page.text


def test_a_cell_that_became_whole_is_read_from_its_new_place(half: Path) -> None:
    begun, ended = half / folder.CELLS / ".00003", half / folder.CELLS / "00003"

    async def look() -> None:
        shelf = Folder(half)
        store = SqliteStore(begun)
        store.append(written()[:80])
        first = await shelf.cell("small", "00003")
        assert first is not None
        store.append(written()[80:])
        store.close()
        begun.rename(ended)
        second = await shelf.cell("small", "00003")
        assert second is not None
        assert second.durable == len(written())
        assert first.is_closing
        shelf.close()

    asyncio.run(look())


def test_only_so_many_markets_are_open_at_once(tmp_path: Path) -> None:
    async def look() -> None:
        shelf = Folder(tmp_path)
        first = None
        for n in range(OPEN_MAX + 3):
            with closing(SqliteStore(tmp_path / f"m{n}")) as store:
                store.append(written()[:3])
            read = await shelf.market(f"m{n}")
            first = first or read
        assert first is not None
        assert first.is_closing
        again = await shelf.market("m0")
        assert again is not None
        assert again is not first
        shelf.close()

    asyncio.run(look())


def test_a_report_is_shown_as_it_is_and_nothing_in_it_can_run(half: Path) -> None:
    written_as = (
        "<!doctype html><style>p{color:red}</style><p onclick='x()'>Yes<script>x()</script>"
    )
    (half / "report.html").write_text(written_as)
    frame, page = told(half, "/experiments/small/report", "/experiments/small/report.html")
    assert page.text == written_as
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert policy.endswith("sandbox")
    assert 'href="/experiments/small"' in frame.text
    assert "sandbox" in frame.text
    (missing,) = told(half.parent, "/experiments/nothing/report.html")
    assert missing.status_code == 404


def test_a_folder_of_several_lists_experiments_and_markets(half: Path) -> None:
    several = half.parent
    with closing(SqliteStore(several / "a market")) as store:
        store.append(written()[:60])
    front, listed, market, broken = told(
        several, "/", "/experiments", "/markets/a%20market/", "/experiments/a%20market"
    )
    assert front.headers["location"] == "/experiments"
    assert 'aria-current="page">Experiments<' in listed.text
    assert 'href="/experiments/small"' in listed.text
    assert 'href="/markets/a%20market/"' in listed.text
    assert market.status_code == 200
    assert 'href="/markets/a%20market/listings"' in market.text
    assert broken.status_code == 404


@pytest.mark.parametrize(
    "path", ["/experiments/%2e%2e", "/markets/..%2f..%2fetc/", "/markets/small/"]
)
def test_no_name_leads_out_of_the_folder(half: Path, path: str) -> None:
    (half.parent.parent / "journal.sqlite").touch()
    (page,) = told(half.parent, path)
    assert page.status_code == 404


def test_an_empty_folder_says_what_would_stand_there(tmp_path: Path) -> None:
    (page,) = told(tmp_path, "/experiments")
    assert page.status_code == 200
    assert "souq lab run" in page.text


def test_a_damaged_plan_is_named_and_the_others_are_shown(half: Path) -> None:
    shutil.copytree(half, half.parent / "broken")
    (half.parent / "broken" / folder.PLAN).write_text("{")
    (page,) = told(half.parent, "/experiments")
    assert "cannot be read" in page.text
    assert 'href="/experiments/small"' in page.text


def test_a_cell_that_is_just_saying_how_far_it_is_does_not_fall_back_to_nothing(half: Path) -> None:
    watcher = Watcher(half)
    with folder.held(half):
        assert watcher.seen().cells[2].share_bps == 2_500
        (half / folder.CELLS / ".00003" / PROGRESS).write_bytes(b"")
        assert watcher.seen().cells[2].share_bps == 2_500
