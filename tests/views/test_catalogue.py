"""What a search of the catalogue finds, in which order, and page by page."""

from collections.abc import Iterator
from typing import Any

import pytest

from souq import Client
from souq.core.approval import Approve
from souq.core.contract import CancelContract
from souq.core.listing import (
    EditListing,
    PauseListing,
    PostListing,
    ResumeListing,
    WithdrawListing,
)
from souq.core.mandate import Limits
from souq.core.money import Money
from souq.core.refusal import Refused
from souq.core.seal import PublicText
from souq.journal.record import Record
from souq.journal.replay import records
from souq.sdk.trader import Trader
from souq.views.catalogue import Catalogue, Search


class Shop:
    """A market with a seller, a buyer and a catalogue that reads along."""

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self.market = Client.local()
        self.catalogue = catalogue or Catalogue()
        self.sol = self.market.join("sol")
        self.bea = self.market.join("bea", deposit="1000000")

    def ids(self, **fields: Any) -> list[str]:
        return [card.id for card in self.page(**fields).listings]

    def page(self, **fields: Any) -> Any:
        self.catalogue.catch_up(self.market.venue.engine.store)
        return self.catalogue.search(Search(**fields))


@pytest.fixture
def shop() -> Iterator[Shop]:
    one = Shop()
    yield one
    one.catalogue.close()
    one.market.close()


def lamp(seller: Trader, title: str = "brass lamp", price: str | None = "9", **more: Any) -> str:
    if "description" in more:
        more["description"] = PublicText(more["description"])
    return seller.list(title, category="home", price=price, **more)


def test_a_new_listing_is_found_by_the_very_next_search(shop: Shop) -> None:
    assert shop.ids(text="lamp") == []
    for n in range(1, 4):
        lamp(shop.sol)
        assert len(shop.ids(text="lamp")) == n


def test_a_live_record_brings_its_words_and_nobody_need_look_them_up(shop: Shop) -> None:
    shop.ids()
    id = lamp(shop.sol)
    (record,) = records(shop.market.venue.engine.store, start=shop.catalogue.seq + 1)
    assert isinstance(record.command, PostListing)
    live = PostListing(PublicText("brass lamp", record.command.title.digest), "home")
    shop.catalogue.take(
        Record(record.seq, record.at, record.actor, record.command_id, live, record.events),
        nowhere,
    )
    (card,) = shop.catalogue.search(Search(text="brass")).listings
    assert (card.id, card.title, card.price) == (id, "brass lamp", Money(9_000_000, "USD"))


def nowhere(digest: str) -> None:
    raise AssertionError("looked up")


def test_what_cannot_be_agreed_on_now_is_not_found(shop: Shop) -> None:
    paused, withdrawn, sold = (lamp(shop.sol) for _ in range(3))
    shop.sol.submit(PauseListing(paused))
    shop.sol.submit(WithdrawListing(withdrawn))
    contract = shop.bea.take(sold, "9")
    assert shop.ids(text="lamp") == []
    shop.sol.submit(ResumeListing(paused))
    assert shop.ids(text="lamp") == [paused]
    shop.sol.submit(CancelContract(contract))
    assert shop.ids(text="lamp") == [sold, paused]


def test_an_edit_changes_words_price_and_what_is_left(shop: Shop) -> None:
    id = lamp(shop.sol, description="bent", quantity=5)
    edit = EditListing(id, Money(3_000_000, "USD"), PublicText("oak chair"), None, 2)
    assert shop.ids(text="lamp") == [id]
    shop.sol.submit(edit)
    assert shop.ids(text="lamp") == []
    (card,) = shop.page(text="chair bent", price_max_units=3_000_000).listings
    assert (card.available, card.title, card.description) == (2, "oak chair", "bent")
    shop.bea.take(id, "3")
    assert shop.page().listings[0].available == 1


def test_a_title_that_moved_is_its_new_owners(shop: Shop) -> None:
    id = lamp(shop.sol, delivery="title")
    shop.bea.take(id, "9")
    assert shop.ids(agent=shop.sol.id) == []
    (card,) = shop.page(agent=shop.bea.id).listings
    assert (card.id, card.principal, card.available) == (id, shop.bea.principal, 1)


def test_what_was_withdrawn_while_its_title_waited_to_move_is_found_at_its_new_owner(
    shop: Shop,
) -> None:
    cay = shop.market.join("cay", deposit="100", limits=Limits(approval_above_units=0))
    id = lamp(shop.sol, delivery="title")
    contract = cay.take(id, "9")
    shop.sol.submit(WithdrawListing(id))
    assert shop.ids() == []
    shop.market.speaking_as(cay.principal).submit(Approve(contract))
    assert shop.ids(agent=cay.id) == [id]


def test_words_are_found_in_any_form_and_the_last_by_its_beginning(shop: Shop) -> None:
    id = lamp(shop.sol, "Folding bicycles", description="Two café chairs, mid-century")
    for text in ("bicycle", "fold", "bicycles folding", "cafe", "CAFÉ", "cafe\u0301", "cent"):
        assert shop.ids(text=text) == [id], text
    for text in ("bicycle cafes mid cen", "mid-century", '"folding bicycles"', "  chair  "):
        assert shop.ids(text=text) == [id], text
    for text in ("cent chair", "lamp", "bicycle lamp", "c"):
        assert shop.ids(text=text) == [], text


