"""The command line as a stranger meets it: whole runs, figures, damage, and mistakes."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOUQ = [sys.executable, "-c", "from souq.cli import main; main()"]
CRAIGSLIST = Path(__file__).resolve().parents[2] / "../shared/data/craigslist"


def souq(*words: str, seed: str = "0", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONHASHSEED": seed, "COLUMNS": "120"}
    return subprocess.run(
        [*SOUQ, *words], capture_output=True, text=True, env=env, cwd=cwd, check=False
    )


def ok(*words: str, **more: Any) -> str:
    done = souq(*words, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "deal"
    ok("run", "deal", "--people", "12", "--seed", "5", "--out", str(folder))
    return folder


def bodies(folder: Path) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(f"file:{folder / 'journal.sqlite'}?mode=ro", uri=True)
    rows = db.execute("SELECT body, hash FROM records ORDER BY seq").fetchall()
    rows += db.execute("SELECT digest, salt, content FROM payloads ORDER BY digest").fetchall()
    db.close()
    return rows


def test_a_run_leaves_a_journal_a_report_and_a_table(market: Path) -> None:
    page = (market / "report.html").read_text()
    assert "<svg" in page
    assert (market / "journal.sqlite").is_file()


def test_show_gives_the_promised_figures_from_the_journal_alone(market: Path) -> None:
    found = json.loads(ok("show", str(market), "--json"))
    integers = ("people", "listings", "deals", "value", "median_price", "mean_price")
    assert all(isinstance(found[name], int) for name in integers)
    assert found["people"] == 12
    assert found["listings"] == 96
    assert found["deals"] > 5
    assert 0 < found["surplus_realised"] <= found["surplus_possible"]
    assert found["efficiency"] == pytest.approx(
        found["surplus_realised"] / found["surplus_possible"]
    )
    assert len(found["state_hash"]) == 64
    assert found["budget_breaches"] == 0
    # Gift cards are 100 + sold - bought, and add up to what was handed out.
    assert found["gift_cards"] == 12 * 100 * 10**6


def test_the_same_seed_gives_the_same_journal_in_another_process(
    market: Path, tmp_path: Path
) -> None:
    ok(
        *("run", "deal", "--people", "12", "--seed", "5", "--out", str(tmp_path / "again")),
        seed="4711",
    )
    assert bodies(tmp_path / "again") == bodies(market)


def test_another_seed_gives_another_journal(market: Path, tmp_path: Path) -> None:
    ok("run", "deal", "--people", "12", "--seed", "6", "--out", str(tmp_path / "other"))
    assert bodies(tmp_path / "other") != bodies(market)


def test_the_log_tells_one_deal_from_its_first_offer(market: Path) -> None:
    told = ok("log", str(market), "--deal", "C1")
    assert "offers in N" in told or "takes" in told
    assert "deal C1" in told
    assert len(told.splitlines()) < len(ok("log", str(market)).splitlines())


def test_verify_says_what_it_checked(market: Path) -> None:
    found = json.loads(ok("verify", str(market), "--json"))
    shown = json.loads(ok("show", str(market), "--json"))
    assert found["ok"] is True
    assert found["state_hash"] == shown["state_hash"]
    assert found["records"] == shown["records"]


def test_verify_names_the_first_bad_record(market: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    for path in market.iterdir():
        (bad / path.name).write_bytes(path.read_bytes())
    db = sqlite3.connect(bad / "journal.sqlite")
    db.execute("UPDATE records SET body = replace(body, '5', '6') WHERE seq = 40")
    db.commit()
    db.close()
    done = souq("verify", str(bad))
    assert done.returncode == 1
    assert "record 40:" in done.stderr
    assert "Traceback" not in done.stderr
    found = json.loads(souq("verify", str(bad), "--json").stdout)
    assert (found["ok"], found["first_bad_record"]) == (False, 40)


def test_replay_stops_where_it_is_told(market: Path) -> None:
    found = json.loads(ok("replay", str(market), "--until", "60", "--json"))
    assert found["seq"] == 60
    assert sum(one["posted"] for one in found["balances"].values()) == 0


def test_a_snapshot_changes_nothing(market: Path) -> None:
    before = json.loads(ok("show", str(market), "--json"))["state_hash"]
    ok("snapshot", str(market))
    assert json.loads(ok("show", str(market), "--json"))["state_hash"] == before


def test_a_barter_market_runs_and_shows(tmp_path: Path) -> None:
    folder = tmp_path / "swap"
    ok("run", "swap", "--people", "12", "--seed", "3", "--out", str(folder))
    found = json.loads(ok("show", str(folder), "--json"))
    assert found["people"] == 12
    assert found["score_achieved"] >= found["score_start"]
    ok("verify", str(folder))


@pytest.mark.data
@pytest.mark.skipif(not CRAIGSLIST.is_dir(), reason="../shared/data is not here")
def test_real_goods_run_as_they_are(tmp_path: Path) -> None:
    files = [str(path) for path in sorted(CRAIGSLIST.glob("*.jsonl"))]
    folder = tmp_path / "real"
    ok(
        *("run", "deal", "--people", "20", "--budget", "auto", "--goods", "5"),
        *("--out", str(folder), "--listings", *files),
    )
    found = json.loads(ok("show", str(folder), "--json"))
    assert found["listings"] == 100
    assert found["deals"] > 0
    ok("verify", str(folder))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "nowhere"), "holds no journal"),
        (("log", "nowhere"), "holds no journal"),
        (("verify", "nowhere"), "holds no journal"),
        (("replay", "nowhere"), "holds no journal"),
        (("snapshot", "nowhere"), "holds no journal"),
        (("run", "deal", "--budget", "lots"), "--budget"),
        (("run", "deal", "--budget", "-1"), "--budget"),
        (("run", "deal", "--people", "1"), "people"),
        (("run", "deal", "--listings", "none.jsonl"), "none.jsonl"),
        (("run", "deal", "stray.jsonl"), "after --listings"),
        (("run", "deal", "--out", "/dev/null/x"), "/dev/null"),
        (("run", "swap", "--people", "1"), "people"),
    ],
)
def test_a_mistake_is_told_without_a_stack_trace(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = souq(*words, cwd=tmp_path)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_bad_line_is_named_by_file_and_number(tmp_path: Path) -> None:
    path = tmp_path / "goods.jsonl"
    good = '{"category": "bike", "title": "A bike", "asking_price_usd": 5}'
    path.write_text(f"{good}\n{{oops\n")
    done = souq("run", "deal", "--listings", str(path), cwd=tmp_path)
    assert done.returncode == 1
    assert f"{path}:2" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_folder_with_a_journal_is_not_run_over(market: Path) -> None:
    done = souq("run", "deal", "--people", "2", "--out", str(market))
    assert done.returncode == 1
    assert "holds a journal already" in done.stderr


def test_an_unknown_deal_or_agent_is_named(market: Path) -> None:
    for words in (("--deal", "C9999"), ("--agent", "A9999")):
        done = souq("log", str(market), *words)
        assert done.returncode == 1
        assert words[1] in done.stderr
    assert souq("log", str(market), "--deal", "C1", "--agent", "A1").returncode == 1


def test_replay_past_the_end_is_refused(market: Path) -> None:
    done = souq("replay", str(market), "--until", "999999")
    assert done.returncode == 1
    assert "ends at record" in done.stderr
