"""Waiting for what comes by and by."""

import time
from collections.abc import Callable

PATIENCE_S = 60.0


def until(holds: Callable[[], object]) -> None:
    """Return once something holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.01)
