"""A venue answers from its views what a whole history in memory would, and mends what breaks."""

from pathlib import Path

import pytest

from souq.core.listing import PostListing
from souq.core.party import AGENTS
from souq.core.refusal import Reason, Refused
from souq.core.seal import PublicText
from souq.journal.memory import MemoryStore
from souq.journal.sqlite import SqliteStore
from souq.operations import OPERATIONS
from souq.operations import queries as ask
from souq.sdk.client import Client
from souq.sdk.trader import Trader
from souq.venue import Venue
from souq.venue.market import ANSWERS
from souq.views.catalogue import Search
from souq.views.derived import DerivedFile
from souq.views.history import read
from souq.views.observation import observer_of
from tests.scenario import Clock, EngineDoor, Play
from tests.test_scenarios import FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_observation_is_what_the_whole_history_gives(path: Path) -> None:
    clock = Clock()
    door = EngineDoor(MemoryStore(), clock)
    Play(door.engine.store, door, clock).tell(path.read_text(encoding="utf-8"))
    venue = Venue(door.engine.store, clock=clock.time)  # it erases what is to be erased
    with_history = observer_of(door.engine.state, read(door.engine.store))
    for agent in door.engine.state.rows(AGENTS):
        assert venue.ask(agent, ask.Observe()) == with_history.observe(agent)


def test_every_query_has_an_answer() -> None:
    assert set(ANSWERS) == {one.asks for one in OPERATIONS if not one.is_command}


@pytest.fixture
def market(tmp_path: Path) -> Client:
    return Client.local(tmp_path / "m")


def deal(market: Client) -> tuple[Trader, Trader, str]:
    bea, sol = market.join("bea", deposit="1000"), market.join("sol")
    talk = bea.offer(sol.list("Brass lamp", category="home", price="900"), "600")
    sol.counter(talk, "800")
    contract = bea.accept(talk)
    sol.deliver(contract)
    return bea, sol, contract


@pytest.mark.parametrize("view", ["catalogue", "mentions", "floor"])
def test_a_view_whose_file_fails_is_built_again(
    market: Client, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("souq.views.floor.UNKEPT_MAX", 1)
    bea, sol, contract = deal(market)
    failing = getattr(market.venue, view)
    before = DerivedFile.begin

    def broken(self: DerivedFile) -> None:
        if self is failing._file and not self.is_spoilt:
            monkeypatch.setattr(DerivedFile, "begin", before)
            with self._writing():
                self._db.execute("INSERT INTO nowhere VALUES (1)")
        before(self)

    monkeypatch.setattr(DerivedFile, "begin", broken)
    plate = sol.list("Tin plate", category="home", price="5")
    assert [one.id for one in market.search(text="plate").listings] == [plate]
    assert bea.client.get_contract(contract).negotiation == "N1"
    assert market.list_events(after=0, limit=200).last == market.get_market().seq
    assert not failing.is_spoilt


def test_pages_of_what_ended_follow_each_other(market: Client) -> None:
    bea, sol = market.join("bea", deposit="1000"), market.join("sol")
    made = []
    for n in range(7):
        contract = bea.take(sol.list(f"Cup {n}", category="home", price="5"), "5")
        sol.deliver(contract)
        if n % 2:
            bea.confirm(contract)
        made.append(contract)
    ended = [one for n, one in enumerate(made) if n % 2]
    for is_open, wanted in ((False, ended), (True, [one for one in made if one not in ended])):
        found, cursor = list[str](), ""
        while True:
            page = bea.client.list_contracts(is_open=is_open, limit=2, cursor=cursor)
            found += [one.id for one in page.contracts]
            cursor = page.cursor
            if not cursor:
                break
        assert found == wanted[::-1]
    with pytest.raises(Refused) as refused:
        bea.client.list_contracts(cursor="mine")
    assert refused.value.reason is Reason.INVALID


def test_a_statement_adds_up_to_the_balance(market: Client) -> None:
    bea, _, contract = deal(market)
    bea.confirm(contract)
    mine = f"wallet:{bea.principal}/USD"
    entries, cursor = list[ask.LedgerEntry](), ""
    while True:
        page = bea.client.list_entries(limit=1, cursor=cursor)
        entries += page.entries
        cursor = page.cursor
        if not cursor:
            break
    posted = [one for one in entries if one.kind in ("move", "capture")]
    total = sum(one.units if one.credit == mine else -one.units for one in posted)
    assert total == bea.client.get_balance().wallets[0].available == 200_000_000


def test_views_of_a_journal_that_grew_elsewhere_catch_up(tmp_path: Path) -> None:
    with Client.local(tmp_path / "m") as market:
        sol = market.join("sol")
        sol.list("Lamp", category="home")
    store = SqliteStore(tmp_path / "m")
    bare = Play(store, EngineDoor(store, clock := Clock()), clock)
    clock.now = 2_000_000_000_000_000
    bare.door.submit(sol.id, "later", list_command("Later lamp"))
    bare.engine.close()
    with Client.local(tmp_path / "m") as market:
        found = [one.title for one in market.ask(Search(text="lamp", order="newest")).listings]
        assert found == ["Later lamp", "Lamp"]


def list_command(title: str) -> object:
    return PostListing(PublicText(title), "home")
