"""Small markets with treatments, for tests; each is run once."""

from functools import cache
from typing import Any

import msgspec

from souq.journal.memory import MemoryStore
from souq.lab import goods, population, tidying
from souq.lab.deal import run_market
from souq.lab.metrics import METRICS
from souq.lab.population import generator
from souq.lab.setup import Setup, setup_of
from souq.lab.simulation import Simulation
from souq.lab.tidying import Told
from souq.lab.treatments import TREATMENTS

USD = 10**6
BUDGET = 100 * USD
PEOPLE = 24


class Treated(msgspec.Struct):
    setup: Setup
    simulation: Simulation
    told: Told

    def metric(self, name: str) -> float:
        value = METRICS[name].of(self.told)
        assert value is not None, f"{name} is not defined here"
        return value


def market(seed: int, *, people: int = PEOPLE, **treatments: dict[str, Any]) -> Treated:
    """Run a market of these people, or give it where it was run before."""
    said = msgspec.json.encode(treatments)
    return _market(seed, people, said)


def fresh(seed: int, *, people: int = PEOPLE, **treatments: dict[str, Any]) -> Treated:
    """Run a market of these people, whether or not it was run before."""
    drawn = population.draw(
        goods.bundled(), people=people, seed=seed, per_person=8, budget_units=BUDGET
    )
    setup = setup_of(drawn)
    for name, said in treatments.items():
        treatment = TREATMENTS[name]
        chosen = msgspec.convert(said, treatment.Settings)
        treatment.apply(setup, chosen, generator(seed, f"treatment {name}"))
    simulation = run_market(setup, MemoryStore())
    engine = simulation.engine
    told = tidying.told_of(engine.store, simulation.history, engine.state, "arm", 1)
    return Treated(setup, simulation, told)


@cache
def _market(seed: int, people: int, said: bytes) -> Treated:
    return fresh(seed, people=people, **msgspec.json.decode(said))
