"""A search by reputation shows the best first, and gives newcomers every tenth place by lot."""

import pytest

from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.journal.memory import MemoryStore
from souq.venue import Venue
from souq.views.catalogue import Search
from tests.journal.day import Clock, usd

KNOWN, FRESH = 30, 12


class Fair:
    """A venue with suppliers P1 … of whom the first few have a record, the later the better."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.venue = Venue(MemoryStore(), clock=self.clock)
        self.count = 0
        self.do(OPERATOR, OpenMarket(Rules()))
        for n in range(1, KNOWN + FRESH + 1):
            self.do(OPERATOR, RegisterPrincipal(PublicText(f"p{n}")))
            self.do(OPERATOR, RegisterAgent(f"P{n}", PublicText(f"a{n}")))
            self.do(OPERATOR, ReportDeposit(f"P{n}", usd(10)))
            self.do(f"P{n}", GrantMandate(f"A{n}", SecretLimits(Limits())))
            self.post(f"A{n}")
        self.venue.drain()
        day = self.clock.now // DAY_US
        self.venue.catalogue.rate([(f"P{n}", 100 * n, False) for n in range(1, KNOWN + 1)], day)

    def do(self, actor: str, command: object) -> object:
        self.clock.now += 1
        self.count += 1
        return self.venue.submit(actor, f"c{self.count}", command).need()

    def post(self, agent: str) -> None:
        self.do(agent, PostListing(PublicText("fine lamp"), "home", usd(5)))

    def pages(self, limit: int, text: str = "") -> list[list[int]]:
        found, cursor = [], ""
        while True:
            asked = Search(order="reputation", limit=limit, cursor=cursor, text=text)
            page = self.venue.ask("", asked)
            found.append([int(one.principal[1:]) for one in page.listings])
            cursor = page.cursor
            if not cursor:
                return found


def test_the_best_come_first_and_every_tenth_place_is_a_newcomers() -> None:
    first = Fair().pages(10)[0]
    assert first[:9] == list(range(KNOWN, KNOWN - 9, -1))
    assert first[9] > KNOWN


def test_pages_show_everything_once_whatever_their_size() -> None:
    fair = Fair()
    whole = [one for page in fair.pages(100) for one in page]
    assert sorted(whole) == list(range(1, KNOWN + FRESH + 1))
    for limit in (1, 3, 7, 10):
        assert [one for page in fair.pages(limit) for one in page] == whole
    assert [one for page in fair.pages(7, "lamp") for one in page if one <= KNOWN] == [
        one for one in whole if one <= KNOWN
    ]


def test_a_newcomer_with_many_listings_has_one_ticket() -> None:
    fair = Fair()
    for _ in range(30):
        fair.post(f"A{KNOWN + 1}")
    whole = [one for page in fair.pages(100) for one in page]
    explored = whole[9::10][:3]
    assert len(set(explored)) == len(explored)
    fresh = [one for one in whole if one > KNOWN]
    assert len(set(fresh[:FRESH])) == FRESH, "each comes once before anybody comes twice"


def test_another_day_other_newcomers_come_first() -> None:
    fair = Fair()
    drawn = set()
    for _ in range(8):
        scores = [(f"P{n}", 100 * n, False) for n in range(1, KNOWN + 1)]
        fair.venue.catalogue.rate(scores, fair.clock.now // DAY_US)
        drawn.add(fair.pages(10)[0][9])
        fair.clock.now += DAY_US
        fair.post("A1")
    assert len(drawn) > 3


def test_a_cursor_of_another_search_is_refused() -> None:
    fair = Fair()
    page = fair.venue.ask("", Search(order="reputation", limit=3))
    with pytest.raises(Refused):
        fair.venue.ask("", Search(order="reputation", text="lamp", cursor=page.cursor))
