"""Cells of an experiment: 69 scripted people, a week of haggling, every command journaled.

One process and two do the same cells, both warm: their workers have imported everything and run
a cell before the clock starts. The whole Project Deal is four markets on the same 69 people.
"""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.lab import sized
from bench.lab.yardsticks import scratch
from bench.mechanisms.rates import Rates
from souq.journal.memory import MemoryStore
from souq.lab import goods, population
from souq.lab.deal import run_deal
from souq.lab.population import Population
from souq.lab.simulation import seeded_store

PEOPLE, PER_PERSON, BUDGET_UNITS = 69, 8, 100 * goods.UNITS_PER_USD
MARKETS = 4
CELLS = 8


def people(seed: int, count: int = PEOPLE) -> Population:
    """Draw the people of a cell."""
    return population.draw(
        goods.bundled(), people=count, seed=seed, per_person=PER_PERSON, budget_units=BUDGET_UNITS
    )


def in_memory(seed: int, count: int = PEOPLE) -> float:
    """Run a cell, its journal in memory; give the CPU seconds it took."""
    began = time.process_time()
    run_deal(people(seed, count), MemoryStore())
    return time.process_time() - began


def on_disk(seed: int, count: int = PEOPLE) -> float:
    """Run a cell, its journal in SQLite; give the CPU seconds it took."""
    began = time.process_time()
    with TemporaryDirectory(dir=scratch()) as folder:
        simulation = run_deal(people(seed, count), seeded_store(Path(folder) / "cell", seed))
        simulation.engine.close()
    return time.process_time() - began


class Cells:
    """Pools of one worker and of two, kept warm from round to round."""

    def __init__(self, scale: float) -> None:
        self._people = sized(PEOPLE, scale, least=6)
        self._cells = max(2, int(CELLS * scale))
        # spawn, so that a worker begins with nothing of ours: neither pool inherits a warm memory.
        spawn = multiprocessing.get_context("spawn")
        self._pools = {n: ProcessPoolExecutor(n, mp_context=spawn) for n in (1, 2)}
        for workers, pool in self._pools.items():
            for _ in range(2):
                list(pool.map(in_memory, range(workers), [self._people] * workers))

    def measure(self, rates: Rates) -> None:
        """Run the same cells in each pool, and the four markets of Project Deal in the second."""
        for name, cell in (("memory", in_memory), ("SQLite", on_disk)):
            for workers in self._pools:
                label = f"cells: journal in {name}, {workers} process" + "es" * (workers > 1)
                self._run(rates, label, cell, workers, self._cells)
        began = time.perf_counter()
        list(self._pools[2].map(on_disk, [1] * MARKETS, [self._people] * MARKETS))
        rates.note("Project Deal: 4 markets, 2 processes", time.perf_counter() - began, "s")

    def _run(
        self,
        rates: Rates,
        label: str,
        cell: Callable[[int, int], float],
        workers: int,
        count: int,
    ) -> None:
        began = time.perf_counter()
        cpu = sum(self._pools[workers].map(cell, range(count), [self._people] * count))
        wall = time.perf_counter() - began
        rates.rates.setdefault(label, []).append(count / wall)
        rates.cpu.setdefault(label, []).append(1_000 * cpu / count)

    def close(self) -> None:
        """Let the workers go."""
        for pool in self._pools.values():
            pool.shutdown()
