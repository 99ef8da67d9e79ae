"""Cheats in whole markets are found by `souq watch`; honest ones, the demo among them, are not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from souq.core.listing import ListingEdited
from souq.core.restriction import RESTRICTIONS, RestrictionSet
from souq.journal.memory import MemoryStore
from souq.journal.replay import records, replay
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.lab.deal import run_deal
from souq.lab.goods import bundled
from souq.lab.population import draw
from souq.views.surveillance import price_parallelism
from souq.views.surveillance.rows import Alarm
from souq.views.surveillance.watch import Watch
from tests.surveillance import bazaar, learners


def watched(store: Store) -> tuple[Alarm, ...]:
    seen = Watch(store.payload)
    for record in records(store):
        seen.take(record)
    return seen.alarms()


def souq(*words: object) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from souq.cli import main; main()"]
    env = {**os.environ, "COLUMNS": "160"}
    return subprocess.run(
        [*program, *map(str, words)], capture_output=True, text=True, env=env, check=False
    )


def seen(folder: Path, *more: str) -> Any:
    done = souq("watch", folder, "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def made(folder: Path, make: Callable[[Store], Any]) -> Any:
    store = SqliteStore(folder)
    try:
        return make(store)
    finally:
        store.close()


def test_a_wash_ring_among_honest_stalls_is_found() -> None:
    store = MemoryStore()
    ring = bazaar.stalls(store, ring=3)
    (alarm,) = [one for one in watched(store) if one.detector == "wash_trading"]
    assert set(alarm.parties) == set(ring)
    assert len(alarm.contracts) >= 10


def test_honest_stalls_raise_no_alarm() -> None:
    store = MemoryStore()
    bazaar.stalls(store)
    assert watched(store) == ()


@pytest.mark.parametrize("has_spoofer", [True, False])
def test_a_spoofer_in_a_book_is_found_and_its_maker_is_not(has_spoofer: bool) -> None:
    store = MemoryStore()
    spoofer = bazaar.book(store, has_spoofer=has_spoofer)
    expected = [("spoofing", (spoofer,))] if has_spoofer else []
    assert [(one.detector, one.parties) for one in watched(store)] == expected


@pytest.mark.parametrize("has_shill", [True, False])
def test_a_shill_is_found_with_the_seller_it_serves(has_shill: bool) -> None:
    store = MemoryStore()
    pair = bazaar.auctions(store, has_shill=has_shill)
    found = [one for one in watched(store) if one.detector == "shill_bidding"]
    assert [frozenset(one.parties) for one in found] == ([pair] if has_shill else [])


def test_the_pair_of_2011_is_found_at_the_third_change_of_a_price() -> None:
    store = MemoryStore()
    bazaar.duel(store)
    follows = Watch(store.payload)
    changes = 0
    for record in records(store):
        follows.take(record)
        changes += any(isinstance(event, ListingEdited) for event in record.events)
        found = [one for one in follows.alarms() if one.detector == "repricing_loop"]
        if found:
            break
    assert changes == 3
    assert "0.998300 and 1.270589" in found[0].told or "1.270589 and 0.998300" in found[0].told


def test_sellers_who_learnt_to_punish_are_found_in_the_journal_as_on_their_tape() -> None:
    kinds = learners.taught(10)
    genuine = [learners.with_cuts(one, knows_cost=False) for one in kinds["genuine"]]
    tapes = [tape for tape in genuine if any(price_parallelism.find(tape))][:2]
    tapes += [learners.with_cuts(kinds[case][0], knows_cost=False) for case in kinds]
    tapes.append(learners.with_sales(Random(4), knows_cost=False))
    warned = 0
    for tape in tapes:
        store = MemoryStore()
        bazaar.shelves(store, tape)
        found = watched(store)
        expected = [(one.detector, one.score_bps) for one in price_parallelism.find(tape)]
        assert [(one.detector, one.score_bps) for one in found] == expected
        assert all((one.parties, one.advice) == (("P1", "P2"), "warn") for one in found)
        warned += len(found)
    assert warned in (2, 3)  # the two chosen for it, and maybe the first


def test_the_demo_market_raises_no_alarm() -> None:
    store = MemoryStore()
    with run_deal(
        draw(bundled(), people=69, seed=7, per_person=8, budget_units=None), store
    ).engine:
        assert watched(store) == ()


def test_souq_watch_tells_the_ring_and_acts_only_where_it_is_told_to(tmp_path: Path) -> None:
    ring = made(tmp_path, lambda store: bazaar.stalls(store, ring=3))
    before = made(tmp_path, lambda store: store.head())
    told = seen(tmp_path)
    assert {one["detector"] for one in told["alarms"]} >= {"wash_trading"}
    assert {tuple(one["parties"]) for one in told["alarms"]} == {tuple(ring)}
    assert made(tmp_path, lambda store: store.head()) == before
    table = souq("watch", tmp_path)
    assert table.returncode == 0
    assert all(one in table.stdout for one in (*ring, "wash_trading", "Breakers"))
    seen(tmp_path, "--act", "slow")
    state = made(tmp_path, lambda store: replay(store).state)
    rows = state.rows(RESTRICTIONS)
    assert {id: row.level for id, row in rows.items()} == dict.fromkeys(ring, "slow")
    assert {row.why for row in rows.values()} == {"wash_trading"}
    seen(tmp_path, "--act", "warn")  # nobody is let down the ladder by it
    events = made(tmp_path, lambda store: [event for one in records(store) for event in one.events])
    assert sum(isinstance(event, RestrictionSet) for event in events) == len(ring)


def test_a_folder_without_a_journal_is_a_mistake_in_one_line(tmp_path: Path) -> None:
    done = souq("watch", tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
