"""Measure every mechanism, print a table, write JSON: `make bench-mechanisms`."""

import argparse
import gc
import importlib
import json
import os
import pkgutil
import platform
import statistics
from pathlib import Path

import bench.mechanisms
from bench.mechanisms.rates import Rates
from souq import __version__

RESULTS = Path(__file__).parent.parent / "results"
_OWN = {"rates", "__main__"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names of files here; left out, all of them")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    names = [one.name for one in pkgutil.iter_modules(bench.mechanisms.__path__)]
    chosen = asked.only or [name for name in names if name not in _OWN]
    rates = Rates()
    for number in range(asked.rounds):
        for name in chosen:
            gc.collect()
            importlib.import_module(f"bench.mechanisms.{name}").measure(rates)
        print(f"round {number + 1} of {asked.rounds} is done", flush=True)
    for name, found in rates.rates.items():
        cpu = statistics.median(rates.cpu[name])
        spread = f"{min(found):,.0f}-{max(found):,.0f}"
        print(f"{name:58} {statistics.median(found):>12,.0f}/s  ({spread}; {cpu:.3f} CPU s/1,000)")
    for name, (values, unit) in rates.notes.items():
        spread = f"{min(values):,.4g}-{max(values):,.4g}"
        print(f"{name:58} {statistics.median(values):>12,.4g} {unit}  ({spread})")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "mechanisms.json"
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "souq": __version__}
    told = {"machine": machine, "rates": rates.rates, "cpu": rates.cpu, "notes": rates.notes}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"written to {path}")


if __name__ == "__main__":
    main()
