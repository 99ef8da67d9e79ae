"""Deal mode: agents looped at random, one action a turn, a week of simulated haggling.

After Project Deal. Money from sales is held until the hand-over at the end, so it is not spent
again during the week; the gift card is then the budget plus what was sold less what was bought,
read from the ledger.
"""

import asyncio
from collections.abc import Callable

import msgspec

from souq.agents import Agent, Turn, turn_of
from souq.agents.llm.spending import OverBudget
from souq.core.bond import PostBond
from souq.core.funds import ReportDeposit
from souq.core.listing import LISTINGS, WithdrawListing
from souq.core.mandate import GrantMandate, SecretLimits
from souq.core.money import Money
from souq.core.party import DeclareModel
from souq.core.policy.setting import SecretPolicy, SetPolicy
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.core.seal import canonical
from souq.journal.store import Store
from souq.lab.casting import Casting
from souq.lab.hand_over import hand_over
from souq.lab.marks import ROUND, mark
from souq.lab.population import Population, generator
from souq.lab.setup import MARKET as MARKET
from souq.lab.setup import TURNS_PER_PERSON as TURNS_PER_PERSON
from souq.lab.setup import Part, Place, Setup, agent_of, setup_of
from souq.lab.simulation import EVIDENCE, Simulation
from souq.views.history import History
from souq.views.observation import observer_of

WEEK_OVER = "week_over"

Progress = Callable[[int, int, History], None]
BeforeTurn = Callable[[Simulation], None]


def _quiet(turn: int, turns: int, history: History) -> None:
    """Tell nobody."""


def untouched(simulation: Simulation) -> None:
    """Let a market go its own way."""


def run_deal(
    population: Population,
    store: Store,
    *,
    fee_bps: int = 0,
    turns_per_person: int = TURNS_PER_PERSON,
    casting: Casting | None = None,
    progress: Progress = _quiet,
) -> Simulation:
    """Run the usual market among these people. Raises NotReady where a model cannot go on."""
    setup = setup_of(population, fee_bps=fee_bps)
    setup.turns_per_person = turns_per_person
    if casting is not None:
        casting.draw(population)
        casting.cast(setup)
        casting.declare(setup)
    return run_market(setup, store, casting=casting, progress=progress)


def run_market(
    setup: Setup,
    store: Store,
    *,
    casting: Casting | None = None,
    progress: Progress = _quiet,
    before_turn: BeforeTurn = untouched,
) -> Simulation:
    """Run a whole market into `store`; the simulation's engine is left open for reading.

    `casting` keeps the books of models, where some play. Raises NotReady where one cannot go on,
    and Refused where the setup itself cannot be.
    """
    simulation = Simulation(store, generator(setup.seed, "salts"))
    evidence = canonical.encode(setup.evidence())
    simulation.open(setup.rules, evidence)
    for policy in setup.policies:
        simulation.submit(OPERATOR, SetPolicy("market", SecretPolicy(policy))).need()
    if casting is not None:
        casting.open(simulation)
    parts = {_join(simulation, part, setup): part for part in setup.parts}
    for prepare in setup.prepare:
        prepare(simulation, parts)
    agents = _agents(simulation, setup, parts)
    at_once = casting.at_once if casting is not None else 1
    trading = Trading(simulation, setup, parts, agents, at_once, progress, before_turn)
    stop = asyncio.run(trading.run(0))
    _settle(simulation, setup, parts)
    for number in range(1, setup.rounds):
        if stop != WEEK_OVER:
            break
        _renew(simulation, setup, parts, number)
        trading.agents = _agents(simulation, setup, parts)
        stop = asyncio.run(trading.run(number))
        _settle(simulation, setup, parts)
    if casting is not None:
        casting.close(simulation, stop)
    simulation.reveal(evidence)
    return simulation


def _join(simulation: Simulation, part: Part, setup: Setup) -> str:
    asset = setup.rules.assets[0].code
    person = part.person
    money = Money(person.budget_units, asset)
    agent = simulation.join(person.name, part.limits, money)
    if part.bond_units:
        principal = simulation.history.principal_of[agent]
        bond = Money(part.bond_units, asset)
        simulation.submit(OPERATOR, ReportDeposit(principal, bond)).need()
        simulation.submit(principal, PostBond(bond)).need()
    if part.declares:
        simulation.submit(agent, DeclareModel(agent, part.declares)).need()
    return agent


