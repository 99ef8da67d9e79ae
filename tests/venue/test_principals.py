"""Who is here: the house sees everybody, a principal itself."""

import pytest

from souq.core.attestation import AttestPrincipal
from souq.core.halt import SetHalt
from souq.core.officer import RegisterOfficer
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Reason, Refused
from souq.core.restriction import SetRestriction
from souq.core.rules import DAY_US, OPERATOR
from souq.core.seal import PublicText
from souq.operations.party_queries import AgentKnown, ListPrincipals, PrincipalKnown
from souq.venue import Venue, parties
from tests.core.stall import Stall


@pytest.fixture
def stall() -> Stall:
    stall = Stall()
    stall.do(OPERATOR, RegisterOfficer(PublicText("olga")))
    stall.do("P1", RegisterAgent("P1", PublicText("agent 1b")))
    return stall


def venue_of(stall: Stall) -> Venue:
    return Venue(stall.engine.store, clock=lambda: stall.now)


def listed(venue: Venue, actor: str, limit: int = 50) -> list[PrincipalKnown]:
    found: list[PrincipalKnown] = []
    cursor = ""
    while True:
        page = venue.ask(actor, ListPrincipals(limit=limit, cursor=cursor))
        assert len(page.principals) <= limit
        found += page.principals
        cursor = page.cursor
        if not cursor:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
@pytest.mark.parametrize("actor", [OPERATOR, "O1"])
def test_the_house_lists_everybody_by_number_in_pages(stall: Stall, actor: str, limit: int) -> None:
    found = listed(venue_of(stall), actor, limit)
    assert [(one.id, one.name) for one in found] == [(f"P{n}", f"person {n}") for n in range(1, 5)]
    assert found[0].agents == (AgentKnown("A1", "agent 1"), AgentKnown("A5", "agent 1b"))
    assert [one.agents_count for one in found] == [2, 1, 1, 1]


def test_by_number_means_that_ten_comes_after_nine(stall: Stall) -> None:
    for n in range(5, 13):
        stall.do(OPERATOR, RegisterPrincipal(PublicText(f"person {n}")))
    numbers = [int(one.id[1:]) for one in listed(venue_of(stall), OPERATOR, 5)]
    assert numbers == list(range(1, 13))


@pytest.mark.parametrize("actor", ["P1", "A1", "A5"])
def test_a_principal_and_its_agents_see_their_own_alone(stall: Stall, actor: str) -> None:
    venue = venue_of(stall)
    assert [one.id for one in listed(venue, actor)] == ["P1"]
    with pytest.raises(Refused, match="not_yours"):
        venue.ask(actor, ListPrincipals("P2"))
    with pytest.raises(Refused, match="not_yours"):
        venue.ask(actor, ListPrincipals("P99"))  # nor who else there is


@pytest.mark.parametrize("actor", ["", "nobody", "P99"])
def test_whoever_is_nobody_here_is_told_of_nobody(stall: Stall, actor: str) -> None:
    with pytest.raises(Refused, match="not_yours"):
        venue_of(stall).ask(actor, ListPrincipals())


def test_how_a_principal_stands_is_told_with_it(stall: Stall) -> None:
    until = stall.now + DAY_US
    stall.do(OPERATOR, AttestPrincipal("P2", 1, until))
    stall.do("O1", SetRestriction("P2", "warn", until))
    stall.do("P2", SetHalt("commitments", scope="A2"))
    stall.do(OPERATOR, SetHalt("negotiations", scope="A2"))
    stall.do(OPERATOR, SetHalt("commitments", scope="P2"))
    (found,) = venue_of(stall).ask(OPERATOR, ListPrincipals("P2")).principals
    assert (found.level, found.restriction, found.halt) == (1, "warn", "commitments")
    assert found.agents == (AgentKnown("A2", "agent 2", "negotiations"),)  # the stricter switch
    stall.now = until
    stall.do(OPERATOR, SetHalt("open", scope="A2"))
    (found,) = venue_of(stall).ask("P2", ListPrincipals()).principals
    assert (found.level, found.restriction) == (0, "observe")
    assert found.agents == (AgentKnown("A2", "agent 2", "commitments"),)


def test_of_many_agents_the_first_are_listed_and_all_on_asking(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parties, "AGENTS_SHOWN_MAX", 1)
    venue = venue_of(stall)
    first = venue.ask(OPERATOR, ListPrincipals(limit=1)).principals[0]
    assert ([one.id for one in first.agents], first.agents_count) == (["A1"], 2)
    (named,) = venue.ask(OPERATOR, ListPrincipals("P1")).principals
    assert [one.id for one in named.agents] == ["A1", "A5"]


def test_a_principal_that_is_not_there_is_not_found(stall: Stall) -> None:
    with pytest.raises(Refused) as refused:
        venue_of(stall).ask(OPERATOR, ListPrincipals("P99"))
    assert refused.value.reason is Reason.NOT_FOUND
