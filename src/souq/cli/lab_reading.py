"""`souq lab report`, `compare` and `power`: what came of experiments, and what could."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from souq.cli.commands import Json
from souq.cli.lab import File, lab, need_design
from souq.cli.output import Mistake, console, write_json
from souq.lab.study import comparing, page, planning
from souq.lab.study.answers import Comparison
from souq.lab.study.comparing import Differing
from souq.lab.study.opening import open_study
from souq.lab.study.wording import DASH, chance, interval, number, phrase, signed

Dir = Annotated[Path, typer.Argument(metavar="DIR", help="an experiment's folder")]


@lab.command()
def report(
    folder: Dir,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="where to write it; the folder otherwise")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the page of an experiment, report.html, and its figures as SVG and PNG.

    Example: souq lab report runs/deal-study
    """
    study = open_study(folder)
    written = page.write(study, out or folder)
    if as_json:
        write_json(msgspec.to_builtins(written, builtin_types=(), enc_hook=str))
        return
    if written.left_out:
        console.print(f"Left out: {written.left_out} of {len(study.plan.cells)} cells.")
    for one in written.main:
        _say(f"{one.name} less {one.against}", one)
    for figure, found in written.kinds.items():
        for one in found:
            _say(f"kind {one.name} less {one.against}, a person's {figure}", one)
    console.print(f"Anomalies: {len(written.anomalies)}")
    console.print(f"Report: {written.page}", soft_wrap=True, markup=False)
    console.print(f"Figures: {written.page.parent / page.FIGURES_FOLDER}", soft_wrap=True)


@lab.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="DIR1", help="an experiment, a cell or a fork")],
    second: Annotated[Path, typer.Argument(metavar="DIR2", help="the one to hold against it")],
    as_json: Json = False,
) -> None:
    """Set two experiments side by side, arm by arm; or two cells, or a cell and its fork.

    Example: souq lab compare runs/deal-study runs/deal-study-2
    """
    found = comparing.side_by_side(first, second)
    if as_json:
        write_json(found)
        return
    _design(found.design)
    is_sure = any(one.effect for metrics in found.metrics.values() for one in metrics)
    for arm, metrics in found.metrics.items():
        _side_by_side(arm, metrics, is_sure=is_sure)
    how = "the same people, repetition by repetition" if found.are_pairs else "different people"
    sure = "p by Holm over all of these" if is_sure else "one market each: no intervals"
    console.print(f"Second less first; {how}; {sure}.", soft_wrap=True)
    if found.alone:
        console.print(f"In one of the two only: {', '.join(found.alone)}", markup=False)


@lab.command()
def power(
    file: File,
    pilot: Annotated[
        Path | None, typer.Option(metavar="DIR", help="take how much outcomes vary from this run")
    ] = None,
    sd: Annotated[
        float | None, typer.Option(help="how much the outcome varies, in its own unit")
    ] = None,
    correlation: Annotated[
        float | None,
        typer.Option(help="the share of that variance which stays with people (or with a seed)"),
    ] = None,
    effects: Annotated[
        list[float] | None,
        typer.Option("--effect", help="tell the power for this one; may be repeated"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how large an effect an experiment would find, before it is run.

    Example: souq lab power experiments/skill.toml --pilot runs/skill
    """
    if pilot is not None and (sd is not None or correlation is not None):
        raise Mistake("a pilot tells --sd and --correlation; give it, or those")
    if correlation is not None and not 0 <= correlation < 1:
        raise Mistake(f"--correlation is from 0 to below 1, not {correlation:g}")
    if sd is not None and not sd > 0:
        raise Mistake(f"--sd is above 0, not {sd:g}")
    found = planning.plan(
        need_design(file), pilot=pilot, sd=sd, correlation=correlation, effects=effects or None
    )
    if as_json:
        write_json([msgspec.to_builtins(one, str_keys=True) for one in found])
        return
    for one in found:
        console.print(f"[bold]{escape(one.question)}[/bold]", soft_wrap=True)
        if one.power is None:
            console.print(f"  {escape(one.note)}", soft_wrap=True)
            continue
        told = one.power
        console.print(
            f"  standard deviation {_size(told.spread.sd, one.unit)}, correlation"
            f" {told.spread.correlation:.2f} ({escape(one.assumed)})",
            soft_wrap=True,
        )
        table = Table("effect", "power", box=SIMPLE_HEAD)
        for effect, chance_of in told.power.items():
            table.add_row(_size(effect, one.unit), f"{100 * chance_of:.0f} %")
        console.print(table)
        console.print(
            f"  Found 4 times in 5: {_size(told.detectable, one.unit)} or more; standard error"
            f" {_size(told.se, one.unit)}",
            soft_wrap=True,
        )


def _say(what: str, one: Comparison) -> None:
    told = f"{what}: {signed(one.estimate, one.unit)}"
    if one.effect is not None:
        told += f" ({interval(one.effect, one.unit)}, over {one.basis})"
    else:
        told += f" ({one.note})"
    console.print(told, soft_wrap=True, markup=False)


def _design(found: tuple[Differing, ...]) -> None:
    if not found:
        console.print("Designs are the same.")
        return
    table = Table("arm", "setting", "first", "second", box=SIMPLE_HEAD)
    for one in found:
        sides = ("not there" if side is None else side for side in (one.first, one.second))
        table.add_row(escape(one.arm or "all"), escape(one.setting), *map(escape, sides))
    console.print(table)


def _side_by_side(arm: str, metrics: Sequence[Comparison], *, is_sure: bool) -> None:
    heads = ["metric", "first", "second", "difference"]
    heads += ["95 % interval", "p, corrected"] * is_sure
    table = Table(*heads, title=escape(arm), title_justify="left", box=SIMPLE_HEAD)
    for one in metrics:
        row = [
            phrase(one.figure),
            number(one.levels[1], one.unit),
            number(one.levels[0], one.unit),
            signed(one.estimate, one.unit),
            interval(one.effect, one.unit) if one.effect else escape(one.note),
            chance(one.effect.p_corrected) if one.effect else DASH,
        ]
        table.add_row(*row[: len(heads)])
    console.print(table)


def _size(value: float, unit: str) -> str:
    return f"{value:.2f} sd" if unit == "sd" else number(value, unit)