def test_relevance_puts_the_phrase_first_then_titles_then_the_rest(shop: Shop) -> None:
    in_text = lamp(shop.sol, "chair", description="red and not a bike")
    parted = lamp(shop.sol, "bike, red")
    phrase = lamp(shop.sol, "old red bike")
    phrase_too = lamp(shop.sol, "red bike")
    parted_too = lamp(shop.sol, "red steel biker")
    asked = [phrase_too, phrase, parted_too, parted, in_text]
    assert shop.ids(text="red bike") == asked
    assert [one for page in pages(shop, 1, text="red bike") for one in page] == asked
    assert shop.ids(text="red bike", order="newest") == sorted(asked, reverse=True)


def test_repeating_a_word_gains_a_listing_nothing(shop: Shop) -> None:
    stuffed = lamp(shop.sol, "lamp lamp lamp lamp lamp")
    plain = lamp(shop.sol, "lamp")
    assert shop.ids(text="lamp") == [plain, stuffed]


def test_typed_filters_narrow_what_is_found(shop: Shop) -> None:
    folding = shop.sol.list(
        "bike",
        category="bikes/folding",
        price="300",
        delivery="ship",
        shipping_units=5,
        attributes={"year": 2019, "colour": "red", "new": True},
        mechanisms=("posted_price",),
    )
    other = shop.sol.list("bike", category="bikes", price="90", attributes={"year": 1987})
    unpriced = shop.sol.list("bike", category="bikesheds")
    wanted = shop.bea.list("bike", category="bikes", price="50", side="want")
    for asked, found in (
        ({}, [unpriced, other, folding]),
        ({"side": "want"}, [wanted]),
        ({"category": "bikes"}, [other, folding]),
        ({"category": "bikes/folding"}, [folding]),
        ({"category": "bike"}, []),
        ({"price_min_units": 100_000_000}, [folding]),
        ({"price_max_units": 300_000_000}, [other, folding]),
        ({"price_max_units": 299_999_999}, [other]),
        ({"asset": "USD"}, [other, folding]),
        ({"asset": "EUR"}, []),
        ({"order": "cheapest"}, [other, folding]),
        ({"order": "dearest"}, [folding, other]),
        ({"delivery": "ship"}, [folding]),
        ({"subject": "service"}, []),
        ({"mechanism": "posted_price"}, [unpriced, other, folding]),
        ({"mechanism": "alternating_offers"}, [unpriced, other]),
        ({"mechanism": "posted"}, []),
        ({"agent": shop.bea.id}, []),
        ({"attributes": ("year>=2019",)}, [folding]),
        ({"attributes": ("year < 2019",)}, [other]),
        ({"attributes": ("year>1986", "year<=1987")}, [other]),
        ({"attributes": ("colour=red", "new=true", "year=2019")}, [folding]),
        ({"attributes": ("colour=RED",)}, []),
        ({"attributes": ("colour>1",)}, []),
        ({"seller_deals_min": 1}, []),
    ):
        for text in ("", "bike"):
            assert shop.ids(text=text, **asked) == found, (text, asked)


def test_a_sellers_standing_counts_what_it_fulfilled_and_what_was_ruled(shop: Shop) -> None:
    id = lamp(shop.sol, quantity=9)
    good, bad = shop.bea.take(id, "9"), shop.bea.take(id, "9")
    for contract in (good, bad):
        shop.sol.deliver(contract)
    shop.bea.confirm(good)
    shop.bea.dispute(bad)
    shop.market.rule(bad, payer_bps=10_000)
    (card,) = shop.page(seller_deals_min=1).listings
    assert (card.seller_deals, card.seller_rulings) == (1, 1)
    assert shop.ids(seller_deals_min=2) == []
    wanted = shop.bea.list("lamp", category="home", side="want")
    (card,) = shop.page(side="want").listings
    assert (card.id, card.seller_deals) == (wanted, 0)  # who bought has sold nothing


def pages(shop: Shop, limit: int, **fields: Any) -> Iterator[list[str]]:
    cursor = ""
    while True:
        page = shop.page(limit=limit, cursor=cursor, **fields)
        yield [card.id for card in page.listings]
        cursor = page.cursor
        if not cursor:
            return


@pytest.mark.parametrize("order", ["relevance", "newest", "cheapest", "dearest"])
@pytest.mark.parametrize("text", ["", "lamp"])
def test_pages_continue_exactly_while_listings_come_and_go(
    shop: Shop, order: str, text: str
) -> None:
    titles = ("lamp", "brass lamp", "lampshade", "chair")
    standing = [
        lamp(shop.sol, titles[n % 4], str(n % 5 + 1), description="lamp") for n in range(24)
    ]
    expected = shop.ids(order=order, text=text, limit=100)
    assert sorted(expected) == sorted(standing)
    seen: list[str] = []
    passing = [lamp(shop.sol, titles[n % 4], str(n % 5 + 1)) for n in range(8)]
    for page in pages(shop, 5, order=order, text=text):
        seen += page
        shop.sol.submit(WithdrawListing(passing.pop()))
        lamp(shop.sol, titles[len(seen) % 4], str(len(seen) % 5 + 1), description="lamp")
    assert len(seen) == len(set(seen))
    assert [id for id in seen if id in set(standing)] == expected


