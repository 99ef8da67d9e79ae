"""Hours in minutes: a real server under steady load, with clients coming and going, and restarts.

    python -m tests.soak --minutes 10

It ends with a table, what grew, and the audit of the whole journal; 0 where all is well.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.server import auditing
from tests.server.process import Server
from tests.server.stage import Crowd, check_at_once, check_at_the_end
from tests.soak.samples import Latencies, Life, Sample, bytes_per_id, growth, look, steady, table

SAMPLES_PER_RUN = 150
SAMPLE_MIN_S = 0.5
PAUSE_S = 0.2  # of each pair between two deals: the load is to be steady, not the most there is
STREAMS = 12
STREAM_MAX_S = 3.0
# When it is restarted, as shares of the whole; the long life in between is what is measured.
RESTARTS = ((0.06, "kill"), (0.12, "stop"), (0.88, "kill"), (0.94, "stop"))


class Readers(threading.Thread):
    """Readers of events that come, stay a while, and go: some politely, some not."""

    def __init__(self, port: int, keys: list[str]) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._keys = keys
        self._is_over = threading.Event()
        self._rng = random.Random(1)
        self.opened = 0

    def run(self) -> None:
        """Read until told to stop."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """Hang up."""
        self._is_over.set()
        self.join()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(STREAMS):
                group.create_task(self._read())

    async def _read(self) -> None:
        while not self._is_over.is_set():
            key = self._rng.choice(self._keys)
            with suppress(OSError, TimeoutError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                self.opened += 1
                head = f"GET /v1/events HTTP/1.1\r\nHost: soak\r\nAuthorization: Bearer {key}\r\n"
                writer.write(f"{head}\r\n".encode())
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._rng.uniform(0.1, STREAM_MAX_S)):
                        while await reader.read(65_536):
                            pass
                if self._rng.random() < 0.5:
                    writer.transport.abort()
                writer.close()
            await asyncio.sleep(0.05)


def run(minutes: float, folder: Path) -> bool:
    """Soak a server; tell whether all is well."""
    store = folder / "market"
    samples: list[Sample] = []
    rng = random.Random(1)
    with Server(store, store) as server:
        server.start()
        crowd = Crowd(folder / "clients", server, pause_s=PAUSE_S, is_churning=True)
        latencies, per_id = Latencies(crowd.lists), bytes_per_id()
        life = Life(1, server.pid, 0)
        readers = Readers(server.port, list(crowd.keys.values()))
        crowd.start()
        readers.start()
        begin = time.monotonic()
        whole_s = 60 * minutes
        step_s = max(SAMPLE_MIN_S, whole_s / SAMPLES_PER_RUN)
        restarts = list(RESTARTS)
        try:
            while (at := time.monotonic() - begin) < whole_s:
                if restarts and at >= restarts[0][0] * whole_s:
                    _restart(server, restarts.pop(0)[1])
                    life = Life(server.starts, server.pid, latencies.commands)
                    check_at_once(store, crowd, server, rng)
                    continue
                samples.append(look(at, life, store, latencies, per_id))
                crowd.need_alive()
                time.sleep(step_s)
            readers.stop()
            books = check_at_the_end(store, crowd, server)
        finally:
            crowd.kill()
        assert server.stop() == 0
    print(table(samples))
    return _judged(samples, books, readers.opened)


def _restart(server: Server, how: str) -> None:
    if how == "kill":
        server.kill()
    else:
        code = server.stop()
        assert code == 0, f"a clean stop ended with {code}: {server.last_words}"
    server.start()


def _judged(samples: list[Sample], books: auditing.Books, streams: int) -> bool:
    warm = steady(samples)
    grown = [growth(name, warm) for name in ("net", "descriptors", "threads")]
    seconds = warm[-1].at - warm[0].at
    print(f"\nwarm for {seconds:.0f} s, {warm[-1].commands - warm[0].commands} commands:")
    for one in grown:
        said = "flat" if one.is_flat else "GROWS"
        print(f"  {one.name:12} {one.mean:12.0f}  {one.per_minute:+8.2%} a minute  {said}")
    print(
        f"{len(books.acks)} commands acknowledged, 0 lost, 0 doubled; {streams} event streams;"
        f" {len(RESTARTS)} restarts; the audit is clean"
    )
    return all(one.is_flat for one in grown)


def main() -> int:
    """Soak as long as asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="souq-soak-") as folder:
        return 0 if run(asked.minutes, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
