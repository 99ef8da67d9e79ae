"""`souq receipt`, `souq verify-receipt` and `souq check-log`: evidence for people to keep."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from souq.cli import runs
from souq.cli.commands import Json, app
from souq.cli.connecting import URL, Key, Server, connect
from souq.cli.output import Mistake, console, write_json
from souq.cli.private_files import write_over
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.operations.evidence_queries import Consistency, GetConsistency, GetReceipt, GetTreeHead
from souq.venue.onlooker import Onlooker
from souq.venue.receipts import get_receipt
from souq.views.evidence import TreeHead
from souq.views.evidence_key import EvidenceKey
from souq.views.receipt_check import (
    NotProven,
    Proven,
    Told,
    check,
    check_head,
    check_later,
    stamp,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="a receipt, or where a head is kept")]
PublicKey = Annotated[
    str,
    typer.Option("--key", metavar="HEX|FILE", help="the market's evidence key, as it is published"),
]


@app.command()
def receipt(
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help="such as C7")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="a market's folder; else ask a server")
    ] = None,
    server: Server = URL,
    key: Key = "",
    actor: Annotated[
        str, typer.Option("--as", metavar="ACTOR", help="with DIR: whose receipt it shall be")
    ] = OPERATOR,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="else CONTRACT.receipt.json")
    ] = None,
) -> None:
    """Keep the receipt of a deal: one file that anybody can verify offline.

    It shows what the asker may see of the deal, proven to stand in the market's signed records.
    Example: souq receipt C7 --server http://127.0.0.1:8000 --key bea.key
    """
    if folder is not None:
        text = _from_folder(folder, contract, actor)
    else:
        with connect(server, key) as client:
            text = client.ask(GetReceipt(contract)).file
    path = out or Path(f"{contract}.receipt.json")
    if path.is_dir():
        raise Mistake(f"{path} is a folder; name a file with --out")
    write_over(path, text)
    console.print(f"{path}: {len(text.encode()):,} bytes", soft_wrap=True, markup=False)


@app.command("verify-receipt")
def verify_receipt(file: File, key: PublicKey = "", as_json: Json = False) -> None:
    """Verify a receipt offline, and say what it proves. Exit code 1 where it proves nothing.

    Without --key it is held against the key that it names: compare that with the one the market
    publishes at /.well-known/souq-evidence.json.
    Example: souq verify-receipt C7.receipt.json
    """
    try:
        proven = check(_read(file), _public(key))
    except NotProven as error:
        raise Mistake(f"not proven: {file}: {error}") from None
    if as_json:
        write_json(proven)
    else:
        _tell(proven, is_known=bool(key))


@app.command("check-log")
def check_log(file: File, server: Server = URL, key: Key = "", as_json: Json = False) -> None:
    """Check that a market's records only grew since the head kept in FILE; then keep the new one.

    Run it now and then, from anywhere: a market that rewrites its past is caught, and both heads
    are the proof. The first run keeps a first head.
    Example: souq check-log souq.head --server http://127.0.0.1:8000
    """
    with connect(server, key) as client:
        if not file.exists():
            head: TreeHead = client.ask(GetTreeHead())
            _need_head(head)
            grown = 0
        else:
            kept = _kept(file)
            head = client.ask(GetTreeHead())
            _need_head(head)
            if head.size < kept.size:
                raise Mistake(_forked(file, f"it has {head.size} records now, not {kept.size}"))
            try:
                found: Consistency = client.ask(GetConsistency(kept.size, head.size))
                check_later(kept, found.second, found.path)
                if found.second != head:
                    raise NotProven("it signs two heads of one size")
            except NotProven as error:
                raise Mistake(_forked(file, str(error))) from None
            except Refused as refused:
                if refused.reason != Reason.NOT_FOUND:
                    raise
                raise Mistake(_forked(file, "it does not know them any more")) from None
            head, grown = found.second, found.second.size - kept.size
    write_over(file, msgspec.json.format(msgspec.json.encode(head)).decode() + "\n")
    if as_json:
        write_json({"ok": True, "size": head.size, "new": grown, "key": head.key})
        return
    told = f"{head.size:,} records, {grown:,} of them new, nothing before them changed"
    console.print(f"{told}\nsigned by {head.key}", soft_wrap=True, markup=False)


def _from_folder(folder: Path, contract: str, actor: str) -> str:
    try:
        with runs.reading(folder) as store:
            desk = Onlooker(lambda: store, EvidenceKey.load_or_make(folder)).desk
            return get_receipt(desk, actor, GetReceipt(contract)).file
    except ValueError as error:
        raise Mistake(str(error)) from None


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise Mistake(f"there is no file {file}")
    return file.read_bytes()


def _public(key: str) -> str:
    text = key
    if key and Path(key).is_file():
        text = Path(key).read_text(encoding="utf-8", errors="replace").strip()
    if text and (len(text) != 64 or set(text) - set("0123456789abcdef")):
        raise Mistake("--key takes 64 lower-case hex digits, or a file that holds them")
    return text


def _kept(file: Path) -> TreeHead:
    try:
        return msgspec.json.decode(_read(file), type=TreeHead)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Mistake(f"{file} holds no tree head: {error}") from None


def _need_head(head: TreeHead) -> None:
    try:
        check_head(head)
    except NotProven as error:
        raise Mistake(f"not proven: {error}") from None


def _forked(file: Path, why: str) -> str:
    return f"the market's past is not the one that {file} stands for: {why}. Keep that file"


def _step(told: Told) -> str:
    return f"  {stamp(told.at)}  record {told.seq:<6} {told.step:<20} {told.words}"


def _tell(proven: Proven, *, is_known: bool) -> None:
    lines = [
        f"Proven: deal {proven.contract} of market {proven.market}",
        *(f"  {one}" for one in proven.deal),
        "",
        *map(_step, proven.steps),
        "",
        f"{proven.records} records stand in the tree of {proven.size:,} that the market signed;"
        f" {proven.acts} commands among them are signed by whoever gave them.",
        f"Signed with {proven.key}" + ("" if is_known else ", which no --key vouches for"),
    ]
    console.print("\n".join(lines), soft_wrap=True, markup=False)
