"""The index of mentions finds every record of a subject, and continues where it stopped."""

import json
import sqlite3
from pathlib import Path
from random import Random

import pytest

from souq.core.message import PostMessage
from souq.core.seal import PublicText
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.journal.replay import records
from souq.views import mentions
from souq.views.derived import Spoilt
from souq.views.mentions import FLOOR, Mentions
from tests.journal.day import play
from tests.laws.walk import walk
from tests.views.test_audience import Raw, check_everybody

FILE = "mentions.sqlite"
OBJECTS = ("negotiation", "channel", "contract", "payout", "report", "webhook", "listing")
END = 1 << 53


@pytest.fixture(scope="module")
def engine() -> Engine:
    return walk(11, 900).engine


def index(engine: Engine, path: Path | None = None, until: int | None = None) -> Mentions:
    found = Mentions(path, lambda: engine.state)
    found.catch_up(engine.store, until)
    return found


def rows(of: Mentions) -> list[tuple[str, int]]:
    of.seqs(("public",), 0, 1)  # what waits is written
    return of._file.rows("SELECT subject, seq FROM mentions ORDER BY subject, seq")


def test_every_record_of_an_object_is_found(engine: Engine) -> None:
    ours: dict[str, list[int]] = {}
    for entry in engine.store.read():
        found: list[str] = []
        for event in json.loads(entry.body).get("events", ()):
            if event["type"] == "MessagePosted":
                found.append(FLOOR)
            for field in OBJECTS:
                thing = event.get(field)
                found += [thing["id"] if isinstance(thing, dict) else thing] if thing else []
            found += [id for id in event.get("ids", ()) if not id.startswith("hold:")]
            found += event.get("channels", ()) if event["type"] == "ChannelsEnded" else ()
            for account in (*event.get("batch", {}).get("debit", ()), event.get("account", "")):
                found += [account] if account.startswith("wallet:") else []
            if "terms" in event and event.get("version") == 1:
                found += [f"talks:{event['opener']}", f"talks:{event['responder']}"]
            if event["type"] == "AgreementReached":
                found += [f"deals:{party}" for party in event["agreement"]["parties"]]
        for subject in dict.fromkeys(found):
            ours.setdefault(subject, []).append(entry.seq)
    theirs = index(engine)
    assert len(ours) > 100
    for subject, seqs in ours.items():
        got = theirs.seqs((subject,), 0, END)
        if subject.startswith(("wallet:", "talks:")):  # credits and swaps are mentions, too
            assert set(seqs) <= set(got), subject
        else:
            assert got == seqs, subject


def test_pages_are_merged_in_order_and_each_record_comes_once(engine: Engine) -> None:
    found, chance = index(engine), Random(3)
    by_subject: dict[str, set[int]] = {}
    for subject, seq in rows(found):
        by_subject.setdefault(subject, set()).add(seq)
    for _ in range(200):
        subjects = chance.sample(sorted(by_subject), chance.randint(1, 6))
        after, limit = chance.randint(0, found.seq), chance.randint(1, 40)
        every = sorted(set().union(*(by_subject[one] for one in subjects)))
        assert found.seqs(subjects, after, limit) == [n for n in every if n > after][:limit]
        lower = [n for n in reversed(every) if n < after][:limit]
        assert found.before(subjects, after, limit) == lower
        assert found.first(subjects[0]) == min(by_subject[subjects[0]])
    assert found.first("N999999") is None
    assert found.seqs((), 0, 10) == []


def test_what_was_just_taken_is_found(engine: Engine) -> None:
    found = Mentions(None, lambda: engine.state)
    found.catch_up(MemoryStore())
    first, *rest = records(engine.store)
    found.take(first)
    assert found.seqs(("public",), 0, 10) == [1]
    for record in rest[:5]:
        found.take(record)
    assert found.seqs(("public",), 1, 10)
    assert found.seq == 6


def test_records_come_in_order_and_once(engine: Engine) -> None:
    found = index(engine, until=0)
    first, second, third, *_ = records(engine.store)
    found.take(first)
    for record in (first, third):
        with pytest.raises(AssertionError):
            found.take(record)
    found.take(second)
    assert found.seq == 2


