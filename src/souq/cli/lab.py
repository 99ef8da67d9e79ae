"""`souq lab`: experiments from a file, run cell by cell, and what came of them."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from souq.cli.commands import Json, app
from souq.cli.output import Mistake, console, dollars, write_json
from souq.lab import tables
from souq.lab.experiment import folder, forking, published, reading, running
from souq.lab.experiment.cells import cells_of
from souq.lab.experiment.engines import engine_of

LOOK_S = 0.5  # between two looks at how far cells are

lab = typer.Typer(help="Run experiments, and read what came of them.", no_args_is_help=True)
app.add_typer(lab, name="lab")

File = Annotated[Path, typer.Argument(metavar="FILE", help="an experiment, as TOML")]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=0, help="cells at once; 0 is one for each core")
]


@lab.command()
def check(file: File, as_json: Json = False) -> None:
    """Say all that is wrong with an experiment's file, line by line, or what it would run.

    Example: souq lab check experiments/project-deal.toml
    """
    try:
        design = _read(file)
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
    """Print the JSON Schema of an experiment's file, for editors and programs.

    Example: souq lab schema
    """
    typer.echo(published.text(), nl=False)


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
    design = need_design(file)
    where = out or Path("runs") / design.base.name
    design, plan = running.begin(file, where, is_resumed=is_resumed)
    count = jobs or os.cpu_count() or 1
    with _progress(as_json) as bar:
        task = bar.add_task(design.base.name, total=len(plan.cells), told="")
        whole = running.Standing(len(folder.finished_cells(where, plan)), 0)

        def tell(at: running.Standing) -> None:
            nonlocal whole
            whole = at

        def look() -> None:
            done, cost = running.at_work(where)
            told = f"models {dollars(whole.cost_units + cost)}" if whole.cost_units + cost else ""
            bar.update(task, completed=min(len(plan.cells), whole.done + done), told=told)

        with _looking(look):
            engine_used = engine_of(engine, count, address)
            used = running.run(design, plan, where, file.parent, engine_used, tell)
        look()
    if as_json:
        write_json({"folder": str(where), "cells": len(used), "planned": len(plan.cells)})
        return
    if len(used) < len(plan.cells):
        console.print(f"Enough after {len(used)} of {len(plan.cells)} cells.", soft_wrap=True)
    console.print(f"Cells: {where / folder.CELLS}", soft_wrap=True, markup=False)
    console.print(f"Report: souq lab report {where}", soft_wrap=True, markup=False)


@lab.command()
def fork(
    cell: Annotated[Path, typer.Argument(metavar="DIR", help="a cell's folder")],
    at: Annotated[int, typer.Option(min=1, metavar="SEQ", help="the last record that is shared")],
    changes: Annotated[
        list[str],
        typer.Option("--set", metavar="NAME=VALUE", help="a rule of the house; may be repeated"),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="where to leave the other course")],
    as_json: Json = False,
) -> None:
    """Let a cell's market go on from a record under another rule, and compare.

    Example: souq lab fork runs/study/cells/00001 --at 500 --set fee_bps=1000 --out runs/fork
    """
    found = forking.fork(cell, at=at, changes=changes, out=out)
    assert found.forked is not None
    pairs = [_metrics(where) for where in (cell, out)]
    told = {name: [one.get(name) for one in pairs] for name in pairs[0]}
    if as_json:
        write_json({"forked": msgspec.to_builtins(found.forked), "metrics": told})
        return
    table = Table("metric", "as it was", "from there on", "difference", box=SIMPLE_HEAD)
    for name, (before, after) in told.items():
        more = "" if before is None or after is None else f"{after - before:+,.4g}"
        table.add_row(name, *map(_number, (before, after)), more)
    console.print(table)
    console.print(
        f"Shared: records 1 to {found.forked.changed_at - 1}. Journal: {out}",
        soft_wrap=True,
        markup=False,
    )


def _metrics(where: Path) -> dict[str, float | None]:
    rows = tables.read(where / "metrics.parquet", tables.MetricRow)
    return {row.metric: row.value for row in rows}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"


def _read(file: Path) -> reading.Design:
    """Read a file. Raises BadExperiment, and Mistake where it cannot be read at all."""
    try:
        return reading.read(file)
    except OSError as error:
        raise Mistake(f"{file}: {error.strerror or error}; name an experiment's file") from None


def need_design(file: Path) -> reading.Design:
    """Read a file, or say all that is wrong with it and exit. Raises Mistake."""
    try:
        return _read(file)
    except reading.BadExperiment as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@contextmanager
def _looking(look: Callable[[], None]) -> Iterator[None]:
    """Look again and again while something runs."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_S):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _progress(is_quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.1f}/{task.total:.0f} cells"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[told]}"),
        console=console,
        disable=is_quiet,
    )
