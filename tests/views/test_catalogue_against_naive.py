"""At random: the catalogue finds what a naive look at every live listing finds, in its order."""

import os
import random
from typing import Any

import msgspec

from souq import Client
from souq.core.contract import CancelContract
from souq.core.listing import (
    LISTINGS,
    EditListing,
    Listing,
    PauseListing,
    ResumeListing,
    WithdrawListing,
)
from souq.core.money import Money
from souq.core.refusal import Refused
from souq.core.seal import PublicText
from souq.journal.replay import records
from souq.sdk.trader import Trader
from souq.views.catalogue import Catalogue, Search

# Words that Porter's rules leave alone, some of them the beginnings of others.
WORDS = ("lamp", "lampblack", "red", "redwood", "oak", "desk", "desktop", "cup", "cupboard", "tin")
CATEGORIES = ("home", "home/light", "home/light/old", "homes", "yard")
DOLLAR = 1_000_000
WALKS = 60 if os.environ.get("SOUQ_FULL") else 4
STEPS = 300


class Walk:
    """A market in which agents do something at random, and what is checked against it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.market = Client.local()
        self.traders = [self.market.join(name, deposit="100000") for name in ("a", "b", "c")]
        self.posted_at: dict[str, int] = {}
        self.words: dict[str, str] = {"": ""}
        self.deals: dict[str, int] = {}
        self.open_deals: list[tuple[str, Trader, Trader]] = []
        self.done: set[str] = set()

    def said(self, words_max: int) -> PublicText:
        rng = self.rng
        return PublicText(" ".join(rng.choices(WORDS, k=rng.randint(1, words_max))))

    def step(self) -> None:
        rng = self.rng
        trader = rng.choice(self.traders)
        live = sorted(self.market.venue.engine.state.rows(LISTINGS))
        id = rng.choice(live) if live else "L1"
        match rng.randrange(12):
            case 0:
                self.move(trader, PauseListing(id))
            case 1:
                self.move(trader, ResumeListing(id))
            case 2:
                self.move(trader, WithdrawListing(id))
            case 3:
                price = Money(rng.randrange(1, 9) * DOLLAR, "USD")
                self.move(trader, EditListing(id, price, available=rng.randrange(1, 4)))
            case 4:
                self.move(trader, EditListing(id, None, self.said(3), self.said(5)))
            case 5 | 6:
                self.deal(trader, id)
            case 7 if self.open_deals:
                self.perform(*self.open_deals.pop())
            case _:
                self.post(trader)

    def move(self, trader: Trader, command: Any) -> None:
        listing = self.market.venue.engine.state.get(LISTINGS, command.listing)
        owner = next((one for one in self.traders if listing and one.id == listing.agent), trader)
        try:
            (owner if self.rng.random() < 0.9 else trader).submit(command)
        except Refused:
            return
        self.done.add(type(command).__name__)

    def post(self, trader: Trader) -> None:
        rng = self.rng
        is_title = rng.random() < 0.2
        trader.list(
            self.said(4).value,
            category=rng.choice(CATEGORIES),
            price=str(rng.randrange(1, 9)) if rng.random() < 0.8 else None,
            side="sell" if is_title or rng.random() < 0.8 else "want",
            description=self.said(4) if rng.random() < 0.6 else PublicText(""),
            quantity=1 if is_title else rng.randrange(1, 4),
            delivery="title" if is_title else rng.choice(("meet", "ship")),
            subject="goods" if is_title else rng.choice(("goods", "data")),
            attributes={"year": rng.randrange(5), "colour": rng.choice(("red", "oak"))}
            if rng.random() < 0.5
            else {},
            mechanisms=rng.choice((("posted_price",), ("posted_price", "alternating_offers"))),
        )

    def deal(self, trader: Trader, id: str) -> None:
        listing = self.market.venue.engine.state.get(LISTINGS, id)
        if listing is None or listing.price is None or listing.side == "want":
            return
        seller = next(one for one in self.traders if one.id == listing.agent)
        try:
            contract = trader.take(id, str(listing.price.units // DOLLAR))
        except Refused:
            return
        if listing.delivery == "title":
            self.deals[seller.id] = self.deals.get(seller.id, 0) + 1
            self.done.add("title moved")
        else:
            self.open_deals.append((contract, seller, trader))

    def perform(self, contract: str, seller: Trader, buyer: Trader) -> None:
        if self.rng.random() < 0.5:
            seller.submit(CancelContract(contract))
            self.done.add("stock returned")
            return
        seller.deliver(contract)
        if self.rng.random() < 0.3:
            buyer.dispute(contract)
            self.market.rule(contract, payer_bps=5_000)
            return
        buyer.confirm(contract)
        self.deals[seller.id] = self.deals.get(seller.id, 0) + 1
        self.done.add("stock sold")

    def query(self) -> Search:
        rng = self.rng

        def sometimes(share: float, value: Any, otherwise: Any) -> Any:
            return value if rng.random() < share else otherwise

        words = rng.choices(WORDS, k=rng.choice((1, 1, 2, 3)))
        words[-1] = words[-1][: rng.randint(1, 9)]
        return Search(
            text=sometimes(0.7, " ".join(words), ""),
            side=sometimes(0.9, "sell", "want"),
            subject=sometimes(0.1, rng.choice(("goods", "data")), None),
            category=sometimes(0.3, rng.choice(CATEGORIES), ""),
            price_min_units=sometimes(0.1, rng.randrange(9) * DOLLAR, None),
            price_max_units=sometimes(0.1, rng.randrange(9) * DOLLAR, None),
            attributes=sometimes(0.1, (rng.choice(("year>=2", "year<3", "colour=red")),), ()),
            delivery=sometimes(0.1, "ship", None),
            agent=sometimes(0.1, rng.choice(self.traders).id, ""),
            mechanism=sometimes(0.1, "alternating_offers", ""),
            seller_deals_min=sometimes(0.1, 1, 0),
            order=rng.choice(("relevance", "newest", "cheapest", "dearest")),
            limit=rng.choice((1, 2, 3, 7, 100)),
        )

    def naive(self, query: Search) -> list[str]:
        """List what fits a query by looking at each live listing of the market's own state."""
        found = []
        for listing in self.market.venue.engine.state.rows(LISTINGS).values():
            key = self.rank(query, listing)
            if key is not None and self.fits(query, listing):
                found.append((key, listing.id))
        return [id for _, id in sorted(found)]

    def fits(self, query: Search, one: Listing) -> bool:
        is_priced = (
            query.price_min_units is not None
            or query.price_max_units is not None
            or query.order in ("cheapest", "dearest")
        )
        if is_priced:
            if one.price is None:
                return False
            low = query.price_min_units or 0
            high = 10**12 if query.price_max_units is None else query.price_max_units
            if not low <= one.price.units <= high:
                return False
        for condition in query.attributes:
            year, colour = one.attributes.get("year"), one.attributes.get("colour")
            held = {
                "year>=2": isinstance(year, int) and year >= 2,
                "year<3": isinstance(year, int) and year < 3,
                "colour=red": colour == "red",
            }
            if not held[condition]:
                return False
        return (
            one.available > 0
            and not one.is_paused
            and not one.is_withdrawn
            and one.side == query.side
            and query.subject in (None, one.subject)
            and query.delivery in (None, one.delivery)
            and query.agent in ("", one.agent)
            and (not query.mechanism or query.mechanism in one.mechanisms)
            and (not query.category or f"{one.category}/".startswith(f"{query.category}/"))
            and self.deals.get(one.agent, 0) >= query.seller_deals_min
        )

    def rank(self, query: Search, one: Listing) -> tuple[int, ...] | None:
        """Give what a listing is sorted by, or None where its words are not the ones asked for."""
        number = int(one.id[1:])
        title, text = self.text(one.title).split(), self.text(one.description).split()
        asked = query.text.split()

        def holds(words: list[str]) -> bool:
            last = [asked[-1]] if len(asked[-1]) == 1 else []
            return all(word in words for word in asked[:-1] + last) and any(
                word.startswith(asked[-1]) for word in words
            )

        if asked and not holds(title + text):
            return None
        if query.order in ("cheapest", "dearest"):
            units = one.price.units if one.price else 0
            return (units, number) if query.order == "cheapest" else (-units, -number)
        tier = 0
        if asked and query.order == "relevance":
            size = len(asked)
            is_phrase = any(title[n : n + size] == asked for n in range(len(title)))
            tier = 0 if is_phrase else 1 if holds(title) else 2
        return tier, -number

    def text(self, digest: str) -> str:
        if digest not in self.words:
            payload = self.market.venue.engine.store.payload(digest)
            assert payload is not None
            self.words[digest] = msgspec.json.decode(payload.content)
        return self.words[digest]


