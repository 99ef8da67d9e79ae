"""Figures by name, one a round; the median of the rounds is what counts."""

import gc
import time
from collections.abc import Callable
from typing import Any


class Rates:
    """Rates in operations a second with CPU seconds per 1,000 of them, and other figures."""

    def __init__(self) -> None:
        self.rates: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}
        self.notes: dict[str, tuple[list[float], str]] = {}

    def rate(self, name: str, operations: int, work: Callable[[], Any]) -> Any:
        """Time some work that does so many operations, and give what it returns.

        What was prepared for it is kept out of the collector's rounds, as a server does with what
        it has loaded; what the work makes is not.
        """
        gc.collect()
        gc.freeze()
        cpu, wall = time.process_time(), time.perf_counter()
        found = work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        gc.unfreeze()
        self.rates.setdefault(name, []).append(operations / wall)
        self.cpu.setdefault(name, []).append(1_000 * cpu / operations)
        return found

    def time(self, name: str, work: Callable[[], Any]) -> Any:
        """Time some work as a whole, in seconds, and give what it returns."""
        began = time.perf_counter()
        found = work()
        self.note(name, time.perf_counter() - began, "s")
        return found

    def note(self, name: str, value: float, unit: str) -> None:
        """Note a figure measured elsewhere."""
        self.notes.setdefault(name, ([], unit))[0].append(value)
