"""A journal that somebody else writes is shown as its own market would show it, and not touched."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from souq.cli import app
from souq.cli.output import Mistake
from souq.core.erasure import ErasePrincipal
from souq.core.rules import OPERATOR
from souq.journal.record import Entry
from souq.journal.sqlite import SqliteStore
from souq.lab.experiment.folder import hashes
from souq.operations import OPERATIONS
from souq.operations import queries as ask
from souq.operations.evidence_queries import GetTreeHead
from souq.operations.floor_queries import GetFloor
from souq.surfaces.console.behind import Read
from souq.venue import Venue
from souq.venue.onlooker import Onlooker
from souq.views.catalogue import Search
from souq.views.evidence_key import EvidenceKey
from tests.compliance.house import WORDS, House
from tests.console.looked_at import hashed, told, walked
from tests.laws.walk import walk

STAGES = (1, 7, 60, 61, 250)
# What is promised; a machine that has much else to do is given more.
WITHIN_S = 1.0 if os.environ.get("SOUQ_FULL") == "1" else 30.0


@cache
def written() -> tuple[Entry, ...]:
    """Give the records of a random market, with the words and secrets that belong to each."""
    entries = tuple(walk(77, 600).store.read())
    assert any(entry.payloads for entry in entries)
    return entries


def queries() -> Iterator[Any]:
    """Give every question that needs nothing named."""
    for operation in OPERATIONS:
        if not operation.is_command:
            try:
                yield operation.asks()
            except TypeError:
                continue


def answers(asked: Callable[[str, Any], Any], actor: str) -> dict[str, Any]:
    """Ask everything; a refusal is an answer too."""
    found: dict[str, Any] = {}
    named = (ask.ListEvents(order="newest", limit=100), Search(order="newest", limit=50))
    for query in (*queries(), *named):
        try:
            found[repr(query)] = asked(actor, query)
        except Exception as no:
            found[repr(query)] = repr(no)
    return found


@contextmanager
def venue_on(folder: Path, copy: Path) -> Iterator[Venue]:
    """Open a market of its own on a copy of a folder."""
    shutil.copytree(folder, copy)
    (copy / "lock").unlink()
    venue = Venue(SqliteStore(copy), data=copy)
    try:
        yield venue
    finally:
        venue.close()


def test_an_onlooker_answers_as_the_market_itself_at_every_stage_of_its_journal(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "m"
    EvidenceKey.load_or_make(folder)
    entries = written()
    with closing(SqliteStore(folder)) as store:
        store.append(entries[:1])
        onlooker = Onlooker.of(folder)
        for last in (*STAGES, len(entries)):
            if new := entries[onlooker.seq : last]:
                store.append(new)
            compared = 0
            with venue_on(folder, tmp_path / f"copy-{last}") as venue:
                for actor in (OPERATOR, "A1", "P1", "A99", ""):
                    theirs = answers(venue.ask, actor)
                    assert answers(onlooker.ask, actor) == theirs
                    assert onlooker.page(actor, 0, 100) == venue.page(actor, 0, 100)
                    compared += len(theirs)
            assert onlooker.seq == last
            assert compared > 100
        onlooker.close()


def test_an_onlooker_that_comes_late_knows_what_one_knows_who_saw_it_all(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    EvidenceKey.load_or_make(folder)
    entries = written()
    with closing(SqliteStore(folder)) as store:
        store.append(entries[:1])
        early = Onlooker.of(folder)
        for first in range(1, len(entries), 97):
            store.append(entries[first : first + 97])
            early.follow()
        late = Onlooker.of(folder)
    assert answers(early.ask, OPERATOR) == answers(late.ask, OPERATOR)
    early.close()
    late.close()


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """Leave the folder of a market that nobody writes any more."""
    folder = tmp_path / "finished"
    with closing(SqliteStore(folder)) as store:
        store.append(written())
    return folder


def test_every_page_of_a_finished_market_is_shown_and_nothing_in_its_folder_changes(
    finished: Path,
) -> None:
    before = hashed(finished)
    found = walked(finished, "/", most=120)
    others = {path: one.status_code for path, one in found.items() if one.status_code != 200}
    # What is over may be refused by the market itself; every other page is there.
    assert all(status in (404, 409) and path.count("/") > 1 for path, status in others.items())
    assert len(others) < len(found) / 4
    assert any(path.startswith("/listings/L") and path not in others for path in found)
    assert hashed(finished) == before


def test_no_command_is_taken_and_no_form_is_shown(finished: Path) -> None:
    before = hashed(finished)
    paths = [f"/do/{one.name}" for one in OPERATIONS if one.is_command]
    answers = told(finished, *paths, "/", "/sign-in", method="POST")
    assert {one.status_code for one in answers} == {405}
    pages = walked(finished, "/", most=40).values()
    assert not any('method="post"' in one.text for one in pages)
    assert hashed(finished) == before


def test_where_there_is_no_evidence_key_none_is_written_and_the_page_says_so(
    finished: Path,
) -> None:
    (page,) = told(finished, "/")
    assert "holds no evidence key" in page.text
    assert not (finished / "evidence-key.json").exists()
    key = EvidenceKey.load_or_make(finished)
    (page,) = told(finished, "/")
    assert "holds no evidence key" not in page.text
    with closing_onlooker(finished) as onlooker:
        assert onlooker.ask(OPERATOR, GetTreeHead()).key == key.material


@contextmanager
def closing_onlooker(folder: Path) -> Iterator[Onlooker]:
    onlooker = Onlooker.of(folder)
    try:
        yield onlooker
    finally:
        onlooker.close()


def test_a_journal_cut_off_in_the_midst_of_a_write_is_shown_up_to_there(tmp_path: Path) -> None:
    folder, torn = tmp_path / "m", tmp_path / "torn"
    with closing(SqliteStore(folder)) as store:
        store.append(written()[:50])
        store.append(written()[50:60])
        shutil.copytree(folder, torn)  # as a power cut leaves it: its log is not folded in
    log = torn / "journal.sqlite-wal"
    (torn / "journal.sqlite-shm").unlink()
    (torn / "head").write_bytes(b"")  # of a file that lost its end, nobody can tell how far it went
    log.write_bytes(log.read_bytes()[:-100])
    with closing_onlooker(torn) as onlooker:
        assert onlooker.seq == 50
        assert onlooker.ask(OPERATOR, GetFloor()).seq == 50


def test_a_damaged_record_is_named_and_all_before_it_is_shown(finished: Path) -> None:
    db = sqlite3.connect(finished / "journal.sqlite")
    db.execute("UPDATE records SET body = replace(body, '\"at\"', '\"ab\"') WHERE seq = 90")
    db.commit()
    db.close()
    (page,) = told(finished, "/")
    assert page.status_code == 200
    assert "Nothing is shown beyond a damaged record: record 90" in page.text
    with closing_onlooker(finished) as onlooker:
        assert onlooker.seq == 89


def test_a_market_without_a_record_is_waited_for(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "m")):
        (page,) = told(tmp_path / "m", "/")
    assert page.status_code == 503
    assert page.headers["refresh"] == "2"
    assert "no record yet" in page.text


def test_what_is_written_rings_those_who_listen_within_a_second(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "m")) as store:
        store.append(written()[:5])

        async def listen() -> None:
            read = Read(Onlooker.of(tmp_path / "m"))
            with read.bell() as bell:
                await asyncio.sleep(0)
                bell.clear()
                store.append(written()[5:8])
                async with asyncio.timeout(WITHIN_S):
                    await bell.wait()
            assert read.durable == 8
            assert [one.seq for one in read.page(OPERATOR, 5, 9).records] == [6, 7, 8]
            read.close()

        asyncio.run(listen())


def test_a_page_that_is_asked_for_meanwhile_takes_no_news_from_those_who_listen(
    tmp_path: Path,
) -> None:
    with closing(SqliteStore(tmp_path / "m")) as store:
        store.append(written()[:5])

        async def listen() -> None:
            read = Read(Onlooker.of(tmp_path / "m"))
            with read.bell() as bell:
                await asyncio.sleep(0)
                bell.clear()
                store.append(written()[5:8])
                assert read.market.ask(OPERATOR, GetFloor()).seq == 8
                async with asyncio.timeout(WITHIN_S):
                    await bell.wait()
            read.close()

        asyncio.run(listen())


def test_words_that_were_erased_meanwhile_are_shown_no_more(tmp_path: Path) -> None:
    house = House(SqliteStore(tmp_path / "m"), data=tmp_path / "m")
    house.furnish()
    house.empty()
    with closing_onlooker(tmp_path / "m") as onlooker:
        assert readable(onlooker) == set(WORDS)
        house.do(OPERATOR, ErasePrincipal("P1"))
        house.close()
        onlooker.follow()
        onlooker.follow()
        assert readable(onlooker) == set()


def readable(onlooker: Onlooker) -> set[str]:
    """Give the words that can be read: in what happened, on the agent's card, and by a search."""
    asked = (ask.GetAgent("A1"), Search(order="newest"))
    said = repr([onlooker.page(OPERATOR, 0, 500), *(onlooker.ask(OPERATOR, one) for one in asked)])
    return {word for word in WORDS if word in said}


