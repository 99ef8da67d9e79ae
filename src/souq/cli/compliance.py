"""Commands of a house that must account for itself: totals, dossiers, expiry, erasure."""

import csv
import json
import secrets
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from souq.app.opening import open_store
from souq.cli import runs
from souq.cli.commands import Folder, Json, app
from souq.cli.connecting import Key, connect
from souq.cli.keeping import exporting
from souq.cli.output import Mistake, console, write_json
from souq.core.deny_list import name_key
from souq.core.erasure import ErasePrincipal
from souq.core.rules import OPERATOR
from souq.core.seal import digest_only
from souq.journal.replay import records
from souq.journal.retention import DAYS, MONEY, MONEY_DAYS, expired
from souq.operations.compliance_queries import GetStatement
from souq.venue import Venue
from souq.views.catalogue import Catalogue
from souq.views.dossier import dossier
from souq.views.statements import Receipt, Statements, Total, rows

keep = typer.Typer(help="Keep what must be kept, and no longer.", no_args_is_help=True)
app.add_typer(keep, name="keep")
erase = typer.Typer(help="Erase what somebody may ask to have erased.", no_args_is_help=True)
app.add_typer(erase, name="erase")
deny = typer.Typer(help="Prepare deny lists: names in, digests out.", no_args_is_help=True)
app.add_typer(deny, name="deny")

Market = Annotated[str, typer.Argument(metavar="DIR|URL", help="a market that is closed")]
Whose = Annotated[str, typer.Option("--principal", metavar="P3", help="only this one's")]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="a new folder")]
_encode = msgspec.json.Encoder(enc_hook=digest_only).encode
CATALOGUE = "catalogue.sqlite"


@exporting.command()
def tax(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="a folder that a run left behind")
    ] = None,
    server: Annotated[
        str, typer.Option("--server", metavar="URL", help="ask a running market instead")
    ] = "",
    key: Key = "",
    year: Annotated[int, typer.Option(help="only this year (UTC)")] = 0,
    principal: Whose = "",
    out: Out = Path("tax"),
    as_json: Json = False,
) -> None:
    """Write what every principal took in and paid, by year and asset, as CSV and JSON.

    Counts, income, fees, refunds and penalties in whole units; they come to what the ledger says.
    Example: souq export tax runs/demo --year 2026 --out tax-2026
    """
    if (folder is None) == (not server):
        raise Mistake("name a folder or a --server, and not both")
    found: tuple[Total, ...]
    if folder is not None:
        found = _folded(folder).totals(principal)
    else:
        with closing(connect(server, key)) as client:
            found = client.ask(GetStatement(principal)).totals
    found = tuple(one for one in found if year in (0, one.year))
    _write_table(out, "tax", found, Total)
    _tell(out, len(found), "totals", as_json=as_json)


@exporting.command()
def receipts(
    folder: Folder, principal: Whose = "", out: Out = Path("receipts"), as_json: Json = False
) -> None:
    """Write every payment that settled, with its fee and what came back, as CSV and JSON.

    Example: souq export receipts runs/demo --principal P3 --out receipts-p3
    """
    found = _folded(folder).receipts(principal)
    _write_table(out, "receipts", found, Receipt)
    _tell(out, len(found), "receipts", as_json=as_json)


@exporting.command("principal")
def export_principal(
    principal: Annotated[str, typer.Argument(metavar="P3", help="whose data")],
    folder: Folder,
    out: Out = Path("dossier"),
    as_json: Json = False,
) -> None:
    """Write all that is kept about a principal: who it is, its money, every record it may see.

    `dossier.json` and `records.jsonl`, a record a line with its words.
    Example: souq export principal P3 runs/demo --out p3
    """
    with runs.reading(folder) as store:
        try:
            found, seen = dossier(store, principal)
        except KeyError as error:
            raise Mistake(error.args[0]) from None
        _new(out)
        (out / "dossier.json").write_bytes(msgspec.json.format(_encode(found), indent=2) + b"\n")
        count = 0
        with (out / "records.jsonl").open("wb") as lines:
            for record in seen:
                lines.write(_encode(record) + b"\n")
                count += 1
    _tell(out, count, "records", as_json=as_json)


