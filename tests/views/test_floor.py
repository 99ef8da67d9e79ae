"""The floor's figures are what a count over raw records gives, whatever happens to their file."""

import json
from collections import Counter
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import msgspec
import pytest

from souq.core.agreement import Agreement, CashLeg, GoodsLeg, Leg
from souq.core.ending import ContractFulfilled
from souq.core.mechanisms import BY_NAME
from souq.core.message import MessagePosted, MessageSent, PostMessage
from souq.core.money import UNITS_MAX, Money
from souq.core.negotiation import AgreementReached
from souq.core.seal import PublicText
from souq.journal.memory import MemoryStore
from souq.journal.record import Record
from souq.journal.replay import records
from souq.journal.store import Store
from souq.lab.hall import Hall
from souq.views.derived import Spoilt
from souq.views.floor import BUCKETS_MAX, UNKEPT_MAX, Bucket, Floor, Folded, Prices, Series
from tests.laws.walk import walk
from tests.mechanisms.plays import PLAYS

FILE = "floor.sqlite"
SECOND_US = 1_000_000
OFFERS = ("OfferMade", "SwapProposed")
MESSAGES = ("MessagePosted", "MessageSent")
BIDS = {
    *("PlaceSealedBid", "CommitBid", "PlaceProxyBid", "TakeFallingPrice", "SendProposal"),
    *("PlaceCallOrder", "EnterBatch", "PlaceOrder", "BidOnPackages", "PlaceLaneBid"),
    *("ReserveLane", "EnterBarter"),
}
Deal = tuple[int, int]  # when, for how much


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "court"])
def store(request: pytest.FixtureRequest) -> Store:
    return walk(23, 2_500, has_court=request.param).store


def floor(store: Store, path: Path | None = None, until: int | None = None) -> Floor:
    found = Floor(path)
    found.catch_up(store, until)
    return found


def raw(store: Store) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in store.read()]


def price(agreement: dict[str, Any]) -> tuple[str, int] | None:
    """Give (asset, units) of a deal that is paid in one asset."""
    cash = [leg["amount"] for leg in agreement["legs"] if leg["type"] == "cash"]
    assets = {asset for _, asset in cash}
    return (assets.pop(), sum(units for units, _ in cash)) if len(assets) == 1 else None


def counted(store: Store) -> Folded:
    """Count what raw records hold, all but prices."""
    lines = raw(store)
    kinds = Counter(event["type"] for line in lines for event in line.get("events", ()))
    return Folded(
        listings=kinds["ListingPosted"],
        offers=sum(kinds[kind] for kind in OFFERS),
        bids=sum(line["command"]["type"] in BIDS and "refusal" not in line for line in lines),
        messages=sum(kinds[kind] for kind in MESSAGES),
        deals=kinds["AgreementReached"],
        fulfilled=kinds["ContractFulfilled"],
        refusals=dict(Counter(line["refusal"]["reason"] for line in lines if "refusal" in line)),
    )


def deals_by_asset(store: Store, kind: str = "AgreementReached") -> dict[str, list[Deal]]:
    found: dict[str, list[Deal]] = {}
    for line in raw(store):
        for event in line.get("events", ()):
            paid = price(event["agreement"]) if event["type"] == kind else None
            if paid is not None:
                found.setdefault(paid[0], []).append((line["at"], paid[1]))
    return found


def width(deals: list[Deal]) -> int:
    found = SECOND_US
    while deals and deals[-1][0] // found - deals[0][0] // found >= BUCKETS_MAX:
        found *= 2
    return found


