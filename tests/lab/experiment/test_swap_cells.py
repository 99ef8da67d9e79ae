"""Floors of books as cells of an experiment."""

from pathlib import Path

import pytest

from souq.lab import tables
from souq.lab.experiment import folder, reading
from souq.lab.swap.rows import METRICS
from souq.lab.tables import MetricRow, ReaderRow
from tests.lab.experiment.test_running import contents, file_of, ran

TEXT = """\
name = "floors"
mode = "swap"
seed = 4
outcome = "score_true"
[swap]
people = 8
closing_minutes = 20
[swap.intake]
[[arms]]
name = "strong"
[[arms]]
name = "weak"
swap.kinds = {strong = 0, weak = 1}
"""


def test_a_floor_leaves_its_readers_and_its_metrics(tmp_path: Path) -> None:
    ran(file_of(tmp_path, TEXT), tmp_path / "out")
    for cell in folder.read_plan(tmp_path / "out").cells:
        at = folder.whole(tmp_path / "out", cell)
        readers = tables.read(at / "readers.parquet", ReaderRow)
        assert {row.kind for row in readers} == {cell.arm}
        assert len(readers) == 8
        metrics = tables.read(at / "metrics.parquet", MetricRow)
        assert {row.metric for row in metrics} == set(METRICS)


def test_floors_repeat_to_the_byte(tmp_path: Path) -> None:
    ran(file_of(tmp_path, TEXT), tmp_path / "one")
    ran(file_of(tmp_path, TEXT), tmp_path / "two", jobs=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("market.days = 3", "market"),
        ("swap.kinds.clever = 1", "swap.kinds.clever"),
        ("swap.people = 1", "swap"),
        ('outcome = "surplus"', "outcome"),
    ],
)
def test_what_no_floor_can_have_is_said_with_its_line(
    tmp_path: Path, line: str, where: str
) -> None:
    text = TEXT.replace('outcome = "score_true"', "") if line.startswith("outcome") else TEXT
    if line.startswith("swap.kinds"):
        text = text.replace("swap.kinds = {strong = 0, weak = 1}", line)
    else:
        text = text + line if "swap" in line else text.replace("seed = 4", f"seed = 4\n{line}")
    with pytest.raises(reading.BadExperiment) as caught:
        reading.read(file_of(tmp_path, text))
    assert any(where in one.where for one in caught.value.mistakes), caught.value
