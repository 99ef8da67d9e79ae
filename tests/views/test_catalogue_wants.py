"""A new offer finds the wants that stand, a new want the offers, and both agents are told."""

from typing import Any

import pytest

from souq import Client
from souq.core.listing import EditListing, PauseListing, ResumeListing, WithdrawListing
from souq.core.money import USD, Asset, Money
from souq.core.rules import Rules
from souq.core.seal import PublicText
from souq.journal.replay import records
from souq.views.catalogue import Catalogue, Match


class Floor:
    """A market whose catalogue tells of matches, and two who may meet there."""

    def __init__(self) -> None:
        self.market = Client.local(rules=Rules(assets=(USD, Asset("EUR", 2))))
        self.catalogue = Catalogue()
        self.sol = self.market.join("sol")
        self.bea = self.market.join("bea", deposit="1000")

    def told(self) -> tuple[Match, ...]:
        """Read on, and give what that told."""
        store = self.market.venue.engine.store
        told: tuple[Match, ...] = ()
        for record in records(store, start=self.catalogue.seq + 1):
            told += self.catalogue.take(record, store.payload)
        return told


def post(trader: Any, side: str, **fields: Any) -> str:
    asked: dict[str, Any] = {"title": "red bike", "category": "bikes", "price": "100"} | fields
    if "description" in asked:
        asked["description"] = PublicText(asked["description"])
    id: str = trader.list(asked.pop("title"), side=side, **asked)
    return id


@pytest.mark.parametrize("is_offer_first", [True, False])
@pytest.mark.parametrize(
    ("offer", "want", "is_match"),
    [
        ({}, {}, True),
        ({"title": "old Red Bikes, two"}, {"title": "RED bike!"}, True),
        ({"title": "bike", "description": "it is red"}, {}, True),
        ({"title": "bike"}, {}, False),
        ({"title": "redbike"}, {}, False),
        ({"title": "Café chair"}, {"title": "cafe chairs"}, True),
        ({"price": "100"}, {"price": "99"}, False),
        ({"price": "99"}, {"price": "100"}, True),
        ({"price": "0"}, {"price": "0"}, True),
        ({"price": None}, {}, True),
        ({}, {"price": None}, True),
        ({"category": "bikes/folding"}, {}, True),
        ({}, {"category": "bikes/folding"}, False),
        ({"category": "bikesheds"}, {}, False),
        ({"subject": "service"}, {}, False),
        ({"subject": "service"}, {"subject": "service"}, True),
    ],
)
def test_an_offer_and_a_want_meet_whichever_comes_first(
    offer: dict[str, Any], want: dict[str, Any], is_match: bool, is_offer_first: bool
) -> None:
    floor = Floor()
    if is_offer_first:
        offered, wanted = post(floor.sol, "sell", **offer), post(floor.bea, "want", **want)
    else:
        wanted, offered = post(floor.bea, "want", **want), post(floor.sol, "sell", **offer)
    seq = floor.market.venue.engine.head[0]
    both = tuple(Match(seq, agent, offered, wanted) for agent in (floor.sol.id, floor.bea.id))
    assert floor.told() == (both if is_match else ())
    assert floor.catalogue.matches(floor.bea.id) == (both[1:] if is_match else ())


@pytest.mark.parametrize("sides", [("sell", "want"), ("want", "sell")])
def test_nobody_is_told_of_their_own(sides: tuple[str, str]) -> None:
    floor = Floor()
    for side in sides:
        post(floor.sol, side)
    assert floor.told() == ()


@pytest.mark.parametrize("sides", [("sell", "want"), ("want", "sell")])
def test_prices_in_two_assets_do_not_meet(sides: tuple[str, str]) -> None:
    floor = Floor()
    id = post(floor.sol, sides[0])
    floor.sol.submit(EditListing(id, Money(100_000_000, "EUR")))
    post(floor.bea, sides[1])
    assert floor.told() == ()


def test_only_what_stands_is_matched() -> None:
    floor = Floor()
    want = post(floor.bea, "want")

    def is_told() -> bool:
        id = post(floor.sol, "sell")
        floor.market.speaking_as(floor.sol.id).submit(WithdrawListing(id))
        return bool(floor.told())

    assert is_told()
    floor.bea.submit(PauseListing(want))
    assert not is_told()
    floor.bea.submit(ResumeListing(want))
    assert is_told()
    floor.bea.submit(EditListing(want, Money(1, "USD")))
    assert not is_told()
    floor.bea.submit(EditListing(want, Money(100_000_000, "USD"), PublicText("green bike")))
    assert not is_told()
    floor.bea.submit(EditListing(want, title=PublicText("bike")))
    assert is_told()
    floor.bea.submit(WithdrawListing(want))
    assert not is_told()


def test_words_are_as_good_from_a_restart(tmp_path: Any) -> None:
    floor = Floor()
    floor.catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    want = post(floor.bea, "want")
    paused = post(floor.bea, "want")
    floor.bea.submit(PauseListing(paused))
    floor.told()
    floor.catalogue.close()
    floor.catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    floor.bea.submit(ResumeListing(paused))
    post(floor.sol, "sell")
    assert {one.want for one in floor.told()} == {want, paused}
    before = floor.catalogue.matches(floor.bea.id)
    floor.catalogue.close()
    floor.catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    assert floor.catalogue.matches(floor.bea.id) == before
    again = Catalogue()
    again.catch_up(floor.market.venue.engine.store)
    assert again.matches(floor.bea.id) == before


def test_a_record_tells_at_most_a_hundred_the_newest_first() -> None:
    for first, then in (("want", "sell"), ("sell", "want")):
        floor = Floor()
        ids = [post(floor.bea, first) for _ in range(120)]
        floor.told()
        post(floor.sol, then)
        told = floor.told()
        assert len(told) == 100
        met = [getattr(one, "want" if first == "want" else "listing") for one in told]
        assert list(dict.fromkeys(met)) == ids[:-51:-1]


def test_matches_are_listed_on_from_where_an_agent_stopped() -> None:
    floor = Floor()
    for _ in range(3):
        post(floor.bea, "want")
    for _ in range(4):
        post(floor.sol, "sell")
    told = [one for one in floor.told() if one.agent == floor.bea.id]
    assert len(told) == 12
    assert floor.catalogue.matches(floor.bea.id) == tuple(told)
    assert floor.catalogue.matches("A99") == ()
    for limit in (1, 2, 3):
        listed: list[Match] = []
        while more := floor.catalogue.matches(floor.bea.id, listed[-1].seq if listed else 0, limit):
            assert len(more) == 3  # those of one record are never parted
            listed += more
        assert listed == told
