"""`souq serve` opens a market to the world; `souq copy` moves one to a database or back."""

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from souq.cli.commands import app
from souq.cli.output import Mistake, console

_TOML = "more settings, as TOML; else ./souq.toml where there is one"


@app.command()
def serve(
    store: Annotated[
        str | None, typer.Option(metavar="DIR|URL", help="a folder, or postgresql://…")
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="DIR", help="for indexes and keys; else the folder itself")
    ] = None,
    host: Annotated[str | None, typer.Option(help="where to listen")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes a free one")] = None,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="what clients call it, behind a proxy")
    ] = None,
    standby: Annotated[
        bool | None, typer.Option("--standby", help="wait, and take over when the leader is gone")
    ] = None,
    holder: Annotated[str | None, typer.Option(help="this server's name in the lease")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help=_TOML)] = None,
    check: Annotated[
        bool, typer.Option("--check", help="say what the settings are, and stop there")
    ] = False,
) -> None:
    """Serve a market over HTTP until SIGTERM or Ctrl-C.

    The first start makes the market, and prints an admin key. Every setting is also a variable
    (SOUQ_PORT, SOUQ_RULES__FEE_BPS) and a line in the file.
    Example: souq serve --store ./souq-data --port 8000
    """
    from souq.app import settings as all_settings

    given: dict[str, Any] = {
        "store": store,
        "data": data,
        "host": host,
        "port": port,
        "public_url": public_url,
        "standby": standby,
        "holder": holder,
        "log_level": log_level,
    }
    flags = {name: value for name, value in given.items() if value is not None}
    if config is not None:
        flags["config"] = str(config)
    try:
        found = all_settings.read(flags, os.environ, Path.cwd())
        if check:
            typer.echo(all_settings.shown(found))
            return
        code = _run(found)
    except all_settings.BadSettings as error:
        raise Mistake(str(error)) from None
    raise typer.Exit(code)


def _run(settings: Any) -> int:
    import uvloop

    from souq.app import logs
    from souq.app.server import Server

    logs.configure(settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(Server(settings, partial(_tell, settings.console)).run())


def _tell(has_console: bool, running: Any) -> None:
    console.print(f"souq is open at {running.url}", soft_wrap=True)
    if running.admin_key:
        console.print(f"Admin key (shown this once): {running.admin_key}", soft_wrap=True)
    console.print(f"What it can do: {running.url}/docs and /openapi.json", soft_wrap=True)
    if has_console:
        console.print(f"In a browser: {running.url} (souq login signs in)", soft_wrap=True)


@app.command()
def copy(
    source: Annotated[str, typer.Argument(metavar="DIR|URL", help="a market that is closed")],
    target: Annotated[str, typer.Argument(metavar="DIR|URL", help="an empty place")],
) -> None:
    """Move a market's journal between a folder and PostgreSQL, either way, checking all of it.

    What is left of a copy that failed is to be thrown away.
    Example: souq copy ./souq-data postgresql://souq@localhost/souq
    """
    from souq.app.checking import is_postgres
    from souq.app.opening import open_store
    from souq.journal.copying import copy_journal
    from souq.journal.sqlite import FILE

    if not is_postgres(source) and not (Path(source) / FILE).is_file():
        raise Mistake(f"{source} holds no journal, so there is nothing to copy")
    opened = open_store(source).store
    try:
        into = open_store(target).store
        try:
            count = copy_journal(opened, into)
        finally:
            into.close()
    finally:
        opened.close()
    console.print(f"{count} records copied", soft_wrap=True)
