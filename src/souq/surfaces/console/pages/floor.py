"""The floor: what happens, how the market stands, and prices and volume over time."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from souq.core.rules import SECOND_US, Rules
from souq.operations import floor_queries as ask
from souq.operations.queries import ListEvents
from souq.surfaces.console.visit import Routes, Visit
from souq.views.showing import RecordSeen

NAME = "Floor"
PATH = "/"
KEY = "f"
KINDS = frozenset({"anybody", "agent", "principal", "officer", "operator"})
LATEST = 40
_encode = msgspec.json.Encoder().encode


async def show(visit: Visit) -> Response:
    """Show the floor as it is; a stream keeps it so."""
    asset = await asset_of(visit)
    found: ask.FloorFigures = await visit.ask(ask.GetFloor())
    page = await visit.ask(ListEvents(order="newest", limit=LATEST))
    return await visit.show(
        "floor.html",
        floor=found,
        records=page.records,
        after=page.records[0].seq if page.records else found.seq,
        asset=asset,
        drawn=found.assets[asset].series if asset in found.assets else (),
        series=_series(columns(found, await visit.rules(), asset)),
    )


async def lines(visit: Visit, records: Sequence[RecordSeen]) -> str:
    """Draw records as lines, the newest first."""
    return await visit.part("floor_lines.html", records=records)


async def figures(visit: Visit) -> tuple[str, str]:
    """Draw the figures, and give the series for the charts as JSON. Raises Refused."""
    found: ask.FloorFigures = await visit.ask(ask.GetFloor())
    drawn = await visit.part("floor_figures.html", floor=found)
    return drawn, _series(columns(found, await visit.rules(), await asset_of(visit)))


async def asset_of(visit: Visit) -> str:
    """Give the asset whose prices are drawn: the one that was named, else the house's first."""
    codes = [one.code for one in (await visit.rules()).assets]
    named = visit.given("asset")
    return named if named in codes else codes[0]


def columns(found: ask.FloorFigures, rules: Rules, asset: str) -> dict[str, list[Any]]:
    """Give columns by time for the charts: seconds UTC, and prices in whole assets."""
    chosen = found.assets.get(asset)
    one = 10 ** next(known.exponent for known in rules.assets if known.code == asset)
    names = ("at", "deals", "value", "mean", "high", "low")
    drawn: dict[str, list[Any]] = {name: [] for name in names}
    for bucket in chosen.series if chosen else ():
        drawn["at"].append(bucket.at / SECOND_US)
        drawn["deals"].append(bucket.deals)
        drawn["value"].append(bucket.units / one)
        drawn["mean"].append(bucket.units / bucket.deals / one)
        drawn["high"].append(None if bucket.high is None else bucket.high / one)
        drawn["low"].append(None if bucket.low is None else bucket.low / one)
    return drawn


def _series(drawn: dict[str, list[Any]]) -> str:
    return _encode(drawn).decode()


ROUTES: Routes = {"/": show}
