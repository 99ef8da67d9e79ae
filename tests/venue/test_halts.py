"""Which switches are thrown, as far as each may know."""

import pytest

from souq.core.halt import SetHalt
from souq.core.officer import RegisterOfficer
from souq.core.party import RegisterAgent
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.operations.surveillance_queries import HaltCard, ListHalts
from souq.venue import Venue
from tests.core.stall import Stall

# By whom, what, whom, in this order: thrown as the test's market begins.
THROWN = (
    ("P1", "commitments", "A1"),
    (OPERATOR, "negotiations", "A1"),
    ("P1", "commitments", "P1"),
    ("P1", "negotiations", "A5"),
    (OPERATOR, "commitments", "P2"),
    (OPERATOR, "settlements", ""),
)


@pytest.fixture(scope="module")
def venue() -> Venue:
    stall = Stall()
    stall.do(OPERATOR, RegisterOfficer(PublicText("olga")))
    stall.do("P1", RegisterAgent("P1", PublicText("agent 1b")))
    stall.do(OPERATOR, SetHalt("commitments", scope="A3"))
    for by, level, scope in THROWN:
        stall.do(by, SetHalt(level, PublicText(f"{by} stops {scope}"), scope))  # type: ignore[arg-type]
    stall.do(OPERATOR, SetHalt("open", scope="A3"))
    return Venue(stall.engine.store, clock=lambda: stall.now)


def listed(venue: Venue, actor: str, limit: int = 50) -> list[HaltCard]:
    found: list[HaltCard] = []
    cursor = ""
    while True:
        page = venue.ask(actor, ListHalts(limit, cursor))
        found += page.halts
        cursor = page.cursor
        if not cursor:
            return found


@pytest.mark.parametrize("limit", [1, 2, 5, 50])
@pytest.mark.parametrize("actor", [OPERATOR, "O1"])
def test_the_house_sees_every_thrown_switch_the_latest_first(
    venue: Venue, actor: str, limit: int
) -> None:
    found = listed(venue, actor, limit)
    assert [(one.by, one.level, one.scope) for one in found] == list(THROWN[::-1])
    assert [one.why for one in found] == [f"{by} stops {scope}" for by, _, scope in THROWN[::-1]]
    since = [one.since for one in found]
    assert since == sorted(since, reverse=True)


@pytest.mark.parametrize(
    ("actor", "scopes"),
    [
        ("", [""]),
        ("nobody", [""]),
        ("operator/P2", [""]),
        ("market", [""]),
        ("P1", ["", "A5", "P1", "A1", "A1"]),
        ("A1", ["", "A1", "A1"]),
        ("A5", ["", "A5"]),
        ("P2", ["", "P2"]),
        ("A2", [""]),
        ("P3", [""]),
    ],
)
def test_others_see_the_markets_and_their_own(venue: Venue, actor: str, scopes: list[str]) -> None:
    assert [one.scope for one in listed(venue, actor)] == scopes


@pytest.mark.parametrize(
    ("actor", "of", "bys"),
    [
        (OPERATOR, "A1", [OPERATOR, "P1"]),
        (OPERATOR, "P2", [OPERATOR]),
        ("P1", "A5", ["P1"]),
        ("P2", "A1", []),
        ("", "P2", []),
    ],
)
def test_those_of_one_are_told_to_whoever_sees_them(
    venue: Venue, actor: str, of: str, bys: list[str]
) -> None:
    assert [one.by for one in venue.ask(actor, ListHalts(of=of)).halts] == bys


def test_a_cursor_of_another_list_is_refused(venue: Venue) -> None:
    with pytest.raises(Refused) as refused:
        venue.ask(OPERATOR, ListHalts(cursor="Mw"))
    assert (refused.value.reason, refused.value.facts["field"]) == (Reason.INVALID, "cursor")
