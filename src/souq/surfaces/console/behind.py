"""What stands behind the pages: a market that is served, or one that is only read."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from souq.core.rules import rules
from souq.engine import Answer, Fault
from souq.journal.commit import Stopped
from souq.journal.store import Fenced, Unavailable
from souq.surfaces.answering import Answering, Inside, Link
from souq.surfaces.auth import Speaker
from souq.surfaces.limits import Limits
from souq.surfaces.problems import Malformed
from souq.venue.onlooker import FOLLOWED_MAX, Onlooker
from souq.views.feed import FeedPage

AWAY = (Stopped, Fenced, Unavailable, Fault)  # nobody answers, for now or for good
POLL_S = 0.3
STAYS_READ = "this market is only read here; nothing can be changed"
_NOT_YET = "This market has no record yet. The page is loaded again in two seconds."


class Behind(Protocol):
    """Where pages ask and streams listen."""

    def link(self, who: Speaker, scope: Any) -> Link:
        """Give somebody's way to the market."""

    def page(self, viewer: str, after: int, limit: int) -> FeedPage:
        """Give what became durable after a record, as far as somebody may see it."""

    def bell(self) -> AbstractContextManager[asyncio.Event]:
        """Give an event that is set whenever there may be something new, and when we close."""

    @property
    def durable(self) -> int:
        """Give the last record that may be shown."""

    @property
    def is_public(self) -> bool:
        """Tell whether guests may look, who do not say who they are."""

    @property
    def is_closing(self) -> bool:
        """Tell whether streams should end."""


class Served:
    """A market that this process serves."""

    def __init__(self, answering: Answering, limits: Limits) -> None:
        self._answering = answering
        self._limits = limits

    def link(self, who: Speaker, scope: Any) -> Link:
        """Give somebody's way to the market, which counts against their limits."""
        return Inside(self._answering, self._limits, who, scope)

    def page(self, viewer: str, after: int, limit: int) -> FeedPage:
        """Give what became durable after a record."""
        return self._answering.venue.page(viewer, after, limit)

    def bell(self) -> AbstractContextManager[asyncio.Event]:
        """Give an event that is set whenever there may be something new."""
        return self._answering.bell()

    @property
    def durable(self) -> int:
        """Give the last durable record."""
        return self._answering.venue.engine.durable

    @property
    def is_public(self) -> bool:
        """Tell whether the house lets guests look: its rules may change while they do."""
        state, _ = self._answering.venue.engine.live
        return rules(state).public_floor

    @property
    def is_closing(self) -> bool:
        """Tell whether the server is about to stop."""
        return self._answering.is_closing


class Read:
    """A market that another process writes, or that is over; its journal is only read here."""

    def __init__(self, market: Onlooker) -> None:
        self.market = market
        self.is_public = True  # whoever can read the folder's files sees as much
        self._bells = Bells(self._is_new, POLL_S)
        self._rung = market.seq
        self.is_closing = False

    def link(self, who: Speaker, scope: Any) -> Link:
        """Give somebody's way to what is read."""
        return _Reading(self.market, who.actor)

    def page(self, viewer: str, after: int, limit: int) -> FeedPage:
        """Give what was recorded after a record."""
        return self.market.page(viewer, after, limit)

    def bell(self) -> AbstractContextManager[asyncio.Event]:
        """Give an event that is set when a record is new; somebody looks while it is there."""
        return self._bells.one()

    @property
    def durable(self) -> int:
        """Give the last record that was read."""
        return self.market.seq

    @property
    def is_listened_to(self) -> bool:
        """Tell whether a page is open that shows what is new."""
        return len(self._bells) > 0

    def end_streams(self) -> None:
        """Let nobody wait for something new any more."""
        self.is_closing = True
        self._bells.ring()

    def close(self) -> None:
        """End all streams, and let go of the journal."""
        self.end_streams()
        self.market.close()

    def _is_new(self) -> bool:
        # Not by what following gives: whoever asked meanwhile may have read on already.
        self.market.follow(FOLLOWED_MAX)
        rung, self._rung = self._rung, self.market.seq
        return self._rung != rung


class Bells:
    """Bells that are rung when something is new; it is looked for only while one is there."""

    def __init__(self, is_new: Callable[[], bool], every_s: float) -> None:
        self._is_new = is_new
        self._every_s = every_s
        self._bells: set[asyncio.Event] = set()
        self._looking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._bells)

    @contextmanager
    def one(self) -> Iterator[asyncio.Event]:
        """Give a bell, for as long as somebody listens."""
        bell = asyncio.Event()
        self._bells.add(bell)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield bell
        finally:
            self._bells.discard(bell)

    def ring(self) -> None:
        """Ring all of them."""
        for bell in self._bells:
            bell.set()

    async def _look(self) -> None:
        try:
            while self._bells:
                if self._is_new():
                    self.ring()
                await asyncio.sleep(self._every_s)
        finally:
            self._looking = None


class _Reading:
    """A `Link` to a market that is only read."""

    def __init__(self, market: Onlooker, actor: str) -> None:
        self._market = market
        self._actor = actor

    async def submit(self, command: Any, *, command_id: str = "") -> Answer:
        """Raise Malformed: nothing is written here."""
        raise Malformed(405, STAYS_READ)

    async def ask(self, query: Any) -> Any:
        """Ask a question. Raises Refused, and Malformed before the first record."""
        self._market.follow(FOLLOWED_MAX)
        if not self._market.is_open:
            raise Malformed(503, _NOT_YET, refresh="2")
        return self._market.ask(self._actor, query)
