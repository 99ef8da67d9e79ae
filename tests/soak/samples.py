"""What a running server uses, sampled from outside, and whether it keeps using more.

A server remembers the ids of the last 262,144 commands exactly, on purpose, so it grows until it
has had so many. What one id takes is measured here by the server's own code, and taken off.
"""

import json
import os
import tracemalloc
from pathlib import Path
from statistics import fmean, quantiles
from typing import NamedTuple

from souq.journal.known import RECENT_MAX, KnownIds
from souq.journal.memory import MemoryStore

GROWTH_MAX_PER_MINUTE = 0.01
WARM_UP = 0.4  # of a server's life; what it uses then still settles
MB = 1_000_000
# Tables double now and then, and a dozen streams come and go; of each leak there would be hundreds.
NOISE = {"net": 2 * MB, "descriptors": 4}


class Sample(NamedTuple):
    """One look at a server. `life` counts its starts; sizes are bytes.

    `net` is the memory in use but for the ids of the commands since it started.
    """

    at: float
    life: int
    rss: int
    net: int
    descriptors: int
    threads: int
    commands: int
    p50_ms: float
    p99_ms: float
    journal: int
    views: int


class Growth(NamedTuple):
    """How much a figure grew while its server was warm, by a straight line through it."""

    name: str
    mean: float
    per_minute: float  # as a share of the mean
    in_all: float  # in the figure's own unit

    @property
    def is_flat(self) -> bool:
        """Tell whether it stays: what is within the noise of a short trial is no growth."""
        is_slow = self.per_minute <= GROWTH_MAX_PER_MINUTE
        return is_slow or self.in_all <= NOISE.get(self.name, 0)


class Latencies:
    """Reads what the clients' lists have grown by since the last look."""

    def __init__(self, lists: list[Path]) -> None:
        self._read = dict.fromkeys(lists, 0)
        self.commands = 0

    def look(self) -> tuple[float, float]:
        """Give the median and the 99th percentile, in milliseconds, of what is new."""
        took = []
        for path, start in self._read.items():
            with path.open("rb") as file:
                file.seek(start)
                text = file.read()
            whole = text.rfind(b"\n") + 1
            self._read[path] = start + whole
            for line in text[:whole].splitlines():
                ack = json.loads(line)
                took.append(1_000 * (ack["got_at"] - ack["sent_at"]))
        self.commands += len(took)
        if len(took) < 2:
            return 0.0, 0.0
        cuts = quantiles(took, n=100)
        return cuts[49], cuts[98]


def bytes_per_id(count: int = 20_000) -> float:
    """Measure what a server keeps in memory for each command it answered."""
    known = KnownIds(MemoryStore(), 0)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for n in range(count):
        known.add(n + 2_000_000_000, ("A" + str(n % 16), f"c0-0-{n}-deliver"), n + 1_000, 0)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(known) == count
    return (after - before) / count


class Life(NamedTuple):
    """One start of a server: its number, its process, and the commands answered before."""

    number: int
    pid: int
    commands: int


def look(at: float, life: Life, folder: Path, latencies: Latencies, per_id: float) -> Sample:
    """Look at a process and its files. Raises OSError where it is gone."""
    proc = Path("/proc") / str(life.pid)
    status = dict(line.partition(":")[::2] for line in (proc / "status").read_text().splitlines())
    p50_ms, p99_ms = latencies.look()
    rss = 1_024 * int(status["VmRSS"].split()[0])
    ids = min(latencies.commands - life.commands, RECENT_MAX)
    return Sample(
        at=at,
        life=life.number,
        rss=rss,
        net=rss - int(per_id * ids),
        descriptors=len(os.listdir(proc / "fd")),
        threads=int(status["Threads"]),
        commands=latencies.commands,
        p50_ms=p50_ms,
        p99_ms=p99_ms,
        journal=_size(folder, "journal"),
        views=_size(folder, "catalogue") + _size(folder, "mentions"),
    )


def _size(folder: Path, name: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(f"{name}.sqlite*"))


def steady(samples: list[Sample]) -> list[Sample]:
    """Give the samples of the longest life, without its warm-up."""
    lives = {one.life for one in samples}
    longest = max(lives, key=lambda life: sum(one.life == life for one in samples))
    own = [one for one in samples if one.life == longest]
    return own[int(len(own) * WARM_UP) :]


def growth(name: str, samples: list[Sample]) -> Growth:
    """Lay a straight line through one figure, by least squares."""
    times = [one.at for one in samples]
    values = [float(getattr(one, name)) for one in samples]
    at, mean = fmean(times), fmean(values)
    spread = sum((time - at) ** 2 for time in times)
    together = sum((t - at) * (v - mean) for t, v in zip(times, values, strict=True))
    per_s = together / spread
    return Growth(name, mean, 60 * per_s / mean, (times[-1] - times[0]) * per_s)


def table(samples: list[Sample], rows: int = 20) -> str:
    """Write some of the samples as a table."""
    columns: tuple[str, ...] = ("s", "life", "RSS MB", "net MB", "files", "threads", "commands")
    columns += ("p50 ms", "p99 ms", "journal MB", "views MB")
    lines = ["".join(f"{column:>12}" for column in columns)]
    for one in samples[:: max(1, len(samples) // rows)]:
        whole = (one.descriptors, one.threads, one.commands)
        broken = (one.p50_ms, one.p99_ms, one.journal / MB, one.views / MB)
        lines.append(
            f"{one.at:12.0f}{one.life:12d}{one.rss / MB:12.1f}{one.net / MB:12.1f}"
            + "".join(f"{value:12d}" for value in whole)
            + "".join(f"{value:12.1f}" for value in broken)
        )
    return "\n".join(lines)
