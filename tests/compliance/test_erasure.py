"""Erasing somebody: nothing it said can be read anywhere, and everything else still holds."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from souq.core import market
from souq.core.erasure import ErasePrincipal, SetLegalHold
from souq.core.message import PostMessage
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.engine import Engine
from souq.journal.backup import backup, keys_of, restore
from souq.journal.copying import copy_journal
from souq.journal.key_file import KEYS
from souq.journal.memory import MemoryStore
from souq.journal.record import Damaged
from souq.journal.replay import replay
from souq.journal.sqlite import FILE, SqliteStore
from souq.journal.store import Store
from souq.journal.verify import verify
from souq.operations import compliance_queries as trust
from souq.operations import queries as ask
from souq.views.catalogue import Search
from souq.views.dossier import dossier
from souq.views.feed import Feed
from souq.views.history import ERASED
from souq.views.mentions import Mentions
from tests.compliance.house import ACCOUNT, LIMITS, NAME, SAID, TITLE, WORDS, House


def readable(store: Store) -> str:
    """Give all words that can be read through a store."""
    return "\n".join(one.content.decode() for one in store.payloads())


def bytes_in(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


@pytest.fixture(params=["memory", "sqlite"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "market"
    store: Store = MemoryStore() if request.param == "memory" else SqliteStore(folder)
    made = House(store, data=None if request.param == "memory" else folder)
    made.furnish()
    made.empty()
    yield made
    made.close()


def test_before_it_all_her_words_can_be_read(house: House) -> None:
    found = readable(house.store)
    assert [one for one in WORDS if one not in found] == []


def test_nothing_an_erased_principal_said_can_be_read_and_the_chain_verifies(house: House) -> None:
    house.venue.ask("P2", Search(text="attic"))
    house.do(OPERATOR, ErasePrincipal("P1"))
    house.venue.drain()
    found = readable(house.store)
    assert [one for one in WORDS if one in found] == []
    assert "A chair of somebody else" in found
    checked = verify(house.store)
    assert checked.erased >= len(WORDS)
    assert market.state_hash(replay(house.store).state) == checked.state_hash


def test_views_forget_her_too(house: House) -> None:
    assert house.venue.ask("P2", ask.GetAgent("A1")).principal_name == NAME
    assert house.venue.ask("P2", ask.ListMessages()).messages[0].text == SAID
    assert house.venue.ask("P2", Search(text="attic")).listings
    house.do(OPERATOR, ErasePrincipal("P1"))
    card = house.venue.ask("P2", trust.GetAgentCard("A1"))
    assert (card.name, card.principal_name, card.contact) == (ERASED,) * 3
    assert house.venue.ask("P2", ask.GetAgent("A1")).principal_name == ERASED
    assert house.venue.ask("P2", ask.ListMessages()).messages[0].text == ERASED
    assert house.venue.ask("P2", Search(text="attic")).listings == ()
    told = house.venue.ask(OPERATOR, ask.ListEvents(limit=200))
    assert [one for one in WORDS if one in str(told)] == []


def test_money_records_and_other_peoples_affairs_stay(house: House) -> None:
    before = house.venue.ask(OPERATOR, trust.GetStatement("P1"))
    house.do(OPERATOR, ErasePrincipal("P1"))
    assert house.venue.ask(OPERATOR, trust.GetStatement("P1")) == before
    assert house.venue.ask("P2", ask.GetBalance()).wallets[0].available > 0


def test_limits_stay_because_replay_needs_them(house: House) -> None:
    house.do(OPERATOR, ErasePrincipal("P1"))
    house.venue.drain()
    assert str(LIMITS.per_deal_units) in readable(house.store)


def test_a_legal_hold_keeps_everything(house: House) -> None:
    house.do(OPERATOR, SetLegalHold("P1", is_held=True))
    refused = house.try_(OPERATOR, ErasePrincipal("P1")).refusal
    assert refused is not None
    assert refused.facts == {"state": "LegalHold"}
    assert NAME in readable(house.store)


def test_words_said_after_it_are_not_kept(house: House) -> None:
    house.do(OPERATOR, ErasePrincipal("P1"))
    house.venue.drain()
    house.do("A1", PostMessage(PublicText("I am still here")))  # past every door
    assert "I am still here" not in readable(house.store)
    verify(house.store)


def test_no_file_of_the_market_holds_her_words_in_the_clear_at_any_time(tmp_path: Path) -> None:
    folder = tmp_path / "market"
    store = SqliteStore(folder)
    house = House(store, data=tmp_path / "views")
    house.furnish()
    house.empty()
    house.do(OPERATOR, ErasePrincipal("P1"))
    house.close()
    found = bytes_in(folder) + bytes_in(tmp_path / "views")
    assert [one for one in WORDS if one.encode() in found] == []


@pytest.fixture
def sold(tmp_path: Path) -> Path:
    """Leave a closed market in which nobody was erased yet."""
    folder = tmp_path / "sold"
    house = House(SqliteStore(folder), data=folder)
    house.furnish()
    house.empty()
    house.close()
    return folder


def erase_in(folder: Path) -> None:
    house = House(SqliteStore(folder), data=folder)
    house.now += 10**12
    house.do(OPERATOR, ErasePrincipal("P1"))
    house.close()


def test_a_backup_from_before_is_unreadable_with_the_keys_from_after(
    sold: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    backup(sold, kept)
    raw = kept.read_bytes()
    assert [one for one in WORDS if one.encode() in raw] == []
    restore(kept, tmp_path / "before")
    with closing(SqliteStore(tmp_path / "before", read_only=True)) as store:
        assert NAME in readable(store)
    erase_in(sold)
    restore(kept, tmp_path / "after", keys=sold / KEYS)
    with closing(SqliteStore(tmp_path / "after", read_only=True)) as store:
        found = readable(store)
        assert [one for one in WORDS if one in found] == []
        assert "A chair of somebody else" in found
        verify(store)


def test_a_backup_without_its_keys_still_restores_verifies_and_goes_on(
    sold: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    backup(sold, kept)
    keys_of(kept).unlink()
    restore(kept, tmp_path / "back")
    with Engine(SqliteStore(tmp_path / "back")) as engine:
        assert [one for one in WORDS if one in readable(engine.store)] == []
        verify(engine.store)
        engine.submit("A2", "again", PostMessage(PublicText("we go on"))).need()
        assert "we go on" in readable(engine.store)
        verify(engine.store)


def test_a_copy_of_the_files_from_before_falls_with_the_key(sold: Path, tmp_path: Path) -> None:
    shutil.copytree(sold, tmp_path / "copy")
    erase_in(sold)
    shutil.copy(sold / KEYS, tmp_path / "copy" / KEYS)
    with closing(SqliteStore(tmp_path / "copy", read_only=True)) as store:
        assert [one for one in WORDS if one in readable(store)] == []
        verify(store)


def test_a_guess_cannot_be_proven_from_a_copy_without_keys(sold: Path) -> None:
    with closing(SqliteStore(sold, read_only=True)) as store:
        salts = [one.salt for one in store.payloads() if one.owner == "P1"]
    # Whoever had the salt could hash every likely name and compare it with the chain.
    found = (sold / FILE).read_bytes()
    assert len(salts) >= len(WORDS)
    assert [salt for salt in salts if salt in found] == []


def test_what_was_cut_off_after_the_record_is_done_at_the_next_start(sold: Path) -> None:
    with Engine(SqliteStore(sold)) as engine:  # an engine alone does no work outside the record
        engine.submit(OPERATOR, "erase", ErasePrincipal("P1")).need()
        assert NAME in readable(engine.store)
    House(SqliteStore(sold), data=sold).close()
    with closing(SqliteStore(sold, read_only=True)) as store:
        assert [one for one in WORDS if one in readable(store)] == []
    found = bytes_in(sold)
    assert [one for one in WORDS if one.encode() in found] == []


def test_words_of_an_older_release_are_erased_though_they_were_never_locked(
    sold: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(sold, plain)
    with closing(SqliteStore(sold, read_only=True)) as store:
        payloads = list(store.payloads())
    with closing(sqlite3.connect(plain / FILE)) as db, db:
        for one in payloads:
            update = "UPDATE payloads SET salt = ?, content = ? WHERE digest = ?"
            db.execute(update, (one.salt, one.content, one.digest))
    (plain / KEYS).unlink()
    with closing(SqliteStore(plain, read_only=True)) as store:
        assert NAME in readable(store)
        verify(store)
    erase_in(plain)
    with closing(SqliteStore(plain, read_only=True)) as store:
        assert [one for one in WORDS if one in readable(store)] == []
        verify(store)


def test_a_journal_moves_to_another_store_with_the_words_that_are_left(sold: Path) -> None:
    erase_in(sold)
    with closing(SqliteStore(sold)) as store:
        target = MemoryStore()
        copy_journal(store, target)
        assert sorted(readable(target).splitlines()) == sorted(readable(store).splitlines())
        assert verify(target).state_hash == verify(store).state_hash


def test_a_payload_moved_under_another_owner_is_no_erasure(sold: Path) -> None:
    with closing(sqlite3.connect(sold / FILE)) as db, db:
        query = "UPDATE payloads SET content = replace(content, x'00503100', x'00503200')"
        db.execute(query)
    with closing(SqliteStore(sold, read_only=True)) as store, pytest.raises(Damaged):
        verify(store)


def test_her_dossier_is_hers_alone(sold: Path) -> None:
    with closing(SqliteStore(sold, read_only=True)) as store:
        found, seen = dossier(store, "P1")
        told = str(list(seen))
        assert found.name == NAME
        assert found.agents[0].limits == LIMITS
        assert all(one in told for one in (SAID, TITLE, ACCOUNT))
        other, theirs = dossier(store, "P2")
        words = str(other) + str(list(theirs))
        assert ACCOUNT not in words
        with pytest.raises(KeyError):
            dossier(store, "P99")


def test_her_dossier_holds_every_record_she_may_see(sold: Path) -> None:
    with closing(SqliteStore(sold, read_only=True)) as store:
        _, seen = dossier(store, "P1")
        state = replay(store).state
        mentions = Mentions(None, lambda: state)
        mentions.catch_up(store)
        page = Feed(store, mentions, lambda: state).page("P1", 0, 10_000)
        assert [one.seq for one in seen] == [one.seq for one in page.records]
