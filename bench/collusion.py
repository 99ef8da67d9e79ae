"""How well surveillance tells learnt collusion: `python -m bench.collusion` (minutes).

Sellers learn to price with the parameters of Calvano et al. (R3), then go on as they have learnt.
Some are made to cut a price now and then, some still try any price at times, some only follow
costs or hold sales. Nobody learnt, or was drawn, by the rule that the detector goes by.
"""

import argparse
import platform
import time
from collections.abc import Callable
from random import Random
from statistics import median

import msgspec

from souq.replications.learning.logit_market import game
from souq.replications.learning.pricing import Schooling
from souq.replications.learning.pricing_anatomy import Course
from souq.views.surveillance import price_parallelism
from souq.views.surveillance.price_parallelism import Signs, cuts_in, signs_of, steps
from souq.views.surveillance.rows import Quote
from tests.surveillance import honest, learners
from tests.surveillance.scoring import auc

PAPER = Schooling(fading=4e-6, calm=100_000)
Tape = list[Quote]


def signs(tape: Tape) -> Signs:
    """Sum up what a tape shows."""
    path = steps(tape)
    return signs_of(path, cuts_in(path))


def row(name: str, tapes: list[Tape]) -> None:
    """Print how many tapes are warned about, and how many are to be observed."""
    advice = [[alarm.advice for alarm in price_parallelism.find(tape)] for tape in tapes]
    punished = median(signs(tape).punished_bps for tape in tapes) / 100
    cells = [len(tapes), sum("warn" in one for one in advice)]
    cells.append(sum("observe" in one for one in advice))
    print(f"| {name} | {' | '.join(map(str, cells))} | {punished:.0f} % |", flush=True)


def rows(name: str, make: Callable[[int, bool], Tape], count: int) -> None:
    """Print rows for tapes on which cost is known and for those a market records."""
    row(f"{name}; cost known", [make(n, True) for n in range(count)])
    recorded = [learners.changes(make(n, False)) for n in range(count)]
    row(f"{name}; changes only, cost unknown", recorded)


def without_cost(tape: Tape) -> Tape:
    """Forget what things cost."""
    return [msgspec.structs.replace(one, cost_units=0) for one in tape]


def cut(courses: list[Course]) -> Callable[[int, bool], Tape]:
    """Give tapes of sessions in which a price is cut now and then."""
    return lambda n, knows_cost: learners.with_cuts(courses[n], knows_cost=knows_cost)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=40, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    count, seed = arguments.sessions, arguments.seed
    print(f"{platform.machine()}, Python {platform.python_version()}, seed {seed}")
    began = time.process_time()
    pairs = learners.courses(game(2, 15), PAPER, count, seed)
    threes = learners.courses(game(3, 15), PAPER, count // 2, seed, ("genuine",))["genuine"]
    print(f"learning took {time.process_time() - began:.0f} s of one core\n")
    print("| sellers | markets | warned about | to be observed | cuts punished, median |")
    print("|---|---:|---:|---:|---:|")
    for case, courses in pairs.items():
        rows(f"two who learnt, {case}", cut(courses), count)
    rows("three who learnt, genuine", cut(threes), len(threes))
    for case, courses in pairs.items():
        tapes = [learners.with_trials(one, Random(n)) for n, one in enumerate(courses)]
        row(f"two who still try prices, {case}; cost known", tapes)
    rows("two at prices of competition, with noise of 3 %", _noisy, count)
    rows("two who compete by sales and best replies", _sales, count)
    rows("five who follow costs", _honest, count)
    found = {case: [signs(learners.with_cuts(one)) for one in pairs[case]] for case in pairs}
    margins = {case: [one.margin_bps or 0 for one in found[case]] for case in found}
    punished = {case: [one.punished_bps for one in found[case]] for case in found}
    print()
    for case in ("competitive", "spurious"):
        for what, scores in (("level", margins), ("punishment", punished)):
            told = auc(scores["genuine"], scores[case])
            print(f"AUC, genuine against {case}, by {what}: {told:.3f}")


def _noisy(seed: int, knows_cost: bool) -> Tape:
    return learners.noisy(Random(seed), knows_cost=knows_cost)


def _sales(seed: int, knows_cost: bool) -> Tape:
    return learners.with_sales(Random(seed), knows_cost=knows_cost)


def _honest(seed: int, knows_cost: bool) -> Tape:
    tape = honest.quotes(Random(f"collusion {seed}"))
    return tape if knows_cost else without_cost(tape)


if __name__ == "__main__":
    main()
