"""Measure the laboratory, print a table, write JSON: `make bench-lab` (minutes).

The sides of a comparison alternate within a round; each figure is the median of the rounds. Ratios
are told twice: of rates by the clock, and of the CPU time that was taken, which other work on the
machine moves less.
"""

import argparse
import json
import os
import platform
import statistics
from collections.abc import Callable
from pathlib import Path

from bench.lab import bargains, crowds
from bench.lab.cells import Cells
from bench.lab.offers import Offers
from bench.lab.yardsticks import Missing, Yardstick
from bench.mechanisms.rates import Rates
from souq import __version__

RESULTS = Path(__file__).parent.parent / "results"
PARTS = ("bargains", "crowds", "cells", "offers")
RATIOS = (
    *(
        (f"bargains, {tactic}: {ours}", f"bargains, {tactic}: NegMAS", least)
        for tactic in bargains.TACTICS
        for ours, least in (
            ("kernel", 40.0),
            ("market, journal in memory", 4.0),
            ("market, journal in SQLite", 4.0),
        )
    ),
    ("agent steps: kernel, 1,000 agents", "agent steps: Mesa, 1,000 agents, tutorial", 1.0),
    ("agent steps: kernel, 1,000 agents", "agent steps: Mesa, 1,000 agents, kept list", None),
    (
        "agent steps: 1,000 agents that quote to nobody",
        "agent steps: Mesa, 1,000 agents, kept list",
        None,
    ),
    ("agent steps: columns, 100,000 agents", "agent steps: kernel, 100,000 agents", 8.0),
    ("agent steps: columns, 1,000,000 agents", "agent steps: kernel, 1,000,000 agents", 8.0),
    (
        "agent steps: one call of 20,000 quotes, columns",
        "agent steps: one call of 20,000 quotes, kernel",
        8.0,
    ),
    ("cells: journal in memory, 2 processes", "cells: journal in memory, 1 process", 1.7),
    ("cells: journal in SQLite, 2 processes", "cells: journal in SQLite, 1 process", 1.7),
)


def main() -> None:
    """Measure, tell and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.lab", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"of {', '.join(PARTS)}; left out, all of them")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full work")
    parser.add_argument("--alone", action="store_true", help="without NegMAS and Mesa")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    asked = parser.parse_args()
    unknown = sorted(set(asked.only) - set(PARTS))
    if unknown or asked.rounds < 1 or asked.scale <= 0:
        parser.error(
            f"name parts of {', '.join(PARTS)}; --rounds and --scale are above 0"
            + (f" ({', '.join(unknown)} is none)" if unknown else "")
        )
    chosen = asked.only or list(PARTS)
    rates = Rates()
    closing: list[Callable[[], None]] = []
    try:
        measures = [_begin(part, asked.scale, asked.alone, closing) for part in chosen]
        for number in range(asked.rounds):
            for measure in measures:
                measure(rates)
            print(f"round {number + 1} of {asked.rounds} is done", flush=True)
    finally:
        for close in closing:
            close()
    _tell(rates)
    _write(rates, asked.results, asked.rounds, asked.scale)


def _begin(
    part: str, scale: float, is_alone: bool, closing: list[Callable[[], None]]
) -> Callable[[Rates], None]:
    """Prepare a part, and give what measures it once."""
    if part == "bargains":
        negmas = _yardstick(bargains.NEGMAS, "yardstick_negmas.py", is_alone, closing)
        return lambda rates: bargains.measure(rates, scale, negmas)
    if part == "crowds":
        mesa = _yardstick(crowds.MESA, "yardstick_mesa.py", is_alone, closing)
        return crowds.Crowds(scale, mesa).measure
    found = Cells(scale) if part == "cells" else Offers(scale)
    closing.append(found.close)
    return found.measure


def _yardstick(
    requirement: str, script: str, is_alone: bool, closing: list[Callable[[], None]]
) -> Yardstick | None:
    if is_alone:
        print(f"without {requirement}, as asked")
        return None
    try:
        found = Yardstick(requirement, script)
    except Missing as missing:
        print(f"SKIPPED: {missing}", flush=True)
        return None
    closing.append(found.close)
    return found


def _tell(rates: Rates) -> None:
    for name, found in rates.rates.items():
        cpu = statistics.median(rates.cpu[name])
        spread = f"{min(found):,.4g}-{max(found):,.4g}"
        rate = statistics.median(found)
        print(f"{name:56} {rate:>14,.4g}/s  ({spread}; {cpu:.4g} CPU s/1,000)")
        if name.startswith("cells"):
            print(f"{'':56} {60 * rate:>14,.1f}/minute")
    for name, (values, unit) in rates.notes.items():
        spread = f"{min(values):,.4g}-{max(values):,.4g}"
        print(f"{name:56} {statistics.median(values):>14,.4g} {unit}  ({spread})")
    for ours, theirs, least in RATIOS:
        if ours in rates.rates and theirs in rates.rates:
            clock, cpu = ratio(rates, ours, theirs)
            # Two processes take as much CPU time as one: that they take it at once is the point.
            by_cpu = "" if ours.startswith("cells") else f", {cpu:.2f} by CPU"
            goal = "" if least is None else f"; to reach {least:g}"
            print(f"{ours} ÷ {theirs}: {clock:.2f} by the clock{by_cpu}{goal}")


def ratio(rates: Rates, ours: str, theirs: str) -> tuple[float, float]:
    """Give how many times as fast ours is: by medians of rates, and by medians of CPU time."""
    clock = statistics.median(rates.rates[ours]) / statistics.median(rates.rates[theirs])
    return clock, statistics.median(rates.cpu[theirs]) / statistics.median(rates.cpu[ours])


def _write(rates: Rates, folder: Path, rounds: int, scale: float) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / "lab.json"
    told = {
        "machine": {
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
            "machine": platform.machine(),
            "souq": __version__,
        },
        "rounds": rounds,
        "scale": scale,
        "rates": rates.rates,
        "cpu": rates.cpu,
        "notes": rates.notes,
        "ratios": {
            f"{ours} ÷ {theirs}": ratio(rates, ours, theirs)
            for ours, theirs, _ in RATIOS
            if ours in rates.rates and theirs in rates.rates
        },
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"written to {path}")


if __name__ == "__main__":
    main()
