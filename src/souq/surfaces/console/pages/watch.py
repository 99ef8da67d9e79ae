"""Alarms with their evidence, and how the breakers stand."""

from starlette.responses import Response

from souq.operations import surveillance_queries as ask
from souq.surfaces.console.graph import laid_out
from souq.surfaces.console.visit import Routes, Visit
from souq.views.surveillance import DETECTORS

NAME = "Watch"
PATH = "/watch"
KEY = "w"
KINDS = frozenset({"officer", "operator"})
_LIMIT = 20
_SHORT = 100
# What each looks for, as it says itself.
_SOUGHT = {one.NAME: " ".join(one.__doc__.split("\n\n")[0].split()) for one in DETECTORS}


async def show(visit: Visit) -> Response:
    """Show what surveillance found, how the breakers stand, who stands still, who is restricted."""
    detector = visit.given("detector")
    found: ask.Alarms = await visit.ask(ask.ListAlarms(detector, limit=_LIMIT))
    halts = await visit.ask(ask.ListHalts(limit=_SHORT))
    cursor = visit.given("cursor")
    restrictions = await visit.ask(ask.ListRestrictions(limit=_SHORT, cursor=cursor))
    return await visit.show(
        "watch.html",
        found=found,
        alarms=[(one, laid_out(one.edges)) for one in found.alarms],
        detector=detector,
        detectors=_SOUGHT,
        halts=halts,
        restrictions=restrictions,
    )


ROUTES: Routes = {"/watch": show}
