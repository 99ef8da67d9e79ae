"""What locking words costs: the same commands with and without it, alternating in one run.

CPU seconds of all threads, which a busy machine moves less than it does the clock's.

python -m bench.words
"""

import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.market import Mix, open_market
from souq.core.message import PostMessage
from souq.core.seal import PublicText
from souq.engine import Engine
from souq.journal.locking import Row
from souq.journal.record import Entry
from souq.journal.sqlite import SqliteStore

ROUNDS = 5
COMMANDS = 2_100
MESSAGES = 2_000
AGENTS = 10
WORDS = "Is the lamp still to be had, and would you come down a little? " * 2


class PlainStore(SqliteStore):
    """Stores words as earlier releases did."""

    def _locked(self, entries: Sequence[Entry]) -> list[Row]:
        return [payload[:4] for entry in entries for payload in entry.payloads]


def mixed(store: SqliteStore) -> float:
    """Give commands a CPU second of the usual mix of haggling."""
    with Engine(store) as engine:
        open_market(engine, AGENTS)
        mix = Mix(engine, 64, AGENTS)
        mix.send(700)
        begun = time.process_time()
        mix.send(COMMANDS)
        engine.wait(engine.live[1])
        return COMMANDS / (time.process_time() - begun)


def messages(store: SqliteStore) -> float:
    """Give messages a CPU second, each with words: the worst case."""
    with Engine(store) as engine:
        open_market(engine, AGENTS)
        said = [
            ("A1", f"said-{n}", PostMessage(PublicText(f"{n} {WORDS}"))) for n in range(MESSAGES)
        ]
        begun = time.process_time()
        engine.submit_many(said)
        return MESSAGES / (time.process_time() - begun)


def main() -> None:
    """Print medians, plain beside locked."""
    for name, measure in (("haggling mix", mixed), ("messages alone", messages)):
        rates: dict[str, list[float]] = {"plain": [], "locked": []}
        for n in range(ROUNDS):
            kinds = [("plain", PlainStore), ("locked", SqliteStore)]
            for kind, made in kinds if n % 2 else reversed(kinds):
                with tempfile.TemporaryDirectory() as folder:
                    rates[kind].append(measure(made(Path(folder))))
        plain, locked = (statistics.median(rates[kind]) for kind in ("plain", "locked"))
        print(
            f"{name:16} plain {plain:9,.0f}/s   locked {locked:9,.0f}/s"
            f"   {100 * (plain / locked - 1):+.1f} % CPU"
        )
    print(f"{platform.machine()}, Python {platform.python_version()}, medians of {ROUNDS} rounds")


if __name__ == "__main__":
    main()
