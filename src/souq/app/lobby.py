"""What stands behind the pages of experiments, where there is no market: nobody to ask but itself.

Its one kind of news is that something in the folder is otherwise than it was.
"""

import asyncio
from contextlib import AbstractContextManager
from typing import Any

from souq.app.shelving import Folder
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, Rules
from souq.engine import Answer
from souq.operations.queries import GetMarket, Market, Me, WhoAmI
from souq.surfaces.answering import Link
from souq.surfaces.auth import Speaker
from souq.surfaces.console.behind import STAYS_READ, Bells
from souq.surfaces.problems import Malformed
from souq.views.feed import FeedPage, RecordSeen

LOOK_S = 1.0
TITLE = "souq lab"
_ME = Me(OPERATOR, "operator", "", ())


class Lobby:
    """Stands where pages ask and streams listen; each change in the folder counts as a record."""

    def __init__(self, shelf: Folder) -> None:
        self._shelf = shelf
        self._told: object = None
        self._bells = Bells(self._is_new, LOOK_S)
        self.durable = 1
        self.is_public = True
        self.is_closing = False

    def link(self, who: Speaker, scope: Any) -> Link:
        """Give a way to what pages need of any market: who looks, and the rules of money."""
        return _Nowhere()

    def page(self, viewer: str, after: int, limit: int) -> FeedPage:
        """Tell that something is otherwise than it was."""
        if after >= self.durable:
            return FeedPage((), after)
        return FeedPage((RecordSeen(self.durable, 0),), self.durable)

    def bell(self) -> AbstractContextManager[asyncio.Event]:
        """Give an event that is set when something changed; somebody looks while it is there."""
        return self._bells.one()

    def close(self) -> None:
        """End all streams."""
        self.is_closing = True
        self._bells.ring()

    def _is_new(self) -> bool:
        told = self._shelf.experiments(), self._shelf.markets(), self._shelf.follow()
        is_new = told != self._told
        self._told = told
        self.durable += is_new
        return is_new


class _Nowhere:
    """A `Link` to no market."""

    async def submit(self, command: Any, *, command_id: str = "") -> Answer:
        """Raise Malformed: nothing is written here."""
        raise Malformed(405, STAYS_READ)

    async def ask(self, query: Any) -> Any:
        """Answer what every page asks. Raises Refused(not_found) for anything else."""
        if isinstance(query, WhoAmI):
            return _ME
        if isinstance(query, GetMarket):
            return Market(Rules(name=TITLE), "open", 0, 0)
        raise Refused(Reason.NOT_FOUND)
