"""Cells in which models play: calls are evidence, and are paid for once."""

import json
from pathlib import Path
from typing import Any

import pytest

from souq.agents.llm import provider
from souq.agents.llm.calls import NotReady
from souq.agents.llm.recording import FILE as CALLS
from souq.lab import tables
from souq.lab.experiment import folder, surveying
from souq.lab.tables import PersonRow, SurveyRow
from tests.lab.experiment.test_running import file_of, ran
from tests.llm.endpoint import answering

TEXT = """\
name = "tiers"
seed = 3
[population]
people = 6
goods_per_person = 2
[market]
turns_per_person = 6
[agents.scripted]
[agents.model]
model = "compatible:tiny@{url}/v1"
style = "Be brief."
[models]
at_once = 1
cell_max_tokens = 1000000
{more}
"""
PASS = {"act": "pass"}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "WAIT_S", 0.01)


def lines(at: Path) -> list[Any]:
    return [json.loads(line) for line in (at / CALLS).read_text().splitlines()]


def test_calls_are_recorded_counted_and_never_declared_to_others(tmp_path: Path) -> None:
    with answering(lambda n: PASS) as endpoint:
        ran(file_of(tmp_path, TEXT.format(url=endpoint.url, more="")), tmp_path / "out")
        plan = folder.read_plan(tmp_path / "out")
        at = folder.whole(tmp_path / "out", plan.cells[0])
        manifest = folder.read_manifest(tmp_path / "out", plan.cells[0])
        assert manifest.spent is not None
        assert manifest.models is not None
        assert 0 < manifest.spent.calls == len(endpoint.bodies) == len(lines(at))
        assert manifest.models.prompt_sha256
        assert "Be brief." in json.dumps(endpoint.bodies[0])
    kinds = {row.kind for row in tables.read(at / "persons.parquet", PersonRow)}
    assert kinds == {"scripted", "model"}
    assert b"DeclareModel" not in (at / "journal.sqlite").read_bytes()


def test_a_cell_that_was_cut_off_pays_for_no_call_twice(tmp_path: Path) -> None:
    with answering(lambda n: PASS) as endpoint:
        file = file_of(tmp_path, TEXT.format(url=endpoint.url, more=""))
        ran(file, tmp_path / "whole")
        whole = len(endpoint.bodies)
        endpoint.bodies.clear()
        endpoint.answers = lambda n: PASS if n < 5 else 401
        with pytest.raises(NotReady):
            ran(file, tmp_path / "out")
        endpoint.answers = lambda n: PASS
        endpoint.bodies.clear()
        ran(file, tmp_path / "out", is_resumed=True)
        assert len(endpoint.bodies) == whole - 5
    names = ("items", "offers", "persons", "metrics")
    for name in names:
        found = [
            (one / folder.CELLS / "00001" / f"{name}.parquet").read_bytes()
            for one in (tmp_path / "whole", tmp_path / "out")
        ]
        assert found[0] == found[1]


def test_a_model_answers_the_survey_under_blind_labels(tmp_path: Path) -> None:
    said = {"A": 4, "B": 6}
    form = {"ranking": ["B", "A"], "fairness": said, "satisfaction": said}
    more = '[survey]\nby = "compatible:judge@{url}/v1"\n'
    more += '[[arms]]\nname = "x"\n[[arms]]\nname = "y"\n'
    with answering(lambda n: {"act": "fill", **form}) as endpoint:
        text = TEXT.replace("{more}", more).format(url=endpoint.url)
        text = text.replace("[agents.model]", "[agents.clockwork]").replace(
            f'model = "compatible:tiny@{endpoint.url}/v1"\n', ""
        )
        ran(file_of(tmp_path, text), tmp_path / "out")
        asked = [json.dumps(body) for body in endpoint.bodies]
    rows = tables.read(tmp_path / "out" / surveying.FILE, SurveyRow)
    assert len(asked) == 6
    assert len(rows) == 12
    assert all("clockwork" not in one and "scripted" not in one for one in asked)
    firsts = {row.arm for row in rows if row.rank == 1}
    assert firsts == {"x", "y"}, "the same label stands for different arms to different people"
