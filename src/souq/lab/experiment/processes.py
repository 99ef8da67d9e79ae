"""Runs cells in processes of this machine."""

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from pathlib import Path

from souq.lab.experiment.one_cell import CellFailed, Order, run_cell
from souq.lab.experiment.running import Done


class Processes:
    """So many at once. A worker whose parent has died stops at once, in whatever it does."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def run(self, orders: Sequence[tuple[Order, Path]]) -> Iterator[Done]:
        """Run cells; when one fails, those at work are finished first, and no more are begun."""
        if not orders:
            return
        if self._jobs == 1:
            for order, at in orders:
                yield timed(order, at)
            return
        # Spawned, so that a worker has nothing of ours but what it is sent.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(self._jobs, len(orders)), context, _watch) as pool:
            yield from _all(pool, list(orders), self._jobs)


def _all(pool: ProcessPoolExecutor, orders: list[tuple[Order, Path]], jobs: int) -> Iterator[Done]:
    at_work: set[Future[Done]] = set()
    failure: Exception | None = None
    while at_work or (orders and failure is None):
        while orders and failure is None and len(at_work) < jobs:
            at_work.add(pool.submit(timed, *orders.pop(0)))
        done, at_work = wait(at_work, return_when=FIRST_COMPLETED)
        for one in done:
            try:
                yield one.result()
            except BrokenProcessPool:
                why = "a process that ran a cell was killed; go on with --resume"
                raise CellFailed(why) from None
            except Exception as error:
                failure = failure or error
    if failure is not None:
        raise failure


def timed(order: Order, at: Path) -> Done:
    """Run a cell, and say how long it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    run_cell(order, at)
    return Done(order.cell, time.perf_counter() - wall, time.process_time() - cpu)


def _watch() -> None:
    """Stop this process when its parent is gone: nobody would take what it makes."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def look() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()
