"""`souq replicate`: published results, measured again, in a table and a file."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from souq.cli.commands import Json, app
from souq.cli.output import Mistake, console, write_json
from souq.lab.sources.shelf import USUAL, VARIABLE
from souq.replications import BY_ID, REPLICATIONS, Replication
from souq.replications.replication import Scale
from souq.replications.results import FILE, Measured, Report, Result, Tapes, number
from souq.replications.running import measure_all

ALL = "all"
WIDTH_MIN = 120  # narrower, a claim would stand in a column of few letters
_HEADS = ("claim", "published", "expected", "measured", "95 % interval", "draws", "verdict")


@app.command()
def replicate(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="R1 R5 …|all", help="which; all unless named")
    ] = None,
    is_quick: Annotated[bool, typer.Option("--quick", help="fewer draws: about a minute")] = False,
    seed: Annotated[int, typer.Option(help="the same seed gives the same figures")] = 1,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="how many at once; 0 is one a core")
    ] = 0,
    out: Annotated[Path, typer.Option(metavar="DIR", help=f"where to leave {FILE}")] = Path("."),
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help=f"data that do not come with souq; else ${VARIABLE}, or {USUAL}"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure published results of economics again, each beside a control that must fail.

    Every one is run through the mechanism's kernel and through a whole market, whose trades must
    be the same. Exits 1 when anything is not as it should be.
    Example: souq replicate R8 --quick
    """
    asked = chosen(ids or [ALL])
    if data is not None and not data.is_dir():
        raise Mistake(f"{data} is no folder; name the one that holds the data, such as {USUAL}")
    scale = Scale(is_quick, seed, str(data or ""))
    out.mkdir(parents=True, exist_ok=True)
    with _progress(is_quiet=as_json) as bar:
        task = bar.add_task("replicating", total=len(asked), told="")

        def tell(result: Result) -> None:
            bar.update(task, advance=1, told=f"{result.id} {result.seconds:.1f} s")

        report = measure_all(asked, scale, jobs=jobs or os.cpu_count() or 1, tell=tell)
    file = out / FILE
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    if as_json:
        write_json(report)
    else:
        _show(report)
        console.print(f"Results: {file}", soft_wrap=True)
    raise typer.Exit(exit_code(report))


def exit_code(report: Report) -> int:
    """Say how the command ends: 1 where anything is not as it should be."""
    return 0 if report.is_as_it_should_be else 1


def chosen(ids: list[str]) -> list[Replication]:
    """Give the replications asked for, in their own order. Raises Mistake for an unknown one."""
    named = {id.upper() for id in ids}
    if unknown := sorted(named - {ALL.upper()} - BY_ID.keys()):
        raise Mistake(f"no replication {', '.join(unknown)}; there are {', '.join(BY_ID)}, or all")
    return [one for one in REPLICATIONS if one.ID in named or ALL.upper() in named]


def _progress(*, is_quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[told]}"),
        console=console,
        disable=is_quiet,
    )


def _show(report: Report) -> None:
    wide = Console(highlight=False, width=max(WIDTH_MIN, console.width))
    for result in report.results:
        wide.print(_table(result, report.seed))
        if result.fault:
            console.print(f"{result.id} broke: {result.fault}", soft_wrap=True, markup=False)
        if result.absent:
            missed = f"{', '.join(result.absent)}; name the folder with --data"
            console.print(f"{result.id} went without {missed}", soft_wrap=True, markup=False)
    off = [one.id for one in report.results if not one.is_as_it_should_be]
    told = f"not as they should be: {', '.join(off)}" if off else "all as they should be"
    scale = "quick" if report.is_quick else "full"
    console.print(
        f"{len(report.results)} replications, {scale}, {report.seconds:.1f} s: {told}",
        soft_wrap=True,
    )


def _table(result: Result, seed: int) -> Table:
    title = f"{result.id}  {result.title} ({result.source}); seed {seed}, {result.seconds:.1f} s"
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD)
    for head in _HEADS:
        is_words = head in ("claim", "verdict")
        table.add_column(head, justify="left" if is_words else "right", overflow="fold")
    for one in result.findings:
        table.add_row(*map(escape, _row(one)))
    if result.tapes is not None:
        table.add_row(*map(escape, _tape_row(result.tapes)))
    return table


def _row(one: Measured) -> list[str]:
    low, high = one.interval
    return [
        f"Control: {one.claim}" if one.is_control else one.claim,
        one.published,
        number(one.expected),
        number(one.measured),
        f"{number(low)} … {number(high)}" if one.error else "exact",
        f"{one.draws:,}",
        one.verdict,
    ]


def _tape_row(tapes: Tapes) -> list[str]:
    same = "same" if tapes.kernel == tapes.market else "differ"
    return [
        f"Trades by the kernel and by the whole market, seed {tapes.seed} (on seed 1: "
        f"{tapes.first}, to be {tapes.pinned})",
        "",
        "same",
        same,
        "exact",
        f"{tapes.trades:,}",
        tapes.verdict,
    ]
