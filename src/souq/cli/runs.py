"""Wiring for whole runs: where the journal goes, which goods, how progress shows."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TypeAlias

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from souq.agents.llm.recording import FILE as CALLS
from souq.cli.output import Mistake, console, dollars
from souq.core.money import USD
from souq.core.seal import canonical
from souq.journal.key_file import KEYS
from souq.journal.replay import replay
from souq.journal.sqlite import FILE, HEAD, SqliteStore
from souq.lab import deal, goods, population, report, summary, swap
from souq.lab.casting import SPENDING, Casting
from souq.lab.hiring import telling
from souq.lab.simulation import COMMITMENT, OPENING_US, seeded_store
from souq.lab.sources import listings
from souq.views.history import History, read

Summary: TypeAlias = summary.DealSummary | swap.SwapSummary | telling.ServicesSummary
REPORT = "report.html"


def new_folder(out: Path | None, kind: str) -> Path:
    """Give a folder without a journal: the one asked for, or the next free one under runs/."""
    folder = out or _free_folder(kind)
    if (folder / FILE).exists():
        raise Mistake(f"{folder} holds a journal already; name another folder with --out")
    if folder.exists() and not folder.is_dir():
        raise Mistake(f"{folder} is a file; name a folder with --out")
    return folder


def cut_off_folder(folder: Path) -> Path:
    """Give the folder of a run of models that was cut off. Raises Mistake for any other."""
    if not (folder / CALLS).is_file():
        raise Mistake(f"{folder} holds no run of models; leave --resume out to begin one")
    if (folder / FILE).exists():
        with reading(folder) as store:
            if SPENDING in read(store).notes:
                raise Mistake(f"{folder} holds a whole run; there is nothing to go on with")
    return folder


def _set_aside(folder: Path, evidence: bytes) -> None:
    """Make room for the journal that the recorded calls give again; keep what was there."""
    if not (folder / FILE).exists():
        return
    with reading(folder) as store:
        history = read(store)
        note = history.notes.get(COMMITMENT)
        committed = history.words(note) if note else ""
    if committed and committed != hashlib.sha256(evidence).hexdigest():
        raise Mistake(f"{folder} was made with other people, goods or another seed")
    aside = next(path for n in count(1) if not (path := folder / f"cut-off-{n}").exists())
    aside.mkdir()
    for one in (*folder.glob(f"{FILE}*"), folder / HEAD, folder / KEYS):
        if one.exists():
            one.rename(aside / one.name)


def _free_folder(kind: str) -> Path:
    number = 1
    while (folder := Path("runs") / f"{kind}-{number}").exists():
        number += 1
    return folder


@contextmanager
def reading(folder: Path) -> Iterator[SqliteStore]:
    """Open a finished or running market's journal for reading."""
    if not (folder / FILE).is_file():
        raise Mistake(f"{folder} holds no journal; name the folder that a run left behind")
    store = SqliteStore(folder, read_only=True)
    try:
        yield store
    finally:
        store.close()


def run_deal(
    folder: Path,
    *,
    people: int,
    budget: str,
    files: list[Path],
    per_person: int,
    fee_bps: int,
    seed: int,
    turns: int,
    casting: Casting | None,
    is_resumed: bool = False,
    is_quiet: bool,
) -> tuple[Summary, Path]:
    """Run a haggling market into a folder and write its report."""
    things = listings.read(files) if files else goods.bundled()
    drawn = population.draw(
        things,
        people=people,
        seed=seed,
        per_person=per_person,
        budget_units=_budget_units(budget),
    )
    if is_resumed:
        _set_aside(folder, canonical.encode(drawn))
    # What models say is no simulation, and no seed repeats it.
    store = seeded_store(folder, seed) if casting is None else SqliteStore(folder)
    with _progress("haggling", is_quiet) as bar:

        def tell(turn: int, turns: int, history: History) -> None:
            if casting is not None or turn % 20 == 0 or turn == turns:
                value = sum(one.units for one in history.deals.values())
                cost = casting.purse.spent.cost_units if casting is not None else 0
                bar.update(
                    bar.task_ids[0],
                    completed=turn,
                    total=turns,
                    told=f"{len(history.listings)} listings, {len(history.deals)} deals, "
                    f"{dollars(value)}" + (f", models {dollars(cost)}" if cost else ""),
                )

        try:
            simulation = deal.run_deal(
                drawn,
                store,
                fee_bps=fee_bps,
                turns_per_person=turns,
                casting=casting,
                progress=tell,
            )
        except BaseException:
            store.close()  # what was recorded so far stays readable
            raise
    with simulation.engine:
        found = summary.summarise(simulation.history, simulation.engine.state)
        path = folder / REPORT
        report.write_report(path, simulation.history, found, drawn)
    return found, path


def run_swap(folder: Path, *, people: int, seed: int, is_quiet: bool) -> Summary:
    """Run a barter market into a folder."""
    with _progress("bartering", is_quiet) as bar:
        minutes = swap.CLOSING_US // swap.MINUTE_US

        def tell(wake: swap.Wake, history: History) -> None:
            bar.update(
                bar.task_ids[0],
                completed=(wake.ended_at - OPENING_US) // swap.MINUTE_US,
                total=minutes,
                told=f"{len(history.negotiations)} proposals, {len(history.deals)} deals",
            )

        simulation = swap.run_swap(
            seeded_store(folder, seed), people=people, seed=seed, progress=tell
        )
    with simulation.engine:
        return swap.summarise(simulation.history, simulation.engine.state)


def summarise(folder: Path) -> Summary:
    """Compute a market's figures from its journal alone."""
    with reading(folder) as store:
        history = read(store)
        if history.name == swap.MARKET:
            return swap.summarise(history, replay(store).state)
        if history.name == telling.MARKET and telling.GOAL in history.notes:
            return telling.summarise(store)
        return summary.summarise(history, replay(store).state)


def _budget_units(budget: str) -> int | None:
    if budget == "auto":
        return None
    try:
        units = USD.parse(budget).units
    except ValueError as error:
        raise Mistake(f"--budget: {error}, or auto") from None
    if units <= 0:
        raise Mistake("--budget must be above 0")
    return units


@contextmanager
def _progress(what: str, is_quiet: bool) -> Iterator[Progress]:
    bar = Progress(
        TextColumn(f"{what:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
        console=console,
        disable=is_quiet,
    )
    with bar:
        bar.add_task(what, told="", total=1)
        yield bar
