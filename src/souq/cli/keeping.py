"""Commands that keep a market's data: backup, restore, export."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from souq.cli import runs
from souq.cli.commands import Folder, Json, app
from souq.cli.output import Mistake, console, write_json
from souq.journal import backup as backups
from souq.views.columns import TABLES
from souq.views.table_files import ArrowMissing, Format
from souq.views.table_files import export as export_tables

Until = Annotated[
    int | None, typer.Option(min=1, metavar="SEQ", help="the last record; else all there are")
]


def _columns() -> str:
    told = (f"{name}: {', '.join(one.name for one in TABLES[name])}." for name in TABLES)
    return "Columns. " + "  ".join(told)


class _TablesByDefault(TyperGroup):
    """`souq export DIR` is `souq export tables DIR`, as it always was."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the usual command in front where none is named."""
        if args and args[0] not in (*self.commands, "--help"):
            args = ["tables", *args]
        return super().parse_args(ctx, args)


exporting = typer.Typer(
    help="Write a market's data for other programs: tables, totals, receipts, a dossier.",
    cls=_TablesByDefault,
    no_args_is_help=True,
    epilog=_columns(),
)
app.add_typer(exporting, name="export")


@app.command()
def backup(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the backup; a new file")],
    as_json: Json = False,
) -> None:
    """Copy a market's journal into one checked file, also while a server writes it.

    The file holds every record, all words and limits, and the head; only its owner may read it.
    The words are locked, and their keys go into FILE.keys: keep it in another place. Whoever is
    erased from the market later is erased from this backup too, once that small file is replaced.
    Example: souq backup runs/demo demo.backup
    """
    kept = backups.backup(folder, file)
    _show(kept, f"{file}: {kept.records} records up to head {kept.head}", as_json=as_json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what `souq backup` wrote")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a new folder for the market")],
    until: Until = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="keys of its words; else FILE.keys")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a market's folder from a backup, or the market as it was at record SEQ.

    Everything is checked on the way; what is damaged is refused, and nothing is left behind.
    Example: souq restore demo.backup runs/then --until 500
    """
    if keys is not None and not keys.is_file():
        raise Mistake(f"there is no file of keys {keys}")
    try:
        kept = backups.restore(file, folder, until=until, keys=keys)
    except ValueError as error:
        raise Mistake(str(error)) from None
    if keys is None and not backups.keys_of(file).is_file():
        # Backups of markets before words were locked have no such file, and need none.
        typer.echo(
            f"souq: there is no {backups.keys_of(file).name} beside it: words that were locked with"
            " those keys cannot be read here (--keys FILE names them)",
            err=True,
        )
    _show(kept, f"{folder}: {kept.records} records up to head {kept.head}", as_json=as_json)


@exporting.command(epilog=_columns())
def tables(
    folder: Folder,
    to: Annotated[Format, typer.Option(help="parquet needs the extra `lab`")] = "csv",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="a new folder")] = Path("tables"),
    until: Until = None,
    as_json: Json = False,
) -> None:
    """Write a journal as tidy tables: records, agents, listings, offers, deals, transfers, …

    One row per observation. Money is whole units, and dollars also decimal text; times are
    microseconds UTC and a timestamp. In CSV, words that a spreadsheet could take for a formula
    get an apostrophe in front.
    Example: souq export tables runs/demo --to csv --out demo-tables
    """
    with runs.reading(folder) as store:
        last = store.head()[0]
        if until is not None and until > last:
            raise Mistake(f"the journal ends at record {last}; --until must not pass it")
        try:
            counts = export_tables(store, out, to, until=until)
        except ArrowMissing as error:
            raise Mistake(str(error)) from None
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    _show(counts, f"{out}: {told}", as_json=as_json)


def _show(found: object, told: str, *, as_json: bool) -> None:
    if as_json:
        write_json(found)
    else:
        console.print(told, soft_wrap=True, markup=False)
