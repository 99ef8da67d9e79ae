"""The floor's figures: what was listed, offered, agreed and refused, and prices over time.

Everything is folded, record by record, into one struct of bounded size, which a file keeps: a
market of a million records is not read again at a start. What is open now stands in the state.

What one deal came to is for its parties to know, and a sum that is asked for before and after it
would tell. So prices stand here twice: of every deal, for the operator; and in tens, for all
others, who hear of a deal's price only together with nine more.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from souq.core import ending, listing, message, negotiation
from souq.core.agreement import price_of
from souq.core.mechanisms import MECHANISMS, alternating_offers, swap
from souq.core.money import UNITS_MAX
from souq.journal.record import Record
from souq.journal.replay import reader
from souq.journal.store import Store
from souq.views.derived import DerivedFile, Place, Spoilt

VERSION = "floor 1"  # raise it with any change to what is folded, or to how
UNKEPT_MAX = 5_000  # records, before they are kept: a start folds no more than these again
CACHE_KIB = 1_024
BUCKETS_MAX = 240
WIDTH_US = 1_000_000  # of a bucket at first: a second
PRICES_MAX = 1_000  # the latest, of which the median is taken
TOLD_TOGETHER = 10  # deals; PRICES_MAX is a multiple of it, so that none told of is forgotten early

_SCHEMA = "CREATE TABLE folded (one INTEGER PRIMARY KEY, fold BLOB NOT NULL);"
_PUT = "INSERT OR REPLACE INTO folded VALUES (1, ?)"
_GET = "SELECT fold FROM folded"


class Bucket(Struct, frozen=True, gc=False, omit_defaults=True):
    """The deals of one interval. `at` is its beginning (µs); prices and sums are in units.

    Single prices are None where the bucket is of deals that are told of in tens.
    """

    at: int
    deals: int
    units: int
    low: int | None = None
    high: int | None = None
    first: int | None = None
    last: int | None = None


class Series(Struct):
    """Buckets in order, those without a deal left out; all begin at a multiple of `width_us`.

    When the time from the first to the last no longer fits into BUCKETS_MAX, the width doubles.
    """

    width_us: int = WIDTH_US
    buckets: list[Bucket] = []

    def add(self, new: Bucket) -> None:
        """Put deals where they belong, none of them earlier than what is there."""
        buckets = self.buckets
        at = new.at - new.at % self.width_us
        while buckets and at - buckets[0].at >= BUCKETS_MAX * self.width_us:
            self._widen()
            buckets = self.buckets
            at = new.at - new.at % self.width_us
        if buckets and buckets[-1].at == at:
            buckets[-1] = _merged(buckets[-1], new)
        else:
            buckets.append(msgspec.structs.replace(new, at=at))

    def _widen(self) -> None:
        self.width_us *= 2
        wide: list[Bucket] = []
        for one in self.buckets:
            at = one.at - one.at % self.width_us
            if wide and wide[-1].at == at:
                wide[-1] = _merged(wide[-1], one)
            else:
                wide.append(msgspec.structs.replace(one, at=at))
        self.buckets = wide


class Prices(Struct):
    """What deals in one asset came to: those with a price, paid in that asset alone.

    `deals` were agreed, `fulfilled` performed to the end. `units` is the value of all that were
    agreed, `latest` are the latest prices in order. `told` counts the deals that anybody may hear
    of, in `told_units` and `told_series`: a multiple of TOLD_TOGETHER.
    """

    deals: int = 0
    fulfilled: int = 0
    units: int = 0
    latest: list[int] = []
    series: Series = msgspec.field(default_factory=Series)
    told: int = 0
    told_units: int = 0
    told_series: Series = msgspec.field(default_factory=Series)

    def add(self, at: int, units: int) -> None:
        """Count one more deal."""
        if len(self.latest) == 2 * PRICES_MAX:
            del self.latest[:PRICES_MAX]  # once in a thousand deals
        self.latest.append(units)
        self.deals += 1
        self.units = _sum(self.units, units)
        self.series.add(Bucket(at, 1, units, units, units, units, units))
        if self.deals == self.told + TOLD_TOGETHER:
            ten = min(sum(self.latest[-TOLD_TOGETHER:]), UNITS_MAX)
            self.told = self.deals
            self.told_units = _sum(self.told_units, ten)
            self.told_series.add(Bucket(at, TOLD_TOGETHER, ten))

    def median(self) -> int | None:
        """Give the middle one of the latest 1,000 prices; between two, their mean, rounded down."""
        return _middle(self.latest[-PRICES_MAX:])

    def told_median(self) -> int | None:
        """Give the same of those deals that anybody may hear of."""
        told = len(self.latest) - (self.deals - self.told)
        return _middle(self.latest[:told][-PRICES_MAX:])


class Folded(Struct):
    """What the records came to.

    `listings` were posted; `offers` made in bargains, counteroffers among them; `bids` placed in
    runs that anybody may join, by whatever mechanism; `messages` sent, to the floor or in a
    negotiation. `deals` were agreed, those without a price too (barter, a gift), and `fulfilled`
    performed to the end. `refusals` are counted by reason, `prices` kept by asset.
    """

    listings: int = 0
    offers: int = 0
    bids: int = 0
    messages: int = 0
    deals: int = 0
    fulfilled: int = 0
    refusals: dict[str, int] = {}
    prices: dict[str, Prices] = {}

    def add(self, record: Record) -> None:
        """Count what one more record holds."""
        if record.refusal is not None:
            reason = record.refusal.reason
            self.refusals[reason] = self.refusals.get(reason, 0) + 1
            return
        if type(record.command) in _BIDS:
            self.bids += 1
        for event in record.events:
            fold = _FOLDS.get(type(event))
            if fold is not None:
                fold(self, record.at, event)


class Floor:
    """The figures of one market. One thread at a time may call it.

    Let it `catch_up` with the journal, then `take` each record in order, once it is durable. Any
    call may raise Spoilt: `reset` it then, and let it catch up.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = DerivedFile(path, _SCHEMA, VERSION, cache_kib=CACHE_KIB)
        self._load()

    def _load(self) -> None:
        self.folded = Folded()
        self._place = Place({})
        self._is_fit = True
        try:
            facts, rows = self._file.facts(), self._file.rows(_GET)
            if rows:
                self.folded = msgspec.json.decode(rows[0][0], type=Folded)
                self._place = Place(facts)
        except (Spoilt, ValueError):  # msgspec's errors are ValueErrors too
            self._is_fit = False

    @property
    def is_spoilt(self) -> bool:
        """Tell whether a write has failed, so that it must be reset."""
        return self._file.is_spoilt

    @property
    def seq(self) -> int:
        """Give the number of the last record taken."""
        return self._place.seq

    def catch_up(self, store: Store, until: int | None = None) -> None:
        """Fold what a journal holds beyond `seq`; a file that has read another begins again."""
        if not self._is_fit or not self._place.is_in(store):
            self.reset()
        read = reader(store).whole
        for entry in store.read(self.seq + 1, until):
            self.take(read(entry.seq, entry.body))
        self.flush()

    def take(self, record: Record) -> None:
        """Fold the next record."""
        self._place.move_on(record)
        self.folded.add(record)
        if record.seq - self._place.kept >= UNKEPT_MAX:
            self.flush()

    def flush(self) -> None:
        """Keep what was folded, in one transaction with the number of the last record."""
        if self._place.kept == self.seq:
            return
        self._file.begin()
        self._file.write_many(_PUT, [(msgspec.json.encode(self.folded),)])
        self._file.note(self._place.facts())
        self._file.commit()
        self._place.kept = self.seq

    def reset(self, *, in_memory: bool = False) -> None:
        """Throw away what was folded; `catch_up` then folds it again."""
        self._file.reset(in_memory=in_memory)
        self._load()

    def close(self) -> None:
        """Keep what was folded, and let go of the file; what cannot be kept is folded again."""
        if not self.is_spoilt:
            with contextlib.suppress(Spoilt):
                self.flush()
        self._file.close()


