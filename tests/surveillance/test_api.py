"""What the operator and officers are told of alarms, and what a principal is told of itself."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from souq.core.halt import SetHalt
from souq.core.listing import EditListing, PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.officer import RegisterOfficer
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Refused
from souq.core.restriction import AppealRestriction, SetRestriction
from souq.core.rules import HOUR_US, OPERATOR, OpenMarket
from souq.core.seal import PartyText, PublicText
from souq.journal.memory import MemoryStore
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.operations.surveillance_queries import ListAlarms, ListRestrictions
from souq.sdk.client import Client
from souq.venue import Venue
from tests.surveillance import bazaar
from tests.surveillance.bazaar import usd


class Street:
    """An open market with two sellers of one book, and an officer."""

    def __init__(self, store: Store) -> None:
        self.venue = Venue(store)
        self.sent = 0
        self.do(OPERATOR, OpenMarket())
        for n in (1, 2):
            self.do(OPERATOR, RegisterPrincipal(PublicText(f"seller {n}")))
            self.do(f"P{n}", RegisterAgent(f"P{n}", PublicText("agent")))
            self.do(f"P{n}", GrantMandate(f"A{n}", SecretLimits(Limits())))
        self.do(OPERATOR, RegisterOfficer(PublicText("olga")))
        self.prices = [3_548, 3_554]
        for n, units in enumerate(self.prices, 1):
            self.do(f"A{n}", PostListing(PublicText("a book"), "books", usd(1_000 * units)))

    def do(self, actor: str, command: Any) -> Any:
        self.sent += 1
        return self.venue.submit(actor, f"c{self.sent}", command).need()

    def reprice(self) -> None:
        """Let each set its price by the other's, the dearer one first."""
        for n, factor in ((1, 1.27), (0, 0.9983)):
            self.prices[n] = round(self.prices[1 - n] * factor)
            self.do(f"A{n + 1}", EditListing(f"L{n + 1}", price=usd(1_000 * self.prices[n])))


def test_alarms_come_as_the_market_goes_on_and_survive_a_restart() -> None:
    store = MemoryStore()
    street = Street(store)
    assert street.venue.ask(OPERATOR, ListAlarms()).alarms == ()
    street.reprice()
    street.reprice()
    told = street.venue.ask("O1", ListAlarms())
    (alarm,) = told.alarms
    assert (alarm.detector, alarm.parties, told.total) == ("repricing_loop", ("P1", "P2"), 1)
    assert told.seq == street.venue.engine.head[0]
    again = Venue(store)
    assert again.ask(OPERATOR, ListAlarms()).alarms == (alarm,)
    assert again.ask(OPERATOR, ListAlarms("wash_trading")).alarms == ()


@pytest.mark.parametrize("actor", ["A1", "P1", "", "nobody"])
def test_nobody_else_is_told_of_alarms(actor: str) -> None:
    street = Street(MemoryStore())
    with pytest.raises(Refused, match="not_yours"):
        street.venue.ask(actor, ListAlarms())


def test_the_market_is_told_to_stand_still_only_where_all_of_it_does() -> None:
    street = Street(MemoryStore())
    street.do("P1", SetHalt("commitments", scope="A1"))
    street.do(OPERATOR, SetHalt("negotiations", scope="P2"))
    assert street.venue.ask(OPERATOR, ListAlarms()).breakers.halt == "open"
    street.do(OPERATOR, SetHalt("settlements"))
    street.do(OPERATOR, SetHalt("open", scope="P2"))
    assert street.venue.ask(OPERATOR, ListAlarms()).breakers.halt == "settlements"


def test_an_unknown_detector_is_refused_by_its_field() -> None:
    with pytest.raises(Refused, match="detector"):
        Street(MemoryStore()).venue.ask(OPERATOR, ListAlarms("witchcraft"))


def test_everybody_sees_their_own_rung_and_officers_see_all() -> None:
    street = Street(MemoryStore())
    ask = street.venue.ask
    until = street.venue.engine.state.at + HOUR_US
    put = SetRestriction("P1", "warn", until, "repricing_loop", PartyText("see record 12"))
    street.do("O1", put)
    street.do(OPERATOR, SetRestriction("P2", "human"))
    street.do("P1", AppealRestriction("P1", PartyText("my costs rose")))
    for actor in ("P1", "A1"):
        (card,) = ask(actor, ListRestrictions()).restrictions
        assert (card.principal, card.level, card.appeals) == ("P1", "warn", 1)
        assert card.words == "see record 12"
    assert ask("", ListRestrictions()).restrictions == ()
    assert ask("nobody", ListRestrictions()).restrictions == ()
    first = ask("O1", ListRestrictions(1))
    second = ask(OPERATOR, ListRestrictions(1, first.cursor))
    names = [one.principal for page in (first, second) for one in page.restrictions]
    assert (names, second.cursor) == (["P1", "P2"], "")
    assert [one.principal for one in ask("O1", ListRestrictions(principal="P2")).restrictions] == [
        "P2"
    ]
    assert ask("P1", ListRestrictions(principal="P2")).restrictions == ()


def test_a_client_asks_by_the_names_of_the_operations() -> None:
    with Client.local() as market:
        assert market.list_alarms().alarms == ()
        assert market.list_restrictions().restrictions == ()


def test_following_tells_an_alarm_once_and_ends_in_order(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    bazaar.duel(store)
    store.close()
    program = "from souq.cli import main; main()"
    words = [sys.executable, "-u", "-c", program, "watch", str(tmp_path), "--follow", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(timeout=30) in (0, 130)
    assert '"detector":"repricing_loop"' in line
    assert rest == ""
