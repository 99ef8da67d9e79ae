"""`souq trust` works out whose word counts for how much, and tells the market."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from souq.cli import runs
from souq.cli.commands import Folder, Json, app
from souq.cli.connecting import Key, connect
from souq.cli.output import console, write_json
from souq.core.rules import rules
from souq.journal.replay import reader, replay
from souq.views import trust
from souq.views.trust import Found, Graph


@app.command("trust")
def work_out(
    folder: Folder,
    server: Annotated[
        str, typer.Option(metavar="URL", help="tell this market what was found")
    ] = "",
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Work out how far each principal's word counts, over all that was settled.

    Trust flows from principals with a bond to whom they paid, and on; rings, among which value only
    goes round, count nothing among themselves. With --server it is told to the running market,
    which needs the operator's key. Do so every day.
    Example: souq trust runs/demo
    """
    found, upto = of_folder(folder)
    if server:
        with connect(server, key) as client:
            client.submit(trust.command(found, upto))
    if as_json:
        write_json({"upto": upto, "bps": found.bps, "rings": found.rings})
        return
    table = Table("principal", "trust", "ring")
    for one in sorted(found.bps.keys() | found.rings.keys(), key=lambda one: int(one[1:])):
        share = found.bps.get(one, 0) / 100
        table.add_row(one, f"{share:.2f} %", str(found.rings.get(one, "") or ""))
    console.print(table)
    if not found.bps:
        console.print("Nobody has a bond standing, so nobody is vouched for: nothing to tell.")


def of_folder(folder: Path) -> tuple[Found, int]:
    """Give what a market's journal comes to, and its last record."""
    with runs.reading(folder) as store:
        graph, read = Graph(), reader(store).whole
        for entry in store.read():
            graph.take(read(entry.seq, entry.body))
        state = replay(store).state
        full_units = rules(state).trust_bond_units
        return trust.work_out(graph, trust.roots(state), full_units), graph.upto
