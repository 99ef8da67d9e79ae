"""What every door does once it knows who speaks: have it judged, wait for the disk, show the rest.

A door proves who speaks and parses; the core judges. Nothing leaves before the record that it tells
of is durable, and nobody is told what only others may see.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import uuid4

from souq.engine import Answer
from souq.journal.store import Fenced
from souq.surfaces.auth import Speaker
from souq.surfaces.durability import Durability
from souq.surfaces.limits import Limits
from souq.surfaces.metrics import Metrics
from souq.venue import Venue


class Link(Protocol):
    """One speaker's way to a market, from wherever a door stands; `AsyncClient` is one as well."""

    async def submit(self, command: Any, *, command_id: str = "") -> Answer:
        """Give a command; the same id again has its effect once. Raises Refused."""

    async def ask(self, query: Any) -> Any:
        """Ask a question. Raises Refused."""


class Answering:
    """The market behind all doors of one server."""

    def __init__(self, venue: Venue, durability: Durability, metrics: Metrics) -> None:
        self.venue = venue
        self._durability = durability
        self._metrics = metrics
        self._bells: set[asyncio.Event] = set()
        self.is_closing = False

    @contextmanager
    def bell(self) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever there may be something new, and when we close."""
        bell = asyncio.Event()
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.discard(bell)

    def ring(self) -> None:
        """Say that records have become durable."""
        for bell in self._bells:
            bell.set()

    def close(self) -> None:
        """Tell whoever waits for something new that nothing more will come from here."""
        self.is_closing = True
        self.ring()

    async def command(self, speaker: Speaker, id: str, command: Any, act: str = "") -> Answer:
        """Give the answer as its speaker may see it, a refusal included. Raises Stopped, Fenced."""
        pending = self.venue.submit_soon(speaker.actor, id, command, speaker.nonce, act)
        answer = pending.judged
        self._metrics.judged(command, answer)
        if answer.seq:
            judged_at = time.perf_counter()
            await self.wait(answer.seq)
            self._metrics.waited(time.perf_counter() - judged_at)
        self.need_leading()
        return self.venue.shown(speaker.actor, answer)

    async def query(self, speaker: Speaker, query: Any) -> Any:
        """Answer a question. Raises Refused, Stopped, Fenced."""
        answer, seq = self.venue.ask_soon(speaker.actor, query)
        await self.wait(seq)
        self.need_leading()
        return answer

    async def wait(self, seq: int) -> None:
        """Return once a record is durable. Raises Stopped."""
        await self._durability.wait(seq)

    def need_leading(self) -> None:
        """Raise Fenced where somebody else can have written since."""
        if not self.venue.engine.store.is_leading():
            raise Fenced("another server leads this market")


class Inside:
    """A `Link` for a door of the server itself. `scope` says where the request came from."""

    def __init__(self, answering: Answering, limits: Limits, speaker: Speaker, scope: Any) -> None:
        self._answering = answering
        self._limits = limits
        self._speaker = speaker
        self._scope = scope

    async def submit(self, command: Any, *, command_id: str = "") -> Answer:
        """Give a command. Raises Refused, Malformed (too fast), Stopped, Fenced."""
        self._limits.command(self._speaker.actor, self._scope)
        id = command_id or uuid4().hex
        return (await self._answering.command(self._speaker, id, command)).need()

    async def ask(self, query: Any) -> Any:
        """Ask a question. Raises Refused, Malformed (too fast), Stopped, Fenced."""
        self._limits.query(self._speaker.actor, self._scope)
        return await self._answering.query(self._speaker, query)