@pytest.mark.parametrize("seed", range(12))
def test_after_a_crash_at_any_point_catching_up_gives_what_folding_anew_gives(
    engine: Engine, tmp_path: Path, seed: int
) -> None:
    chance, fresh = Random(seed), rows(index(engine))
    head, path = engine.head[0], tmp_path / FILE
    journal = list(records(engine.store))
    kept = 0
    while True:
        found = Mentions(path, lambda: engine.state)
        assert found.seq == kept
        kept = chance.randint(kept, head) if chance.random() < 0.3 else kept
        found.catch_up(engine.store, kept)
        for record in journal[found.seq : found.seq + chance.randint(1, 300)]:
            found.take(record)
            if chance.random() < 0.01:
                found.flush()
                kept = found.seq
            if chance.random() < 0.05:
                found.seqs(("public",), 0, 1)
        if found.seq == head:
            break
        found._file._db.rollback()  # what a dying process does
        found._file._db.close()
    assert rows(found) == fresh
    found.close()
    again = Mentions(path, lambda: engine.state)
    assert (again.seq, rows(again)) == (head, fresh)
    again.close()


def test_the_file_of_another_journal_is_thrown_away(engine: Engine, tmp_path: Path) -> None:
    other = walk(12, 950).engine
    index(other, tmp_path / FILE).close()
    found = index(engine, tmp_path / FILE)
    assert rows(found) == rows(index(engine))
    found.close()


def test_a_journal_that_went_another_way_is_read_from_its_beginning(tmp_path: Path) -> None:
    one, two = play(MemoryStore()), play(MemoryStore())
    one.do("A1", PostMessage(PublicText("left")))
    two.do("A2", PostMessage(PublicText("right")))
    index(one.engine, tmp_path / FILE).close()
    found = index(two.engine, tmp_path / FILE)
    assert rows(found) == rows(index(two.engine))
    found.close()


@pytest.mark.parametrize("damage", ["text", "cut", "version", "tables"])
def test_a_file_that_cannot_be_used_is_made_again(
    engine: Engine, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / FILE
    index(engine, path).close()
    if damage == "text":
        path.write_text("no database at all " * 1_000)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:700])
    else:
        db = sqlite3.connect(path, isolation_level=None)
        db.execute(
            "UPDATE facts SET value = '1' WHERE name = 'version'"
            if damage == "version"
            else "DROP TABLE facts"
        )
        db.close()
    found = index(engine, path)
    assert rows(found) == rows(index(engine))
    found.close()


def test_after_a_write_that_failed_nothing_is_found_until_all_is_read_again(
    engine: Engine, tmp_path: Path
) -> None:
    found = index(engine, tmp_path / FILE, until=20)
    (pages,) = found._file.rows("PRAGMA page_count")
    found._file.rows(f"PRAGMA max_page_count={pages[0] + 1}")  # the disk is full
    with pytest.raises(Spoilt):
        found.catch_up(engine.store)
    with pytest.raises(Spoilt):
        found.seqs(("public",), 0, 1)
    found.close()
    found = Mentions(tmp_path / FILE, lambda: engine.state)
    assert found.seq == 20
    found.reset()
    found.catch_up(engine.store)
    assert rows(found) == rows(index(engine))
    found.close()


def test_whose_a_thing_is_need_not_be_kept_in_mind(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = rows(index(engine))
    monkeypatch.setattr(mentions, "KNOWN_MAX", 2)
    found = index(engine)
    assert rows(found) == expected
    assert len(found._sides) <= 2
    check_everybody(play(MemoryStore()).engine)


def test_whose_a_thing_is_is_told_by_its_first_record(engine: Engine) -> None:
    found = index(engine)
    found._sides.clear()
    raw = Raw(engine.store)
    for id, owners in raw.of.items():
        if " " not in id and id[0] not in "PQ":  # these say so themselves
            with_principals = {*owners, *(raw.principal.get(one, "") for one in owners)} - {""}
            assert set(found.sides(id)) == with_principals, id
    assert found.sides("C999999") == ()


def test_an_actor_with_a_subjects_name_is_not_indexed_under_it() -> None:
    day = play(MemoryStore())
    for actor in ("public", "officers", "floor", "wallet:P1/USD"):
        answer = day.do(actor, PostMessage(PublicText("hello")))
        assert answer.refusal is not None
        assert answer.seq not in index(day.engine).seqs((actor,), 0, END)
