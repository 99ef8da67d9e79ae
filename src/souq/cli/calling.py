"""`souq call` does or asks anything, `souq operations` lists it all, `souq keys` makes keys."""

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from souq.cli.commands import Json, app
from souq.cli.connecting import URL, Key, Server, connect, key_of
from souq.cli.output import Mistake, console
from souq.core.credential import AddKey, Kind
from souq.core.seal import Sealed, digest_only
from souq.journal.admission import READ, unsealed
from souq.operations import BY_NAME, OPERATIONS, Operation
from souq.operations.queries import GetMarket
from souq.sdk.client import Client, new_id
from souq.sdk.errors import NotProven
from souq.sdk.signing import KeyFile, new_key_file

_AMOUNT = re.compile(r"([0-9.]+) ?([A-Z]{2,12})")
keys = typer.Typer(help="Make keys, and let the market know them.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@app.command()
def operations(as_json: Json = False) -> None:
    """List everything that `souq call` can do or ask.

    Example: souq operations
    """
    if as_json:
        _write([{"name": one.name, "path": one.path, "fields": _names(one)} for one in OPERATIONS])
        return
    table = Table(show_header=False, box=None)
    for one in OPERATIONS:
        table.add_row(f"[bold]{one.name}[/]", escape(" ".join(_names(one))), escape(one.summary))
    console.print(table)


@app.command()
def call(
    operation: Annotated[str, typer.Argument(help="its name; see `souq operations`")],
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...", help="words, or JSON")
    ] = None,
    server: Server = URL,
    key: Key = "",
    id: Annotated[str, typer.Option(help="the command's id, to try again safely")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="also print a refusal as JSON, and exit 1")
    ] = False,
) -> None:
    """Do or ask one thing at a running market, and print the answer as JSON.

    Example: souq call post_listing title="Brass lamp" category=home price=900USD --key bea.key
    """
    found = BY_NAME.get(operation)
    if found is None:
        raise Mistake(f"there is no operation {operation}; `souq operations` lists them")
    with knowing(key), connect(server, key) as client:
        asked = _read(found, fields or [], client)
        if not found.is_command:
            _write(client.ask(asked))
            return
        answer = client.answer_to(asked, command_id=id or new_id())
    if as_json:
        _write(answer)
        if answer.refusal is not None:
            raise typer.Exit(1)
        return
    _write(answer.need())


@keys.command("new")
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a new file for the key")],
    kind: Annotated[str, typer.Option(help="ed25519, es256 or bearer")] = "ed25519",
    owner: Annotated[str, typer.Option(help="whose it is: P1 is a person, A1 an agent")] = "",
) -> None:
    """Make a key, and print what the market must be told of it.

    Example: souq keys new bea.key --owner A1
    """
    if kind not in get_args(Kind):
        raise Mistake(f"a key is one of {', '.join(get_args(Kind))}, not {kind}")
    made = new_key_file(file, kind, owner)  # type: ignore[arg-type]
    console.print(f"{file}: keep it; only you can read it", soft_wrap=True)
    for whose in [owner] if owner else ["P1", "A1"]:
        who = "" if owner else "  (your own)" if whose == "P1" else "  (an agent's)"
        console.print(f"Tell the market: {_adding(str(file), whose)}{who}", soft_wrap=True)
    _write({"kind": made.kind, "material": made.material})


@keys.command("add")
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what `souq keys new` made")],
    owner: Annotated[
        str, typer.Option(help="who will speak with it: P1 is a person, A1 an agent")
    ] = "",
    server: Server = URL,
    key: Key = "",
) -> None:
    """Let the market know a key, in the name of the operator or of its owner's principal.

    Example: souq keys add bea.key --owner A1 --key souq_…
    """
    from souq.sdk.signing import load_key

    try:
        made = load_key(file)
    except ValueError as error:
        raise Mistake(str(error)) from None
    whose = owner or made.owner
    if not whose:
        raise Mistake("say whose key it is with --owner")
    with knowing(key), connect(server, key) as client:
        _write(client.submit(AddKey(whose, made.kind, made.material)))


@contextmanager
def knowing(key: str) -> Iterator[None]:
    """Say how the market gets to know a key that it turned away. Raises Mistake."""
    try:
        yield
    except NotProven as error:
        if not key:
            raise
        found = key_of(key)
        if isinstance(found, KeyFile):
            add = _adding(key, found.owner or "P1")
        else:
            add = _adding("FILE", "P1")  # a secret is never repeated
        raise Mistake(
            f"{error}; if it is new, the market's operator makes it known: {add}, "
            "where P1 is a person and A1 an agent"
        ) from None


def _adding(file: str, owner: str) -> str:
    return f"souq keys add {shlex.quote(file)} --owner {owner} --key ADMIN-KEY"


def _names(one: Operation) -> list[str]:
    return [
        field.name if field.required else f"[{field.name}]"
        for field in msgspec.structs.fields(one.asks)
    ]


def _read(one: Operation, words: list[str], client: Client) -> Any:
    """Read FIELD=VALUE: text where the field is text, else JSON, or an amount such as 900USD."""
    hints = get_type_hints(one.asks)
    given: dict[str, Any] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise Mistake(f"{word} is not FIELD=VALUE")
        if name not in hints:
            raise Mistake(f"{one.name} has no field {name}; it has {', '.join(_names(one))}")
        if _is_text(hints[name]):
            given[name] = value
        elif amount := _AMOUNT.fullmatch(value):
            given[name] = _money(name, amount, client)
        else:
            given[name] = _parsed(name, value)
    try:
        if one.is_command:
            return READ[one.asks](msgspec.json.encode({"type": one.asks.__name__, **given}))
        return msgspec.convert(given, one.asks, strict=False, dec_hook=unsealed)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        raise Mistake(f"{one.name}: {error}") from None


def _is_text(hint: Any) -> bool:
    kinds = get_args(hint) or (hint,)
    texts = (str, type(None), msgspec.UnsetType)
    return all(
        kind in texts
        or isinstance(kind, str)
        or (isinstance(kind, type) and issubclass(kind, Sealed) and kind.of is str)
        for kind in kinds
    )


def _money(name: str, amount: re.Match[str], client: Client) -> Any:
    for asset in client.ask(GetMarket()).rules.assets:
        if asset.code == amount[2]:
            try:
                return asset.parse(amount[1])
            except ValueError as error:
                raise Mistake(f"{name}: {error}") from None
    raise Mistake(f"{name}: this market does not know {amount[2]}")


def _parsed(name: str, value: str) -> Any:
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        raise Mistake(f"{name} is JSON, such as {{…}}, […] or 5; not {value}") from None


def _write(value: Any) -> None:
    sys.stdout.write(msgspec.json.format(_encode(value), indent=2).decode() + "\n")


_encode = msgspec.json.Encoder(enc_hook=digest_only).encode