def found(catalogue: Catalogue, query: Search) -> list[str]:
    """Page through everything."""
    ids: list[str] = []
    while True:
        page = catalogue.search(query)
        ids += [card.id for card in page.listings]
        assert len(page.listings) == query.limit or not page.cursor
        if not page.cursor:
            return ids
        query = msgspec.structs.replace(query, cursor=page.cursor)


def test_a_search_finds_what_a_naive_look_at_every_listing_finds() -> None:
    done: set[str] = set()
    for seed in range(WALKS):
        walk, catalogue = Walk(seed), Catalogue()
        store = walk.market.venue.engine.store
        for _ in range(STEPS):
            walk.step()
            if walk.rng.random() < 0.5:
                for record in records(store, start=catalogue.seq + 1):
                    catalogue.take(record, store.payload)
                for _ in range(4):
                    query = walk.query()
                    expected = walk.naive(query)
                    assert found(catalogue, query) == expected, (seed, query)
                    if expected:
                        done.add(query.order)
        catalogue.catch_up(store)
        _cards_tell_the_state(walk, catalogue)
        done |= walk.done
    moves = {"PauseListing", "ResumeListing", "WithdrawListing", "EditListing"}
    orders = {"relevance", "newest", "cheapest", "dearest"}
    assert done == moves | orders | {"stock sold", "stock returned", "title moved"}


def _cards_tell_the_state(walk: Walk, catalogue: Catalogue) -> None:
    live = walk.market.venue.engine.state.rows(LISTINGS)
    assert {f"L{row[0]}" for row in catalogue._file.rows("SELECT number FROM listings")} == set(
        live
    )
    cards = catalogue.search(Search(limit=100)).listings
    for card in cards:
        one = live[card.id]
        for name in ("agent", "principal", "side", "subject", "category", "price", "available"):
            assert getattr(card, name) == getattr(one, name), name
        for name in ("unit", "delivery", "shipping_units", "attributes", "mechanisms"):
            assert getattr(card, name) == getattr(one, name), name
        assert (card.title, card.description) == (walk.text(one.title), walk.text(one.description))
        assert card.seller_deals == walk.deals.get(one.agent, 0)
    assert cards
