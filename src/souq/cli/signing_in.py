"""`souq login` proves a key to a market, and prints the code that signs a browser in there."""

import webbrowser
from typing import Annotated

import httpx2
import msgspec
import typer

from souq.cli.calling import knowing
from souq.cli.commands import Json, app
from souq.cli.connecting import URL, Key, Server, key_of
from souq.cli.output import Mistake, console, write_json
from souq.sdk.client import new_id, signer_of, verified
from souq.sdk.errors import NotProven, Unreachable

TIMEOUT_S = 10.0


class _Given(msgspec.Struct, frozen=True):
    code: str
    good_s: int


class _No(msgspec.Struct, frozen=True):
    detail: str = ""


@app.command()
def login(
    server: Server = URL,
    key: Key = "",
    open_browser: Annotated[
        bool, typer.Option("--open", help="also open the page where the code is typed")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print a code that signs a browser in to a market's console; it is good once, for two minutes.

    The key stays here: a code signs in one browser, and that ends with the key at the latest.
    Example: souq login --server https://market.example --key bea.key
    """
    if not key:
        raise Mistake("say who signs in: --key FILE or SECRET, or the variable SOUQ_KEY")
    if not server.startswith(("http://", "https://")):
        raise Mistake(f"{server} is no address of a market, such as {URL}")
    with knowing(key):
        given = _code(server.rstrip("/"), key)
    page = f"{server.rstrip('/')}/sign-in"
    if as_json:
        write_json({"code": given.code, "good_s": given.good_s, "url": page})
    else:
        console.print(given.code, markup=False)
        minutes = f"{given.good_s / 60:g} minutes"
        console.print(f"Type it within {minutes} at {page}", markup=False, soft_wrap=True)
    if open_browser and not webbrowser.open(page):
        raise Mistake(f"no browser could be opened here; go to {page}")


def _code(server: str, key: str) -> _Given:
    """Ask for a code. Raises Mistake, NotProven, Unreachable."""
    url = f"{server}/sign-in/code"
    signer = signer_of(key_of(key))
    headers = signer.headers_for("POST", url, b"", new_id()) if signer is not None else {}
    try:
        with httpx2.Client(timeout=TIMEOUT_S, trust_env=False, verify=verified(url)) as http:
            answer = http.post(url, headers=headers)
    except httpx2.HTTPError as error:
        raise Unreachable(f"no market answers at {server}: {error}") from None
    match answer.status_code:
        case 200:
            return _read(answer.content, server)
        case 401:
            raise NotProven(_why(answer.content))
        case 404 | 405:
            raise Mistake(f"{server} has no console; its operator turns it on with console = true")
        case 429:
            wait = answer.headers.get("retry-after", "a few")
            raise Mistake(f"too many codes were asked for; try again in {wait} seconds")
        case status:
            raise Mistake(f"{server} gave no code: {_why(answer.content)} (HTTP {status})")


def _read(content: bytes, server: str) -> _Given:
    try:
        return msgspec.json.decode(content, type=_Given)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Mistake(f"whoever answers at {server} is no market") from None


def _why(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=_No).detail or "without a reason"
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "whoever answers there is no market"
