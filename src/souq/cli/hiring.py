"""`souq run services`: a goal, a budget, and agents hired for it."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from souq.cli import present, runs
from souq.cli.commands import Json, Out, Seed, run
from souq.cli.output import Mistake, console
from souq.core.money import USD
from souq.lab.hiring import telling
from souq.lab.simulation import seeded_store

SHELF = "shelf"
CODE_BYTES_MAX = 1_000_000
BUDGET_MAX = 1_000_000  # dollars


@run.command()
def services(
    budget: Annotated[str, typer.Option(help="dollars for all of it")] = "60",
    coder: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="a coder of your own: its library, one Python file"),
    ] = None,
    coder_price: Annotated[str, typer.Option(help="dollars that your coder asks for it")] = "4",
    seed: Seed = 7,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Hire: an orchestrator splits a goal, lends out its budget, and pays what passes its tests.

    Coders, testers and deployers are scripted; what they deliver runs in this machine's sandbox.
    One cheats, one fails, one is failed wrongly and appeals.
    Example: souq run services --seed 3 --out runs/hired
    """
    try:
        from souq.lab.hiring.people import Script
        from souq.lab.hiring.run import Unheld, need_sandbox, run_services
    except ImportError:
        raise Mistake("running what is delivered needs more: pip install 'souq[verify]'") from None

    units, price = _units("--budget", budget), _units("--coder-price", coder_price)
    more: tuple[Script, ...] = ()
    if coder is not None:
        content = _code(coder)
        more = (Script("Yours", "services/code", price, lambda job: content),)
    folder = runs.new_folder(out, "services")
    try:
        need_sandbox()
    except Unheld as unheld:
        raise Mistake(str(unheld)) from None
    store = seeded_store(folder, seed)
    with nullcontext() if as_json else console.status("hiring, testing, paying …"):
        house = run_services(store, folder / SHELF, seed=seed, budget_units=units, more=more)
    house.venue.close()
    with runs.reading(folder) as written:
        found = telling.summarise(written)
    present.show(found, as_json=as_json)
    if not as_json:
        _tell_next(folder, found)


def _tell_next(folder: Path, found: telling.ServicesSummary) -> None:
    console.print(f"Journal: {folder}  Handed over, tests too: {folder / SHELF}", soft_wrap=True)
    contested = [one.contract for one in found.attempts if telling.CONTESTED in one.happened]
    for deal in contested[-1:]:
        console.print(f"  souq log {folder} --deal {deal}", soft_wrap=True)
    console.print(f"  souq verify {folder}\n  souq show {folder}", soft_wrap=True)


def _units(option: str, said: str) -> int:
    try:
        units = USD.parse(said).units
    except ValueError as error:
        raise Mistake(f"{option}: {error}") from None
    if not USD.parse("1").units <= units <= USD.parse(str(BUDGET_MAX)).units:
        raise Mistake(f"{option} stands between 1 and {BUDGET_MAX}")
    return units


def _code(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:  # which may be a device that never ends
            content = opened.read(CODE_BYTES_MAX + 1)
    except OSError as error:
        raise Mistake(f"--coder: {file}: {error.strerror or error}") from None
    if not 0 < len(content) <= CODE_BYTES_MAX or content.startswith(b"PK"):
        most = f"{CODE_BYTES_MAX:,} bytes at most"
        raise Mistake(f"--coder: {file} should be one Python file, of {most}")
    return content
