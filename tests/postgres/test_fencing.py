"""Who does not lead cannot write, at any interleaving; who might not lead does not answer."""

import random
import time
from typing import Any

import pytest

from souq.journal.postgres import PostgresStore
from souq.journal.record import Damaged
from souq.journal.store import Fenced, InUse
from tests.postgres.admin import Admin, Aside, entries
from tests.postgres.conftest import Open
from tests.postgres.patience import until

WALKS = 15
STEPS = 30


@pytest.fixture
def admin(url: str, market: str) -> Admin:
    return Admin(url, market)


def test_a_second_writer_is_kept_out_and_told_who_leads(opened: Open) -> None:
    opened(holder="machine one")
    with pytest.raises(InUse, match=r"led by machine one, whose lease has \d"):
        opened()


def test_a_lease_is_kept_for_as_long_as_its_holder_lives(opened: Open) -> None:
    store = opened(ttl_s=6.0)
    view = opened(read_only=True)
    end = time.monotonic() + 9.0
    while time.monotonic() < end:
        assert not view.is_free()
        assert store.is_leading()
        time.sleep(0.01)


def test_a_clean_end_frees_the_lease_at_once(opened: Open) -> None:
    first = opened()
    first.close()
    second = opened()
    assert second.epoch == first.epoch + 1
    assert not first.is_leading()


def test_who_is_patient_gets_the_lease_when_it_ends(opened: Open) -> None:
    store = opened()
    waiting = Aside(lambda: opened(patience_s=10))
    time.sleep(0.2)
    store.append(entries(store.head(), 1))
    store.close()
    second = waiting.join().result
    assert second is not None
    assert second.head()[0] == 1


def test_the_epoch_before_can_never_write_again_and_says_so(opened: Open, admin: Admin) -> None:
    old = opened(ttl_s=60)
    old.append(entries(old.head(), 2))
    admin.expire()
    new = opened(holder="the next one")
    writes: list[Any] = [
        lambda: old.append(entries(old.head(), 1)),
        lambda: old.append(entries(old.head(), 1)),
        lambda: old.set_mark("a", "b"),
        lambda: old.quarantine("d"),
        lambda: old.erase("c-1"),
    ]
    for n, write in enumerate(writes):
        with pytest.raises(Fenced, match="led by the next one in epoch 2" if n == 0 else "."):
            write()
    assert not old.is_leading()
    assert "led by the next one" in old.lost
    assert new.is_leading()
    assert new.lost == ""
    assert (new.marks(), new.quarantined()) == ({}, set())
    assert new.payload("c-1") is not None
    new.append(entries(new.head(), 1))
    old.close()
    assert new.is_leading(), "an old leader's end has freed the new one's lease"


@pytest.mark.parametrize("what", ["set_mark", "quarantine", "erase"])
def test_no_write_beside_the_records_gets_past_the_epoch(
    what: str, opened: Open, admin: Admin
) -> None:
    old = opened(ttl_s=60)
    old.append(entries(old.head(), 1))
    admin.expire()
    opened()
    words = ("a", "b") if what == "set_mark" else ("c-1",)
    with pytest.raises(Fenced, match="can never write again"):
        getattr(old, what)(*words)
    assert admin.do("SELECT count(*) FROM @.marks") == [(0,)]
    assert admin.do("SELECT count(*) FROM @.quarantine") == [(0,)]
    assert admin.do("SELECT count(*) FROM @.payloads") == [(1,)]


def walk(seed: int, url: str, market: str, *, is_planted: bool = False) -> None:
    """Let writers come, sleep and wake in any order; only the latest may ever write."""
    rng = random.Random(seed)
    admin = Admin(url, market)
    stores: list[PostgresStore] = []
    written: list[bytes] = []
    try:
        for step in range(STEPS):
            if not stores or rng.random() < 0.15:
                if stores:
                    admin.expire()
                stores.append(PostgresStore(url, market=market, ttl_s=60))
                if is_planted:
                    planted = "epoch >= $1::bigint"
                    store = stores[-1]
                    store._append_payloads = store._append_payloads.replace(
                        "epoch = $1::bigint", planted
                    )
                continue
            # An older leader most often; the latest has not always written since it took over.
            writer = rng.choice(stores)
            some = entries(writer._tip, rng.randint(1, 3), f"step{step}")
            try:
                writer.append(some)
            except Fenced:
                assert writer is not stores[-1], "the leader was fenced off"
            else:
                assert writer is stores[-1], "an older epoch has written"
                written += [entry.body for entry in some]
        assert [entry.body for entry in stores[-1].read()] == written
    finally:
        for store in stores:
            store.close()


