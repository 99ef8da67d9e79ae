"""What a connection may cost before it has asked anything: so many bytes, so much time.

The server underneath reads a head of any size, and waits for its end for ever. Here whoever sends
too much, too slowly, or no HTTP at all gets a problem document, and is let go.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from souq.surfaces.problems import TITLES, Problem
from souq.surfaces.wire import encode

URL_MAX = 16 * 1024
HEADERS_MAX = 128
HEAD_MAX = 64 * 1024  # bytes, not counting those that came together with a request before
REQUEST_S = 30.0  # from a request's first byte to its last, and from connecting to the first


class _TooMuch(Exception):
    """The parser stops at it."""


class Guarded(HttpToolsProtocol):
    """One connection; nobody on it can take more than a share of memory and of time."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._status = 400
        self._why = "this is not HTTP/1.1"
        self._head_bytes = 0
        self._is_in_head = False
        self._is_new = False  # the head began in what came last
        self._began_at: float | None = None
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to count the time."""
        super().connection_made(transport)
        self._began_at = self.loop.time()
        self._watch = self.loop.call_later(REQUEST_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as the head is not too large."""
        super().data_received(data)
        if self._is_in_head and not self.transport.is_closing():
            # A piece may hold the end of a long body, so the one that a head begins in is free.
            if not self._is_new:
                self._head_bytes += len(data)
            self._is_new = False
            if self._head_bytes > HEAD_MAX:
                self._no(431, f"the headers have at most {HEAD_MAX} bytes")
                self.send_400_response(self._why)

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._head_bytes = 0
        self._is_in_head = self._is_new = True
        self._began_at = self.loop.time()

    def on_headers_complete(self) -> None:
        """Hand the request on; its body has a limit of its own."""
        self._is_in_head = False
        if len(self.url) > URL_MAX:
            self._no(414, f"an address has at most {URL_MAX} bytes")
            raise _TooMuch
        if len(self.headers) > HEADERS_MAX:
            self._no(431, f"a request has at most {HEADERS_MAX} headers")
            raise _TooMuch
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop counting the time."""
        self._began_at = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong, unless an answer has begun, and hang up."""
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        # What came whole is owed an answer, and this is not it; its sender will ask again.
        is_owed = is_answering and (cycle.response_started or not cycle.more_body)
        if not is_owed and not self.pipeline:
            problem = Problem("about:blank", TITLES[self._status], self._status, self._why)
            body = encode(problem)
            head = (
                f"HTTP/1.1 {self._status} {TITLES[self._status]}\r\n"
                f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()

    def _no(self, status: int, why: str) -> None:
        self._status, self._why = status, why

    def _look(self) -> None:
        """Hang up on a request that does not end; else look again later."""
        began_at, now = self._began_at, self.loop.time()
        if began_at is not None and now >= began_at + REQUEST_S:
            self._no(408, f"a request is sent within {REQUEST_S:.0f} s")
            self.send_400_response(self._why)
            return
        next_look = REQUEST_S if began_at is None else began_at + REQUEST_S - now
        self._watch = self.loop.call_later(max(next_look, 0.01), self._look)
