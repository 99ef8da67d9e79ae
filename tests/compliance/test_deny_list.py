"""Planted names are blocked wherever the list is asked; what passes is stated here too."""

import pytest

from souq.core.deny_list import LoadDenyList, name_key, normalised
from souq.core.funds import ReportDeposit, ReportPayout
from souq.core.listing import PostListing
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.party import RegisterPrincipal
from souq.core.payout import RequestPayout
from souq.core.refusal import Reason
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.engine import Answer
from souq.journal.memory import MemoryStore
from souq.journal.record import encode
from souq.journal.replay import records
from souq.operations.queries import ListEvents
from tests.compliance.house import House, usd

PLANTED = (
    "Ann Smith",
    "José Müller-Lüdenscheidt",
    "Łukasz Żółć",
    "محمد علي",
    "Иван Петров",
    "李 小龙",
    "O'Brien, Conan",
    "ACME Holdings (Cayman) Ltd.",
)
DISGUISES = (
    lambda name: name,
    str.upper,
    str.lower,
    lambda name: f"  {name}  ",
    lambda name: name.replace(" ", "   "),
    lambda name: name.replace(" ", "\u00a0"),
    lambda name: " ".join(reversed(name.split())),
    lambda name: name.replace(" ", ", "),
    lambda name: "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in name),
)
# Other names, by these rules: who means to catch them lists them.
NEAR_MISSES = ("Ann Smyth", "Ann M. Smith", "Anne Smith", "AnnSmith", "Jose Mueller-Luedenscheidt")


@pytest.fixture
def house() -> House:
    made = House(MemoryStore(), rules=Rules(deny_list="open"))
    made.furnish()
    made.do(OPERATOR, LoadDenyList("v1", tuple(map(name_key, PLANTED))))
    return made


def reason(answer: Answer) -> str:
    return answer.refusal.reason if answer.refusal else ""


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_name_is_kept_out_in_every_disguise(house: House, name: str) -> None:
    for disguise in DISGUISES:
        tried = house.try_(OPERATOR, RegisterPrincipal(PublicText(disguise(name))))
        assert reason(tried) == Reason.DENY_LISTED, disguise(name)


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_a_near_miss_is_another_name(house: House, name: str) -> None:
    house.do(OPERATOR, RegisterPrincipal(PublicText(name)))


@pytest.mark.parametrize("name", PLANTED)
def test_who_came_before_the_list_is_bound_no_more_and_paid_no_more(name: str) -> None:
    house = House(MemoryStore(), rules=Rules(deny_list="open"))
    house.furnish()
    house.do(OPERATOR, RegisterPrincipal(PublicText(name)))
    house.do(OPERATOR, ReportDeposit("P3", usd(1_000)))
    house.do("P3", RequestPayout(usd(1)))
    house.do(OPERATOR, LoadDenyList("v2", (name_key(name.upper()),)))
    assert reason(house.try_("P3", RequestPayout(usd(1)))) == Reason.DENY_LISTED
    assert reason(house.try_(OPERATOR, ReportPayout("P3", usd(1)))) == Reason.DENY_LISTED
    assert reason(house.try_("P1", RequestPayout(usd(1)))) == ""


def test_a_listed_side_is_no_partner_and_why_is_told_to_it_alone(house: House) -> None:
    listed = house.do("A1", PostListing(PublicText("x"), "home", price=usd(9)))
    listing = listed.events[0].listing.id
    house.do(OPERATOR, LoadDenyList("v2", principals=("P1",)))
    assert reason(house.try_("A2", TakePrice(listing, usd(9)))) == Reason.COUNTERPARTY_UNABLE
    assert reason(house.try_("A1", TakePrice("L2", usd(9)))) != ""


def test_no_name_and_no_list_stands_in_what_the_public_can_read(house: House) -> None:
    for viewer in ("", "A2", "P2"):
        seen = house.venue.ask(viewer, ListEvents(limit=200))
        told = str(seen)
        assert "DenyListLoaded" not in told
        assert "PrincipalScreened" not in told
    assert all(b"Ann Smith" not in encode(one) for one in records(house.store))


def test_versions_are_on_record(house: House) -> None:
    house.do(OPERATOR, LoadDenyList("v2", ("ab" * 32,)))
    loaded = [
        event.version
        for record in records(house.store)
        for event in record.events
        if type(event).__name__ == "DenyListLoaded"
    ]
    assert loaded == ["v1", "v2"]


def test_a_market_that_did_not_ask_for_lists_keeps_no_key_of_anybodys_name() -> None:
    house = House(MemoryStore())
    house.furnish()
    kinds = {type(one).__name__ for record in records(house.store) for one in record.events}
    assert "PrincipalScreened" not in kinds


@pytest.mark.parametrize(
    ("list_", "field"),
    [
        (LoadDenyList(""), "version"),
        (LoadDenyList("x" * 65), "version"),
        (LoadDenyList("1", ("Ann Smith",)), "names"),
        (LoadDenyList("1", ("AB" * 32,)), "names"),
    ],
)
def test_a_malformed_list_is_refused_and_the_old_one_stays(
    house: House, list_: LoadDenyList, field: str
) -> None:
    refused = house.try_(OPERATOR, list_).refusal
    assert refused is not None
    assert (refused.reason, refused.facts["field"]) == (Reason.INVALID, field)
    tried = house.try_(OPERATOR, RegisterPrincipal(PublicText("Ann Smith")))
    assert reason(tried) == Reason.DENY_LISTED


def test_normalising_folds_what_spellings_of_one_name_differ_in() -> None:
    assert normalised("  Müller,  JOSÉ ") == "jose muller"
    assert normalised("Straße") == "strasse"


def test_rules_that_say_neither_open_nor_closed_are_no_rules() -> None:
    house = House(MemoryStore(), rules=Rules(deny_list="closed"))
    assert reason(house.try_(OPERATOR, OpenMarket(Rules()))) == Reason.ALREADY_EXISTS
    tried = house.try_(OPERATOR, RegisterPrincipal(PublicText("Ann")))
    assert reason(tried) == Reason.DENY_LIST_MISSING
