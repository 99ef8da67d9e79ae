"""What the floor's figures cost: folding a record beside all views' reading it, asking, starting.

python -m bench.floor [COMMANDS [CONTRACTS]]
"""

import itertools
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bench.market import DOLLAR, Mix, open_market
from souq.core.account import ACCOUNTS, HOLDS
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.rules import OPERATOR
from souq.journal.replay import records
from souq.journal.sqlite import SqliteStore
from souq.operations.floor_queries import FloorFigures, GetFloor
from souq.venue import Venue
from souq.views.floor import Floor

ROUNDS = 3
QUESTIONS = 200
START_US = 1_800_000_000_000_000
PAUSE_US = 500_000  # of the market's clock, between two looks at it


def main(commands: int = 70_000, contracts: int = 10_000) -> None:
    """Measure, and print each figure beside its yardstick."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        at = itertools.count(START_US, PAUSE_US)
        venue = Venue(SqliteStore(folder), data=folder, clock=lambda: next(at))
        open_market(venue.engine)
        Mix(venue.engine, 64).send(commands)
        for n in range(contracts):  # they stay open, and hold money
            taken = TakePrice(f"L{n % 199 + 2}", Money(10 * DOLLAR, "USD"))
            venue.engine.submit_soon("A1", f"t{n}", taken)
        head = venue.engine.head[0]
        venue.engine.wait(head)
        drained = _cpu_us(venue.drain) / head
        journal = list(records(venue.engine.store))
        alone = statistics.median(_folding(journal, folder / f"{n}.sqlite") for n in range(ROUNDS))
        print(f"{head:,} records of the haggling mix and {contracts:,} open contracts")
        print(f"a record into all views: {drained:.1f} µs CPU (Venue.drain, its flushes included)")
        share = 100 * alone / drained
        print(f"of that, into the floor: {alone:.2f} µs CPU, {share:.1f} %, its flushes included")
        _asking(venue)
        venue.close()
        kept = Floor(folder / "floor.sqlite")
        store = SqliteStore(folder)
        print(f"a start: {_cpu_us(lambda: kept.catch_up(store)):,.0f} µs")
        anew = Floor(None)
        print(f"a record, without the file: {_cpu_us(lambda: anew.catch_up(store)) / head:.1f} µs")
        store.close()


def _folding(journal: list[Any], path: Path) -> float:
    floor = Floor(path)

    def fold() -> None:
        for record in journal:
            floor.take(record)
        floor.close()

    return _cpu_us(fold) / len(journal)


def _asking(venue: Venue) -> None:
    state = venue.engine.state
    holds, accounts = len(state.rows(HOLDS)), len(state.rows(ACCOUNTS))
    for actor in (OPERATOR, "A1"):
        found: FloorFigures = venue.ask(actor, GetFloor())

        def ask(actor: str = actor) -> None:
            for _ in range(QUESTIONS):
                venue.ask(actor, GetFloor())

        took = _cpu_us(ask)
        size, series = len(msgspec.json.encode(found)), found.assets["USD"].series
        asked = f"asked by {actor}: {took / QUESTIONS:.0f} µs, {size:,} bytes as JSON"
        print(f"{asked}, {len(series)} buckets, {accounts:,} accounts, {holds:,} holds")


def _cpu_us(work: Callable[[], object]) -> float:
    """Give this thread's time: the journal's own thread writes meanwhile."""
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1e6


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