def _merged(one: Bucket, next_one: Bucket) -> Bucket:
    deals, units = one.deals + next_one.deals, _sum(one.units, next_one.units)
    if one.low is None or next_one.low is None or one.high is None or next_one.high is None:
        return Bucket(one.at, deals, units)
    low, high = min(one.low, next_one.low), max(one.high, next_one.high)
    return Bucket(one.at, deals, units, low, high, one.first, next_one.last)


def _sum(one: int, other: int) -> int:
    # It stops where browsers and JSON do; money that circulates may sum up to any number.
    return min(one + other, UNITS_MAX)


def _middle(prices: list[int]) -> int | None:
    if not prices:
        return None
    ranked, half = sorted(prices), len(prices) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) // 2


def _posted(folded: Folded, at: int, event: listing.ListingPosted) -> None:
    folded.listings += 1


def _offered(folded: Folded, at: int, event: Any) -> None:
    folded.offers += 1


def _said(folded: Folded, at: int, event: Any) -> None:
    folded.messages += 1


def _agreed(folded: Folded, at: int, event: negotiation.AgreementReached) -> None:
    folded.deals += 1
    price = price_of(event.agreement.legs)
    if price is not None:
        prices = folded.prices.get(price.asset)
        if prices is None:
            prices = folded.prices[price.asset] = Prices()
        prices.add(at, price.units)


def _fulfilled(folded: Folded, at: int, event: ending.ContractFulfilled) -> None:
    folded.fulfilled += 1
    price = price_of(event.agreement.legs)
    if price is not None:
        folded.prices[price.asset].fulfilled += 1


# In a run that anybody may join, whatever lets somebody join it is a bid.
_BIDS = frozenset(command for one in MECHANISMS for command in one.JOINS)
_FOLDS: dict[type, Callable[[Folded, int, Any], None]] = {
    listing.ListingPosted: _posted,
    alternating_offers.OfferMade: _offered,
    swap.SwapProposed: _offered,
    message.MessagePosted: _said,
    message.MessageSent: _said,
    negotiation.AgreementReached: _agreed,
    ending.ContractFulfilled: _fulfilled,
}
