"""The commands themselves. They choose parts and print; every rule is elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from souq import __version__
from souq.cli import present, runs
from souq.cli.output import Mistake, console, say_mistake, write_json
from souq.core import market
from souq.journal.record import Damaged
from souq.journal.replay import SNAPSHOT, replay, write_snapshot
from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify as verify_store
from souq.views import log as story

app = typer.Typer(
    help="A market where software agents buy, sell and bargain for the people they stand for.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
run = typer.Typer(help="Run a whole market from a seed.", no_args_is_help=True)
app.add_typer(run, name="run")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="a folder that a run left behind")]
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
Seed = Annotated[int, typer.Option(help="the same seed gives the same journal, byte for byte")]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="where to leave the journal and the report")
]


def _version(asked: bool) -> None:
    if asked:
        console.print(f"souq {__version__}")
        raise typer.Exit


@app.callback()
def souq(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="say which souq")
    ] = False,
) -> None:
    """A market where software agents buy, sell and bargain for the people they stand for."""


@run.command()
def swap(
    people: Annotated[int, typer.Option(min=2, max=1_000, help="how many people trade")] = 57,
    seed: Seed = 7,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Barter: everybody brings one book; swaps and rotations, no money.

    Example: souq run swap --people 12 --seed 3 --out runs/books
    """
    folder = runs.new_folder(out, "swap")
    summary = runs.run_swap(folder, people=people, seed=seed, is_quiet=as_json)
    present.show(summary, as_json=as_json)
    if not as_json:
        console.print(f"Journal: {folder}  (souq log, verify, replay, show)", soft_wrap=True)


@app.command()
def show(folder: Folder, as_json: Json = False) -> None:
    """Print a market's summary again, from its journal alone.

    Example: souq show runs/demo --json
    """
    present.show(runs.summarise(folder), as_json=as_json)


@app.command()
def log(
    folder: Folder,
    deal: Annotated[str, typer.Option(metavar="C9", help="only what led to this deal")] = "",
    agent: Annotated[str, typer.Option(metavar="A3", help="only what concerns this agent")] = "",
    as_json: Json = False,
) -> None:
    """Tell what happened, record by record.

    Example: souq log runs/demo --deal C9
    """
    if deal and agent:
        raise Mistake("name a deal or an agent, not both")
    with runs.reading(folder) as store:
        try:
            told = list(story.lines(store, deal=deal, agent=agent))
        except KeyError as error:
            raise Mistake(error.args[0]) from None
    if as_json:
        write_json(told)
        return
    for line in told:
        end = f"  ! {line.refusal}" if line.refusal else ""
        typer.echo(f"{line.seq:>6}  {line.time}  {line.actor}: {line.what}{end}")


@app.command()
def verify(folder: Folder, as_json: Json = False) -> None:
    """Check everything: hash chain, payloads, ledger, and each decision judged again.

    Exits 1 and names the first bad record when anything is off.
    Example: souq verify runs/demo
    """
    try:
        with runs.reading(folder) as store:
            checked = verify_store(store)
    except Damaged as error:
        if as_json:
            write_json({"ok": False, "first_bad_record": error.seq, "why": error.why})
        else:
            say_mistake(error)
        raise typer.Exit(1) from None
    present.verified(checked, as_json=as_json)


@app.command("replay")
def replay_(
    folder: Folder,
    until: Annotated[int | None, typer.Option(min=1, metavar="SEQ", help="the last record")] = None,
    as_json: Json = False,
) -> None:
    """Fold the journal up to a record and print the state it gives.

    Example: souq replay runs/demo --until 500
    """
    with runs.reading(folder) as store:
        last = store.head()[0]
        if until is not None and until > last:
            raise Mistake(f"the journal ends at record {last}; --until must not pass it")
        found = replay(store, until=until)
    present.replayed(found.seq, found.state, market.state_hash(found.state), as_json=as_json)


@app.command()
def snapshot(folder: Folder) -> None:
    """Write the state beside the journal, so that the next start need not fold all of it.

    Example: souq snapshot runs/demo
    """
    with runs.reading(folder) as store:
        assert isinstance(store, SqliteStore)
        found = write_snapshot(store, folder / SNAPSHOT)
    console.print(f"{folder / SNAPSHOT}: the state at record {found.seq}", soft_wrap=True)
