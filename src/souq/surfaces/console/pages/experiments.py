"""Experiments: what runs, how far it is, what it cost, what came of it, and its markets' floors.

These pages are there where a folder is read, and not at a market that is served.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from markupsafe import Markup
from starlette.responses import Response

from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, Rules
from souq.operations.floor_queries import FloorFigures, GetFloor
from souq.operations.queries import GetMarket, ListEvents, Market, WhoAmI
from souq.surfaces.auth import Speaker
from souq.surfaces.console.pages import floor
from souq.surfaces.console.rendering import POLICY, SAFE
from souq.surfaces.console.shelf import CellSeen, ExperimentSeen, Shelf
from souq.surfaces.console.visit import Routes, Visit
from souq.surfaces.problems import Malformed

NAME = "Experiments"
PATH = "/experiments"
KEY = "e"
KINDS = frozenset({"operator"})
BESIDE_MAX = 4
LATEST = 8
# A report's page is a stranger's file: its own sheet and drawings show, and nothing in it runs.
_REPORT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
_FRAMED = {
    **SAFE,
    "content-security-policy": f"{_REPORT}; form-action 'none'; frame-ancestors 'self'; sandbox",
}
_FRAMING = {**SAFE, "content-security-policy": f"{POLICY}; frame-src 'self'"}
_CELL = re.compile(r"[0-9]{5,9}")


async def show(visit: Visit) -> Response:
    """List experiments, and the markets beside them."""
    found, markets = _shelf(visit).experiments(), _shelf(visit).markets()
    if visit.request.scope["path"] == "/":
        return visit.to(_path(found[0]) if len(found) == 1 and not markets else PATH)
    return await visit.show("experiments.html", experiments=found, markets=markets)


async def one(visit: Visit) -> Response:
    """Show one experiment: its grid of arms and repetitions, its pace, cost and metrics."""
    found, shelf = _experiment(visit), _shelf(visit)
    return await visit.show(
        "experiment.html",
        found=found,
        path=_path(found),
        grid=_grid(found),
        beside=_first_beside(found),
        means=shelf.means(found.name),
    )


async def report(visit: Visit) -> Response:
    """Show a report's page in a frame, with a way back."""
    name = visit.path("name")
    if _shelf(visit).report(name) is None:
        raise Refused(Reason.NOT_FOUND)
    is_market = any(one.name == name for one in _shelf(visit).markets())
    back = f"/markets/{quote(name)}/" if is_market else f"{PATH}/{quote(name)}"
    response = await visit.show("report.html", name=name, back=back, path=f"{PATH}/{quote(name)}")
    response.headers["content-security-policy"] = _FRAMING["content-security-policy"]
    return response


async def page_itself(visit: Visit) -> Response:
    """Give a report's page as it is."""
    body = _shelf(visit).report(visit.path("name"))
    if body is None:
        raise Refused(Reason.NOT_FOUND)
    return Response(body, headers=_FRAMED, media_type="text/html; charset=utf-8")


async def beside(visit: Visit) -> Response:
    """Show the floors of some cells next to each other, on the same axes."""
    found = _experiment(visit)
    names = list(dict.fromkeys(_CELL.findall(visit.given("cells"))))[:BESIDE_MAX]
    cells = [cell for name in names for cell in found.cells if cell.name == name]
    if not cells:
        raise Malformed(422, f"name up to {BESIDE_MAX} cells of it: ?cells=00001,00002")
    lanes = [await _lane(visit, found, cell) for cell in cells]
    drawn = [lane.columns for lane in lanes if lane.columns]
    return await visit.show(
        "beside.html",
        found=found,
        path=_path(found),
        lanes=lanes,
        axes=_axes(drawn),
        series=[msgspec.json.encode(lane.columns).decode() for lane in lanes],
        choices=[cell for cell in found.cells if cell.has_market],
        chosen=[cell.name for cell in cells],
    )


class Lane(NamedTuple):
    """One cell's floor; where it cannot be shown, `why`."""

    cell: CellSeen
    base: str
    floor: FloorFigures | None = None
    columns: dict[str, list[Any]] | None = None
    lines: Markup = Markup()
    rules: Rules | None = None
    asset: str = ""
    why: str = ""


async def _lane(visit: Visit, found: ExperimentSeen, cell: CellSeen) -> Lane:
    base = f"{visit.site.base}{_path(found)}/cells/{cell.name}"
    if not cell.has_market:
        return Lane(cell, base, why=_why_not(cell))
    try:
        behind = await _shelf(visit).cell(found.name, cell.name)
        if behind is None:
            return Lane(cell, base, why=_why_not(cell))
        link = behind.link(Speaker(OPERATOR), visit.request.scope)
        market: Market = await link.ask(GetMarket())
        told: FloorFigures = await link.ask(GetFloor())
        page = await link.ask(ListEvents(order="newest", limit=LATEST))
        me = await link.ask(WhoAmI())
    except Malformed as no:
        return Lane(cell, base, why=no.why)
    site = visit.site._replace(base=base, now=lambda: market.at)
    there = Visit(visit.request, site, link, me, None)
    asset = market.rules.assets[0].code
    return Lane(
        cell,
        base,
        told,
        floor.columns(told, market.rules, asset),
        Markup(await floor.lines(there, page.records)),  # a template drew it
        market.rules,
        asset,
    )


def _why_not(cell: CellSeen) -> str:
    match cell.state:
        case "at_work":
            return (
                "It is at work. Where all agents are scripted, its journal is written at the end;"
                " where models trade, it shows as it goes."
            )
        case "cut_off":
            return "It was cut off before its journal was written. Resume the run, and it is run."
        case _:
            return "It has not been run."


def _axes(drawn: Iterable[dict[str, list[Any]]]) -> dict[str, float]:
    """Give what all charts of one page span, so that they can be compared by eye."""
    drawn = list(drawn)
    at = [moment for one in drawn for moment in one["at"]]
    prices = [p for one in drawn for p in (*one["mean"], *one["high"]) if p is not None]
    values = [value for one in drawn for value in one["value"]]
    return {
        "from": min(at, default=0),
        "to": max(at, default=1),
        "price": max(prices, default=1),
        "value": max(values, default=1),
    }


def _grid(found: ExperimentSeen) -> list[tuple[str, list[CellSeen]]]:
    """Give each arm with its cells, in the order of repetitions."""
    return [(arm, [cell for cell in found.cells if cell.arm == arm]) for arm in found.arms]


def _first_beside(found: ExperimentSeen) -> str:
    """Name the cells of the first repetition that has two markets to show, one for each arm."""
    for repetition in range(1, found.repetitions + 1):
        cells = [one for one in found.cells if one.repetition == repetition and one.has_market]
        if len(cells) > 1:
            return ",".join(cell.name for cell in cells[:BESIDE_MAX])
    return ""


def _shelf(visit: Visit) -> Shelf:
    shelf = visit.site.shelf
    if shelf is None:
        raise Refused(Reason.NOT_FOUND)
    return shelf


def _experiment(visit: Visit) -> ExperimentSeen:
    found = _shelf(visit).experiment(visit.path("name"))
    if found is None:
        raise Refused(Reason.NOT_FOUND)
    return found


def _path(found: ExperimentSeen) -> str:
    return f"{PATH}/{quote(found.name)}"


ROUTES: Routes = {
    "/": show,
    "/experiments": show,
    "/experiments/{name}": one,
    "/experiments/{name}/beside": beside,
    "/experiments/{name}/report": report,
    "/experiments/{name}/report.html": page_itself,
}
