"""The catalogue: searches a second, how long the slowest take, and what a posted listing costs.

Listings are the craigslist goods in `shared/data`, or the bundled goods where those are missing,
varied until there are enough; queries are one to three words that stand together in their titles,
four in ten of them with a category, a price band or a delivery beside.
"""

import itertools
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from souq.core.listing import Delivery, Listing, ListingPosted, PauseListing, PostListing
from souq.core.money import Money
from souq.core.rules import MarketOpened, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.core.stock import StockReserved
from souq.journal.record import Record
from souq.lab.goods import bundled
from souq.views.catalogue import Catalogue, Search
from souq.views.catalogue.card import Order

_CRAIGSLIST = Path(__file__).parents[2] / "shared" / "data" / "craigslist"
_DOLLAR = 1_000_000
_ORDERS: tuple[Order, ...] = ("relevance", "newest", "cheapest")
_DELIVERIES: tuple[Delivery, ...] = ("meet", "ship", "digital")
Rate = Callable[[str, int, Callable[[], object]], None]


class Good(Struct, frozen=True):
    """A thing somebody once offered."""

    category: str
    title: str
    description: str
    asking_price_usd: float = 20


def goods() -> list[Good]:
    """Give real second-hand goods, or the bundled ones."""
    lines = [line for path in sorted(_CRAIGSLIST.glob("*.jsonl")) for line in path.open("rb")]
    if lines:
        return [msgspec.json.decode(line, type=Good) for line in lines]
    return [
        Good(one.category, one.title, one.description, one.price_low_units / _DOLLAR)
        for one in bundled()
    ]


def listings(count: int) -> Iterator[Record]:
    """Give the records of a market in which so many listings are posted, words and all."""
    rng = random.Random(7)
    yield Record(1, 1, "operator", "open", OpenMarket(), (MarketOpened(Rules()),))
    real = goods()
    words = [word for good in real for word in good.title.split()]
    for n, good in enumerate(itertools.islice(itertools.cycle(real), count), start=1):
        title = PublicText(f"{good.title} {rng.choice(words)}"[:200], f"t{n}")
        description = PublicText(good.description[:600], f"d{n}" if good.description else "")
        price = Money(int(good.asking_price_usd * rng.uniform(0.5, 1.5)) * _DOLLAR, "USD")
        agent = rng.randrange(1, 2_001)
        posted = Listing(
            id=f"L{n}",
            agent=f"A{agent}",
            principal=f"P{agent}",
            title=title.digest,
            category=f"{good.category}/{rng.choice('abcdefgh')}",
            available=1,
            price=price,
            description=description.digest,
            attributes={"year": rng.randrange(1990, 2025)} if n % 4 == 0 else {},
            delivery=rng.choice(_DELIVERIES),
            mechanisms=("alternating_offers", "posted_price"),
        )
        command = PostListing(title, posted.category, price, description=description)
        yield Record(n + 1, n + 1, posted.agent, f"c{n}", command, (ListingPosted(posted),))


def queries(count: int, order: Order, limit: int, *, filtered: bool = True) -> list[Search]:
    """Give searches as people type them."""
    rng = random.Random(11)
    real = [(good, re.findall(r"\w+", good.title)) for good in goods()]
    made: list[Search] = []
    while len(made) < count:
        good, words = rng.choice(real)
        size = rng.choice((1, 2, 2, 3))
        start = rng.randrange(max(1, len(words) - size + 1))
        text = " ".join(words[start : start + size]).lower()
        if not text:
            continue
        search = Search(text=text, order=order, limit=limit)
        change = rng.randrange(10) if filtered else 9
        if change == 0:
            search = msgspec.structs.replace(search, category=good.category)
        elif change == 1:
            search = msgspec.structs.replace(search, price_max_units=200 * _DOLLAR)
        elif change == 2:
            search = msgspec.structs.replace(search, delivery=rng.choice(_DELIVERIES))
        elif change == 3:
            search = msgspec.structs.replace(search, text="", category=good.category)
        made.append(search)
    return made


def filled(catalogue: Catalogue, records: list[Record]) -> Catalogue:
    """Take records whose words they carry, and keep them."""
    for record in records:
        catalogue.take(record, _no_payload)
    catalogue.flush()
    return catalogue


def rates(rate: Rate, scale: float) -> None:
    """Measure searches a second, and listings taken a second."""
    count = max(1_000, int(10_000 * scale))
    records = list(listings(count))
    with tempfile.TemporaryDirectory() as name:
        catalogue = Catalogue(Path(name) / "catalogue.sqlite")
        rate(f"e  catalogue, {count:,} listings taken", count, lambda: filled(catalogue, records))
        for order in _ORDERS[:2]:
            asked = queries(2_000, order, 10)
            label = f"e  catalogue, search by {order} in {count:,}"
            rate(label, len(asked), partial(_search, catalogue, asked))
        catalogue.close()


def sizes(scale: float) -> dict[str, float]:
    """Measure the slowest searches among many listings, and the cost of a start."""
    count = max(2_000, int(100_000 * scale))
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "catalogue.sqlite"
        catalogue = Catalogue(path)
        records = list(listings(count))
        began = time.process_time()
        filled(catalogue, records)
        found["µs per listing taken and kept"] = (time.process_time() - began) / count * 1e6
        for order in _ORDERS:
            times = sorted(_times(catalogue, queries(2_000, order, 20)))
            for share in (50, 99):
                label = f"µs, p{share} of a search by {order} in {count:,}"
                found[label] = times[len(times) * share // 100] * 1e6
        found["µs, p99 of a search after each posted listing"] = _while_posting(catalogue, records)
        found["µs per record that is none of its concern"] = _other_records(catalogue)
        catalogue.close()
        found["bytes on disk per listing"] = path.stat().st_size / count
        began = time.perf_counter()
        opened = Catalogue(path)
        found["µs to open it again"] = (time.perf_counter() - began) * 1e6
        opened.close()
    return found


def _search(catalogue: Catalogue, asked: list[Search]) -> None:
    for one in asked:
        catalogue.search(one)


def _times(catalogue: Catalogue, asked: list[Search]) -> Iterator[float]:
    for one in asked:
        began = time.perf_counter()
        catalogue.search(one)
        yield time.perf_counter() - began


def _while_posting(catalogue: Catalogue, records: list[Record]) -> float:
    times = []
    posted = records[1].events[0].listing
    for search in queries(1_000, "relevance", 10):
        seq = catalogue.seq + 1
        listing = msgspec.structs.replace(posted, id=f"L{seq}")
        record = msgspec.structs.replace(records[1], seq=seq, events=(ListingPosted(listing),))
        catalogue.take(record, _no_payload)
        began = time.perf_counter()
        catalogue.search(search)
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) * 99 // 100] * 1e6


def _other_records(catalogue: Catalogue) -> float:
    first = catalogue.seq + 1
    reserved = (StockReserved("L1", 0),)  # one in six concerns a listing's stock
    records = [
        Record(seq, seq, "A1", "", PauseListing("L1"), reserved if seq % 6 == 0 else ())
        for seq in range(first, first + 10_000)
    ]
    began = time.process_time()
    for record in records:
        catalogue.take(record, _no_payload)
    return (time.process_time() - began) / len(records) * 1e6


def _no_payload(digest: str) -> None:
    return None


if __name__ == "__main__":
    for name, value in sizes(1.0).items():
        print(f"{name:<60}{value:>12,.1f}")
