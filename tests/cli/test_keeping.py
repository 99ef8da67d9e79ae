"""The commands that keep a market's data, as a stranger meets them."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def souq(*words: object, blocked: str = "") -> subprocess.CompletedProcess[str]:
    start = f"import sys; sys.modules[{blocked!r}] = None; " if blocked else ""
    program = [sys.executable, "-c", f"{start}from souq.cli import main; main()"]
    env = {**os.environ, "COLUMNS": "120"}
    return subprocess.run(
        [*program, *map(str, words)], capture_output=True, text=True, env=env, check=False
    )


def ok(*words: object) -> str:
    done = souq(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(*words: object, blocked: str = "") -> str:
    done = souq(*words, blocked=blocked)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "deal"
    ok("run", "deal", "--people", "8", "--goods", "3", "--seed", "5", "--out", folder)
    return folder


def test_a_market_comes_back_from_its_backup(market: Path, tmp_path: Path) -> None:
    kept = json.loads(ok("backup", market, tmp_path / "kept", "--json"))
    assert json.loads(ok("restore", tmp_path / "kept", tmp_path / "back", "--json")) == kept
    before, after = (json.loads(ok("verify", at, "--json")) for at in (market, tmp_path / "back"))
    assert before == after
    assert str(kept["records"]) in ok("backup", market, tmp_path / "another")


def test_a_market_comes_back_as_it_was_then(market: Path, tmp_path: Path) -> None:
    ok("backup", market, tmp_path / "kept")
    ok("restore", tmp_path / "kept", tmp_path / "then", "--until", 100)
    then = json.loads(ok("replay", tmp_path / "then", "--json"))
    assert then == json.loads(ok("replay", market, "--until", 100, "--json"))


def test_a_backup_without_the_keys_of_its_words_says_so(market: Path, tmp_path: Path) -> None:
    ok("backup", market, tmp_path / "kept")
    assert souq("restore", tmp_path / "kept", tmp_path / "whole").stderr == ""
    (tmp_path / "kept.keys").rename(tmp_path / "elsewhere")
    assert "no kept.keys beside it" in souq("restore", tmp_path / "kept", tmp_path / "a").stderr
    named = souq("restore", tmp_path / "kept", tmp_path / "b", "--keys", tmp_path / "elsewhere")
    assert named.stderr == ""


def test_mistakes_are_one_line(market: Path, tmp_path: Path) -> None:
    ok("backup", market, tmp_path / "kept")
    spoilt = tmp_path / "spoilt"
    spoilt.write_bytes((tmp_path / "kept").read_bytes()[:-8_192])
    for words, why in (
        (("backup", market, tmp_path / "kept"), "exists already"),
        (("backup", tmp_path, tmp_path / "none"), "holds no journal"),
        (("backup", market, tmp_path / "no" / "where"), "No such file"),
        (("restore", tmp_path / "kept", market), "new folder only"),
        (("restore", tmp_path / "kept", tmp_path / "x", "--until", 10**9), "no record"),
        (("restore", tmp_path / "missing", tmp_path / "x"), "no such backup"),
        (("restore", spoilt, tmp_path / "x"), "malformed"),
        (("export", market, "--out", tmp_path), "exists already"),
        (("export", market, "--out", tmp_path / "y", "--until", 10**9), "ends at record"),
        (("export", tmp_path, "--out", tmp_path / "y"), "no journal"),
    ):
        assert why in refused(*words)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_tables_are_exported(market: Path, tmp_path: Path, to: str) -> None:
    told = json.loads(ok("export", market, "--to", to, "--out", tmp_path / "out", "--json"))
    assert {f"{name}.{to}" for name in told} == {one.name for one in (tmp_path / "out").iterdir()}
    summary = json.loads(ok("show", market, "--json"))
    assert told["deals"] >= summary["deals"] > 0
    if to == "csv":
        with (tmp_path / "out" / "deals.csv").open(newline="") as lines:
            deals = [row for row in csv.DictReader(lines) if row["stage"] == "fulfilled"]
        assert len(deals) == summary["deals"]
        assert sum(int(row["price_units"] or 0) for row in deals) == summary["value"]


def test_without_pyarrow_csv_works_and_parquet_says_what_to_install(
    market: Path, tmp_path: Path
) -> None:
    words = ("export", market, "--out", tmp_path / "out", "--to")
    assert "souq[lab]" in refused(*words, "parquet", blocked="pyarrow")
    assert souq(*words, "csv", blocked="pyarrow").returncode == 0


def test_the_help_names_every_column() -> None:
    told = " ".join(ok("export", "--help").split())
    for word in ("posted_units", "expires_at_us", "payer_bps", "event_types"):
        assert word in told
