"""The same plays leave the same bytes: in every process, and from one release to the next."""

import json
import os
import subprocess
import sys

import pytest

from tests.mechanisms.frozen import FILE, heads


def test_examples_leave_the_frozen_journals() -> None:
    assert heads() == json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("seed", ["0", "77"])
def test_no_order_of_a_set_reaches_the_journal(seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.mechanisms.frozen", "--print"],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert json.loads(done.stdout) == json.loads(FILE.read_text(encoding="utf-8"))
