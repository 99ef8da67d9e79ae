"""`souq lab`: experiments from a file, run cell by cell, and what came of them."""

import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from souq.cli.commands import Json, app
from souq.cli.output import Mistake, console, dollars, write_json
from souq.lab.experiment import folder, reading, running
from souq.lab.experiment.cells import cells_of
from souq.lab.experiment.engines import engine_of
from souq.lab.experiment.schema import Experiment

lab = typer.Typer(help="Run experiments, and read what came of them.", no_args_is_help=True)
app.add_typer(lab, name="lab")

File = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="an experiment, as TOML")
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=0, help="cells at once; 0 is one for each core")
]


@lab.command()
def check(file: File, as_json: Json = False) -> None:
    """Say all that is wrong with an experiment's file, line by line, or what it would run.

    Example: souq lab check experiments/project-deal.toml
    """
    try:
        design = reading.read(file)
    except reading.BadExperiment as error:
        if as_json:
            write_json({"ok": False, "mistakes": msgspec.to_builtins(error.mistakes)})
        else:
            typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    cells = cells_of(design)
    arms = [arm.name for arm in design.arms]
    if as_json:
        write_json({"ok": True, "arms": arms, "cells": len(cells)})
        return
    names = "; ".join(arms)
    console.print(
        f"{file}: {len(arms)} arms ({names}), {design.base.repetitions} repetitions,"
        f" {len(cells)} cells",
        soft_wrap=True,
        markup=False,
    )


@lab.command()
def schema() -> None:
    """Print the JSON Schema of an experiment's file, without its arms and factors.

    Example: souq lab schema
    """
    typer.echo(msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Experiment))).decode())


@lab.command()
def run(
    file: File,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="where to leave it; runs/NAME otherwise")
    ] = None,
    jobs: Jobs = 0,
    is_resumed: Annotated[
        bool, typer.Option("--resume", help="go on with what was cut off; whole cells stay")
    ] = False,
    engine: Annotated[
        Literal["processes", "ray"], typer.Option(help="where cells run: here, or on a Ray cluster")
    ] = "processes",
    address: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="of the Ray cluster; one of its own otherwise")
    ] = "",
    as_json: Json = False,
) -> None:
    """Run an experiment's cells, and leave a folder for each: journal, manifest, tables.

    Example: souq lab run experiments/project-deal.toml -j 2 --out runs/deal-study
    """
    design = _read(file)
    where = out or Path("runs") / design.base.name
    design, plan = running.begin(file, where, is_resumed=is_resumed)
    count = jobs or os.cpu_count() or 1
    with _progress(as_json) as bar:
        task = bar.add_task(design.base.name, total=len(plan.cells), told="")
        bar.update(task, completed=len(folder.finished_cells(where, plan)))

        def tell(at: running.Standing) -> None:
            told = f"models {dollars(at.cost_units)}" if at.cost_units else ""
            bar.update(task, completed=at.done, told=told)

        used = running.run(
            design, plan, where, file.parent, engine_of(engine, count, address), tell
        )
    if as_json:
        write_json({"folder": str(where), "cells": len(used), "planned": len(plan.cells)})
        return
    if len(used) < len(plan.cells):
        console.print(f"Enough after {len(used)} of {len(plan.cells)} cells.", soft_wrap=True)
    console.print(f"Cells: {where / folder.CELLS}", soft_wrap=True)
    console.print(f"Report: souq lab report {where}", soft_wrap=True)


def _read(file: Path) -> reading.Design:
    try:
        return reading.read(file)
    except reading.BadExperiment as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _progress(is_quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[told]}"),
        console=console,
        disable=is_quiet,
    )


_ = Mistake
