"""Runs a floor: people join, agents barter until it closes, and the evidence is shown."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from souq.agents import Agent
from souq.agents.swapper import CATEGORY, SwapBrief, Swapper
from souq.core.annotation import Annotate
from souq.core.mandate import Limits
from souq.core.party import DeclareModel
from souq.core.rules import MINUTE_US, OPERATOR, Rules
from souq.core.seal import OperatorText, canonical
from souq.journal.store import Store
from souq.lab.owners import BookOwners
from souq.lab.population import generator
from souq.lab.simulation import OPENING_US, Simulation
from souq.lab.swap.evidence import Played, prepare
from souq.lab.swap.floor import Floor, Progress
from souq.lab.swap.settings import CLOSING_MINUTES, PEOPLE, SKILLS, STYLES, FloorSettings

MARKET = "swap"
FLOOR, USE = "floor", "floor_use"
CLOSING_US = CLOSING_MINUTES * MINUTE_US

Mind = Callable[[SwapBrief], Agent]  # makes a model's agent for one person


class FloorNote(Struct, frozen=True):
    """What the journal cannot know otherwise: wakes that came to nothing, why the floor closed."""

    wakes: int
    stop: str


class FloorUse(Struct, frozen=True):
    """How the floor was used: most agents awake at once, of how many; notes that were rewritten."""

    awake_peak: int
    awake_cap: int
    notes_written: int


def run_swap(
    store: Store,
    *,
    people: int = PEOPLE,
    seed: int = 0,
    closing_us: int = CLOSING_US,
    progress: Progress = lambda wake, history: None,
) -> Simulation:
    """Run a floor whose agents know the true rankings; the engine is left open for reading.

    Raises ValueError for fewer than two people, or more than there are titles.
    """
    played = prepare(FloorSettings(people=people), seed=seed, kinds={}, models=())
    evidence = canonical.encode(BookOwners(played.seed, played.people))
    simulation, _ = _run(store, played, evidence, {}, closing_us, progress)
    simulation.reveal(evidence)
    return simulation


def run_floor(
    settings: FloorSettings,
    store: Store,
    *,
    seed: int,
    kinds: Mapping[str, str] | None = None,
    minds: Mapping[str, Mind] | None = None,
    progress: Progress = lambda wake, history: None,
) -> Simulation:
    """Run a floor by its settings; the simulation's engine is left open for reading.

    `kinds` assigns agents by person's name, whatever the shares; `minds` makes the agents of the
    kinds that are models. Raises ValueError for a person or a kind that is not known.
    """
    minds = minds or {}
    played = prepare(settings, seed=seed, kinds=kinds or {}, models=tuple(minds))
    evidence = canonical.encode(played)
    closing_us = settings.closing_minutes * MINUTE_US
    simulation, floor = _run(store, played, evidence, minds, closing_us, progress)
    use = FloorUse(floor.awake_peak, settings.cap, floor.notes_written)
    _note(simulation, USE, use)
    simulation.reveal(evidence)
    return simulation


def briefs(played: Played, *, closing_us: int = CLOSING_US) -> list[SwapBrief]:
    """Write what each agent is told: what was understood and how to be, never the true ranking."""
    return [_brief(played, n, OPENING_US + closing_us) for n in range(len(played.people))]


def _brief(played: Played, n: int, closes_at: int) -> SwapBrief:
    one, cast = played.people[n], played.cast[n]
    style, skill = STYLES[cast.style], SKILLS.get(cast.kind, SKILLS["strong"])
    patience = style.patience_percent
    return SwapBrief(
        name=one.name,
        title=one.title,
        ranking=played.understood(n),
        discloses=one.discloses if style.discloses is None else style.discloses,
        patience=(one.patience_percent if patience is None else patience) / 100,
        opens_at=OPENING_US,
        closes_at=closes_at,
        wishes_max=style.wishes_max,
        concedes=style.concedes_percent / 100,
        members_max=skill.members_max,
        remembers=skill.remembers,
        messages_max=skill.messages_max,
        style=cast.style,
    )


def _run(
    store: Store,
    played: Played,
    evidence: bytes,
    minds: Mapping[str, Mind],
    closing_us: int,
    progress: Progress,
) -> tuple[Simulation, Floor]:
    settings = played.settings
    simulation = Simulation(store, generator(played.seed, "salts"))
    proposal_us = settings.proposal_minutes * MINUTE_US
    simulation.open(Rules(name=MARKET, offer_us=proposal_us), evidence)
    # No money: a mandate to pay nothing, and to pass on one book at a time.
    limits = Limits(per_deal_units=0, lifetime_units=0, quantity_max=1, categories=(CATEGORY,))
    agents: dict[str, Agent] = {}
    for brief, cast in zip(briefs(played, closing_us=closing_us), played.cast, strict=True):
        agent = simulation.join(brief.name, limits)
        if cast.kind in minds:
            simulation.submit(agent, DeclareModel(agent, cast.kind)).need()
        agents[agent] = minds[cast.kind](brief) if cast.kind in minds else Swapper(brief)
    floor = Floor(
        simulation,
        agents,
        played.seed,
        progress,
        cap=settings.cap,
        wake_s=settings.wake_s,
        quiet_us=settings.quiet_minutes * MINUTE_US,
    )
    stop = floor.run(OPENING_US + closing_us)
    simulation.advance(proposal_us)  # what was still open lapses
    _note(simulation, FLOOR, FloorNote(floor.wakes, stop))
    return simulation, floor


def _note(simulation: Simulation, topic: str, note: Struct) -> None:
    text = OperatorText(canonical.encode(note).decode())
    simulation.submit(OPERATOR, Annotate(topic, text)).need()