def _agents(simulation: Simulation, setup: Setup, parts: dict[str, Part]) -> dict[str, Agent]:
    return {agent: agent_of(Place(agent, part, setup, simulation)) for agent, part in parts.items()}


def _settle(simulation: Simulation, setup: Setup, parts: dict[str, Part]) -> None:
    simulation.advance(setup.rules.offer_us)  # what was still open lapses
    hand_over(simulation, setup, parts)


def _renew(simulation: Simulation, setup: Setup, parts: dict[str, Part], number: int) -> None:
    """Begin another round: new things and wants, the same people, their records and memories."""
    for listing in list(simulation.engine.state.rows(LISTINGS).values()):
        if listing.agent in parts and not (listing.is_withdrawn or listing.pledged):
            simulation.submit(listing.agent, WithdrawListing(listing.id)).need()
    mark(simulation, f"{ROUND}{number + 1}", simulation.clock.at)
    if setup.renew is not None:
        setup.renew(setup, number)
    for agent, part in parts.items():
        principal = simulation.history.principal_of[agent]
        money = Money(part.person.budget_units, setup.rules.assets[0].code)
        if money.units:
            simulation.submit(OPERATOR, ReportDeposit(principal, money)).need()
        simulation.submit(principal, GrantMandate(agent, SecretLimits(part.limits))).need()


class Trading:
    """The week: whoever is drawn sees the market and takes a turn; several may think at once."""

    def __init__(
        self,
        simulation: Simulation,
        setup: Setup,
        parts: dict[str, Part],
        agents: dict[str, Agent],
        at_once: int,
        progress: Progress,
        before_turn: BeforeTurn,
    ) -> None:
        self.agents = agents
        self._simulation = simulation
        self._setup = setup
        self._parts = parts
        self._at_once = at_once
        self._progress = progress
        self._before_turn = before_turn
        self._rng = generator(setup.seed, "turns")
        self._observer = observer_of(simulation.engine.state, simulation.history)
        self._notes = dict.fromkeys(agents, "")
        self._refusals = dict.fromkeys(agents, "")
        self._retired: set[str] = set()  # those whose own budget of calls is spent

    async def run(self, number: int) -> str:
        """Give why the round ended: the week was over, or the run's budget of calls spent."""
        # Whoever is to act more often is in the hat more often, and takes nobody else's turns.
        ids = [agent for agent, part in self._parts.items() for _ in range(part.weight)]
        turns = self._setup.turns_per_person * len(ids)
        whole = turns * self._setup.rounds
        shocks = sorted(self._setup.shocks, key=lambda one: one.share) if number == 0 else []
        for first in range(0, turns, self._at_once):
            while shocks and first >= shocks[0].share * turns:
                shocks.pop(0).strike(self._simulation, self._parts)
            self._before_turn(self._simulation)
            count = min(self._at_once, turns - first)
            self._simulation.advance(self._setup.span_us // turns * count)
            drawn = dict.fromkeys(self._rng.choice(ids) for _ in range(count))
            awake = [agent for agent in drawn if agent not in self._retired]
            thoughts = await self._thoughts(awake)
            for agent, thought in zip(awake, thoughts, strict=True):
                if isinstance(thought, Turn):
                    self._act(agent, thought)
                elif isinstance(thought, OverBudget) and not thought.is_whole_run:
                    self._retired.add(agent)
                elif isinstance(thought, OverBudget):
                    return str(thought)
                else:
                    raise thought
            self._progress(number * turns + first + count, whole, self._simulation.history)
        return WEEK_OVER

    async def _thoughts(self, awake: list[str]) -> list[Turn | BaseException]:
        if len(awake) > 1:
            return await asyncio.gather(*map(self._think, awake), return_exceptions=True)
        # Nearly every market has agents think one by one, and tasks would cost a tenth of its time.
        try:
            return [await self._think(agent) for agent in awake]
        except OverBudget as spent:
            return [spent]

    async def _think(self, agent: str) -> Turn:
        seen = self._observer.observe(agent)
        if self._refusals[agent]:
            seen = msgspec.structs.replace(seen, refusal=self._refusals[agent])
        return await turn_of(self.agents[agent], seen, self._notes[agent])

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


def read_population(history: History) -> Population | None:
    """Open the evidence a finished run left in its record; None where there is none."""
    note = history.notes.get(EVIDENCE)
    if note is None:
        return None
    return msgspec.json.decode(history.words(note), type=Population)
