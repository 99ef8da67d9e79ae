"""One small experiment for all tests here; who changes it takes a copy."""

from pathlib import Path

import pytest

from souq.lab.study.opening import Study, open_study
from tests.lab.study.folders import made

for extra in ("altair", "vl_convert", "pandas", "pyarrow", "scipy", "statsmodels"):
    pytest.importorskip(extra, reason="reports need the extra lab")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def study(small: Path) -> Study:
    return open_study(small)