@keep.command()
def expire(
    market: Market,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="where its indexes are; else DIR itself")
    ] = None,
    is_trial: Annotated[bool, typer.Option("--trial", help="count only, erase nothing")] = False,
    as_json: Json = False,
) -> None:
    """Erase the words that have had their time; hashes stay, and the chain still verifies.

    Messages are kept for a year, who somebody is for five years after it was last seen, what
    belongs to money for seven; limits for good. Nothing in use or under a legal hold expires.
    Example: souq keep expire souq-data --trial
    """
    with closing(_opened(market)) as store:
        found = list(expired(store, time.time_ns() // 1_000))
        counts = dict.fromkeys((*DAYS, MONEY), 0)
        for one in found:
            counts[one.kept_as] += 1
        if found and not is_trial:
            index = (data or Path(market)) / CATALOGUE
            if index.is_file():
                _forget(index, [one.digest for one in found if one.kept_as == MONEY])
            store.erase(*(one.digest for one in found))
    if as_json:
        write_json(counts)
        return
    days = {**DAYS, MONEY: MONEY_DAYS}
    told = ", ".join(f"{count} of {name} ({days[name]} days)" for name, count in counts.items())
    console.print(f"{'would erase' if is_trial else 'erased'} {told}", soft_wrap=True)


@erase.command("principal")
def erase_principal(
    principal: Annotated[str, typer.Argument(metavar="P3", help="who is to be erased")],
    market: Market,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="where its indexes are; else DIR itself")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a principal's words, name and contact unreadable for good; money records stay.

    Its key is destroyed, so that no copy and no backup of the words can be read either; replace the
    backup's FILE.keys. Refused while a contract runs, money is here, or a legal hold stands. A
    market that is being served takes `souq call erase_principal` instead.
    Example: souq erase principal P3 souq-data
    """
    store = _opened(market)
    folder = data or (Path(market) if Path(market).is_dir() else None)
    with closing(Venue(store, data=folder)) as venue:
        seq = venue.submit(OPERATOR, secrets.token_hex(16), ErasePrincipal(principal)).need().seq
    if as_json:
        write_json({"principal": principal, "seq": seq})
    else:
        console.print(f"{principal} is erased by record {seq}; now replace the keys of backups")


@deny.command()
def digest(
    names: Annotated[Path, typer.Argument(metavar="FILE", help="names, one a line")],
    version: Annotated[str, typer.Option(help="what this list is called")] = "1",
) -> None:
    """Write the body of `load_deny_list` for a file of names; the names themselves stay here.

    Case, accents, punctuation, spacing and the order of words do not matter; other spellings do.
    Example: souq deny digest names.txt --version 2026-11 > list.json
    """
    lines = names.read_text(encoding="utf-8").splitlines()
    keys = sorted({name_key(line) for line in lines if line.strip()})
    write_json({"version": version, "names": keys})


def _opened(market: str) -> Any:
    if "://" not in market and not (Path(market) / runs.FILE).is_file():
        raise Mistake(f"{market} holds no journal; name the folder of a market")
    return open_store(market).store


def _folded(folder: Path) -> Statements:
    found = Statements()
    with runs.reading(folder) as store:
        for record in records(store):
            found.take(record.at, record.events)
    return found


def _forget(index: Path, digests: Sequence[str]) -> None:
    with closing(Catalogue(index)) as catalogue:
        for one in digests:
            catalogue.forget(one)


def _new(out: Path) -> None:
    if out.exists():
        raise Mistake(f"{out} exists already; name a new folder with --out")
    out.mkdir(mode=0o700, parents=True)


def _write_table(out: Path, name: str, found: Any, kind: type) -> None:
    _new(out)
    with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, kind.__struct_fields__)  # type: ignore[attr-defined]
        table.writeheader()
        table.writerows(rows(found))
    text = json.dumps(list(rows(found)), indent=2)
    (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _tell(out: Path, count: int, what: str, *, as_json: bool) -> None:
    if as_json:
        write_json({what: count})
    else:
        console.print(f"{out}: {count} {what}", soft_wrap=True, markup=False)
