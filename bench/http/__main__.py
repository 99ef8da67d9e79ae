"""Measure the server over HTTP, print a table, write JSON: `make bench-http`.

Load comes from processes of its own, 64 requests under way on connections that stay open. Beside
each rate stands its ratio to a bare Starlette echo, measured just before it by the same load, and
the server's CPU seconds, which move less than rates do on a shared machine.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from bench.http.load import STEP_US, Load, Work
from bench.http.serving import AGENTS, Folder, Process, echoing, served
from souq import __version__
from souq.journal.sqlite import SqliteStore

RESULTS = Path(__file__).parents[1] / "results"
CONNECTIONS = AGENTS // 2
PROCESSES = 2
WARM_S, COUNT_S, ECHO_S = 1.5, 8.0, 2.0
P99_MAX_MS = 40.0
MILLION = 1_000_000
START_MAX_S = 3.0


class Case(msgspec.Struct, frozen=True):
    """One thing to measure. `target` is per second, of commands, or of requests in a search."""

    name: str
    script: str
    target: int
    signed: bool = False
    connections: int = CONNECTIONS
    batch: int = 1


CASES = (
    Case("single commands, bearer keys", "deals", 6_000),
    Case("with one search in seven requests", "searching deals", 3_500),
    Case("single commands, Ed25519 signatures", "deals", 1_500, signed=True),
    Case("batch route, 2 x 100 commands under way", "batches", 12_000, connections=2, batch=100),
    Case("search among {listings:,} listings", "searches", 1_500),
)


def measure(case: Case, folder: Folder, server: Process, seconds: float) -> dict[str, Any]:
    """Put load on a server for a while, and give what was answered and what it took."""
    begin = time.monotonic() + WARM_S
    end = begin + seconds
    pairs = folder.pairs(case.connections, signed=case.signed)
    processes = min(PROCESSES, case.connections)
    loads = []
    for n in range(processes):
        name = f"{case.script[:2]}{int(case.signed)}{n}-{time.monotonic_ns():x}"
        mine = pairs[n::processes]
        work = Work(case.script, server.port, name, mine, begin, end, case.batch)
        words = [sys.executable, "-m", "bench.http.load"]
        load = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert load.stdin is not None
        load.stdin.write(msgspec.json.encode(work) + b"\n")
        load.stdin.close()
        loads.append(load)
    time.sleep(max(0.0, begin - time.monotonic()))
    cpu = server.cpu_s()
    time.sleep(max(0.0, end - time.monotonic()))
    cpu = server.cpu_s() - cpu
    done = []
    for load in loads:
        assert load.stdout is not None
        done.append(load.stdout.read())
        if load.wait() != 0:
            raise RuntimeError(f"the load of {case.name!r} failed; see above")
    return figures([msgspec.json.decode(one, type=Load) for one in done], seconds, cpu)


def figures(loads: list[Load], seconds: float, cpu_s: float) -> dict[str, Any]:
    """Make rates and latencies out of what all processes counted."""
    steps: dict[str, Counter[int]] = {}
    for load in loads:
        for step, counts in load.latencies.items():
            steps.setdefault(step, Counter()).update(counts)
    every = Counter[int]()
    for one in steps.values():
        every.update(one)
    commands = sum(load.commands for load in loads)
    asked = sum(one.total() for step, one in steps.items() if step != "search")
    confirmed = steps["confirm"].total() * commands / asked if "confirm" in steps else 0.0
    return {
        "commands_per_s": commands / seconds,
        "requests_per_s": every.total() / seconds,
        "deals_per_s": confirmed / seconds,
        "p50_ms": percentile(every, 50),
        "p99_ms": percentile(every, 99),
        "server_cpu_s_per_1000": 1_000 * cpu_s / (commands or every.total()),
        "server_cores": cpu_s / seconds,
        "load_cores": sum(load.cpu_s for load in loads) / seconds,
        "p99_ms_by_step": {step: percentile(one, 99) for step, one in steps.items()},
    }


def percentile(counts: Counter[int], share: int) -> float:
    """Give the latency, in ms, that so many in a hundred do not exceed."""
    left = counts.total() * share // 100
    for latency in sorted(counts):
        left -= counts[latency]
        if left < 0:
            return (latency + 1) * STEP_US / 1e3
    raise ValueError("nothing was answered")


def compare(folder: Folder, listings: int, scale: float) -> dict[str, dict[str, Any]]:
    """Measure every case, and the echo just before each."""
    found: dict[str, dict[str, Any]] = {}
    echo = Case("bare Starlette echo", "echo", 0)
    with served(folder.path) as server, echoing() as bare:
        for case in CASES:
            base = measure(echo, folder, bare, ECHO_S)
            name = case.name.format(listings=listings)
            one = measure(case, folder, server, COUNT_S * scale)
            one["rate"] = one["commands_per_s"] or one["requests_per_s"]
            one |= {"target": case.target, "echo_per_s": base["requests_per_s"], "echo": base}
            one["ratio_to_echo"] = one["rate"] / base["requests_per_s"]
            found[name] = one
            show(name, one)
    return found


def show(name: str, one: dict[str, Any]) -> None:
    """Print a line of the table."""
    mark = "" if one["rate"] >= one["target"] and one["p99_ms"] <= P99_MAX_MS else "  below target"
    deals = f"{one['deals_per_s']:,.0f}" if one["deals_per_s"] else ""
    print(
        f"  {name:<42}{one['rate']:>9,.0f} /s (to reach {one['target']:>6,})"
        f"{one['p50_ms']:>8.1f}{one['p99_ms']:>8.1f}{deals:>9}{one['server_cpu_s_per_1000']:>8.3f}"
        f"{one['ratio_to_echo']:>7.2f} of {one['echo_per_s']:,.0f}{mark}",
        flush=True,
    )


def million(place: Path, scale: float) -> dict[str, float]:
    """Put a million records in, and tell what the server's memory grew by."""
    folder = Folder(place / "million")
    case = Case("a million records", "batches", 0, connections=4, batch=250)
    with served(folder.path, "--log-level", "warning") as server:
        measure(case, folder, server, 1.0)  # so that nothing is counted that a start brings
        before, wanted, done = server.resident_bytes(), MILLION * scale, 0.0
        began = time.perf_counter()
        while done < wanted:
            seconds = 10.0 * min(1.0, scale)
            done += measure(case, folder, server, seconds)["commands_per_s"] * (seconds + WARM_S)
        took = time.perf_counter() - began
        after = server.resident_bytes()
    store = SqliteStore(folder.path)
    records = store.head()[0]
    store.close()
    return {
        "records": records,
        "seconds": took,
        "resident_before": before,
        "resident_after": after,
        "bytes_per_record": (after - before) / records,
    }


