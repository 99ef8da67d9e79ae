"""The feed pages back as it pages forward, and tells of one thing without telling whose it is."""

import re
from collections import Counter

import pytest

from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.core.seal import canonical
from souq.engine import Engine
from souq.operations.queries import ListEvents
from souq.venue import Venue
from souq.views import feed as feeds
from souq.views.feed import Feed, RecordSeen
from tests.laws.walk import walk
from tests.views.test_audience import feed_of, whole

VIEWERS = ("", "A1", "A4", "P1", "P2", "O1", OPERATOR)
END = 1 << 53
ID = re.compile(r'"([A-Z][1-9][0-9]*)"')
# What an event is about stands in one of these, and what it merely speaks of in any other.
ABOUT = ("channel", "contract", "negotiation", "listing", "payout", "report", "webhook")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return walk(21, 800).engine


@pytest.fixture(scope="module")
def feed(engine: Engine) -> Feed:
    return feed_of(engine)


@pytest.fixture(scope="module")
def things(engine: Engine) -> list[str]:
    """List what the records of a market speak of most, some of each kind."""
    found: Counter[str] = Counter()
    for entry in engine.store.read():
        found.update(set(ID.findall(entry.body.decode())))
    by_letter: dict[str, list[str]] = {}
    for name, _ in found.most_common():
        by_letter.setdefault(name[0], []).append(name)
    assert {"A", "C", "K", "L", "M", "N", "P", "X"} <= by_letter.keys()
    return [name for names in by_letter.values() for name in names[:8]]


def back(feed: Feed, viewer: str, limit: int, about: str = "") -> list[RecordSeen]:
    found: list[RecordSeen] = []
    before = END
    while before > 1:
        page = feed.page_back(viewer, before, limit, about=about)
        assert len(page.records) <= limit
        assert page.last < before
        assert all(page.last <= one.seq < before for one in page.records)
        found += page.records
        before = page.last
    return found


def onward(feed: Feed, viewer: str, limit: int, about: str) -> list[RecordSeen]:
    found: list[RecordSeen] = []
    after, head = 0, feed._mentions.seq
    while after < head:
        page = feed.page(viewer, after, limit, about=about)
        found += page.records
        after = page.last
    return found


@pytest.mark.parametrize("viewer", VIEWERS)
def test_pages_backwards_are_the_whole_turned_round(feed: Feed, viewer: str) -> None:
    every = whole(feed, viewer)[::-1]
    for limit in (1, 7, 100, 500):
        assert back(feed, viewer, limit) == every


def test_types_narrow_pages_backwards_as_they_do_forwards(feed: Feed) -> None:
    types = frozenset({"ListingPosted"})
    page = feed.page_back("", END, 5, types)
    latest = [one for one in whole(feed, "") if _types(one) & types][:-6:-1]
    assert [one.seq for one in page.records] == [one.seq for one in latest]
    assert all(_types(one) == types for one in page.records)


def _types(one: RecordSeen) -> set[str]:
    return {type(event).__name__ for event in one.events}


def test_no_page_looks_at_more_records_than_one_may(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "LOOKED_AT_MAX", 10)
    nothing = frozenset({"NoSuchEvent"})
    head = feed._mentions.seq
    assert feed.page_back(OPERATOR, END, 50, nothing).last == head - 9
    assert len(back(feed, OPERATOR, 50)) == head


@pytest.mark.parametrize("viewer", VIEWERS)
def test_of_a_thing_every_record_that_one_is_shown_is_told(
    feed: Feed, things: list[str], viewer: str
) -> None:
    every = whole(feed, viewer)
    for thing in things:
        told = onward(feed, viewer, 20, thing)
        assert back(feed, viewer, 20, thing) == told[::-1]
        numbers = {one.seq for one in told}
        for one in every:
            fields = (getattr(event, name, "") for event in one.events for name in ABOUT)
            if thing in fields:
                assert one.seq in numbers, f"{viewer} is not told that {one.seq} is about {thing}"


def leaks(feed: Feed, things: list[str], viewer: str) -> list[str]:
    """List what a viewer learns of a thing by asking about it, and is not shown."""
    agents = {
        event.agent: event.principal
        for one in whole(feed, OPERATOR)
        for event in one.events
        if type(event).__name__ == "AgentRegistered"
    }
    found = []
    for thing in things:
        for one in onward(feed, viewer, 50, thing):
            text = canonical.encode(one).decode()
            shown = set(ID.findall(text)) | set(re.findall(r"wallet:(P\d+)/", text))
            shown |= set(re.findall(r"#(C\d+|X\d+|W\d+|N\d+)[.:\"]", text)) | {viewer}
            shown |= {agents[name] for name in shown if name in agents}  # anybody may look it up
            shown |= {name for name, owner in agents.items() if owner == viewer}
            if thing not in shown:
                found.append(f"{viewer}: {one.seq} is about {thing}")
    return found


@pytest.mark.parametrize("viewer", [one for one in VIEWERS if one != OPERATOR])
def test_asking_about_a_thing_tells_nothing_that_one_is_not_shown(
    feed: Feed, things: list[str], viewer: str
) -> None:
    assert leaks(feed, things, viewer) == []


def test_an_index_that_is_believed_is_noticed(
    feed: Feed, things: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: a public record is told to be about whatever the index knows it to be about."""
    monkeypatch.setattr(feeds, "tells_of", lambda *_: True)
    assert leaks(feed, things, "")


def test_a_question_about_records_is_refused_by_its_field(engine: Engine) -> None:
    venue = Venue(engine.store)
    for query, field in (
        (ListEvents(before=3), "before"),
        (ListEvents(after=3, order="newest"), "after"),
        (ListEvents(before=-1, order="newest"), "before"),
        (ListEvents(about="talks:A1"), "about"),
        (ListEvents(about="public"), "about"),
    ):
        with pytest.raises(Refused) as refused:
            venue.ask("A1", query)
        assert (refused.value.reason, refused.value.facts["field"]) == (Reason.INVALID, field)
    with pytest.raises(Refused) as refused:
        venue.ask("A1", ListEvents(about="L9999999"))
    assert refused.value.reason is Reason.NOT_FOUND
    newest = venue.ask(OPERATOR, ListEvents(order="newest", limit=2))
    assert newest.records[0].seq == venue.engine.head[0]
    listing = venue.ask("", ListEvents(order="newest", limit=5, about="L1"))
    assert listing.records
