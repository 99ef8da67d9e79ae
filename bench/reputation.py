"""What reputation costs: `python -m bench.reputation`.

Folding one contract's end with and without it, in memory; reading a score, cold and cached; one
page of a search by reputation beside one by price; trust worked out over a market.
"""

import argparse
import json
import platform
import random
import time
from collections.abc import Callable
from typing import Any

from souq.core import ending, feedback, market, owing, reputation
from souq.core.agreement import Agreement, CashLeg, GoodsLeg
from souq.core.beta import quantile_bps
from souq.core.ending import ContractFulfilled
from souq.core.money import Money
from souq.core.party import AGENTS, Agent
from souq.core.reputation import score_of
from souq.core.rules import RULES, Rules
from souq.core.state import State
from souq.views.trust import Graph, work_out

PEOPLE = 1_000


def yard() -> State:
    """Give a market of many agents in which deals end."""
    state = market.new()
    state.at = 1_750_000_000_000_000
    state.put(RULES, "market", Rules(fee_bps=100))
    for n in range(1, PEOPLE + 1):
        state.put(AGENTS, f"A{n}", Agent(f"A{n}", f"P{n}", ""))
    return state


def ends(count: int) -> list[ContractFulfilled]:
    """Give ends of contracts between strangers."""
    rng = random.Random(1)
    found = []
    for n in range(count):
        one, other = (f"A{k}" for k in rng.sample(range(1, PEOPLE + 1), 2))
        legs = (GoodsLeg(one, other, "L1", 1), CashLeg(other, one, Money(10**7, "USD")))
        found.append(ContractFulfilled(f"C{n + 1}", Agreement((other, one), legs)))
    return found


def micros(do: Callable[[Any], object], over: list[Any]) -> float:
    """Give microseconds for one, of many."""
    start = time.perf_counter()
    for one in over:
        do(one)
    return (time.perf_counter() - start) / len(over) * 1e6


def fold_with(state: State, modules: tuple[Any, ...]) -> Callable[[ContractFulfilled], None]:
    """Give what folds a contract's end by some modules only."""
    folds = [one.EVOLVE[ContractFulfilled] for one in modules]

    def fold(event: ContractFulfilled) -> None:
        state.at += 1_000_000
        for one in folds:
            one(state, event)

    return fold


def measure(count: int) -> dict[str, float]:
    """Measure everything."""
    events = ends(count)
    plain = micros(fold_with(yard(), (ending,)), events)
    counted = yard()
    whole = micros(fold_with(counted, (ending, reputation)), events)
    every = micros(fold_with(yard(), (ending, reputation, owing, feedback)), events)
    people = [f"P{n}" for n in range(1, PEOPLE + 1)]
    quantile_bps.cache_clear()
    cold = micros(lambda one: score_of(counted, one), people)
    warm = micros(lambda one: score_of(counted, one), people)
    graph = Graph()
    for event in events:
        payer, payee = (f"P{one[1:]}" for one in event.agreement.parties)
        graph.paid.setdefault(payer, {})[payee] = 10**7
    start = time.perf_counter()
    work_out(graph, dict.fromkeys(people[:100], 10**8), 10**8)
    return {
        "a contract's end, without (us)": plain,
        "with reputation (us)": whole,
        "with reputation, exposure and feedback (us)": every,
        "a score, the first time (us)": cold,
        "a score, again (us)": warm,
        f"trust over {count} payments among {PEOPLE} (ms)": (time.perf_counter() - start) * 1e3,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.count)
    if asked.json:
        print(json.dumps({"machine": platform.platform(), **found}, indent=2))
        return
    for name, value in found.items():
        print(f"{name:55} {value:10.1f}")
    print(f"Python {platform.python_version()} on {platform.machine()}")


if __name__ == "__main__":
    main()
