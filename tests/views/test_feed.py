"""The feed goes on where it stopped, tells each viewer its own, and gives the stories of things."""

import json
from collections import Counter
from random import Random

import pytest

from souq.core.message import PostMessage
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.views import feed as feeds
from souq.views.feed import Feed, FeedPage, RecordSeen
from souq.views.history import ERASED, History
from tests.journal.day import Day, play
from tests.laws.walk import walk
from tests.views.test_audience import feed_of, whole

VIEWERS = ("", "A1", "A4", "P1", "P2", "P4", "O1", OPERATOR)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return walk(21, 800).engine


@pytest.fixture(scope="module")
def feed(engine: Engine) -> Feed:
    return feed_of(engine)


@pytest.mark.parametrize("viewer", VIEWERS)
def test_pages_of_any_size_together_are_the_whole(feed: Feed, viewer: str) -> None:
    every, head = whole(feed, viewer), feed._mentions.seq
    assert [one.seq for one in every] == sorted({one.seq for one in every})
    for limit in (1, 2, 7, 100, 499, 500, 501):
        seen: list[RecordSeen] = []
        after = 0
        while after < head:
            page = feed.page(viewer, after, limit)
            assert len(page.records) <= limit
            assert page.last > after
            assert all(after < one.seq <= page.last for one in page.records)
            seen += page.records
            after = page.last
        assert seen == every


@pytest.mark.parametrize("bytes_max", [0, 5_000])
def test_what_is_kept_decoded_is_bounded_and_changes_nothing(
    engine: Engine, bytes_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [whole(feed_of(engine), viewer) for viewer in VIEWERS]
    monkeypatch.setattr(feeds, "RECENT_BYTES", bytes_max)
    found = feed_of(engine)
    assert [whole(found, viewer) for viewer in VIEWERS] == expected
    kept = [one.size for one in found._recent.values()]
    assert found._recent_bytes == sum(kept)
    assert sum(kept) <= bytes_max or len(kept) == 1


def test_a_reader_may_go_on_from_any_record(feed: Feed) -> None:
    chance = Random(5)
    for viewer in VIEWERS:
        every = whole(feed, viewer)
        for _ in range(10):
            after = chance.randint(0, feed._mentions.seq)
            page = feed.page(viewer, after, 20)
            assert page.records == tuple(one for one in every if one.seq > after)[:20]


def test_an_empty_page_still_moves_on(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LOOKED_AT_MAX", 10)
    page = feed.page(OPERATOR, 0, 5, frozenset({"NoSuchEvent"}))
    assert page == FeedPage((), 10)
    head = feed._mentions.seq
    assert feed.page(OPERATOR, head - 3, 5, frozenset({"NoSuchEvent"})) == FeedPage((), head)


def test_beyond_the_end_there_is_nothing_and_nothing_is_skipped(feed: Feed) -> None:
    head = feed._mentions.seq
    assert feed.page("A1", head, 10) == FeedPage((), head)
    assert feed.page("A1", head + 7, 10) == FeedPage((), head + 7)
    assert feed.page("A1", 3, 0) == FeedPage((), 3)


@pytest.mark.parametrize("viewer", VIEWERS)
def test_types_narrow_down_what_is_shown_and_never_widen_it(feed: Feed, viewer: str) -> None:
    types = frozenset({"OfferMade", "StockReserved", "TransfersMade"})
    every = {one.seq: one for one in whole(feed, viewer)}
    found = whole(feed, viewer, *types)
    for one in found:
        wanted = [event for event in every[one.seq].events if type(event).__name__ in types]
        assert list(one.events) == wanted
        assert one.refusal is None
        assert one.words.keys() <= every[one.seq].words.keys()
    expected = [
        seq
        for seq, one in every.items()
        if any(type(event).__name__ in types for event in one.events)
    ]
    assert [one.seq for one in found] == expected


@pytest.mark.parametrize("viewer", VIEWERS)
def test_what_is_streamed_is_what_is_paged(feed: Feed, viewer: str) -> None:
    every = {one.seq: one for one in whole(feed, viewer)}
    for seq in range(1, feed._mentions.seq + 1):
        assert feed.see(feed.record(seq), viewer) == every.get(seq)


def test_a_principal_sees_what_its_agents_see_of_their_own(feed: Feed) -> None:
    theirs = {one.seq: one for one in whole(feed, "P1")}  # of A1 and A2
    for agent in ("A1", "A2"):
        for one in whole(feed, agent):
            shown = Counter(type(event) for event in theirs[one.seq].events)
            assert Counter(type(event) for event in one.events) <= shown


def test_the_operator_sees_every_record(feed: Feed, engine: Engine) -> None:
    found = whole(feed, OPERATOR)
    assert [one.seq for one in found] == list(range(1, engine.head[0] + 1))
    for one, entry in zip(found, engine.store.read(), strict=True):
        body = json.loads(entry.body)
        told = [type(event).__name__ for event in one.events]
        assert told == [event["type"] for event in body.get("events", ())]
        assert (one.actor, one.command_id) == (body["actor"], body["command_id"])


def test_who_is_refused_is_told_and_nobody_else() -> None:
    day = play(MemoryStore())
    answer = day.do("A1", PostMessage(PublicText("")))
    found = feed_of(day.engine)
    seen = {viewer: found.see(found.record(answer.seq), viewer) for viewer in VIEWERS}
    assert {viewer for viewer, one in seen.items() if one is not None} == {"A1", "P1", OPERATOR}
    own = seen["A1"]
    assert own is not None
    assert (own.refusal, own.command_id) == (answer.refusal, f"c{day.count}")


def test_an_erased_text_reads_so_at_once() -> None:
    day = play(MemoryStore())
    answer = day.do("A1", PostMessage(PublicText("my street is Gasse 7"))).need()
    found = feed_of(day.engine)
    record = found.record(answer.seq)
    digest = answer.events[0].text
    before = found.see(record, "P2")
    day.engine.store.erase(digest)
    after = found.see(record, "P2")
    assert before is not None
    assert after is not None
    assert (before.words, after.words) == ({digest: "my street is Gasse 7"}, {digest: ERASED})


def test_a_story_has_every_record_of_its_object_in_order() -> None:
    day: Day = play(MemoryStore())
    found = feed_of(day.engine)
    history = History(day.engine.store.payload)
    for record in found.story("N1"):
        history.take(
            record.at,
            tuple(one for one in record.events if getattr(one, "negotiation", "") == "N1"),
        )
    talk = history.negotiations["N1"]
    assert [move.what for move in talk.moves] == ["offers", "counters", "accepts"]
    assert (talk.why, talk.contract) == ("agreed", "C1")
    assert [one.text for one in history.said] == ["That is little. 三百"]
    assert [type(record.command).__name__ for record in found.story("C1")] == [
        "Accept",
        "SubmitDelivery",
        "AcceptDelivery",
    ]
    assert list(found.story("N99")) == []


def test_a_long_story_is_read_in_parts(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [record.seq for record in feed.story("L1")]
    monkeypatch.setattr(feeds, "STORY_PAGE", 1)
    assert [record.seq for record in feed.story("L1")] == expected
    assert len(expected) > 1
