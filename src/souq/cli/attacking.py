"""`souq attack` hands an agent's key to an attacker and measures what can be lost by it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from souq.cli.commands import Json, app
from souq.cli.output import Mistake, console, grid, percent, write_json
from souq.lab.attack import games


@app.command()
def attack(
    commands: Annotated[int, typer.Option(min=1, help="of the attacker, in all games")] = 30_000,
    seed: Annotated[int, typer.Option(min=0, help="the same seed plays the same games")] = 1,
    by: Annotated[str, typer.Option(help="uniform, greedy, mutated, or all in turn")] = "all",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="how many at once; 0 is one a core")
    ] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="keep every game's journal here")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let an attacker with an agent's key play live markets, and compare its gain with the bound.

    The bound follows from the wallet, the mandate's caps, and what was open already. Exits 1 where
    more was lost, or a deal was made that the mandate does not allow.
    Example: souq attack --commands 30000 --seed 1 -j 2
    """
    if by not in (*games.ATTACKS, "all"):
        raise Mistake(f"there is no attack {by}; take {', '.join(games.ATTACKS)} or all")
    if out is not None and out.exists():
        raise Mistake(f"{out} is there already; name a new folder with --out")
    attacks = games.ATTACKS if by == "all" else (by,)
    plans = list(games.plans(seed, commands, attacks, out))
    with _progress(is_quiet=as_json) as bar:
        task = bar.add_task("attacking", total=commands)
        results = games.run_all(
            plans, jobs or os.cpu_count() or 1, lambda done: bar.advance(task, done)
        )
    found = games.report(seed, results)
    if as_json:
        write_json(found)
    else:
        _show(found)
    if found.breached:
        raise typer.Exit(1)


def _progress(*, is_quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=is_quiet
    )


def _show(found: games.Report) -> None:
    # Measures go down the page: eleven columns would not fit a terminal of eighty.
    lines: dict[str, Callable[[games.Tally], str]] = {
        "games": lambda one: str(one.games),
        "commands": lambda one: f"{one.commands:,}",
        "accepted": lambda one: percent(one.accepted / one.commands),
        "games that lost nothing": lambda one: str(one.lossless),
        "games that lost the bound": lambda one: str(one.at_bound),
        "loss / bound, mean": lambda one: f"{one.mean:.3f}",
        "median": lambda one: f"{one.median:.3f}",
        "95 %": lambda one: f"{one.p95:.3f}",
        "most": lambda one: f"{one.most:.3f}",
        "honest deals still settled": lambda one: percent(one.deals_share),
    }
    rows = [[name, *map(told, found.tallies)] for name, told in lines.items()]
    grid("What it lost, by how it was attacked", ["", *(one.attack for one in found.tallies)], rows)
    reached = sum(1 for accepted, _ in found.reach.values() if accepted)
    console.print(
        f"{reached} of {len(found.reach)} kinds of command were accepted at least once; "
        "`--json` says how often each."
    )
    for game in found.breached[:10]:
        first = game.breaches[0]
        console.print(
            f"BROKEN  {game.attack}, game {game.seed}, record {first.seq}: {first.why}",
            markup=False,
        )
    if not found.breached:
        console.print(f"The bound held in all of {found.commands:,} commands.")
