"""Treatments: their page says what they are, and each has an experiment that runs as it stands."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from souq.lab import tables
from souq.lab.adversaries import ADVERSARIES
from souq.lab.experiment.cells import cells_of
from souq.lab.experiment.one_cell import Order, run_cell
from souq.lab.experiment.reading import BadExperiment, parse, read
from souq.lab.experiment.schema import Experiment
from souq.lab.metrics import METRICS
from souq.lab.treatments import TREATMENTS, page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "treatments.md"
EXAMPLES = sorted((ROOT / "experiments" / "treatments").glob("*.toml"))


def test_the_page_shows_treatments_and_metrics_as_they_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    again = "run: python -m souq.lab.treatments.page docs/treatments.md"
    assert text == page.written(text), again


@pytest.mark.parametrize("name", TREATMENTS)
def test_every_treatment_says_what_it_is_and_what_can_be_chosen(name: str) -> None:
    told = page.section(TREATMENTS[name])
    assert told.splitlines()[2]
    assert all(f"| `{one}` |" in told for one in TREATMENTS[name].Settings.__struct_fields__)
    assert "NODEFAULT" not in told
    assert "<class" not in told


def test_the_page_names_every_kind_of_adversary_and_every_metric() -> None:
    told = page.sections()
    assert all(f"#### {name}\n" in told for name in ADVERSARIES)
    assert all(f"| `{name}` |" in told for name in METRICS)


def test_types_are_said_as_they_are_written() -> None:
    assert page.words(int | None) == "integer"
    assert page.words(Annotated[float, Meta(ge=0, le=1)]) == "number from 0 to 1"
    assert page.words(Annotated[int, Meta(ge=1)]) == "integer of 1 or more"
    assert page.words(Literal["a", "b"]) == '`"a"` or `"b"`'
    assert page.words(tuple[str, ...]) == "list of text"
    assert page.words(dict[str, float]) == "table of number by text"
    assert page.words(float | Struct) == "number or a table, below"


def test_every_treatment_has_an_example() -> None:
    used = {
        name for path in EXAMPLES for arm in read(path).arms for name in arm.experiment.treatments
    }
    assert used >= set(TREATMENTS)
    kinds = {
        kind
        for path in EXAMPLES
        for arm in read(path).arms
        for kind in arm.experiment.treatments.get("adversaries", {})
    }
    assert kinds == set(ADVERSARIES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda one: one.stem)
def test_an_example_has_a_question_a_control_and_few_cells(path: Path) -> None:
    design = read(path)
    assert design.base.question.endswith("?")
    assert design.arms[0].experiment != design.arms[-1].experiment
    assert len(cells_of(design)) <= 60
    assert design.base.population.people <= 69


@pytest.mark.parametrize(
    ("said", "mistake"),
    [
        ("adversaries.liar = 0.2", "3: treatments.adversaries: object contains unknown field"),
        ("adversaries.no_show = 1.5", "3: treatments.adversaries.no_show: expected `float` <= 1.0"),
        ("adversaries.flooder = {share = 0.1, weight = 0}", "adversaries.flooder.weight"),
        ("floor_defence.grain = -1", "3: treatments.floor_defence.grain: expected `float` >= 0.0"),
        ("floor_defense.grain = 1", "3: treatments.floor_defense: there is no treatment"),
    ],
)
def test_a_mistake_in_a_treatment_is_told_with_its_line(said: str, mistake: str) -> None:
    text = f'name = "x"\n[treatments]\n{said}\n'
    with pytest.raises(BadExperiment) as caught:
        parse(text, Path("x.toml"))
    assert mistake in str(caught.value)


def test_a_cell_with_treatments_is_the_same_to_the_byte_twice(tmp_path: Path) -> None:
    text = """
name = "twice"
[population]
people = 8
[market]
turns_per_person = 15
[treatments]
adversaries = {wash_ring = 0.25, flooder = 0.125, misdescriber = 0.25}
arbiter.right_percent = 60
floor_defence = {grain = 0.25, talks_max = 1}
"""
    design = parse(text, Path("x.toml"))
    (cell,) = cells_of(design)
    whole: Experiment = design.arms[0].experiment
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        run_cell(Order(cell, whole, "", "", str(tmp_path)), tmp_path / folder)
    first, second = (
        {one.name: one.read_bytes() for one in (tmp_path / folder).iterdir() if one.is_file()}
        for folder in ("first", "second")
    )
    assert first.keys() == second.keys()
    assert {name for name in first if name.endswith(".parquet")} >= {"persons.parquet"}
    assert {name for name in first if first[name] != second[name]} == set()


def test_whoever_is_made_an_adversary_is_played_by_a_script_and_needs_no_model(
    tmp_path: Path,
) -> None:
    text = """
name = "scripts"
agents.agent.model = "anthropic:none"
treatments.adversaries.no_show = 1
[population]
people = 4
[market]
turns_per_person = 3
"""
    design = parse(text, Path("x.toml"))
    (cell,) = cells_of(design)
    order = Order(cell, design.arms[0].experiment, "", "", str(tmp_path))
    run_cell(order, tmp_path)
    found = tables.read(tmp_path / "persons.parquet", tables.PersonRow)
    assert [(one.kind, one.is_adversary) for one in found] == [("no_show", True)] * 4
