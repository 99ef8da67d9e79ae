"""Elastic supply: suppliers raise rates with demand and come when prices are high; then a shock.

Beside the market of things there is one of help, at stated prices. People need help by chance, and
take the cheapest that is worth its price to them. Suppliers move their rates by how many of their
hands are busy; a reserve comes when the price is good enough. At a share of the week the need
multiplies, and stays so: what is measured is how fast the price comes back. Suppliers and need are
scripted, whoever plays the people.
"""

import random
from functools import partial

from msgspec import Struct

from souq.agents import Agent
from souq.agents.trader import QUANTUM_UNITS, Thing
from souq.core.money import USD
from souq.core.rules import HOUR_US
from souq.lab.marks import mark
from souq.lab.players.supplying import Customer, Demand, Manner, Supplier
from souq.lab.population import Person, generator
from souq.lab.setup import WEEK_US, Part, Place, Setup, Shock, limits_of
from souq.lab.shares import check_bounds, check_share
from souq.lab.simulation import Simulation

NAME = "elastic_supply"
CATEGORY = "help"
SHOCK = "demand shock"
ALERT = 3  # suppliers act so many times as often as people
COST_SHARE = 0.6  # of the price, what a job costs its supplier
WORTH = 0.9, 2.5  # of the price, what help is worth to people
ENTRY = 1.2, 1.4  # of the price, at which one of the reserve comes


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The market of help. `price` is in dollars; `need` is how often a person needs it in a week.

    A supplier asks its rate when half of its hands have been busy of late, and `slope` / 2 of it
    more when all have; `reserve`: suppliers who come when prices are high. At `shock_at` of the
    week, need is `shock` times what it was.
    """

    suppliers: int = 4
    reserve: int = 8
    hands: int = 2
    job_hours: float = 8
    price: str = "10"
    slope: float = 1.5
    need: float = 4
    shock: float = 2
    shock_at: float = 0.4
    jobs_per_person: int = 20

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_share(shock_at=self.shock_at)
        check_bounds(self, suppliers=(1, 100), reserve=(0, 100), hands=(1, 20), slope=(0, 5))
        check_bounds(
            self, job_hours=(0.5, 240), need=(0.1, 100), shock=(0.1, 100), jobs_per_person=(1, 200)
        )
        if USD.parse(self.price).units < 4 * QUANTUM_UNITS:
            raise ValueError("price is in dollars, 1 or more")


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Bring in suppliers, and need."""
    price = USD.parse(settings.price).units
    people = list(setup.parts)
    names = [f"Supplier {n + 1}" for n in range(settings.suppliers + settings.reserve)]
    jobs = {name: _jobs(n, name, settings, setup, price) for n, name in enumerate(names)}
    demand = Demand(0)
    for part in people:
        most = _quantised(price * rng.uniform(*WORTH))
        person = part.person
        setup.change(
            part,
            budget_units=person.budget_units + settings.jobs_per_person * most,
            wants={**person.wants, CATEGORY: settings.jobs_per_person},
            values={**person.values, **{job.ref: most for one in jobs.values() for job in one}},
        )
        part.around.append(partial(_customer, demand=demand, most=most))
    for n, name in enumerate(names):
        enters_at = 0
        if n >= settings.suppliers:
            enters_at = _quantised(price * rng.uniform(*ENTRY))
        number = len(setup.population.people) + 1
        person = Person(number, name, "supplier", 0, jobs[name], {}, {}, {})
        setup.admit(Part(person, limits_of(person, setup.population), kind="supplier"))
        part = setup.parts[-1]
        part.weight = ALERT
        cost = _quantised(price * COST_SHARE)
        job_us = round(settings.job_hours * HOUR_US)
        manner = Manner(settings.hands, job_us, price, cost, settings.slope, enters_at)
        part.make = partial(_supplier, manner=manner)
    for part in setup.parts:
        part.limits = limits_of(part.person, setup.population)

    # Drawn by weight, and over more turns where there are more people.
    wakes = setup.turns_per_person * len(setup.parts) / sum(part.weight for part in setup.parts)
    demand.chance = min(1.0, settings.need * setup.span_us / WEEK_US / wakes)

    def strike(simulation: Simulation, parts: dict[str, Part]) -> None:
        demand.chance = min(1.0, demand.chance * settings.shock)
        turn_us = setup.span_us // (setup.turns_per_person * len(parts))
        mark(simulation, SHOCK, {"at": simulation.clock.at, "turn_us": turn_us})

    setup.shocks.append(Shock(settings.shock_at, strike))


def _jobs(n: int, name: str, settings: Settings, setup: Setup, price: int) -> tuple[Thing, ...]:
    count = round(settings.hands * setup.span_us / (settings.job_hours * HOUR_US)) + settings.hands
    cost = _quantised(price * COST_SHARE)
    return tuple(
        Thing(f"h{n + 1}.{m + 1}", f"{name}, job {m + 1}", "", CATEGORY, "service", price, cost)
        for m in range(count)
    )


def _quantised(units: float) -> int:
    return int(units) // QUANTUM_UNITS * QUANTUM_UNITS


def _supplier(place: Place, manner: Manner) -> Agent:
    return Supplier(place.part.person.things, manner, place.simulation.clock)


def _customer(agent: Agent, place: Place, demand: Demand, most: int) -> Agent:
    rng = generator(place.setup.seed, f"need {place.part.person.number}")
    return Customer(agent, demand, CATEGORY, most, rng)
