"""The feed goes on where it stopped, tells each viewer its own, and gives the stories of things."""

import json
from collections import Counter
from random import Random

import pytest

from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Item
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.message import PostMessage
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.views import feed as feeds
from souq.views.feed import Feed, FeedPage, RecordSeen
from souq.views.history import ERASED, History
from souq.views.mentions import Mentions
from souq.views.showing import answer_shown, viewer_of
from tests.journal.day import Day, play, usd
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


def test_an_answer_holds_what_its_asker_may_see_and_no_more(engine: Engine) -> None:
    found, cut = feed_of(engine), 0
    for entry in engine.store.read():
        record = found.record(entry.seq)
        viewer = viewer_of(engine.state, record.actor)
        answer = answer_shown(record.events, viewer, found._mentions)
        seen = found.see(record, record.actor)
        if seen is not None:
            assert answer == seen.events
            cut += answer != record.events and record.actor != OPERATOR
    assert cut > 10


def test_an_answer_is_whole_before_the_views_have_read_its_record() -> None:
    day = play(MemoryStore())
    late = Mentions(None, lambda: day.engine.state)
    late.catch_up(day.engine.store)
    state, text = day.engine.state, PublicText("a late lamp")
    posted = [day.do("A2", PostListing(text, "home", usd(n))).need() for n in (5, 6)]
    first, second = (answer.events[0].listing.id for answer in posted)
    day.do("P1", GrantMandate("A1", SecretLimits(Limits()))).need()
    offer, take = MakeOffer((Item(first),), usd(3)), TakePrice(second, usd(6))
    for command in (offer, take):
        events = day.do("A1", command).need().events
        assert answer_shown(events, viewer_of(state, "A1"), late) == events
        theirs = answer_shown(events, viewer_of(state, "A2"), late)
        ours_only = {type(one).__name__ for one in events if one not in theirs}
        assert ours_only - {"TransfersMade"} <= {"BudgetReserved", "BudgetCommitted"}
        assert ours_only


def test_who_accepts_is_not_answered_with_the_other_sides_budget() -> None:
    day = play(MemoryStore())
    found = feed_of(day.engine)
    (accepted,) = (one for one in found.story("C1") if type(one.command).__name__ == "Accept")
    seller, buyer = (
        {
            type(one).__name__
            for one in answer_shown(
                accepted.events, viewer_of(day.engine.state, agent), found._mentions
            )
        }
        for agent in ("A2", "A1")
    )
    assert buyer - seller == {"BudgetCommitted"}


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
