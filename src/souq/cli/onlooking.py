"""`souq console`: markets and experiments on one's own disk, in a browser, only read."""

import asyncio
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from souq.cli.commands import app
from souq.cli.output import Mistake, console
from souq.journal.sqlite import FILE

LARGE = 20_000_000  # bytes, some ten seconds of reading


@app.command(name="console")
def look(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="a market's folder, an experiment's, or one of several"),
    ],
    host: Annotated[str, typer.Option(help="where to listen; others than this machine see all")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8010,
    is_opened: Annotated[bool, typer.Option("--open", help="open it in a browser")] = False,
) -> None:
    """Show a run, a market's data or an experiment in a browser, also while it is written.

    Nothing can be changed there, and whoever reaches it sees everything, as the operator does.
    Example: souq console runs/study --port 8010
    """
    import uvloop

    from souq.app import logs
    from souq.app.onlooking import serve
    from souq.surfaces.problems import Malformed

    if not folder.is_dir():
        raise Mistake(f"{folder} is no folder; name one that a run, a server or an experiment made")
    logs.configure("warning")
    journal = folder / FILE
    if journal.is_file() and journal.stat().st_size > LARGE:
        console.print(f"Reading {journal} from its first record; that takes a while.")

    def tell(looking: Any) -> None:
        console.print(f"Open {looking.url} in a browser. Ctrl-C ends it.", soft_wrap=True)
        if not looking.is_local:
            console.print("Whoever reaches that address sees everything.", soft_wrap=True)
        if is_opened:
            webbrowser.open(looking.url)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(folder, host=host, port=port, tell=tell))
    except Malformed as no:
        raise Mistake(no.why) from None
