"""What the page on compute lanes shows is so."""

import sys
from pathlib import Path

from tests.test_tidy import ROOT, blocks, ran


def test_the_python_in_the_page_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "compute-lanes.md").read_text(encoding="utf-8")
    (block,) = blocks(page, language="python")
    done = ran([sys.executable, "-c", block], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["0.99976 1.00", "1.00024"]