def test_only_the_latest_epoch_writes_in_any_order(url: str, market: str) -> None:
    for seed in range(WALKS):
        walk(seed, url, f"{market}_{seed}")


def test_the_walk_notices_an_append_that_forgets_the_epoch(url: str, market: str) -> None:
    with pytest.raises(AssertionError, match="an older epoch has written"):
        walk(1, url, market, is_planted=True)


def test_an_append_under_way_is_seen_by_who_takes_over(opened: Open, admin: Admin) -> None:
    old = opened(ttl_s=60)
    view = opened(read_only=True)
    with admin.holding("head"):
        append = Aside(lambda: old.append(entries((0, bytes(32)), 2)))
        other = admin.again()
        other.waiting("recorded")
        other.expire()
        takeover = Aside(opened)
        other.waiting("fenced")
        assert view.head()[0] == 0
    assert append.join().error is None
    new = takeover.join().result
    assert isinstance(new, PostgresStore)
    assert new.head() == new._tip
    assert new.head()[0] == 2
    both_know = new.head()
    new.append(entries(both_know, 1, "d"))
    with pytest.raises(Fenced):
        old.append(entries(both_know, 1, "e"))


def test_an_append_that_comes_during_a_takeover_is_not_stored(opened: Open, admin: Admin) -> None:
    old = opened(ttl_s=60)
    other = admin.again()
    other.expire()
    with admin.holding("head"):
        takeover = Aside(opened)
        other.waiting("fenced")
        append = Aside(lambda: old.append(entries((0, bytes(32)), 2)))
        other.waiting("recorded")
    new = takeover.join().result
    assert isinstance(new, PostgresStore)
    assert isinstance(append.join().error, Fenced)
    assert new.head()[0] == 0
    assert list(new.payloads()) == []


def test_of_many_who_want_the_lease_one_gets_it(url: str, market: str, opened: Open) -> None:
    opened().close()
    tries = [Aside(lambda: PostgresStore(url, market=market, ttl_s=60)) for _ in range(8)]
    stores = [one.result for one in tries if one.join().error is None]
    assert len(stores) == 1
    assert all(isinstance(one.error, InUse) for one in tries if one.error is not None)
    for store in stores:
        assert isinstance(store, PostgresStore)
        store.close()


def test_of_many_who_make_a_new_market_one_leads_it(url: str, market: str) -> None:
    tries = [Aside(lambda: PostgresStore(url, market=market, ttl_s=60)) for _ in range(8)]
    stores = [one.result for one in tries if one.join().error is None]
    assert [type(one.error) for one in tries if one.error is not None] == [InUse] * 7
    for store in stores:
        assert isinstance(store, PostgresStore)
        store.close()


def test_a_leader_answers_no_more_before_anybody_can_take_over(opened: Open, admin: Admin) -> None:
    store = opened(ttl_s=1.5)
    view = opened(read_only=True)
    other = admin.again()
    until(store.is_leading)
    with other.holding("lease"):  # so that no renewal comes through
        while not view.is_free():
            was_free = view.is_free()
            assert not (was_free and store.is_leading())
        assert not store.is_leading()
    # Nobody has taken over meanwhile, so it leads again.
    until(store.is_leading)
    store.append(entries(store.head(), 1))


@pytest.mark.parametrize("change", ["seq = 1", "hash = '\\x00'"])
def test_a_head_that_moved_behind_the_leader_s_back_stops_it(
    change: str, opened: Open, admin: Admin
) -> None:
    store = opened()
    store.append(entries(store.head(), 2))
    some = entries(store.head(), 2)
    admin.do(f"UPDATE @.head SET {change}")
    with pytest.raises(Damaged, match="not where it was left"):
        store.append(some)
    assert admin.do("SELECT max(seq) FROM @.records") == [(2,)]
    assert not store.is_leading()


def test_who_cannot_write_leaves_the_lease_to_others(opened: Open, admin: Admin) -> None:
    old = opened(ttl_s=60)
    admin.do("ALTER TABLE @.records ADD CONSTRAINT is_full CHECK (seq < 1) NOT VALID")
    with pytest.raises(Exception, match="is_full"):
        old.append(entries(old.head(), 1))
    assert not old.is_leading()
    assert opened(patience_s=30).epoch == 2
