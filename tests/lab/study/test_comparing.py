"""Two folders side by side: what differs between their designs, and between their outcomes."""

import shutil
from pathlib import Path

import pytest

from souq.lab.experiment import folder, forking
from souq.lab.experiment.folder import BadFolder
from souq.lab.study.comparing import side_by_side
from tests.lab.study.folders import EMPTY, SMALL, made


@pytest.fixture(scope="module")
def dearer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = SMALL.replace("turns_per_person = 30", "turns_per_person = 12")
    return made(tmp_path_factory.mktemp("dearer"), text)


def test_a_folder_beside_itself_differs_in_nothing(small: Path) -> None:
    found = side_by_side(small, small)
    assert found.are_pairs
    assert found.design == ()
    assert found.arms == ("mixed", "mixed and dear", "all strong")
    assert {one.estimate for arm in found.metrics.values() for one in arm} <= {0.0, None}
    assert not any(one.effect for arm in found.metrics.values() for one in arm)


def test_a_setting_that_differs_is_named_once(small: Path, dearer: Path) -> None:
    found = side_by_side(small, dearer)
    (one,) = found.design
    assert (one.arm, one.setting, one.first, one.second) == (
        *("", "market.turns_per_person"),
        *("30", "12"),
    )
    deals = next(one for one in found.metrics["mixed"] if one.figure == "deals")
    assert deals.effect is not None
    assert deals.effect.n == 3
    assert deals.estimate is not None
    assert deals.estimate < 0


def test_cells_and_forks_can_be_compared(small: Path, tmp_path: Path) -> None:
    cell = small / folder.CELLS / "00001"
    shutil.copytree(cell, tmp_path / "cell")
    forking.fork(cell, at=30, changes=["fee_bps=5000"], out=tmp_path / "fork")
    found = side_by_side(tmp_path / "cell", tmp_path / "fork")
    assert found.arms == ("mixed",)
    assert {(one.setting, one.second) for one in found.design} == {
        ("forked.at", "30"),
        ("forked.fee_bps", "5000"),
    }


def test_folders_without_a_common_arm_are_refused(small: Path, tmp_path: Path) -> None:
    other = made(tmp_path, EMPTY)
    with pytest.raises(BadFolder, match="no arm of one name"):
        side_by_side(small, other)
    with pytest.raises(BadFolder, match="holds no experiment"):
        side_by_side(small, tmp_path / "nothing")
