"""Run every benchmark, print a table, write JSON: `make bench`.

The sides of a comparison alternate within one run; each figure is the median of the rounds.
CPU seconds per 1,000 operations move less than rates do on a shared machine.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from bench import baselines, channels, search, transfers
from bench.market import Mix, open_market
from souq import __version__
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.journal.replay import replay
from souq.journal.sqlite import FILE, SqliteStore

RESULTS = Path(__file__).parent / "results"
Measured = dict[str, list[float]]


class Bench:
    """Rates by name, a value a round, and CPU seconds per 1,000 operations beside them."""

    def __init__(self) -> None:
        self.rates: Measured = {}
        self.cpu: Measured = {}

    def rate(self, name: str, operations: int, work: Callable[[], object]) -> None:
        """Time some work."""
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        self.rates.setdefault(name, []).append(operations / wall)
        self.cpu.setdefault(name, []).append(1_000 * cpu / operations)

    def add(self, name: str, rate: float) -> None:
        """Note a rate measured elsewhere."""
        self.rates.setdefault(name, []).append(rate)


def one_round(bench: Bench, scale: float) -> dict[str, float]:
    """Measure everything once; give the sizes that need no median."""
    sizes: dict[str, float] = {}
    commands = max(700, int(28_000 * scale))
    memory = Engine(MemoryStore())
    open_market(memory)
    mix = Mix(memory, 1)
    mix.send(700)
    bench.rate("a  haggling mix, memory journal", commands, lambda: mix.send(commands))
    records = memory.head[0]
    bench.rate("c  replay, records folded", records, lambda: replay(memory.store))
    with tempfile.TemporaryDirectory(dir=os.environ.get("SOUQ_BENCH_DIR")) as name:
        folder = Path(name)
        bench.add("   SQLite WAL FULL, single-row commits", baselines.sqlite_commits(folder, 2_000))
        bench.add("   append + fdatasync", baselines.appends(folder, 2_000))
        for in_flight in (1, 64, 1_024):
            store = SqliteStore(folder / f"market-{in_flight}")
            with Engine(store) as engine:
                open_market(engine)
                before = _disk(store.folder), engine.head[0]
                durable = Mix(engine, in_flight)
                count = commands if in_flight > 1 else commands // 4
                label = f"b  durable in SQLite, {in_flight} in flight"
                bench.rate(label, count, lambda mix=durable, n=count: mix.send(n))  # type: ignore[misc]
                grown = _disk(store.folder) - before[0], engine.head[0] - before[1]
                sizes["bytes on disk per record"] = grown[0] / grown[1]
        for size in (1_000, 8_000):
            with Engine(SqliteStore(folder / f"ledger-{size}")) as engine:
                transfers.open_accounts(engine)
                count = max(2, int(160_000 * scale) // size)
                work = transfers.batches(size, count, "t")
                label = f"d  transfer_many, durable, batches of {size:,}"
                bench.rate(label, size * count, lambda e=engine, w=work: _transfer(e, w))  # type: ignore[misc]
                plain = transfers.moves(size, count, "m")
                label += ", moves alone"
                bench.rate(label, size * count, lambda e=engine, w=plain: _transfer(e, w))  # type: ignore[misc]
    search.rates(bench.rate, scale)
    channels.rates(bench.rate, scale)
    return sizes


def _transfer(engine: Engine, work: list[transfers.TransferMany]) -> None:
    pending = [
        engine.submit_soon("operator", f"with-{command.batch.id[0]}", command) for command in work
    ]
    for one in pending:
        one.result().need()


def _disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob(f"{FILE}*"))


def memory_per_negotiation(count: int) -> dict[str, float]:
    """Measure what an open negotiation keeps in memory, and what a finished deal leaves behind."""
    engine = Engine(MemoryStore())
    open_market(engine)
    mix = Mix(engine, 1)
    mix.send(700)
    state = engine.state
    rows_before = sum(len(rows) for rows in state.tables.values())
    mix.send(7_000)
    rows_after = sum(len(rows) for rows in state.tables.values())
    copies = []
    for _ in range(2):
        tracemalloc.start()
        folded = replay(engine.store)
        copies.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        del folded
        if len(copies) == 1:
            mix.open_only(count)
    return {
        "resident bytes per open negotiation": (copies[1] - copies[0]) / count,
        "live rows left by 1,000 finished deals": float(rows_after - rows_before),
    }


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full work")
    asked = parser.parse_args()
    bench, sizes = Bench(), dict[str, float]()
    for n in range(asked.rounds):
        sizes |= one_round(bench, asked.scale)
        print(f"round {n + 1} of {asked.rounds}", file=sys.stderr)
    sizes |= memory_per_negotiation(2_000)
    sizes |= search.sizes(asked.scale)
    medians = {name: statistics.median(rates) for name, rates in bench.rates.items()}
    print(
        f"souq {__version__}, {platform.python_version()}, {os.cpu_count()} cores, "
        f"median of {asked.rounds}"
    )
    for name in sorted(medians, key=lambda name: (name[0] == " ", name)):
        cpu = f"{statistics.median(bench.cpu[name]):8.3f} CPU s/1,000" if name in bench.cpu else ""
        spread = f"{min(bench.rates[name]):>11,.0f} to {max(bench.rates[name]):,.0f}"
        print(f"  {name:<54} {medians[name]:>11,.0f} /s  {cpu:<22} {spread}")
    a = medians["a  haggling mix, memory journal"]
    for ours, base in (
        ("b  durable in SQLite, 1 in flight", "   SQLite WAL FULL, single-row commits"),
        ("b  durable in SQLite, 64 in flight", "a  haggling mix, memory journal"),
        ("c  replay, records folded", "a  haggling mix, memory journal"),
        ("d  transfer_many, durable, batches of 8,000", "   SQLite WAL FULL, single-row commits"),
        ("d  transfer_many, durable, batches of 8,000", "   append + fdatasync"),
        *channels.RATIOS,
    ):
        print(f"  {ours.strip()} ÷ {base.strip()}: {medians[ours] / medians[base]:.2f}")
    for name, value in sizes.items():
        print(f"  {name}: {value:,.0f}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "latest.json"
    path.write_text(
        json.dumps(
            {
                "version": __version__,
                "python": platform.python_version(),
                "machine": platform.machine(),
                "cores": os.cpu_count(),
                "rounds": asked.rounds,
                "scale": asked.scale,
                "rates_per_s": bench.rates,
                "cpu_s_per_1000": bench.cpu,
                "sizes": sizes,
                "haggling_per_s": a,
            },
            indent=2,
        )
    )
    print(f"  written to {path}")


if __name__ == "__main__":
    main()
