"""What pages about trade ask alike: whom the viewer speaks for, and what happened to a thing."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec.structs import replace

from souq.core.refusal import Reason
from souq.operations.move_queries import ListMoves, Moves
from souq.operations.queries import ListEvents
from souq.surfaces.console.visit import Visit, record_number
from souq.views.showing import RecordSeen

LINES = 50
_OVER = (Reason.NOT_FOUND, Reason.CLOSED, Reason.NO_MANDATE)


class Past(NamedTuple):
    """What happened, the newest first; `cursor` asks for what was before."""

    records: tuple[RecordSeen, ...]
    cursor: str

    @property
    def events(self) -> list[tuple[int, Any]]:
        """Give when each event was, the oldest first."""
        return [(one.at, event) for one in reversed(self.records) for event in one.events]


def own(visit: Visit, parties: Iterable[str]) -> tuple[str, ...]:
    """List the parties that the viewer is, or stands behind."""
    return tuple(one for one in parties if one in visit.me.agents)


async def maybe(visit: Visit, query: Any) -> Any:
    """Ask for what may be over, or another's: None where it is."""
    return await visit.ask_if_told(query, *_OVER)


async def moves(visit: Visit, contract: str) -> tuple[str, ...]:
    """Name what the viewer can do about a contract: the forms to show."""
    if not visit.can_act:
        return ()
    found: Moves = await visit.ask(ListMoves(contract))
    return found.moves


async def past(visit: Visit, about: str, limit: int = LINES) -> Past:
    """Give what happened to a thing, as far as the viewer may know, before the page's cursor."""
    return await _back(visit, ListEvents(about=about, order="newest", limit=limit))


async def lately(visit: Visit, type: str, limit: int) -> Past:
    """Give the latest events of a type that the viewer may see, before the parameter `before`."""
    return await _back(visit, ListEvents(types=(type,), order="newest", limit=limit), "before")


async def _back(visit: Visit, query: ListEvents, parameter: str = "cursor") -> Past:
    before = record_number(visit.given(parameter)) or 0
    page = await visit.ask(replace(query, before=before))
    return Past(page.records, str(page.last) if page.last > 1 else "")
