"""Runs one cell of haggling: from what an arm says to a finished market and its rows."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from souq.agents import Agent
from souq.agents.llm.connecting import connect
from souq.agents.llm.manner import LAVISH, manner_of
from souq.agents.llm.recording import FILE as CALLS
from souq.agents.llm.recording import Recording
from souq.agents.skill import SKILLS
from souq.core.money import USD
from souq.core.rules import DAY_US, DURATION_MAX_US, Rules
from souq.journal.store import Store
from souq.lab import goods, population, sources, tidying
from souq.lab.casting import SCRIPTED, Casting, Player, declared_name
from souq.lab.deal import BeforeTurn, run_market, untouched
from souq.lab.experiment.assignment import assign
from souq.lab.experiment.cells import Cell
from souq.lab.experiment.finished import Finished, Told
from souq.lab.experiment.schema import Experiment, Kind
from souq.lab.goods import Good
from souq.lab.metrics import measure
from souq.lab.population import Population, generator
from souq.lab.setup import WEEK_US, Part, Place, Setup, setup_of
from souq.lab.simulation import Simulation
from souq.lab.treatments import TREATMENTS
from souq.sdk.policy_files import read_policy
from souq.views.history import History


def run(
    asked: Experiment,
    cell: Cell,
    store: Store,
    folder: Path,
    beside: Path,
    tell: Told,
    before_turn: BeforeTurn = untouched,
) -> Finished:
    """Run a cell into a store. `folder` keeps the calls of models; `beside` is where files are.

    Raises ValueError for what this market cannot have, NotReady for models.
    """
    minds = _Minds()
    setup, blocks = _peopled(asked, cell, beside, minds)
    with ExitStack() as open_files:
        casting = _casting(asked, setup, folder, open_files, minds)

        def progress(turn: int, turns: int, history: History) -> None:
            if turn % 100 == 0 or casting is not None:
                tell(turn, turns, casting.purse.spent.cost_units if casting is not None else 0)

        simulation = run_market(
            setup, store, casting=casting, progress=progress, before_turn=before_turn
        )
    with simulation.engine:
        found = finished(simulation, setup, cell, blocks)
    if casting is not None:
        found.models = casting.manifest()
        found.spent, found.stop = casting.purse.spent, casting.stop
    return found


class _Minds:
    """Stands where models will, so that a treatment has its way with them before any is called."""

    def __init__(self) -> None:
        self.casting: Casting | None = None

    def make(self, place: Place) -> Agent:
        """Give the model that plays a person."""
        assert self.casting is not None, "models play only where a cell is run"
        return self.casting.mind_of(place)


def prepared(asked: Experiment, cell: Cell, beside: Path) -> tuple[Setup, dict[str, str]]:
    """Give the market that a cell runs, with its treatments, and by person the stratum it is of.

    Its models cannot be called; they play only where it is run.
    """
    return _peopled(asked, cell, beside, _Minds())


def _peopled(
    asked: Experiment, cell: Cell, beside: Path, minds: _Minds
) -> tuple[Setup, dict[str, str]]:
    setup = setup_of(_population(asked, cell, beside), rules=rules_of(asked))
    setup.luck = cell.luck_seed
    setup.turns_per_person = asked.market.turns_per_person
    setup.span_us = asked.market.days * DAY_US
    if asked.market.guardrails:
        setup.policies.append(read_policy(beside / asked.market.guardrails))
    rng = generator(cell.draw_seed, "kinds")
    people = setup.population.people
    assigned = assign(people, asked.agents, asked.assignment, rng, cell.repetition)
    for part in setup.parts:
        name = part.person.name
        kind = assigned.kinds[name]
        _play(part, kind, asked.agents[kind], assigned.blocks.get(name, ""))
        if asked.agents[kind].model:
            part.make = minds.make
    for name, settings in asked.treatments.items():
        treatment = TREATMENTS[name]
        chosen = msgspec.convert(settings, treatment.Settings)
        treatment.apply(setup, chosen, generator(cell.luck_seed, f"treatment {name}"))
    for part in setup.parts:
        if part.kind not in asked.agents and part.make == minds.make:
            part.make = None  # a treatment made something else of it
    if "delivery_us" not in asked.market.rules:
        # Contracts wait for the hand-over, however long the market lasts.
        least = min(DURATION_MAX_US, setup.span_us + WEEK_US)
        wait = max(setup.rules.delivery_us, least)
        setup.rules = msgspec.structs.replace(setup.rules, delivery_us=wait)
    return setup, assigned.blocks


def _play(part: Part, kind_name: str, kind: Kind, block: str) -> None:
    """Let a person's agent be of a kind."""
    part.kind, part.block = kind_name, block
    part.runs_on = declared_name(kind.model or kind_name)
    part.skill = SKILLS[kind.skill] if isinstance(kind.skill, str) else kind.skill
    if kind.strategy:
        part.person = msgspec.structs.replace(part.person, style=kind.strategy)
    if kind.style:
        part.told = (*part.told, kind.style)


def rules_of(asked: Experiment) -> Rules:
    """Give the rules of a market: the usual ones, and what the file says instead."""
    usual = setup_of(Population(0, ())).rules
    said = {"fee_bps": asked.market.fee_bps, **asked.market.rules}
    return msgspec.structs.replace(usual, **_typed(said))


def _typed(said: dict[str, Any]) -> dict[str, Any]:
    whole = msgspec.convert(said, Rules)
    return {name: getattr(whole, name) for name in said}


def _population(asked: Experiment, cell: Cell, beside: Path) -> Population:
    people = asked.population
    if people.file:
        named: Population = sources.read("people", beside / people.file)
        return named
    brought: list[Good] = []
    for source in people.sources:
        brought += sources.read(source.kind, *(beside / path for path in source.paths))
    return population.draw(
        brought or goods.bundled(),
        people=people.people,
        seed=cell.people_seed,
        per_person=people.goods_per_person,
        total=people.goods or None,
        budget_units=None if people.budget == "auto" else USD.parse(people.budget).units,
    )


def _casting(
    asked: Experiment, setup: Setup, folder: Path, open_files: ExitStack, minds: _Minds
) -> Casting | None:
    """Connect the models that play, where any do. Raises NotReady."""
    names = {
        part.person.name: asked.agents[part.kind].model if part.make == minds.make else SCRIPTED
        for part in setup.parts
    }
    if set(names.values()) == {SCRIPTED}:
        return None
    models = asked.models
    players = {
        name: Player(None, LAVISH)
        if name == SCRIPTED
        else Player(connect(name, models.timeout_s, models.at_once), manner_of(name))
        for name in sorted(set(names.values()))
    }
    recording = Recording(folder / CALLS)
    open_files.callback(recording.close)
    casting = Casting(
        players,
        setup.seed,
        purse=models.purse(),
        recording=recording,
        agent_cost_units=models.agent_cost_units,
        structured_only=models.structured_only,
        at_once=models.at_once,
    )
    casting.name_of = names
    minds.casting = casting
    return casting


def finished(simulation: Simulation, setup: Setup, cell: Cell, blocks: dict[str, str]) -> Finished:
    """Tell a finished market as rows."""
    engine = simulation.engine
    told = tidying.told_of(
        engine.store, simulation.history, engine.state, cell.arm, cell.repetition
    )
    adversaries = frozenset(part.person.name for part in setup.parts if part.is_adversary)
    rows = tidying.rows_of(told, blocks, adversaries)
    return Finished(rows={**rows, "metrics": measure(told)}, head=engine.head)


def has_models(asked: Experiment) -> bool:
    """Tell whether any kind of agent is a model."""
    return any(kind.model for kind in asked.agents.values())
