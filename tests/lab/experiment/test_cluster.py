"""A Ray cluster of two workers on this machine gives what processes give, to the byte."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from souq.lab.experiment import folder, running
from souq.lab.experiment.cluster import Cluster
from souq.lab.experiment.one_cell import CellFailed
from tests.lab.experiment.test_running import SMALL, contents, file_of, quiet, ran

ray = pytest.importorskip("ray", reason="needs souq[ray]")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    yield Cluster(2, "")
    ray.shutdown()


def test_the_results_are_the_same_to_the_byte(cluster: Cluster, tmp_path: Path) -> None:
    ran(file_of(tmp_path), tmp_path / "here")
    design, plan = running.begin(file_of(tmp_path), tmp_path / "there", is_resumed=False)
    running.run(design, plan, tmp_path / "there", tmp_path, cluster, quiet)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert ray.cluster_resources()["CPU"] == 2


def test_a_cell_that_cannot_be_is_named(cluster: Cluster, tmp_path: Path) -> None:
    text = SMALL.replace("market.fee_bps = 1000", 'agents.weak.names = ["Nobody"]')
    design, plan = running.begin(file_of(tmp_path, text), tmp_path / "out", is_resumed=False)
    with pytest.raises(CellFailed, match=r"arm 'dear'.*Nobody"):
        running.run(design, plan, tmp_path / "out", tmp_path, cluster, quiet)


def test_what_was_cut_off_elsewhere_goes_on_here(cluster: Cluster, tmp_path: Path) -> None:
    file, out = file_of(tmp_path), tmp_path / "out"
    ran(file, tmp_path / "whole")
    design, plan = running.begin(file, out, is_resumed=False)
    for n, cell in enumerate(plan.cells):
        if n % 2:
            (folder.partial(out, cell)).mkdir()
            (folder.partial(out, cell) / "half").write_text("a cell")
    running.run(design, plan, out, tmp_path, cluster, quiet)
    assert contents(out) == contents(tmp_path / "whole")
