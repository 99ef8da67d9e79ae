"""Deal mode: agents looped at random, one action a turn, a week of simulated haggling.

After Project Deal. Money from sales is held until the hand-over at the end, so it is not spent
again during the week; the gift card is then the budget plus what was sold less what was bought,
read from the ledger.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from souq.agents import Agent, Turn, turn_of
from souq.agents.llm.spending import OverBudget
from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Errand, Trader
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.mandate import GoodsLimit, Limits
from souq.core.money import USD, Money
from souq.core.party import DeclareModel
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, SECOND_US, Rules
from souq.core.seal import canonical
from souq.journal.store import Store
from souq.lab.casting import Casting
from souq.lab.population import Person, Population, generator
from souq.lab.simulation import EVIDENCE, Simulation
from souq.views.history import History
from souq.views.observation import ListingSeen, observer_of

MARKET = "deal"
WEEK_US = 7 * DAY_US
TURNS_PER_PERSON = 60
HAND_OVER_US = 60 * SECOND_US
WEEK_OVER = "week_over"

Progress = Callable[[int, int, History], None]


def run_deal(
    population: Population,
    store: Store,
    *,
    fee_bps: int = 0,
    turns_per_person: int = TURNS_PER_PERSON,
    casting: Casting | None = None,
    progress: Progress = lambda turn, turns, history: None,
) -> Simulation:
    """Run a whole market into `store`; the simulation's engine is left open for reading.

    Without `casting` everybody's agent is scripted. Raises NotReady where a model cannot go on.
    """
    simulation = Simulation(store, generator(population.seed, "salts"))
    evidence = canonical.encode(population)
    # Contracts wait for the hand-over after the week, whenever in it they were made.
    rules = Rules(name=MARKET, fee_bps=fee_bps, delivery_us=4 * WEEK_US, offer_us=DAY_US)
    simulation.open(rules, evidence)
    if casting is not None:
        casting.open(simulation, population)
    agents: dict[str, Agent] = {}
    for person in population.people:
        money = Money(person.budget_units, USD.code)
        agent = simulation.join(person.name, _limits(person, population), money)
        mind = None
        if casting is not None:
            mind = casting.mind_of(person, population)
            simulation.submit(agent, DeclareModel(agent, casting.declared(person))).need()
        agents[agent] = mind or _trader(person, population, simulation.history)
    at_once = casting.at_once if casting is not None else 1
    trading = _Trading(simulation, agents, population.seed, at_once, progress)
    stop = asyncio.run(trading.run(turns_per_person * len(agents)))
    simulation.advance(rules.offer_us)  # what was still open lapses
    _hand_over(simulation, list(agents))
    if casting is not None:
        casting.close(simulation, stop)
    simulation.reveal(evidence)
    return simulation


class _Trading:
    """The week: whoever is drawn sees the market and takes a turn; several may think at once."""

    def __init__(
        self,
        simulation: Simulation,
        agents: dict[str, Agent],
        seed: int,
        at_once: int,
        progress: Progress,
    ) -> None:
        self._simulation = simulation
        self._agents = agents
        self._at_once = at_once
        self._progress = progress
        self._rng = generator(seed, "turns")
        self._observer = observer_of(simulation.engine.state, simulation.history)
        self._notes = dict.fromkeys(agents, "")
        self._refusals = dict.fromkeys(agents, "")
        self._retired: set[str] = set()  # those whose own budget of calls is spent

    async def run(self, turns: int) -> str:
        """Give why it ended: the week was over, or the run's budget of calls spent."""
        ids = list(self._agents)
        for first in range(0, turns, self._at_once):
            count = min(self._at_once, turns - first)
            self._simulation.advance(WEEK_US // turns * count)
            drawn = dict.fromkeys(self._rng.choice(ids) for _ in range(count))
            awake = [agent for agent in drawn if agent not in self._retired]
            thoughts = await asyncio.gather(*map(self._think, awake), return_exceptions=True)
            for agent, thought in zip(awake, thoughts, strict=True):
                if isinstance(thought, Turn):
                    self._act(agent, thought)
                elif isinstance(thought, OverBudget) and not thought.is_whole_run:
                    self._retired.add(agent)
                elif isinstance(thought, OverBudget):
                    return str(thought)
                else:
                    raise thought
            self._progress(first + count, turns, self._simulation.history)
        return WEEK_OVER

    async def _think(self, agent: str) -> Turn:
        seen = self._observer.observe(agent)
        if self._refusals[agent]:
            seen = msgspec.structs.replace(seen, refusal=self._refusals[agent])
        return await turn_of(self._agents[agent], seen, self._notes[agent])

    def _act(self, agent: str, turn: Turn) -> None:
        if turn.note is not None:
            self._notes[agent] = turn.note
        if turn.words is not None:
            self._simulation.submit(agent, turn.words)
        self._refusals[agent] = ""
        if turn.operation is not None:
            refusal = self._simulation.submit(agent, turn.operation).refusal
            if refusal is not None:
                self._refusals[agent] = str(Refused(Reason(refusal.reason), **refusal.facts))


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
