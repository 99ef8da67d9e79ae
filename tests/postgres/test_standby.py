"""A standby keeps up with a living market and needs no replay when it leads."""

import threading
import time

import pytest

from souq.core import market as rules
from souq.core.rules import OPERATOR
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.journal.record import GENESIS, Damaged
from souq.journal.replay import Replayed, replay
from souq.journal.standby import Standby, TakenOver
from tests.journal.day import play
from tests.postgres.admin import Admin, Aside
from tests.postgres.conftest import Open
from tests.postgres.patience import until
from tests.postgres.test_lost_connections import DEPOSIT


def test_a_standby_folds_along_and_goes_on_where_the_leader_ended(
    url: str, market: str, opened: Open
) -> None:
    standby = Standby(url, market=market, poll_s=0.02)
    leader = opened()
    following = Aside(standby.wait)
    day = play(leader)
    until(lambda: standby.seq == day.engine.head[0])  # it follows before it may lead
    head = day.engine.head
    hash = rules.state_hash(day.engine.state)
    day.engine.close()
    taken = following.join().result
    assert isinstance(taken, TakenOver)
    assert rules.state_hash(taken.replayed.state) == hash
    with Engine(taken.store, clock=day.clock, replayed=taken.replayed) as engine:
        assert engine.head == head
        assert not engine.submit(OPERATOR, "new", DEPOSIT).is_replay
        assert engine.submit(OPERATOR, "c2", DEPOSIT).refusal is not None  # an id of before
        assert rules.state_hash(engine.state) == rules.state_hash(replay(taken.store).state)


def test_a_standby_leads_a_market_that_nobody_has_opened(url: str, market: str) -> None:
    taken = Standby(url, market=market).wait()
    assert taken is not None
    assert (taken.replayed.seq, taken.replayed.hash) == (0, GENESIS)
    taken.store.close()


def test_of_two_standbys_one_leads_and_the_other_waits_on(
    url: str, market: str, opened: Open
) -> None:
    leader = opened()
    standbys = [Standby(url, market=market, ttl_s=60, poll_s=0.02) for _ in range(2)]
    following = [Aside(standby.wait) for standby in standbys]
    leader.close()
    until(lambda: any(one.result for one in following))
    time.sleep(0.3)
    results = [one.result for one in following if one.result]
    assert len(results) == 1
    first = results[0]
    assert isinstance(first, TakenOver)
    first.store.close()
    for one in following:
        taken = one.join().result
        assert isinstance(taken, TakenOver)
        taken.store.close()


def test_a_standby_stops_when_it_is_told_to(url: str, market: str, opened: Open) -> None:
    opened()
    assert Standby(url, market=market).wait(timeout_s=0.2) is None
    standby = Standby(url, market=market)
    threading.Timer(0.1, standby.stop).start()
    assert standby.wait() is None


def test_a_standby_outlasts_a_lost_connection(url: str, market: str, opened: Open) -> None:
    leader = opened()
    standby = Standby(url, market=market, poll_s=0.02)
    following = Aside(standby.wait)
    day = play(leader)
    until(lambda: standby.seq > 0)
    until(lambda: Admin(url, market).cut("expires - clock_timestamp()") > 0)  # while it asks that
    head = day.engine.head
    day.engine.close()
    taken = following.join().result
    assert isinstance(taken, TakenOver)
    assert (taken.replayed.seq, taken.replayed.hash) == head
    taken.store.close()


def test_a_standby_that_cannot_reach_the_database_says_why() -> None:
    standby = Standby("postgresql://127.0.0.1:1/none", poll_s=0.02)
    following = Aside(lambda: standby.wait(5))
    until(lambda: standby.trouble)
    assert "cannot be reached" in standby.trouble
    standby.stop()
    assert following.join().error is None


def test_a_standby_does_not_lead_what_is_damaged(url: str, market: str, opened: Open) -> None:
    play(opened()).engine.close()
    Admin(url, market).do("UPDATE @.records SET body = body || 'x' WHERE seq = 40")
    with pytest.raises(Damaged) as damaged:
        Standby(url, market=market).wait()
    assert damaged.value.seq == 40


def test_a_past_that_changes_under_a_standby_is_noticed(
    url: str, market: str, opened: Open
) -> None:
    leader = opened()
    day = play(leader)
    standby = Standby(url, market=market, poll_s=0.02)
    following = Aside(standby.wait)
    until(lambda: standby.seq == day.engine.head[0])
    admin = Admin(url, market)
    # Both places that tell the hash are changed; only who remembers can notice.
    admin.do("UPDATE @.records SET hash = '\\x00' WHERE seq = (SELECT max(seq) FROM @.records)")
    admin.do("UPDATE @.head SET hash = '\\x00'")
    day.engine.close()
    assert isinstance(following.join().error, Damaged)


def test_an_engine_takes_no_state_but_the_one_at_the_head() -> None:
    day = play(MemoryStore())
    folded = replay(day.engine.store)
    early = replay(day.engine.store, until=10)
    for wrong in (early, Replayed(folded.state, folded.seq, bytes(32))):
        with pytest.raises(ValueError, match="not the one at the journal's head"):
            Engine(day.engine.store, replayed=wrong)
    again = Engine(day.engine.store, clock=day.clock, replayed=folded)
    assert again.head == day.engine.head
    assert again.state is folded.state
