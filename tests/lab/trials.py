"""Runs one market under treatments, in memory, for the tests of treatments."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
from msgspec import Struct

from souq.journal.memory import MemoryStore
from souq.lab import tidying
from souq.lab.deal import run_market
from souq.lab.experiment.cells import Cell
from souq.lab.experiment.deal_mode import prepared
from souq.lab.experiment.schema import Experiment, Kind, Market, People
from souq.lab.metrics import METRICS
from souq.lab.setup import Setup
from souq.lab.simulation import Simulation
from souq.lab.tidying import Told

Treatments = Mapping[str, Mapping[str, Any]]
SEEDS = (1, 2, 3)


class Ran(Struct):
    """A finished market, and what it began as."""

    setup: Setup
    store: MemoryStore
    simulation: Simulation
    told: Told

    def metric(self, name: str) -> float | None:
        return METRICS[name].of(self.told)


def run(treatments: Treatments, seed: int = 1, **settings: Any) -> Ran:
    """Run a market, or give the one that was run before. `settings` are those of `_run`."""
    return _run(msgspec.json.encode(treatments), seed, **settings)


def run_anew(treatments: Treatments, seed: int = 1) -> Ran:
    """Run a market, whether it was run before or not."""
    found: Ran = _run.__wrapped__(msgspec.json.encode(treatments), seed)
    return found


def mean(name: str, treatments: Treatments, **settings: Any) -> float:
    """Give a metric's mean over a few seeds."""
    found = [run(treatments, seed, **settings).metric(name) for seed in SEEDS]
    return fmean(value for value in found if value is not None)


def start(
    treatments: Treatments,
    seed: int = 1,
    *,
    people: int = 16,
    goods: int = 6,
    budget: str = "100",
    turns: int = 30,
    rules: Mapping[str, Any] | None = None,
) -> Setup:
    """Give a market before it opens."""
    asked = Experiment(
        name="test",
        population=People(people=people, goods_per_person=goods, budget=budget),
        market=Market(turns_per_person=turns, rules=dict(rules or {})),
        agents={"strong": Kind(skill="strong"), "plain": Kind()},
        treatments={name: dict(settings) for name, settings in treatments.items()},
    )
    return prepared(asked, Cell(1, "arm", 1, seed, seed, seed), Path())[0]


@cache
def _run(treatments: bytes, seed: int, **settings: Any) -> Ran:
    rules = msgspec.json.decode(settings.pop("rules", b"{}"))
    setup = start(msgspec.json.decode(treatments), seed, rules=rules, **settings)
    store = MemoryStore()
    simulation = run_market(setup, store)
    state = simulation.engine.state
    told = tidying.told_of(store, simulation.history, state, "arm", 1)
    return Ran(setup, store, simulation, told)
