"""`souq reputation`: take a record along to another market, bring one in, measure their worth."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from souq.cli import runs
from souq.cli.commands import Json, app
from souq.cli.connecting import URL, Key, Server, connect, key_of
from souq.cli.output import Mistake, console, write_json
from souq.cli.private_files import write_new
from souq.cli.trust import of_folder
from souq.core.credential import KEYS, KEYS_OF
from souq.core.decay import Tally, as_of
from souq.core.imported import ImportReputation
from souq.core.money import BPS
from souq.core.party import PRINCIPALS
from souq.core.reputation import RECORDS, record_of, score_of
from souq.core.rules import rules
from souq.core.state import State
from souq.journal.replay import reader, replay
from souq.journal.store import Store
from souq.lab.reputation import measure
from souq.sdk import integrity, statement
from souq.sdk.integrity import Unproven
from souq.sdk.signing import KeyFile
from souq.views.track_record import Evidence, Gathering

reputation = typer.Typer(help="Records: carry, check and measure them.", no_args_is_help=True)
app.add_typer(reputation, name="reputation")
File = Annotated[Path, typer.Argument(metavar="FILE", help="a signed statement")]
Issuers = Annotated[
    list[str], typer.Option("--issuer", metavar="DID", help="whose word is believed; repeatable")
]
Document = Annotated[
    Path | None, typer.Option(metavar="FILE", help="the did.json of an issuer that is a did:web")
]
Status = Annotated[
    Path | None, typer.Option(metavar="FILE", help="the issuer's list of what it has revoked")
]


@reputation.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="the market's folder")],
    principal: Annotated[str, typer.Argument(metavar="P1", help="whose record")],
    key: Annotated[str, typer.Option(metavar="FILE", help="the market's own Ed25519 key file")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="a new file")],
    issuer: Annotated[
        str, typer.Option(metavar="DID", help="a did:web; else the key's did:key")
    ] = "",
    subject: Annotated[
        str, typer.Option(metavar="HEX", help="the key it is bound to; else the principal's first")
    ] = "",
    since: Annotated[
        int, typer.Option(min=0, metavar="SEQ", help="what happened after this record; else all")
    ] = 0,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="how long it is valid")] = 180,
    status_list: Annotated[
        str, typer.Option(metavar="URL", help="where the list of revoked statements will be")
    ] = "",
) -> None:
    """Sign what a principal has shown here, as a W3C Verifiable Credential, to take along.

    Example: souq reputation export DIR P2 --key market.key --out p2.json
    """
    made = _own_key(key)
    with runs.reading(folder) as store:
        state = replay(store).state
        if state.get(PRINCIPALS, principal) is None:
            raise Mistake(f"there is no principal {principal}")
        bound = subject or _first_key(state, principal)
        evidence, tally = _since(store, state, principal, since)
    signed = _proven(
        lambda: statement.issue(
            evidence,
            good_milli=tally.good // 1_000,
            bad_milli=tally.bad // 1_000,
            subject=bound,
            key=made,
            at=datetime.now(UTC),
            issuer=issuer,
            valid_days=days,
            status_list=status_list,
        )
    )
    write_new(out, json.dumps(signed, indent=2) + "\n")
    console.print(f"{out}: {sum(evidence.outcomes.values())} contracts, by {signed['issuer']}")


@reputation.command("verify")
def verify(
    file: File,
    issuer: Issuers,
    did_document: Document = None,
    status: Status = None,
    as_json: Json = False,
) -> None:
    """Check a statement: who signed it, that it is unchanged, and that it has not expired.

    Example: souq reputation verify p2.json --issuer did:key:z6Mk…
    """
    told = _checked(file, issuer, did_document, status)
    if as_json:
        write_json(told)
        return
    console.print(f"By {told.issuer}: {told.good_milli / 1000:g} good and", soft_wrap=True)
    console.print(f"{told.bad_milli / 1000:g} bad deals, for the key {told.subject_key}")
    if not told.is_status_known:
        console.print("It may have been revoked: bring the list with --status.")


@reputation.command("import")
def bring_in(
    file: File,
    principal: Annotated[str, typer.Option(metavar="P1", help="whose it is here")],
    issuer: Issuers,
    weight: Annotated[
        int, typer.Option(min=0, max=100, help="how far the issuer is believed, in percent")
    ] = 100,
    did_document: Document = None,
    status: Status = None,
    server: Server = URL,
    key: Key = "",
) -> None:
    """Check a statement and bring it into a market as a prior, worth ten deals at most.

    By the operator or an officer; its key must be one of the principal's here.
    Example: souq reputation import p2.json --principal P1 --issuer did:key:z6Mk… --key souq_…
    """
    told = _checked(file, issuer, did_document, status)
    if not told.is_status_known:
        raise Mistake("the statement may have been revoked: bring the list with --status")
    command = ImportReputation(
        principal=principal,
        issuer=told.issuer,
        source=told.source,
        subject_key=told.subject_key,
        digest=told.digest,
        evidence_root=told.evidence_root,
        from_at=told.from_at,
        until_at=told.until_at,
        valid_until=told.valid_until,
        good_milli=told.good_milli,
        bad_milli=told.bad_milli,
        weight_bps=weight * BPS // 100,
    )
    with connect(server, key) as client:
        write_json(client.submit(command))


@reputation.command("did")
def did(
    key: Annotated[str, typer.Option(metavar="FILE", help="the market's own Ed25519 key file")],
    web: Annotated[str, typer.Option(metavar="DID", help="print the did.json of a did:web")] = "",
) -> None:
    """Print by which name a key signs, or the document that a did:web points to.

    Example: souq reputation did --key market.key
    """
    made = _own_key(key)
    if web:
        write_json(integrity.did_document(web, made.material))
    else:
        typer.echo(integrity.did_key(made.material))


@reputation.command("revoke")
def revoke(
    url: Annotated[str, typer.Argument(metavar="URL", help="where the list will be")],
    places: Annotated[list[int], typer.Argument(metavar="INDEX…", help="all that are revoked")],
    key: Annotated[str, typer.Option(metavar="FILE", help="the market's own Ed25519 key file")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="a new file")],
    issuer: Annotated[str, typer.Option(metavar="DID", help="a did:web, or left out")] = "",
) -> None:
    """Sign the list of statements that are revoked, by their `statusListIndex`.

    Example: souq reputation revoke https://me.example/list 4711 --key market.key --out list.json
    """
    made = _own_key(key)
    at = datetime.now(UTC)
    found = _proven(lambda: statement.status_list(url, places, key=made, at=at, issuer=issuer))
    write_new(out, json.dumps(found, indent=2) + "\n")


@reputation.command("report")
def report(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="a market's folder; else only simulations")
    ] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same figures")] = 1,
    as_json: Json = False,
) -> None:
    """Measure what reputation is good for: does rank follow quality, and does faking pay?

    By simulation, with goals beside; of a market's folder, also what its journal tells.
    Example: souq reputation report
    """
    figures = list(measure(seed))
    told = _of_market(folder) if folder is not None else {}
    if as_json:
        write_json({"figures": figures, "market": told})
        return
    table = Table("measured by simulation", "figure", "goal", "reached")
    for one in figures:
        table.add_row(one.name, f"{one.measured:.3f}", one.goal, "yes" if one.is_reached else "NO")
    console.print(table)
    for name, value in told.items():
        console.print(f"{name}: {value}", markup=False)


def _of_market(folder: Path) -> dict[str, Any]:
    found, _ = of_folder(folder)
    with runs.reading(folder) as store:
        state = replay(store).state
    scores = [score_of(state, one) for one in state.rows(RECORDS) if one.startswith("P")]
    trusted = sorted(found.bps.values(), reverse=True)
    return {
        "principals": len(state.rows(PRINCIPALS)),
        "with a record": len(scores),
        "newcomers among them": sum(one.is_newcomer for one in scores),
        "median quantile, bps": sorted(one.quantile_bps for one in scores)[len(scores) // 2]
        if scores
        else 0,
        "trusted at all": len(trusted),
        "trusted fully": sum(share == BPS for share in trusted),
        "in rings": len(found.rings),
        "house takes a fee": rules(state).fee_bps > 0,
    }


def _since(store: Store, state: State, principal: str, since: int) -> tuple[Evidence, Tally]:
    """Give a principal's evidence after a record, and what of its record it makes up."""
    tally, from_at = record_of(state, principal), 0
    if since:
        then = replay(store, until=since).state
        half_life = rules(state).reputation_half_life_us
        before = as_of(record_of(then, principal), state.at, half_life)
        tally = Tally(max(0, tally.good - before.good), max(0, tally.bad - before.bad), state.at)
        from_at = then.at
    gathering, read = Gathering(principal, from_at=from_at), reader(store).whole
    for entry in store.read():
        gathering.take(read(entry.seq, entry.body), entry.hash)
    return gathering.done(), tally


def _first_key(state: State, principal: str) -> str:
    for id in state.get(KEYS_OF, principal) or ():
        key = state.get(KEYS, id)
        if key is not None and key.kind == "ed25519":
            return key.material
    raise Mistake(f"{principal} has no Ed25519 key; name one with --subject")


def _own_key(path: str) -> KeyFile:
    found = key_of(path)
    if isinstance(found, str) or found.kind != "ed25519":
        raise Mistake(f"{path} is no Ed25519 key file; make one with: souq keys new {path}")
    return found


def _checked(
    file: Path, issuers: list[str], did_document: Path | None, status: Path | None
) -> statement.Told:
    def resolve(did: str) -> integrity.Json:
        if did_document is None:
            raise Unproven(f"bring the document of {did} with --did-document")
        return integrity.read(did_document.read_bytes())

    return _proven(
        lambda: statement.check(
            integrity.read(file.read_bytes()),
            at=datetime.now(UTC),
            issuers=issuers,
            resolve=resolve,
            status=integrity.read(status.read_bytes()) if status is not None else None,
        )
    )


def _proven(make: Any) -> Any:
    try:
        return make()
    except Unproven as error:
        raise Mistake(str(error)) from None