def test_a_journal_is_whole_in_its_own_file_though_somebody_watched_it_to_its_end(
    tmp_path: Path,
) -> None:
    for is_watched in (False, True):
        folder, alone = tmp_path / f"m-{is_watched}", tmp_path / f"alone-{is_watched}"
        store = SqliteStore(folder)
        store.append(written()[:40])
        watching = [Onlooker.of(folder)] * is_watched
        store.append(written()[40:])
        store.close()
        alone.mkdir()
        shutil.copy(folder / "journal.sqlite", alone)
        shutil.copy(folder / "head", alone)
        with closing(SqliteStore(alone, read_only=True)) as read:
            assert read.head()[0] == len(written())
        assert set(hashes(folder)) == {"head", "journal.sqlite", "keys.sqlite", "lock"}
        for one in watching:
            one.close()


@pytest.mark.parametrize(
    ("host", "is_let_in"),
    [
        ("127.0.0.1:8010", True),
        ("localhost:8010", True),
        ("[::1]:8010", True),
        ("evil.example:8010", False),
        ("localhost.evil.example:8010", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_a_name_elsewhere_that_leads_here_is_turned_away(
    finished: Path, host: str, is_let_in: bool
) -> None:
    paths = ("/", "/listings", "/static/console.css", "/live")
    pages = told(finished, *paths[: 3 if is_let_in else 4], address=f"http://{host}")
    assert {one.status_code for one in pages} == {200 if is_let_in else 421}
    if not is_let_in:
        (posted,) = told(finished, "/do/x", method="POST", address=f"http://{host}")
        assert posted.status_code == 421


def test_a_folder_that_is_none_is_a_mistake_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "journal.sqlite").write_bytes(b"no database at all" * 99)
    for name in ("nothing", "file", "bad"):
        done = CliRunner().invoke(app, ["console", str(tmp_path / name), "--port", "0"])
        assert isinstance(done.exception, Mistake)
        assert name in str(done.exception)
