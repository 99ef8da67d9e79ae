"""What is read of a folder: whole cells only, and each that is not is named with the reason."""

import shutil
from pathlib import Path

import pytest

from souq.lab.experiment import folder
from souq.lab.experiment.folder import BadFolder
from souq.lab.study.opening import Study, open_study


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    shutil.copytree(small, tmp_path / "copy")
    return tmp_path / "copy"


def why_left_out(at: Path) -> dict[str, str]:
    return {one.cell.name: one.why for one in open_study(at).left_out}


def test_all_cells_are_counted_with_all_their_tables(study: Study) -> None:
    assert len(study.cells) == 9
    assert study.left_out == ()
    assert study.notes == ()
    assert len(study.frame("persons")) == 90
    assert set(study.frame("survey")["arm"]) == set(study.arms)
    assert set(study.runs) == {cell.name for cell in study.cells}


def test_damaged_missing_and_unfinished_cells_are_left_out_by_name(copy: Path) -> None:
    cells = copy / folder.CELLS
    with (cells / "00001" / "persons.parquet").open("ab") as file:
        file.write(b"x")
    shutil.rmtree(cells / "00002")
    (cells / "00003").rename(cells / ".00003")
    (cells / "00004" / "items.parquet").unlink()
    (cells / "00005" / folder.MANIFEST).write_text("{")
    found = why_left_out(copy)
    assert found["00001"] == "persons.parquet is not the file that its manifest names"
    assert found["00002"] == "was not run"
    assert found["00003"] == "was begun and not finished"
    assert found["00004"] == "items.parquet is missing"
    assert found["00005"].startswith("its manifest cannot be read")
    assert len(found) == 5
    assert len(open_study(copy).frame("persons")) == 40


def test_a_cell_of_another_plan_does_not_count(copy: Path) -> None:
    text = (copy / folder.PLAN).read_text().replace('"repetitions": 3', '"repetitions": 4')
    (copy / folder.PLAN).write_text(text)
    with pytest.raises(BadFolder, match=r"not one of 9 cells can be read .*another plan"):
        open_study(copy)


def test_a_changed_or_lost_file_is_told_and_the_rest_is_read(copy: Path) -> None:
    with (copy / folder.FILE).open("a") as file:
        file.write("# later\n")
    (told,) = open_study(copy).notes
    assert "was changed after the run" in told
    (copy / folder.FILE).unlink()
    without = open_study(copy)
    assert "cannot be read" in without.notes[0]
    assert without.arms == ("mixed", "mixed and dear", "all strong")
    assert len(without.cells) == 9


def test_a_file_that_named_others_is_read_without_them(copy: Path) -> None:
    text = (copy / folder.FILE).read_text().replace("[market]", '[market]\nguardrails = "gone"')
    (copy / folder.FILE).write_text(text)
    assert open_study(copy).base.market.guardrails == "gone"


def test_what_is_no_experiment_says_what_to_do(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(BadFolder, match="souq lab run"):
        open_study(tmp_path)
    with pytest.raises(BadFolder, match="one cell of an experiment"):
        open_study(copy / folder.CELLS / "00001")
    shutil.rmtree(copy / folder.CELLS)
    with pytest.raises(BadFolder, match=r"not one of 9 cells .*--resume"):
        open_study(copy)
