"""The catalogue's file continues where it stopped, and is made again when it is not to be used."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from souq import Client
from souq.core.listing import LISTINGS, EditListing, WithdrawListing
from souq.core.seal import PublicText
from souq.journal.record import Entry, Payload
from souq.journal.replay import records
from souq.views.catalogue import Catalogue, Search, Spoilt
from souq.views.history import ERASED

FILE = "catalogue.sqlite"


class Watched:
    """A store that notes where it was read from."""

    def __init__(self, market: Client) -> None:
        self._store = market.venue.engine.store
        self.starts: list[int] = []

    def head(self) -> tuple[int, bytes]:
        return self._store.head()

    def payload(self, digest: str) -> Payload | None:
        return self._store.payload(digest)

    def read(self, start: int = 1, until: int | None = None) -> Iterator[Entry]:
        if until is None:
            self.starts.append(start)
        return self._store.read(start, until)


def market_with(*titles: str) -> Client:
    market = Client.local()
    sol = market.join("sol")
    for title in titles:
        sol.list(title, category="home", price="9")
    return market


def titles(catalogue: Catalogue, **fields: str) -> list[str]:
    return [card.title for card in catalogue.search(Search(**fields)).listings]  # type: ignore[arg-type]


def test_a_start_goes_on_from_the_record_the_file_stands_at(tmp_path: Path) -> None:
    market = market_with("lamp", "chair")
    watched = Watched(market)
    catalogue = Catalogue(tmp_path / FILE)
    catalogue.catch_up(watched)  # type: ignore[arg-type]
    catalogue.close()
    before = market.venue.engine.head[0]
    market.join("bea").list("desk", category="home")
    catalogue = Catalogue(tmp_path / FILE)
    assert catalogue.seq == before
    assert titles(catalogue) == ["chair", "lamp"]
    catalogue.catch_up(watched)  # type: ignore[arg-type]
    assert watched.starts == [1, before + 1]
    assert titles(catalogue) == ["desk", "chair", "lamp"]
    catalogue.close()


def test_what_a_crash_left_unkept_is_read_again(tmp_path: Path) -> None:
    market = market_with("lamp")
    catalogue = Catalogue(tmp_path / FILE)
    catalogue.catch_up(market.venue.engine.store)
    kept = catalogue.seq
    market.join("bea").list("chair", category="home")
    for record in records(market.venue.engine.store, start=kept + 1):
        catalogue.take(record, market.venue.engine.store.payload)
    assert titles(catalogue) == ["chair", "lamp"]
    catalogue._file._db.rollback()  # what a dying process does
    catalogue._file._db.close()
    again = Catalogue(tmp_path / FILE)
    assert (again.seq, titles(again)) == (kept, ["lamp"])
    again.catch_up(market.venue.engine.store)
    assert titles(again, text="chair") == ["chair"]
    again.close()


def test_the_file_of_another_market_is_made_again(tmp_path: Path) -> None:
    ours, other = market_with("lamp", "chair"), market_with("desk", "cup", "bowl")
    for market in (other, ours):
        catalogue = Catalogue(tmp_path / FILE)
        catalogue.catch_up(market.venue.engine.store)
        catalogue.close()
    catalogue = Catalogue(tmp_path / FILE)
    assert titles(catalogue) == ["chair", "lamp"]
    assert titles(catalogue, text="desk") == []
    catalogue.close()


def test_a_journal_that_went_another_way_is_read_from_its_beginning(tmp_path: Path) -> None:
    folder = tmp_path / "market"
    with Client.local(folder) as market:
        sol = market.join("sol")
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    for where, title in ((folder, "lamp"), (copy, "chair")):
        with Client.local(where) as market:
            sol.client = market.speaking_as(sol.id)
            sol.list(title, category="home")
            catalogue = Catalogue(tmp_path / FILE)
            catalogue.catch_up(market.venue.engine.store)
            assert titles(catalogue) == [title]
            catalogue.close()


def test_a_journal_shorter_than_what_was_read_is_read_from_its_beginning(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / FILE)
    catalogue.catch_up(market_with("lamp", "chair").venue.engine.store)
    catalogue.catch_up(market_with("desk").venue.engine.store)
    assert titles(catalogue) == ["desk"]
    catalogue.close()


@pytest.mark.parametrize("damage", ["text", "cut", "version", "tables"])
def test_a_file_that_cannot_be_used_is_made_again(tmp_path: Path, damage: str) -> None:
    market, path = market_with("lamp"), tmp_path / FILE
    catalogue = Catalogue(path)
    catalogue.catch_up(market.venue.engine.store)
    catalogue.close()
    if damage == "text":
        path.write_text("no database at all " * 1_000)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:700])
    else:
        db = sqlite3.connect(path, isolation_level=None)
        db.execute(
            "UPDATE facts SET value = '0' WHERE name = 'version'"
            if damage == "version"
            else "DROP TABLE facts"
        )
        db.close()
    catalogue = Catalogue(path)
    assert catalogue.seq == 0
    catalogue.catch_up(market.venue.engine.store)
    assert titles(catalogue, text="lamp") == ["lamp"]
    catalogue.close()


def test_damage_met_in_a_search_is_named_and_mended_by_a_reset(tmp_path: Path) -> None:
    market, path = market_with(*(f"lamp {n}" for n in range(300))), tmp_path / FILE
    catalogue = Catalogue(path)
    catalogue.catch_up(market.venue.engine.store)
    damaged = "UPDATE words_data SET block = zeroblob(50) WHERE id > 10"
    catalogue._file.write_many(damaged, [()])
    catalogue.close()
    catalogue = Catalogue(path)
    assert catalogue.seq > 0
    with pytest.raises(Spoilt):
        catalogue.search(Search(text="lamp"))
    catalogue.reset()
    catalogue.catch_up(market.venue.engine.store)
    assert len(titles(catalogue, text="lamp")) == 20
    catalogue.close()


def test_after_a_write_that_failed_nothing_is_found_until_all_is_read_again(tmp_path: Path) -> None:
    market = market_with("lamp")
    catalogue = Catalogue(tmp_path / FILE)
    catalogue.catch_up(market.venue.engine.store)
    sol = market.join("sol")
    for n in range(200):
        sol.list(f"chair {n}", category="home", description=PublicText("x y z " * 600))
    (pages,) = catalogue._file.rows("PRAGMA page_count")
    catalogue._file.rows(f"PRAGMA max_page_count={pages[0] + 5}")  # the disk is full
    with pytest.raises(Spoilt):
        catalogue.catch_up(market.venue.engine.store)
    for _ in range(2):
        with pytest.raises(Spoilt):
            titles(catalogue)
    catalogue.close()
    catalogue = Catalogue(tmp_path / FILE)
    assert titles(catalogue) == ["lamp"]
    catalogue.reset()
    catalogue.catch_up(market.venue.engine.store)
    assert len(catalogue.search(Search(text="chair", limit=100)).listings) == 100
    catalogue.close()


def test_what_cannot_be_opened_is_not_thrown_away(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(sqlite3.OperationalError):
        Catalogue(tmp_path / FILE)
    assert (tmp_path / FILE).is_dir()


def test_an_erased_text_leaves_the_index_and_the_file(tmp_path: Path) -> None:
    with Client.local(tmp_path / "market") as market:
        sol, store = market.join("sol"), market.venue.engine.store
        secret = PublicText("xylophone from Zanzibar street")
        id = sol.list("lamp", category="home", description=secret)
        sol.submit(EditListing(id, title=PublicText("Quokkalamp")))
        catalogue = Catalogue(tmp_path / FILE)
        catalogue.catch_up(store)
        assert titles(catalogue, text="xylophone") == ["Quokkalamp"]
        posted = market.venue.engine.state.rows(LISTINGS)[id]
        for digest in (posted.description, posted.title):
            catalogue.forget(digest)
            store.erase(digest)
        for text in ("xylophone", "zanzibar", "quokkalamp", "erased", "lamp"):
            assert titles(catalogue, text=text) == [], text
        (card,) = catalogue.search(Search()).listings
        assert (card.title, card.description) == (ERASED, ERASED)
        sol.list("desk", category="home")
        catalogue.catch_up(store)
        catalogue.close()
        kept = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*")).lower()
        assert b"desk" in kept
        for word in (b"xylophon", b"zanzibar", b"quokka"):
            assert word not in kept, word
        again = Catalogue()
        again.catch_up(store)  # folding again finds the words gone as well
        assert again.search(Search()) == Catalogue(tmp_path / FILE).search(Search())
        sol.submit(WithdrawListing(id))
        again.catch_up(store)
        assert titles(again) == ["desk"]


def test_records_come_in_order_and_once() -> None:
    market, catalogue = market_with("lamp"), Catalogue()
    store = market.venue.engine.store
    first, second, third, *_ = records(store)
    catalogue.take(first, store.payload)
    for record in (first, third):
        with pytest.raises(AssertionError):
            catalogue.take(record, store.payload)
    catalogue.take(second, store.payload)
    assert catalogue.seq == 2