def start_up(place: Path, scale: float) -> dict[str, float]:
    """Time a start from a snapshot of a hundred thousand live entities."""
    count = int(25_000 * scale)
    folder = Folder(place / "start", listings=count, negotiations=count)
    with served(folder.path) as server:
        first = server.start_s
    with served(folder.path) as server:
        return {
            "live_rows": folder.rows,
            "start_without_snapshot_s": first,
            "start_s": server.start_s,
            "resident": server.resident_bytes(),
        }


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.http", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full time and size")
    parser.add_argument("--million", action="store_true", help="memory after 1,000,000 records")
    parser.add_argument("--no-rates", action="store_true", help="only the start, and --million")
    asked = parser.parse_args()
    result: dict[str, Any] = {
        "version": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "scale": asked.scale,
    }
    print(f"souq {__version__}, {result['python']}, {os.cpu_count()} cores, SQLite WAL FULL")
    print(f"  {'':<75}p50 ms  p99 ms  deals/s  CPU s/1,000  ratio to the echo")
    with tempfile.TemporaryDirectory(dir=os.environ.get("SOUQ_BENCH_DIR")) as name:
        place = Path(name)
        if not asked.no_rates:
            listings = max(1_000, int(10_000 * min(1.0, asked.scale)))
            folder = Folder(place / "market", listings=listings)
            result["rates"] = compare(folder, listings, asked.scale)
        result["start"] = start = start_up(place, min(1.0, asked.scale))
        print(
            f"  start from a snapshot of {start['live_rows']:,.0f} live rows: "
            f"{start['start_s']:.2f} s (at most {START_MAX_S:.0f}); "
            f"without one {start['start_without_snapshot_s']:.2f} s"
        )
        if asked.million:
            result["memory"] = memory = million(place, asked.scale)
            print(
                f"  after {memory['records']:,.0f} records: "
                f"{memory['resident_after'] / 2**20:,.0f} MiB resident, "
                f"{memory['resident_before'] / 2**20:,.0f} before, "
                f"{memory['bytes_per_record']:,.0f} bytes a record"
            )
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "http.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(before | result, indent=2))
    print(f"  written to {path}")


if __name__ == "__main__":
    main()