def buckets(deals: list[Deal]) -> list[Bucket]:
    """Sort deals into the narrowest buckets that are few enough."""
    wide = width(deals)
    by_time: dict[int, list[int]] = {}
    for at, units in deals:
        by_time.setdefault(at // wide * wide, []).append(units)
    return [
        Bucket(at, len(of), sum(of), min(of), max(of), of[0], of[-1]) for at, of in by_time.items()
    ]


def told_buckets(deals: list[Deal]) -> list[Bucket]:
    ends = range(10, len(deals) + 1, 10)
    tens = [(deals[n - 1][0], sum(units for _, units in deals[n - 10 : n])) for n in ends]
    return [Bucket(one.at, 10 * one.deals, one.units) for one in buckets(tens)]


def middle(prices: list[int]) -> int | None:
    return median(prices).__floor__() if prices else None


def check_prices(found: Prices, deals: list[Deal]) -> None:
    prices, told = [units for _, units in deals], len(deals) // 10 * 10
    assert (found.deals, found.units) == (len(deals), sum(prices))
    assert (found.series.width_us, found.series.buckets) == (width(deals), buckets(deals))
    assert found.median() == middle(prices[-1_000:])
    assert (found.told, found.told_units) == (told, sum(prices[:told]))
    assert found.told_series.buckets == told_buckets(deals)
    assert found.told_median() == middle(prices[:told][-1_000:])


def check(found: Folded, store: Store) -> None:
    assert msgspec.structs.replace(found, prices={}) == counted(store)
    fulfilled = deals_by_asset(store, "ContractFulfilled")
    by_asset = deals_by_asset(store)
    assert set(found.prices) == set(by_asset)
    for asset, prices in found.prices.items():
        assert prices.fulfilled == len(fulfilled.get(asset, ()))
        check_prices(prices, by_asset[asset])


def test_the_figures_are_what_a_count_over_raw_records_gives(store: Store) -> None:
    found = floor(store).folded
    check(found, store)
    assert min(found.listings, found.offers, found.fulfilled) > 10
    assert len(found.refusals) > 10
    assert len(found.prices["USD"].series.buckets) > 30
    assert found.prices["USD"].told > 20


def record(seq: int, *events: Any) -> Record:
    return Record(seq, seq, "A1", f"c{seq}", PostMessage(PublicText("hello")), events)


def agreed(*paid: Money) -> AgreementReached:
    legs: tuple[Leg, ...] = (
        GoodsLeg("A1", "A2", "L1", 1),
        *(CashLeg("A2", "A1", amount) for amount in paid),
    )
    return AgreementReached("C1", "N1", Agreement(("A1", "A2"), legs))


def test_a_deal_counts_in_the_asset_that_it_is_paid_in() -> None:
    found = Folded()
    usd, eur = Money(7, "USD"), Money(9, "EUR")
    for seq, paid in enumerate([(usd,), (usd, usd), (eur,), (usd, eur), (), (Money(0, "EUR"),)], 1):
        found.add(record(seq, agreed(*paid)))
    found.add(record(7, ContractFulfilled("C1", agreed(eur).agreement)))
    found.add(record(8, ContractFulfilled("C1", agreed(usd, eur).agreement)))
    assert (found.deals, found.fulfilled) == (6, 2)
    prices = {asset: (one.latest, one.fulfilled) for asset, one in found.prices.items()}
    assert prices == {"USD": ([7, 14], 0), "EUR": ([9, 0], 1)}


def test_what_is_said_to_all_and_to_one_counts() -> None:
    found = Folded()
    found.add(record(1, MessagePosted("A1", "digest"), MessageSent("A1", "N1", "digest")))
    assert found == Folded(messages=2)


@pytest.mark.parametrize("name", PLAYS)
def test_bids_and_deals_of_every_mechanism_are_counted(name: str) -> None:
    bids = deals = 0
    for play in PLAYS[name]:
        hall = Hall(BY_NAME[name])
        play(hall)
        held = hall.simulation.engine.store
        found = floor(held).folded
        check(found, held)
        bids, deals = bids + found.bids, deals + found.deals
    assert bids
    assert deals


@pytest.mark.parametrize("seed", range(6))
def test_thousands_of_deals_over_any_time_sum_up_as_they_should(seed: int) -> None:
    chance, found, deals = Random(seed), Prices(), []
    at = chance.randint(0, 2**50)
    for _ in range(chance.choice((5, 995, 1_015, 4_000))):
        at += chance.choice((1, 1, 900_000, SECOND_US, 7 * SECOND_US, chance.randint(1, 10**9)))
        deals.append((at, chance.choice((0, 1, chance.randint(1, 10**9)))))
        found.add(*deals[-1])
        if chance.random() < 0.01 or len(found.latest) < 1_012 < len(deals):
            check_prices(found, deals)
            found = msgspec.json.decode(msgspec.json.encode(found), type=Prices)
    check_prices(found, deals)
    assert len(found.latest) <= 2_000


def test_a_series_stays_small_and_keeps_its_totals_however_long_nothing_happens() -> None:
    chance, found, at = Random(1), Series(), 0
    for n in range(1, 3_000):
        at += 10 ** chance.randint(0, 12)
        found.add(Bucket(at, 1, n, n, n, n, n))
        assert len(found.buckets) <= BUCKETS_MAX
        assert (found.buckets[-1].at + found.width_us) > at >= found.buckets[-1].at
        assert found.buckets[-1].last == n
    assert sum(one.deals for one in found.buckets) == n
    assert sum(one.units for one in found.buckets) == n * (n + 1) // 2
    assert all(one.at % found.width_us == 0 for one in found.buckets)
    assert min(one.low or 0 for one in found.buckets) == found.buckets[0].first == 1


def test_a_sum_stops_where_browsers_stop_counting() -> None:
    found = Prices()
    for n in range(5_000):  # beyond 2**64, which JSON's writer would refuse
        found.add(n, UNITS_MAX)
    assert found.units == found.told_units == found.series.buckets[0].units == UNITS_MAX
    assert msgspec.json.decode(msgspec.json.encode(found), type=Prices) == found


def test_records_come_in_order_and_once(store: Store) -> None:
    found = floor(store, until=0)
    first, second, third, *_ = records(store)
    found.take(first)
    for record in (first, third):
        with pytest.raises(AssertionError):
            found.take(record)
    found.take(second)
    assert found.seq == 2


@pytest.mark.parametrize("seed", range(8))
def test_after_a_crash_at_any_point_catching_up_gives_what_folding_anew_gives(
    store: Store, tmp_path: Path, seed: int
) -> None:
    chance, fresh = Random(seed), floor(store).folded
    head, path, kept = store.head()[0], tmp_path / FILE, 0
    journal = list(records(store))
    while True:
        found = Floor(path)
        assert found.seq == kept
        kept = chance.randint(kept, head) if chance.random() < 0.3 else kept
        found.catch_up(store, kept)
        for record in journal[found.seq : found.seq + chance.randint(1, 500)]:
            found.take(record)
            if chance.random() < 0.01:
                found.flush()
                kept = found.seq
        if found.seq == head:
            break
        found._file._db.rollback()  # what a dying process does
        found._file._db.close()
    assert found.folded == fresh
    found.close()
    again = Floor(path)
    assert (again.seq, again.folded) == (head, fresh)
    again.close()


def test_what_is_not_yet_kept_is_bounded(tmp_path: Path) -> None:
    found = Floor(tmp_path / FILE)
    found.catch_up(MemoryStore())
    first = next(records(walk(1, 1).store))
    for seq in range(1, UNKEPT_MAX + 100):
        found.take(msgspec.structs.replace(first, seq=seq))
    found._file._db.close()
    assert Floor(tmp_path / FILE).seq == UNKEPT_MAX


def test_a_reset_folds_the_same_again(store: Store, tmp_path: Path) -> None:
    found = floor(store, tmp_path / FILE)
    before = found.folded
    for in_memory in (False, True):
        found.reset(in_memory=in_memory)
        assert (found.seq, found.folded) == (0, Folded())
        found.catch_up(store)
        assert found.folded == before
    found.close()


def test_the_file_of_another_journal_is_thrown_away(store: Store, tmp_path: Path) -> None:
    floor(walk(12, 300).store, tmp_path / FILE).close()
    found = floor(store, tmp_path / FILE)
    assert found.folded == floor(store).folded
    found.close()


@pytest.mark.parametrize("spoil", ["not a fold", '{"deals": "many"}', "[]"])
def test_a_file_that_cannot_be_read_is_folded_again(
    store: Store, tmp_path: Path, spoil: str
) -> None:
    floor(store, tmp_path / FILE).close()
    found = Floor(tmp_path / FILE)
    found._file._db.execute("UPDATE folded SET fold = ?", (spoil.encode(),))
    found._file._db.close()
    again = floor(store, tmp_path / FILE)
    assert again.folded == floor(store).folded
    again.close()


def test_a_write_that_fails_is_told(store: Store, tmp_path: Path) -> None:
    found = floor(store, tmp_path / FILE, until=10)
    found._file._db.execute("DROP TABLE folded")
    found._file._db.execute("CREATE TABLE folded (one INTEGER CHECK (one > 1), fold BLOB)")
    found.take(list(records(store))[10])
    with pytest.raises(Spoilt):
        found.flush()
    assert found.is_spoilt
    found.reset()
    found.catch_up(store)
    assert found.folded == floor(store).folded
    found.close()
