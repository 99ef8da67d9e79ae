"""souq starts without what computes statistics, and says what to install."""

import subprocess
import sys

import pytest

from souq.lab.economics import LabExtraMissing
from souq.lab.statistics import Design, Spread, difference, power_of

HEAVY = {"numpy", "pandas", "pyarrow", "scipy", "statsmodels"}


def test_importing_statistics_economics_and_the_analysis_loads_nothing_heavy() -> None:
    program = (
        "import sys, souq.lab.statistics, souq.lab.economics, souq.lab.project_deal;"
        f"print(sorted({HEAVY!r}.intersection(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.regression.linear_model", None)
    with pytest.raises(LabExtraMissing, match=r"install statsmodels: pip install 'souq\[lab\]'"):
        difference([1, 2, 4, 5], [0, 0, 1, 1])
    monkeypatch.setitem(sys.modules, "statsmodels.stats.power", None)
    with pytest.raises(LabExtraMissing, match=r"souq\[lab\]"):
        power_of(Design(people=10, markets=2), Spread(1.0, 0.1))
