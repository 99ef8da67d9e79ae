"""Deal mode: agents looped at random, one action a turn, a week of simulated haggling.

After Project Deal. Money from sales is held until the hand-over at the end, so it is not spent
again during the week; the gift card is then the budget plus what was sold less what was bought,
read from the ledger.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Errand, Trader
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.mandate import GoodsLimit, Limits
from souq.core.message import PostMessage
from souq.core.money import USD, Money
from souq.core.rules import DAY_US, SECOND_US, Rules
from souq.core.seal import PublicText, canonical
from souq.journal.store import Store
from souq.lab.population import Person, Population, generator
from souq.lab.simulation import EVIDENCE, Simulation
from souq.views.history import History
from souq.views.observation import ListingSeen, observer_of

MARKET = "deal"
WEEK_US = 7 * DAY_US
TURNS_PER_PERSON = 60
HAND_OVER_US = 60 * SECOND_US

Progress = Callable[[int, int, History], None]


def run_deal(
    population: Population,
    store: Store,
    *,
    fee_bps: int = 0,
    turns_per_person: int = TURNS_PER_PERSON,
    progress: Progress = lambda turn, turns, history: None,
) -> Simulation:
    """Run a whole market into `store`; the simulation's engine is left open for reading."""
    simulation = Simulation(store, generator(population.seed, "salts"))
    evidence = canonical.encode(population)
    # Contracts wait for the hand-over after the week, whenever in it they were made.
    rules = Rules(name=MARKET, fee_bps=fee_bps, delivery_us=4 * WEEK_US, offer_us=DAY_US)
    simulation.open(rules, evidence)
    traders: dict[str, Trader] = {}
    for person in population.people:
        money = Money(person.budget_units, USD.code)
        agent = simulation.join(person.name, _limits(person, population), money)
        traders[agent] = _trader(person, population, simulation.history)
    _trade(simulation, traders, population.seed, turns_per_person, progress)
    _hand_over(simulation, list(traders))
    simulation.reveal(evidence)
    return simulation


def _trade(
    simulation: Simulation,
    traders: dict[str, Trader],
    seed: int,
    turns_per_person: int,
    progress: Progress,
) -> None:
    observer = observer_of(simulation.engine.state, simulation.history)
    rng = generator(seed, "turns")
    agents, notes = list(traders), dict.fromkeys(traders, "")
    turns = turns_per_person * len(agents)
    for turn in range(turns):
        simulation.advance(WEEK_US // turns)
        agent = rng.choice(agents)
        act = traders[agent].wake(observer.observe(agent), notes[agent])
        if act.note is not None:
            notes[agent] = act.note
        if act.message:
            simulation.submit(agent, PostMessage(PublicText(act.message)))
        if act.operation is not None:
            simulation.submit(agent, act.operation)
        progress(turn + 1, turns, simulation.history)
    simulation.advance(simulation.history.rules.offer_us)  # what was still open lapses


def _hand_over(simulation: Simulation, agents: list[str]) -> None:
    """Everybody brings what they sold, then everybody looks at what they got."""
    observer = observer_of(simulation.engine.state, simulation.history)
    steps: tuple[tuple[str, Callable[[str], Any]], ...] = (
        ("must_deliver", SubmitDelivery),
        ("must_accept", AcceptDelivery),
    )
    for duty, command in steps:
        for agent in agents:
            for contract in observer.observe(agent).contracts:
                if getattr(contract, duty):
                    simulation.advance(HAND_OVER_US)
                    simulation.submit(agent, command(contract.id)).need()


def _limits(person: Person, population: Population) -> Limits:
    """Turn what a person authorised into a mandate: floors, ceilings by category, the budget."""
    category_of = {
        thing.ref: thing.category for other in population.people for thing in other.things
    }
    ceilings = dict.fromkeys(person.wants, 0)
    for ref, worth in person.values.items():
        category = category_of[ref]
        ceilings[category] = max(ceilings[category], worth)
    return Limits(
        per_deal_units=person.budget_units,
        lifetime_units=person.budget_units,
        quantity_max=1,
        goods={
            thing.ref: GoodsLimit(thing.floor_units, thing.may_barter) for thing in person.things
        },
        ceilings=ceilings,
    )


def _trader(person: Person, population: Population, history: History) -> Trader:
    rng = generator(population.seed, f"agent {person.number}")
    tactic = STRATEGIES[person.style](rng)

    def worth(listing: ListingSeen) -> int:
        # The person looks at the thing itself, which its owner's name for it stands for here.
        return person.values.get(history.listings[listing.id].posted.ref, 0)

    errand = Errand(person.name, person.things, dict(person.wants), worth, dict(person.adverts))
    return Trader(errand, tactic, rng)


def read_population(history: History) -> Population | None:
    """Open the evidence a finished run left in its record; None where there is none."""
    note = history.notes.get(EVIDENCE)
    if note is None:
        return None
    return msgspec.json.decode(history.words(note), type=Population)
