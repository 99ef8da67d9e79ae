"""`souq run deal`: a whole haggling market, with scripted agents, with models, or with both."""

from pathlib import Path
from typing import Annotated

import typer

from souq.cli import models, present, runs
from souq.cli.commands import Json, Out, Seed, run
from souq.cli.output import Mistake, console
from souq.lab.deal import TURNS_PER_PERSON

MODEL_TURNS = 12  # per person, where models take seconds for each


@run.command()
def deal(
    people: Annotated[int, typer.Option(min=2, max=5_000, help="how many people trade")] = 69,
    budget: Annotated[
        str, typer.Option(help="dollars for each person, or auto: scaled with the prices")
    ] = "100",
    listings: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="real goods as JSON lines; more files may follow"),
    ] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="more files of goods")
    ] = None,
    goods: Annotated[int, typer.Option(min=1, max=100, help="things each person brings")] = 8,
    fee_bps: Annotated[
        int, typer.Option(min=0, max=10_000, help="the house's fee in basis points")
    ] = 0,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=SHARE]",
            help="who plays, such as local:smollm2 or scripted; of several, drawn by person",
        ),
    ] = None,
    turns: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"turns per person ({TURNS_PER_PERSON}, with models {MODEL_TURNS})"
        ),
    ] = None,
    at_once: Annotated[
        int, typer.Option(min=1, max=256, help="how many models think at the same moment")
    ] = 1,
    max_cost: Annotated[
        str, typer.Option(metavar="DOLLARS", help="stop in order when the models cost that much")
    ] = "",
    agent_max_cost: Annotated[
        str, typer.Option(metavar="DOLLARS", help="the same for each agent, which then rests")
    ] = "",
    max_tokens: Annotated[
        int | None, typer.Option(min=0, help="stop in order after so many tokens")
    ] = None,
    structured_only: Annotated[
        bool,
        typer.Option("--structured-only", help="models that decide see no word of a stranger's"),
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="seconds for a model's answer; its turn passes then")
    ] = 120.0,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with a run in --out that was cut off")
    ] = False,
    replay: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="answer from that run's recorded calls; needs no key"),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="keep calls there, and ask nothing that it answers"),
    ] = None,
    seed: Seed = 7,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Haggle: everybody sells what they bring and buys what they want, a simulated week long.

    Example: souq run deal --people 20 --seed 3 --out runs/small
    """
    if more and not listings:
        raise Mistake(f"unexpected argument {more[0]}; name files of goods after --listings")
    if resume and (out is None or not model):
        raise Mistake("--resume goes on with a run of models: say which with --out and --model")
    folder = runs.cut_off_folder(out) if resume and out else runs.new_folder(out, "deal")
    asked = models.Asked(
        model or [],
        max_cost,
        agent_max_cost,
        max_tokens,
        structured_only,
        at_once,
        timeout,
        replay,
        cache,
    )
    with models.casting(asked, folder, seed) as casting:
        summary, report = runs.run_deal(
            folder,
            people=people,
            budget=budget,
            files=[*(listings or ()), *(more or ())],
            per_person=goods,
            fee_bps=fee_bps,
            seed=seed,
            turns=turns or (TURNS_PER_PERSON if casting is None else MODEL_TURNS),
            casting=casting,
            is_resumed=resume,
            is_quiet=as_json,
        )
    present.show(summary, as_json=as_json)
    if as_json:
        return
    if casting is not None:
        console.print(f"Models: {casting.purse.told()}; {casting.stop}", soft_wrap=True)
    console.print(f"Report: {report}", soft_wrap=True)
    console.print(f"Journal: {folder}  (souq log, verify, replay, show)", soft_wrap=True)
