"""Negotiations and contracts are listed newest first: an agent's, a principal's, everybody's."""

from collections.abc import Iterator
from typing import Any

import pytest

from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms import OPEN_TO_ALL
from souq.core.mechanisms.moves import Reject
from souq.core.negotiation import NEGOTIATIONS, AgreementReached, NegotiationOpened
from souq.core.party import AGENTS, RegisterAgent
from souq.core.refusal import Refused
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS
from souq.engine import Engine
from souq.journal.replay import records
from souq.operations.queries import ListContracts, ListNegotiations, WhoAmI
from souq.venue import Venue, listed
from souq.venue.deals import list_contracts
from tests.core.stall import Stall
from tests.evidence.markets import of_plays
from tests.laws.walk import walk

LIMITS = (1, 3, 50)


def busy() -> Engine:
    """Give a market in which every third bargain and deal still goes on; P1 has two agents."""
    stall = Stall()
    stall.do("P1", RegisterAgent("P1", PublicText("agent 1b")))
    stall.do("P1", GrantMandate("A5", SecretLimits(Limits())))
    for n in range(24):
        buyer, seller = ("A1", "A3", "A5")[n % 3], ("A2", "A4")[n % 2]
        lamp = stall.list(seller)
        if n % 4 < 2:
            talk, _ = stall.offer(buyer, (lamp,), 300 + n)
            if n % 3:
                stall.do(seller, Reject(talk))
            continue
        deal = stall.deal(buyer, seller, (lamp,), 300 + n)
        if n % 3:
            stall.do(seller, SubmitDelivery(deal))
            stall.do(buyer, AcceptDelivery(deal))
    return stall.engine


@pytest.fixture(scope="module", params=[busy, lambda: walk(18, 600).engine], ids=["busy", "walk"])
def engine(request: pytest.FixtureRequest) -> Engine:
    made: Engine = request.param()
    return made


@pytest.fixture(scope="module")
def venue(engine: Engine) -> Venue:
    return Venue(engine.store, clock=lambda: engine.state.at + 1)


def number(id: str) -> int:
    return int(id[1:])


def talks(venue: Venue, actor: str, limit: int = 50, **more: Any) -> list[str]:
    return list(_all(venue, actor, ListNegotiations, "negotiations", limit, more))


def deals(venue: Venue, actor: str, limit: int = 50, **more: Any) -> list[str]:
    return list(_all(venue, actor, ListContracts, "contracts", limit, more))


def _all(
    venue: Venue, actor: str, query: Any, name: str, limit: int, more: dict[str, Any]
) -> Iterator[str]:
    cursor = ""
    while True:
        page = venue.ask(actor, query(limit=limit, cursor=cursor, **more))
        yield from (one.id for one in getattr(page, name))
        if not page.cursor:
            return
        assert page.cursor != cursor
        cursor = page.cursor


class Told:
    """What the raw records and the live state tell of a market's bargains and contracts."""

    def __init__(self, engine: Engine) -> None:
        self.talks: set[str] = set()
        self.deals: dict[str, tuple[str, ...]] = {}
        for record in records(engine.store):
            for event in record.events:
                if isinstance(event, NegotiationOpened) and event.mechanism not in OPEN_TO_ALL:
                    self.talks.add(event.negotiation)
                elif isinstance(event, AgreementReached):
                    self.deals[event.contract] = event.agreement.parties
        self.open_talks = self.talks & set(engine.state.rows(NEGOTIATIONS))
        self.open_deals = set(engine.state.rows(CONTRACTS))


def newest(ids: Any) -> list[str]:
    return sorted(ids, key=number, reverse=True)


@pytest.mark.parametrize("limit", LIMITS)
def test_the_operator_lists_everybodys_the_newest_first(
    engine: Engine, venue: Venue, limit: int
) -> None:
    told = Told(engine)
    assert len(told.open_talks) > 3
    assert told.open_deals
    assert talks(venue, OPERATOR, limit) == newest(told.open_talks)
    assert deals(venue, OPERATOR, limit) == newest(told.open_deals)
    assert talks(venue, OPERATOR, limit, is_open=False) == newest(told.talks - told.open_talks)
    assert deals(venue, OPERATOR, limit, is_open=False) == newest(set(told.deals) - told.open_deals)


@pytest.mark.parametrize("limit", LIMITS)
def test_a_principal_lists_those_of_all_its_agents(
    engine: Engine, venue: Venue, limit: int
) -> None:
    told, state = Told(engine), engine.state
    for principal in ("P1", "P2", "P3"):
        agents = {id for id, agent in state.rows(AGENTS).items() if agent.principal == principal}
        for is_open in (True, False):
            mine = {
                id
                for id, parties in told.deals.items()
                if agents & {*parties} and (id in told.open_deals) == is_open
            }
            assert deals(venue, principal, limit, is_open=is_open) == newest(mine)
            each = [talks(venue, principal, is_open=is_open, agent=one) for one in agents]
            assert talks(venue, principal, limit, is_open=is_open) == newest(
                {id for ids in each for id in ids}
            )
    assert len({*deals(venue, "P1", is_open=False)} | {*deals(venue, "P2", is_open=False)}) > 3


@pytest.mark.parametrize("actor", ["", "nobody", "O1", "P99"])
def test_whoever_deals_in_nothing_is_refused(venue: Venue, actor: str) -> None:
    for query in (ListNegotiations(), ListContracts(), ListContracts(is_open=False)):
        with pytest.raises(Refused, match="not_yours"):
            venue.ask(actor, query)


def test_a_principal_may_not_name_anothers_agent(venue: Venue) -> None:
    with pytest.raises(Refused, match="not_yours"):
        venue.ask("P1", ListContracts(venue.ask("P2", WhoAmI()).agents[0]))


def test_no_page_of_what_ended_looks_at_more_than_one_may(
    engine: Engine, venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = talks(venue, OPERATOR, is_open=False)
    monkeypatch.setattr(listed, "LOOKED_AT_MAX", 2)
    page = venue.ask(OPERATOR, ListNegotiations(is_open=False))
    assert len(page.negotiations) <= 2
    assert page.cursor
    assert talks(venue, OPERATOR, is_open=False) == whole


def test_of_a_record_that_makes_many_deals_each_party_lists_its_own() -> None:
    """A call market closes many at once, and one's list must not stumble over the others'."""
    many = 0
    for desk in of_plays():
        for record in records(desk.store):
            agreed = [one for one in record.events if isinstance(one, AgreementReached)]
            for agent in {party for one in agreed[1:] for party in one.agreement.parties}:
                many += 1
                for is_open in (True, False):
                    found = list_contracts(desk, agent, ListContracts(is_open=is_open))
                    assert all(agent in one.parties for one in found.contracts)
    assert many > 3
