"""One process of load: connections that each have one request under way, without a client library.

It reads what to do as one JSON line on stdin, and writes what it measured as one on stdout.
"""

import asyncio
import socket
import sys
import time
from collections.abc import Iterator
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

from bench.http import mix

STEP_US = 20
STATUS = slice(9, 12)
LENGTH = b"\r\ncontent-length: "


class Actor(Struct, frozen=True):
    """Who speaks: a bearer secret, or a private key in hex with its fingerprint."""

    key: str
    fingerprint: str = ""


class Work(Struct, frozen=True):
    """What one process sends, and between which instants of the monotonic clock it counts."""

    script: str  # deals, searching deals, batches, searches or echo
    port: int
    name: str
    pairs: list[tuple[Actor, Actor]]  # one connection each
    begin: float
    end: float
    batch: int = 1


class Load(Struct):
    """What was answered in the time that counts: requests by step and latency, and commands.

    Latencies are kept in steps of `STEP_US`, so that what is told stays short however long it took.
    """

    latencies: dict[str, dict[int, int]] = {}
    commands: int = 0
    cpu_s: float = 0.0


class Connection(asyncio.Protocol):
    """Sends a script's requests, each when the one before is answered."""

    def __init__(self, script: mix.Script, work: Work, load: Load) -> None:
        self._script = script
        self._begin, self._end = work.begin, work.end
        self._load = load
        self._parts = b""
        self._missing = -1
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods
        self._send(next(self._script))

    def data_received(self, data: bytes) -> None:
        """Take a whole answer, or wait for the rest of it."""
        if self._parts:
            data = self._parts = self._parts + data
            if self._missing > len(data):
                return
        head = data.find(b"\r\n\r\n")
        if head < 0:
            self._parts = data
            return
        start = data.lower().find(LENGTH, 0, head + 2) + len(LENGTH)
        whole = head + 4 + int(data[start : data.index(b"\r\n", start)])
        if len(data) < whole:
            self._parts, self._missing = data, whole
            return
        self._parts, self._missing = b"", -1
        self._answered(data, head + 4)

    def connection_lost(self, error: Exception | None) -> None:
        """End, or fail the whole measurement where the server hung up."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server hung up"))

    def _send(self, ask: mix.Ask) -> None:
        self._kind, self._commands = ask.kind, ask.commands
        self._sent = time.monotonic()
        self._transport.write(ask.request)

    def _answered(self, data: bytes, start: int) -> None:
        now = time.monotonic()
        if data[STATUS] != b"200":
            self.done.set_exception(RuntimeError(f"{self._kind}: {data[:600]!r}"))
            return
        if self._begin <= now < self._end:
            took = int((now - self._sent) * 1e6) // STEP_US
            counts = self._load.latencies.setdefault(self._kind, {})
            counts[took] = counts.get(took, 0) + 1
            self._load.commands += self._commands
        elif now >= self._end:
            self.done.set_result(None)
            self._transport.close()
            return
        try:
            self._send(self._script.send(data[start:]))
        except Exception as error:
            self.done.set_exception(error)


def scripts(work: Work) -> Iterator[mix.Script]:
    """Give a script for each connection."""
    host = f"127.0.0.1:{work.port}"
    asked: list[bytes] = []
    for n, (seller, buyer) in enumerate(work.pairs):
        name = f"{work.name}-{n}"
        sells = mix.Speaker(seller.key, seller.fingerprint, host=host)
        buys = mix.Speaker(buyer.key, buyer.fingerprint, host=host)
        if work.script in ("searches", "searching deals") and not asked:
            asked = mix.searches(buys)
        match work.script:
            case "deals":
                yield mix.deals(sells, buys, name)
            case "searching deals":
                yield mix.deals(sells, buys, name, asked[n:] + asked[:n])
            case "batches":
                yield mix.batches(sells, buys, name, work.batch)
            case "searches":
                yield mix.asked_for_ever(asked, n * len(asked) // len(work.pairs))
            case _:
                yield mix.echoes(host)


async def carry_out(work: Work) -> Load:
    """Keep all connections busy until the end. Raises what went wrong on any of them."""
    load = Load()
    loop = asyncio.get_running_loop()
    open_: list[Connection] = []
    for script in scripts(work):
        connected = socket.create_connection(("127.0.0.1", work.port))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setblocking(False)
        connection = Connection(script, work, load)
        await loop.create_connection(lambda one=connection: one, sock=connected)  # type: ignore[misc]
        open_.append(connection)
    await asyncio.sleep(max(0.0, work.begin - time.monotonic()))
    cpu = time.process_time()
    await asyncio.gather(*(connection.done for connection in open_))
    load.cpu_s = time.process_time() - cpu
    return load


def main() -> None:
    """Read the work, do it, write the result."""
    work = msgspec.json.decode(sys.stdin.buffer.readline(), type=Work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        load = runner.run(carry_out(work))
    sys.stdout.buffer.write(msgspec.json.encode(load) + b"\n")


if __name__ == "__main__":
    main()
