"""How fast surveillance is: `python -m bench.surveillance`.

Each detector on rows from the generators of its tests; a look is what a server waits for at most.
The watch is measured on records of the haggling mix, beside the reading of the same records.
"""

import argparse
import platform
import time
from collections.abc import Callable
from random import Random
from typing import Any

from bench.market import Mix, open_market
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.journal.replay import reader
from souq.views.surveillance import DETECTORS
from souq.views.surveillance.rows import (
    Award,
    Bid,
    Fill,
    Order,
    OrderGone,
    Quote,
    Said,
    Tender,
    Trade,
)
from souq.views.surveillance.watch import ROWS_MAX, Watch, most_of
from tests.surveillance import books, honest


def inputs() -> dict[type, list[Any]]:
    """Make as many rows of each kind as the watch keeps, or some tens of thousands."""
    rng = Random(1)
    trades = honest.trades(rng, ROWS_MAX)
    quotes: list[Quote] = []
    for n in range(60):
        quotes += honest.quotes(rng, market=f"m{n % 8}")
    quotes.sort(key=lambda one: one.at)
    said: list[Said] = honest.talk(rng, quotes, count=5_000)
    bids: list[Bid]
    awards: list[Award]
    bids, awards = honest.auctions(rng, runs=2_000)
    tenders: list[Tender] = honest.tenders(rng, count=5_000)
    orders, gone, fills = books.session(rng, seconds=2_500)
    found: dict[type, list[Any]] = {
        Trade: trades,
        Quote: quotes,
        Said: said,
        Bid: bids,
        Award: awards,
        Tender: tenders,
        Order: orders,
        OrderGone: gone,
        Fill: fills,
    }
    return found


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that some work takes, the best of three."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=20_000)
    commands = parser.parse_args().commands
    print(f"{platform.machine()}, Python {platform.python_version()}")
    rows = inputs()
    for one in DETECTORS:
        given = [rows[kind][-most_of(one) :] for kind in one.READS]
        count = sum(map(len, given))
        seconds = timed(lambda one=one, given=given: list(one.find(*given)))  # type: ignore[misc]
        print(f"{one.NAME:20}{count:8} rows{count / seconds:12,.0f} rows/s{1e3 * seconds:9.0f} ms")
    store = MemoryStore()
    engine = Engine(store)
    open_market(engine)
    Mix(engine, 1).send(commands)
    head = store.head()[0]
    read = reader(store).whole
    plain = timed(lambda: [read(entry.seq, entry.body) for entry in store.read(1, head)])
    records = [read(entry.seq, entry.body) for entry in store.read(1, head)]

    def follow() -> None:
        watch = Watch(store.payload)
        for record in records:
            watch.take(record)

    followed = timed(follow)
    print(f"{'reading records':20}{head:8} recs{head / plain:12,.0f} recs/s")
    print(f"{'watching them':20}{head:8} recs{head / followed:12,.0f} recs/s")


if __name__ == "__main__":
    main()
