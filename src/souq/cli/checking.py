"""`souq check` checks deliveries as the verifier that their contracts name, and reports."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from souq.cli.calling import knowing
from souq.cli.commands import app
from souq.cli.connecting import URL, Key, Server, connect
from souq.cli.output import Mistake, console
from souq.engine import Answer
from souq.sdk.client import Client

LOOK_EVERY_S = 2.0


class _Market:
    """A client, as a verifier wants it: it speaks for nobody else."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ask(self, actor: str, query: Any) -> Any:
        return self._client.ask(query)

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        return self._client.answer_to(command, command_id=id)


@app.command()
def check(
    shelf: Annotated[
        Path, typer.Option(metavar="DIR", help="where content lies under its SHA-256")
    ] = Path("shelf"),
    at: Annotated[
        list[str] | None, typer.Option(metavar="C9=URL", help="where a contract's service is")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="check what waits, and stop")] = False,
    weak: Annotated[
        bool, typer.Option("--weak", help="run code even where its network cannot be cut")
    ] = False,
    server: Server = URL,
    key: Key = "",
) -> None:
    """Check deliveries by their criteria, as the verifier that their contracts name.

    Programs run in a sandbox of this machine, and services are called from it.
    Example: souq check --shelf ./shelf --at C9=http://127.0.0.1:8100 --key vera.key
    """
    try:
        from souq.verifiers.verifier import Means, Shelf, Verifier
    except ImportError:
        raise Mistake("checking needs more: pip install 'souq[verify]'") from None

    urls = dict(_address(word) for word in at or ())
    with knowing(key), connect(server, key) as client:
        me = client.who_am_i()
        if me.kind != "agent":
            raise Mistake(f"this key speaks as {me.actor or 'nobody'}; bring an agent's key")
        means = Means(urls=urls, may_be_weak=weak)
        verifier = Verifier(_Market(client), me.actor, Shelf(shelf), means)
        told: set[str] = set()
        while True:
            verifier.work()
            for digest, report in verifier.reports.items():
                if digest not in told:
                    told.add(digest)
                    whys = "; ".join(f"{one.criterion}: {one.why}" for one in report.findings)
                    verdict = "passed" if report.passed else "failed"
                    console.print(f"{report.contract} {verdict}: {whys}", soft_wrap=True)
            for contract, why in verifier.lacking.items():
                if contract not in told:
                    told.add(contract)
                    console.print(f"{contract} is left alone; I lack {why}", soft_wrap=True)
            if once:
                return
            time.sleep(LOOK_EVERY_S)


def _address(word: str) -> tuple[str, str]:
    contract, is_given, url = word.partition("=")
    if not is_given or not url.startswith(("http://", "https://")):
        raise Mistake(f"{word[:60]!r} should say a contract and an address, as C9=http://…")
    return contract, url
