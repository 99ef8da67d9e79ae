"""`souq lab report`, `compare` and `power`: what they print and leave, and when they say no."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from souq.cli import app
from souq.cli.output import Mistake
from souq.lab.experiment.folder import BadFolder
from tests.lab.study.folders import SMALL, made

for extra in ("altair", "vl_convert", "pandas", "statsmodels"):
    pytest.importorskip(extra, reason="reports need the extra lab")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("small"))


def ran(*words: str | Path) -> str:
    done = CliRunner().invoke(app, ["lab", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_report_is_written_and_its_answers_are_said(small: Path, tmp_path: Path) -> None:
    told = ran("report", small, "--out", tmp_path)
    assert "all strong less mixed: " in told
    assert "kind weak less strong, a person's surplus: " in told
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "figures" / "main-effect.svg").is_file()
    assert not (small / "report.html").exists()


def test_two_folders_are_compared_for_people_and_programs(small: Path) -> None:
    told = ran("compare", small, small)
    assert "Designs are the same." in told
    assert "surplus per person" in told
    found = json.loads(ran("compare", small, small, "--json"))
    assert found["are_pairs"]
    assert set(found["metrics"]) == {"mixed", "mixed and dear", "all strong"}


def test_power_is_told_before_a_run(small: Path, tmp_path: Path) -> None:
    file = tmp_path / "next.toml"
    file.write_text(SMALL.replace("repetitions = 3", "repetitions = 12"))
    told = ran("power", file, "--pilot", small)
    assert told.count("Found 4 times in 5") == 2
    found = json.loads(ran("power", file, "--sd", "10", "--effect", "5", "--json"))
    assert list(found[0]["power"]["power"]) == ["5.0"]


def test_mistakes_are_told_and_nothing_else(small: Path, tmp_path: Path) -> None:
    file = tmp_path / "next.toml"
    file.write_text(SMALL)
    with pytest.raises(BadFolder, match="holds no experiment"):
        ran("report", tmp_path)
    with pytest.raises(Mistake, match="--sd is above 0"):
        ran("power", file, "--sd", "0")
    with pytest.raises(Mistake, match="a pilot tells"):
        ran("power", file, "--sd", "1", "--pilot", small)
    file.write_text("name = 3")
    done = CliRunner().invoke(app, ["lab", "power", str(file)])
    assert done.exit_code == 1
    assert ":1: name: expected `str`" in done.output
