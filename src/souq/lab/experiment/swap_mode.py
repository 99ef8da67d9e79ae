"""Runs one cell of barter: a floor of books, its rows, and what its models were and took."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path

from souq.agents.llm import barter_wording as wording
from souq.agents.llm.barter import Barterer
from souq.agents.llm.connecting import connect
from souq.agents.llm.manner import manner_of
from souq.agents.llm.recording import FILE as CALLS
from souq.agents.llm.recording import Recording
from souq.agents.llm.spending import Purse
from souq.agents.swapper import SwapBrief
from souq.journal.store import Store
from souq.lab import swap
from souq.lab.casting import Manifest
from souq.lab.experiment.cells import Cell
from souq.lab.experiment.finished import Finished, Told
from souq.lab.experiment.schema import Experiment, Models
from souq.lab.simulation import OPENING_US
from souq.lab.swap.running import Mind
from souq.views.history import History


def run(
    asked: Experiment, cell: Cell, store: Store, folder: Path, beside: Path, tell: Told
) -> Finished:
    """Run a floor into a store. `folder` keeps the calls of models.

    Raises ValueError for what this floor cannot have, NotReady for models.
    """
    settings = asked.swap
    minutes = settings.closing_minutes
    models = asked.models
    purse = models.purse()

    def progress(wake: swap.Wake, history: History) -> None:
        over = (wake.ended_at - OPENING_US) // swap.MINUTE_US
        tell(over, minutes, purse.spent.cost_units)

    with ExitStack() as open_files:
        minds = _minds(settings, models, purse, folder, open_files)
        simulation = swap.run_floor(
            settings, store, seed=cell.people_seed, minds=minds, progress=progress
        )
    with simulation.engine as engine:
        rows = swap.tables_of(simulation.history, engine.state, cell.arm, cell.repetition)
        found = Finished(rows=rows, head=engine.head)
        if minds:
            played = swap.read_played(simulation.history)
            assert played is not None, "the floor is over"
            found.models = Manifest(
                wording.VERSION,
                wording.digest(),
                models.structured_only,
                settings.cap,
                dict(settings.kinds),
                {one.name: cast.kind for one, cast in zip(played.people, played.cast, strict=True)},
            )
            found.spent = purse.spent
            found.stop = swap.summarise(simulation.history, engine.state).stop
    return found


def _minds(
    settings: swap.FloorSettings, models: Models, purse: Purse, folder: Path, files: ExitStack
) -> dict[str, Mind]:
    """Connect the kinds that are models. Raises NotReady."""
    names = [name for name, share in settings.kinds.items() if share and name not in swap.SKILLS]
    if not names:
        return {}
    recording = Recording(folder / CALLS)
    files.callback(recording.close)

    def barterer(name: str, brief: SwapBrief) -> Barterer:
        model = connected[name]
        own = Purse(cost_units=models.agent_cost_units, within=purse)
        recorded = recording.of(model, name, brief.name)
        return Barterer(brief, recorded, manner=manner_of(name), purse=own)

    connected = {name: connect(name, models.timeout_s, settings.cap) for name in names}
    return {name: partial(barterer, name) for name in names}


def has_models(asked: Experiment) -> bool:
    """Tell whether any kind of agent is a model."""
    return any(share and name not in swap.SKILLS for name, share in asked.swap.kinds.items())
