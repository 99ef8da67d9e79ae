"""Requests over one connection without a client library, so that what was cut short is known."""

import asyncio
import json
import time
from typing import Any, NamedTuple

COMMANDS = "/v1/commands"


class Cut(Exception):
    """No whole answer came. `sent_at` is when the whole request was on its way, or 0.0."""

    def __init__(self, why: str, sent_at: float) -> None:
        super().__init__(why)
        self.sent_at = sent_at


class Reply(NamedTuple):
    """An answer as it came, with the instants of this machine's monotonic clock."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent_at: float
    got_at: float

    def read(self) -> Any:
        """Give the body as JSON."""
        return json.loads(self.body)


class Connection:
    """One keep-alive connection, opened when it is needed."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self.url = url
        self.sent_at = 0.0  # when the whole of the latest request was on its way
        self._host = url.partition("://")[2]
        self._timeout_s = timeout_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def command(self, key: str, id: str, command: Any) -> Reply:
        """Send one command. Raises Cut."""
        body = json.dumps(command).encode()
        return await self.request("POST", COMMANDS, key, body, f"Idempotency-Key: {id}\r\n")

    async def request(
        self, method: str, target: str, key: str, body: bytes = b"", more: str = ""
    ) -> Reply:
        """Send one request and wait for the whole of its answer. Raises Cut."""
        head = f"{method} {target} HTTP/1.1\r\nHost: {self._host}\r\n{more}"
        head += f"Authorization: Bearer {key}\r\n" if key else ""
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.sent_at = 0.0
        try:
            async with asyncio.timeout(self._timeout_s):
                reader, writer = await self._open()
                writer.write(f"{head}\r\n".encode() + body)
                await writer.drain()
                self.sent_at = time.monotonic()
                status, headers = await read_head(reader)
                answer = await reader.readexactly(int(headers.get("content-length", "0")))
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            self.close()
            raise Cut(f"{type(error).__name__}: {error}", self.sent_at) from None
        if headers.get("connection") == "close":
            self.close()
        return Reply(status, headers, answer, self.sent_at, time.monotonic())

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            host, _, port = self._host.partition(":")
            self._streams = await asyncio.open_connection(host, int(port))
        return self._streams

    async def wait_until_sent(self) -> None:
        """Return once a request that is being sent is on its way. Raises TimeoutError."""
        async with asyncio.timeout(self._timeout_s):
            while not self.sent_at:
                await asyncio.sleep(0.01)

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Read an answer's status and headers."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    pairs = [line.partition(":") for line in lines[1:] if line]
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    assert len(headers) == len(pairs), f"a header stands there twice: {head[:1_000]}"
    return int(lines[0].split()[1]), headers
