"""How the command line speaks: tables for people, JSON for programs, one line for a mistake."""

import sqlite3
import sys
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from souq.agents.brief import BadBrief
from souq.agents.llm.calls import NotReady
from souq.core.money import USD
from souq.core.refusal import Refused
from souq.journal.commit import Stopped
from souq.journal.copying import NotEmpty
from souq.journal.record import Damaged
from souq.journal.store import Fenced, InUse, Unavailable
from souq.lab.economics import LabExtraMissing
from souq.lab.experiment.cluster import EngineMissing
from souq.lab.experiment.folder import BadFolder
from souq.lab.experiment.forking import BadChange
from souq.lab.experiment.one_cell import CellFailed
from souq.lab.experiment.reading import BadExperiment
from souq.lab.sources.bad_source import BadSource
from souq.lab.statistics import Unanswerable
from souq.sdk.errors import BadRequest, NotProven, Unreachable


class Mistake(Exception):
    """Something the user asked cannot be done; the message says what, and what to do."""


MISTAKES = (
    Mistake,
    BadBrief,
    BadChange,
    BadExperiment,
    BadFolder,
    BadRequest,
    BadSource,
    CellFailed,
    Damaged,
    EngineMissing,
    Fenced,
    InUse,
    LabExtraMissing,
    NotEmpty,
    NotProven,
    NotReady,
    OSError,
    Refused,
    Stopped,
    Unanswerable,
    Unavailable,
    Unreachable,
    sqlite3.OperationalError,
)

# No emoji: ":key:" stands in every `did:key:` name.
console = Console(highlight=False, emoji=False)


def say_mistake(error: BaseException) -> None:
    """Write one line on stderr."""
    line = " ".join(str(error).split()) or type(error).__name__
    sys.stderr.write(f"souq: {line}\n")


def write_json(value: Any) -> None:
    """Write a struct or a dict as one JSON document."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def dollars(units: int) -> str:
    """Write units with two places at least, and thousands apart."""
    whole, _, fraction = USD.format(units).partition(".")
    return f"${int(whole):,}.{fraction}" if not whole.startswith("-") else f"-{dollars(-units)}"


def percent(share: float) -> str:
    """Write a share as a percentage."""
    return f"{100 * share:.1f} %"


def figures(title: str, rows: list[tuple[str, str]]) -> None:
    """Print names and values."""
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in rows:
        table.add_row(escape(name), escape(value))
    console.print(table)


def grid(title: str, heads: list[str], rows: list[list[str]]) -> None:
    """Print a table; the first column is words, the others numbers."""
    table = Table(title=title, title_justify="left")
    for n, head in enumerate(heads):
        table.add_column(head, justify="right" if n else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)
