"""`souq replicate`: which are run, what is printed and left behind, and when it says no."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from souq.cli import app, replicating
from souq.cli.output import Mistake
from souq.replications import BY_ID, REPLICATIONS
from souq.replications.replication import Scale
from souq.replications.results import FILE
from souq.replications.running import measure_all
from tests.replications.toys import broken, sound


def ran(*words: str, out: Path) -> str:
    done = CliRunner().invoke(app, ["replicate", *words, "--quick", "-j", "1", "--out", str(out)])
    assert done.exit_code == 0, done.output
    return done.output


def test_one_is_run_and_left_in_a_file(tmp_path: Path) -> None:
    told = ran("r8", out=tmp_path / "new")
    assert "all as they should be" in told
    assert "fails, as it must" in told
    assert "Trades by the kernel" in told
    left = json.loads((tmp_path / "new" / FILE).read_text())
    assert [one["id"] for one in left["results"]] == ["R8"]
    assert left["is_quick"] is True
    assert left["is_as_it_should_be"] is True
    assert left["souq"]
    assert left["python"]
    assert left["machine"]


def test_json_on_stdout_is_what_is_in_the_file(tmp_path: Path) -> None:
    told = ran("R8", "--json", "--seed", "5", out=tmp_path)
    assert json.loads(told) == json.loads((tmp_path / FILE).read_text())
    assert json.loads(told)["seed"] == 5


def test_an_unknown_one_is_told_with_the_list() -> None:
    with pytest.raises(Mistake, match=r"no replication R99; there are .*R8.*, or all"):
        replicating.chosen(["R8", "R99"])
    with pytest.raises(Mistake, match="no replication R99"):
        replicating.chosen(["all", "R99"])


def test_they_are_run_in_their_own_order_and_each_once() -> None:
    assert replicating.chosen(["all"]) == list(REPLICATIONS)
    named = [one.ID for one in REPLICATIONS]
    assert [one.ID for one in replicating.chosen([*reversed(named), named[0].lower()])] == named
    assert [one.ID for one in replicating.chosen([named[-1]])] == [named[-1]]
    assert set(BY_ID) == set(named)


def test_it_exits_1_when_anything_is_off(tmp_path: Path) -> None:
    for replications, code in (([sound], 0), ([sound, broken], 1)):
        report = measure_all(replications, Scale(is_quick=True))
        assert replicating.exit_code(report) == code


def test_a_folder_of_data_that_is_none_is_told(tmp_path: Path) -> None:
    words = ["replicate", "R9", "--quick", "--out", str(tmp_path), "--data", str(tmp_path / "no")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code != 0
    assert isinstance(done.exception, Mistake)
    assert "no is no folder; name the one that holds the data" in str(done.exception)


def test_data_that_are_not_here_are_told_and_the_other_claims_made(tmp_path: Path) -> None:
    told = ran("R9", "--data", str(tmp_path), out=tmp_path)
    assert "R9 went without magentic/mexican_3_9, magentic/mexican_10_30, magentic/mex" in told
    assert "name the folder with --data" in told
    assert "all as they should be" in told
