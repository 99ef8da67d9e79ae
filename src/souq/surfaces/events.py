"""Server-sent events: what happens, as far as the caller may see it, as it becomes durable.

A stream is read from the feed page by page, so it holds nothing in memory, resumes anywhere, also
after a restart, and a slow reader holds up nobody.
"""

import asyncio
import contextlib
from typing import Any
from urllib.parse import parse_qsl

from souq.surfaces.auth import Authenticator
from souq.surfaces.limits import Limits
from souq.surfaces.problems import Malformed
from souq.surfaces.wire import Headers, encode, header
from souq.venue import Venue

PAGE = 200
GAP_S = 0.02  # between two pages of a busy market: what gathers meanwhile is read at once
STREAMS_MAX = 1_000
_HEAD: Headers = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Events:
    """`GET /v1/events`, as an ASGI application; `ring` it when records have become durable."""

    def __init__(
        self, venue: Venue, authenticator: Authenticator, limits: Limits, *, heartbeat_s: float
    ) -> None:
        self._venue = venue
        self._authenticator = authenticator
        self._limits = limits
        self._heartbeat_s = heartbeat_s
        self._bells: set[asyncio.Event] = set()
        self._is_closing = False

    def __len__(self) -> int:
        return len(self._bells)

    def ring(self) -> None:
        """Say that there may be something new."""
        for bell in self._bells:
            bell.set()

    def close(self) -> None:
        """End all streams; their readers come back with the last id they saw."""
        self._is_closing = True
        self.ring()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Stream until the reader leaves, its key ends, or the market closes."""
        headers = scope["headers"]
        path = scope["raw_path"].decode("ascii")
        speaker = self._authenticator.speaker("GET", path, scope["query_string"], headers, b"")
        self._limits.query(speaker.actor, scope)
        if len(self._bells) >= STREAMS_MAX:
            raise Malformed(503, "too many streams; ask again later", **{"Retry-After": "5"})
        types = _types(scope["query_string"])
        after = self._start(headers)
        await send({"type": "http.response.start", "status": 200, "headers": _HEAD})
        bell = asyncio.Event()
        self._bells.add(bell)
        gone = asyncio.create_task(_gone(receive))
        gone.add_done_callback(lambda _: bell.set())
        try:
            await _send(send, b"retry: 1000\n\n", is_more=True)
            while not gone.done() and not self._is_closing:
                bell.clear()
                # Before every page: in a busy market a stream never comes to rest.
                if speaker.key and not self._authenticator.is_live(speaker):
                    break
                page = self._venue.page(speaker.actor, after, PAGE, types)
                if page.last > after:
                    after = page.last
                    # The last id goes along also where nothing was to be seen, to resume from.
                    text = b"".join(map(_event, page.records)) + b"id: %d\n\n" % after
                    await _send(send, text, is_more=True)
                    await asyncio.sleep(GAP_S)
                    continue
                try:
                    async with asyncio.timeout(self._heartbeat_s):
                        await bell.wait()
                except TimeoutError:
                    await _send(send, b": still here\n\n", is_more=True)
        finally:
            self._bells.discard(bell)
            gone.cancel()
        with contextlib.suppress(OSError):
            await _send(send, b"", is_more=False)

    def _start(self, headers: Headers) -> int:
        last = header(headers, b"last-event-id")
        durable = self._venue.engine.durable
        if last is None or not last.strip():
            return durable
        if not last.strip().isdigit() or len(last) > 16:
            raise Malformed(400, "Last-Event-ID is the number of a record")
        return min(int(last), durable)


def _types(query: bytes) -> frozenset[str]:
    try:
        pairs = parse_qsl(query.decode("ascii"), strict_parsing=bool(query), max_num_fields=64)
    except (ValueError, UnicodeError):
        raise Malformed(400, "the query is not made of name=value pairs") from None
    if any(name != "types" for name, _ in pairs):
        raise Malformed(422, "a stream knows no parameter but types")
    return frozenset(value for _, value in pairs)


def _event(record: Any) -> bytes:
    return b"id: %d\nevent: record\ndata: %b\n\n" % (record.seq, encode(record))


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Any, body: bytes, *, is_more: bool) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": is_more})
