"""Webhooks carry durable records to the addresses that asked for them, signed, in order, for sure.

There is no queue: a webhook's cursor, kept as a mark, and the feed behind it are the outbox.

    read a page after the cursor ──▶ mark where it ends ──▶ POST ──2xx──▶ move the cursor
                                                     └── anything else: later, the same bytes again

A kill between any two steps does no harm: where the page in hand ends was marked before it was
sent, so it is sent again as it was, under the same Idempotency-Key. A receiver that is slow or
failed shares few places with others like it, and takes none from those that answer. One that did
nothing but fail for a day is disabled by a command, and asks nobody's time until it is enabled.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from souq.core.rules import OPERATOR
from souq.core.state import State
from souq.core.webhook import WEBHOOKS, DisableWebhook, Live, Wish
from souq.engine import Answer
from souq.surfaces.delivery import (
    RECORDS_MAX,
    SECOND_US,
    Delivery,
    Feed,
    Progress,
    Shelf,
    delivered,
    marked,
    set_mark,
    stamped,
)
from souq.surfaces.outward import Outward, Unreachable, parsed
from souq.surfaces.signatures import MarketKey

POLL_S = 2.0  # a wake that was missed costs no more
GATHER_S = 0.05  # records of a moment go together
GATHER_EACH_S = 0.001  # and more of them the more webhooks are to be looked at
ANSWER_S = 10.0
SLOW_S = 2.0
WAIT_MIN_S, WAIT_MAX_S = 1.0, 3_600.0
GIVE_UP_S = 86_400.0
TRIES_MIN = 5  # before giving up, by this process: a market that slept for a day asked nobody
AT_ONCE_MAX = 64
SUSPECTS_MAX = 16  # of these, for who was slow or failed the last time
log = logging.getLogger(__name__)
Submit = Callable[[str, str, Any], Awaitable[Answer]]


class WebhookStatus(Struct, frozen=True, omit_defaults=True):
    """How a webhook does. Up to `cursor` everything arrived; times are microseconds UTC."""

    webhook: str
    owner: str
    is_live: bool
    cursor: int
    failures: int = 0  # since it last succeeded, or this process began
    failing_since: int = 0
    next_attempt_at: int = 0
    last_error: str = ""


class _Line:
    """One webhook, as this process knows it."""

    def __init__(self, id: str, url: str, progress: Progress) -> None:
        self.id = id
        self.url = url  # a digest
        self.progress = progress
        self.is_marked = True  # the mark says what `progress` says, but for what may be lost
        self.is_busy = False
        self.is_suspect = False
        self.since = 0
        self.failures = 0
        self.not_before = 0.0
        self.last_error = ""


class Webhooks:
    """Give it `run`, or call `step`; one per market, where the engine is."""

    def __init__(
        self,
        submit: Submit,
        state: Callable[[], State],
        feed: Feed,
        shelf: Shelf,
        market_key: MarketKey,
        outward: Outward,
        *,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        poll_s: float = POLL_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        """`submit` answers when the record is durable; `clock` gives seconds UTC."""
        self._submit = submit
        self._state = state
        self._feed = feed
        self._shelf = shelf
        self._market_key = market_key
        self._outward = outward
        self._clock = clock
        self._chance = chance
        self._poll_s = poll_s
        self._answer_s = answer_s
        self._lines: dict[str, _Line] = {}
        self._woken = asyncio.Event()
        self._suspects = asyncio.Semaphore(SUSPECTS_MAX)
        self._others = asyncio.Semaphore(AT_ONCE_MAX - SUSPECTS_MAX)

    async def run(self) -> None:
        """Serve every webhook until cancelled; a slow one holds up no other."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._woken.clear()
                for line in self._due():
                    line.is_busy = True
                    tasks.create_task(self._serve(line))
                await self._rest()

    def wake(self) -> None:
        """Say that records have become durable. By the loop's own thread."""
        self._woken.set()

    async def step(self) -> None:
        """Serve every webhook whose time has come until it is through, or fails."""
        async with asyncio.TaskGroup() as tasks:
            for line in self._due():
                line.is_busy = True
                tasks.create_task(self._serve(line))

    def status(self) -> tuple[WebhookStatus, ...]:
        """Tell how every webhook does, in the order they were added."""
        found = []
        for id, webhook in self._state().rows(WEBHOOKS).items():
            line = self._lines.get(id)
            progress = line.progress if line else marked(self._shelf, id) or Progress(0)
            status = WebhookStatus(
                id,
                webhook.wish.owner,
                isinstance(webhook, Live),
                progress.cursor,
                failing_since=progress.failing_since,
            )
            if line is not None:
                status = replace(
                    status,
                    failures=line.failures,
                    next_attempt_at=int(line.not_before * SECOND_US),
                    last_error=line.last_error,
                )
            found.append(status)
        return tuple(found)

    async def _rest(self) -> None:
        now = self._clock()
        waits = [line.not_before - now for line in self._lines.values() if not line.is_busy]
        wait = min((one for one in waits if one > 0), default=self._poll_s)
        with contextlib.suppress(TimeoutError):
            # Not `wait_for`: in Python 3.11 it can swallow a cancellation, and never end.
            async with asyncio.timeout(min(wait, self._poll_s)):
                await self._woken.wait()
        await asyncio.sleep(GATHER_S + len(self._lines) * GATHER_EACH_S)

    def _due(self) -> list[_Line]:
        webhooks = self._state().rows(WEBHOOKS)
        for id in [id for id in self._lines if id not in webhooks]:
            del self._lines[id]
        now, found = self._clock(), []
        for id, webhook in webhooks.items():
            if not isinstance(webhook, Live):
                continue
            line = self._lines.get(id) or self._begin(id, webhook.wish)
            if line is not None and not line.is_busy:
                self._follow(line, webhook)
                if line.not_before <= now:
                    found.append(line)
        return found

    def _begin(self, id: str, wish: Wish) -> _Line | None:
        progress = marked(self._shelf, id)
        if progress is None:
            cursor = stamped(self._shelf, wish.added_at)
            if cursor is None:
                return None  # its own record is not durable yet
            progress = Progress(cursor)
        self._lines[id] = line = _Line(id, wish.url, progress)
        return line

    def _follow(self, line: _Line, webhook: Live) -> None:
        """Do what the owner asked for since: begin afresh, or go back."""
        progress, wish = line.progress, webhook.wish
        if line.since != webhook.since:
            line.since, line.failures, line.not_before, line.last_error = webhook.since, 0, 0.0, ""
            if progress.failing_since < webhook.since:
                progress = replace(progress, failing_since=0)
        if progress.replays != wish.replays:
            progress = replace(
                progress, cursor=min(wish.after, progress.cursor), until=0, replays=wish.replays
            )
            line.not_before = 0.0
        if progress != line.progress:
            line.progress, line.is_marked = progress, False

    async def _serve(self, line: _Line) -> None:
        try:
            while (delivery := await self._next(line)) is not None:
                places = self._suspects if line.is_suspect else self._others
                async with places:
                    error = await self._send(line, delivery)
                if error:
                    await self._failed(line, error)
                    return
                line.progress = Progress(delivery.last, replays=line.progress.replays)
                line.is_marked = False
                line.failures, line.not_before, line.last_error = 0, 0.0, ""
        finally:
            line.is_busy = False

    async def _next(self, line: _Line) -> Delivery | None:
        """Give what to send now. Nothing new may come between its None and the end of a turn."""
        while True:
            webhook = self._state().get(WEBHOOKS, line.id)
            if not isinstance(webhook, Live):
                self._lines.pop(line.id, None)
                return None
            self._follow(line, webhook)
            progress, wish = line.progress, webhook.wish
            types = frozenset(wish.types)
            page = self._feed.page(wish.owner, progress.cursor, RECORDS_MAX, types)
            delivery = delivered(line.id, progress, page)
            if delivery is not None:
                if delivery.last != progress.until or not line.is_marked:
                    await self._mark(line, replace(progress, until=delivery.last))
                return delivery
            if page.last > progress.cursor:
                # Nothing for this owner. Where a kill loses that, it is looked through again.
                line.progress = replace(progress, cursor=page.last, until=0)
                await asyncio.sleep(0)
            elif not line.is_marked:
                await self._mark(line, progress)
            else:
                return None

    async def _send(self, line: _Line, delivery: Delivery) -> str:
        """POST once; give what went wrong, or nothing."""
        began = time.monotonic()
        line.is_suspect = True  # until it has answered well
        try:
            url = parsed(self._words(line.url))
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "souq-webhook",
                **self._market_key.sign_headers(
                    "POST", str(url), delivery.body, delivery.key, int(self._clock())
                ),
            }
            async with asyncio.timeout(self._answer_s):
                status = await self._outward.post(url, headers, delivery.body)
        except TimeoutError:
            return f"no answer within {self._answer_s:g} s"
        except Unreachable as why:
            return str(why)
        if not 200 <= status < 300:
            return f"HTTP {status}"
        line.is_suspect = time.monotonic() - began > SLOW_S
        return ""

    async def _failed(self, line: _Line, error: str) -> None:
        now = self._clock()
        line.failures += 1
        line.last_error = error
        base = min(WAIT_MAX_S / 1.5, WAIT_MIN_S * 2 ** min(line.failures - 1, 20))
        wait = base * (1 + self._chance() / 2)
        line.not_before = now + wait
        log.warning("webhook %s: %s; again in %.1f s", line.id, error, wait)
        failing_since = line.progress.failing_since
        if not failing_since:
            since = int(now * SECOND_US)
            await self._mark(line, replace(line.progress, failing_since=since))
        elif now - failing_since / SECOND_US >= GIVE_UP_S and line.failures >= TRIES_MIN:
            await self._give_up(line)
        self.wake()  # whoever rests does not know of this wait yet

    async def _give_up(self, line: _Line) -> None:
        webhook = self._state().get(WEBHOOKS, line.id)
        if isinstance(webhook, Live) and webhook.since == line.since:
            # Once per time it was enabled, so the id says all: said twice, it has one effect.
            id = f"webhook:{line.id}:{line.since}:disable"
            await self._submit(OPERATOR, id, DisableWebhook(line.id, "failing"))

    async def _mark(self, line: _Line, progress: Progress) -> None:
        line.progress = progress
        # In a thread: it may wait for a flush, and everybody else would wait with it.
        await asyncio.to_thread(set_mark, self._shelf, line.id, progress)
        line.is_marked = True

    def _words(self, digest: str) -> str:
        payload = self._shelf.payload(digest)
        if payload is None:
            raise Unreachable("its address was erased")
        return msgspec.json.decode(payload.content, type=str)