def test_a_cursor_that_no_page_gave_is_refused(shop: Shop) -> None:
    for _ in range(3):
        lamp(shop.sol)
    asked = {"text": "lamp", "limit": 1}
    given = shop.page(**asked).cursor
    assert len(shop.page(**asked | {"cursor": given, "limit": 9}).listings) == 2
    for cursor, change in (
        ("x", {}),
        ("é", {}),
        ("e30", {}),
        (given[:-3], {}),
        ("A" * 999, {}),
        (given, {"text": "chair"}),
        (given, {"order": "newest"}),
        (given, {"category": "home"}),
    ):
        with pytest.raises(Refused) as refused:
            shop.page(**asked | change | {"cursor": cursor})
        assert refused.value.facts["field"] == "cursor", cursor


@pytest.mark.parametrize(
    "fields",
    [
        {"limit": 0},
        {"limit": 101},
        {"order": "best"},
        {"side": "buy"},
        {"delivery": "x"},
        {"price_min_units": -1},
        {"price_max_units": 2**63},
        {"seller_deals_min": 2**64},
        {"category": "x" * 999},
        {"agent": "\ud800"},
        {"category": "\ud800"},
        {"text": "\udfff"},
        {"text": "x" * 30_000},
        {"attributes": ("year",)},
        {"attributes": ("year>=new",)},
        {"attributes": ("year>=٣",)},
        {"attributes": ("=",)},
        {"attributes": ("a=b",) * 9},
    ],
)
def test_what_no_search_can_mean_is_refused(shop: Shop, fields: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        shop.page(**fields)
    assert refused.value.facts["field"] == next(iter(fields))


TRICKS = (
    "'; DROP TABLE listings; --",
    '" OR 1=1 --',
    "' UNION SELECT value FROM facts --",
    "lamp OR chair",
    "lamp NOT brass",
    "NEAR(lamp brass, 3)",
    "lamp AND",
    "title : lamp",
    "- title : lamp",
    "{title description} : lamp",
    "^lamp",
    "lamp*",
    "*",
    '"',
    '"""',
    '"lamp" "',
    "lamp + brass",
    "(lamp",
    "lamp)",
    "lam\0p",
    "\0",
    "lamp\0'; DELETE FROM words; --",
    "%",
    "_",
    "\\",
    "/* lamp */",
    "?",
    ":x",
    "rank",
    "rowid",
    "lamp " * 4_000,
    "x" * 10_000,
    '"' * 10_000,
    "(" * 10_000,
    "ﬁ ½ ① ٣ 灯 灯具 🏮 ́ ",
    "a\u200db",
    "lamp\u2028chair",
    "İstanbul",
)


@pytest.mark.parametrize("trick", TRICKS)
def test_text_does_nothing_but_search(shop: Shop, trick: str) -> None:
    brass, chair = lamp(shop.sol), lamp(shop.sol, "oak chair")
    shop.ids()
    before = shop.catalogue.search(Search())
    for order in ("relevance", "newest", "cheapest"):
        page = shop.page(text=trick, order=order, limit=1)
        if page.cursor:
            shop.page(text=trick, order=order, limit=1, cursor=page.cursor)
    for field in ("category", "asset", "agent", "mechanism"):
        assert shop.ids(**{field: trick[:200]}) == []
    for sign in ("=", ">="):
        try:
            found = shop.ids(attributes=(f"{trick[:30]}{sign}1",))
        except Refused:
            found = []
        assert found == []
    assert shop.ids(attributes=(f"colour={trick[:100]}",)) == []
    assert shop.catalogue.search(Search()) == before
    assert shop.ids(text="lamp") == [brass]
    assert shop.ids(text="chair") == [chair]


def test_operators_in_a_text_are_words_like_others(shop: Shop) -> None:
    both = lamp(shop.sol, "lamp or chair near the title")
    lamp(shop.sol, "lamp")
    lamp(shop.sol, "chair")
    for text in ("lamp OR chair", "NEAR(lamp chair)", "title: lamp", "lamp OR"):
        assert shop.ids(text=text) == [both], text
    for text in ("lamp AND chair", "lamp NOT chair", "description: lamp"):
        assert shop.ids(text=text) == [], text


def test_words_of_strangers_come_back_as_they_were_said(shop: Shop) -> None:
    title = "lamp'; DROP TABLE listings; -- \x00 \" ملك 灯"
    id = lamp(shop.sol, title, description="\0")
    (card,) = shop.page(text="lamp").listings
    assert (card.id, card.title, card.description) == (id, title, "\0")
    shop.sol.submit(WithdrawListing(id))
    assert shop.ids(text="lamp") == []
