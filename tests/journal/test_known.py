"""Which ids were answered before: never one forgotten, and the store seldom asked in vain."""

import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

from souq.core.funds import OpenAccount
from souq.core.rules import OPERATOR, OpenMarket
from souq.engine import Engine
from souq.journal.known import KnownIds, Sketch
from souq.journal.memory import MemoryStore
from souq.journal.record import Entry
from souq.journal.sqlite import SqliteStore

DAY_US = 86_400_000_000


class CountingStore(MemoryStore):
    """Counts how often it is asked for an id; `gate` holds up whoever reads them all."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.gate = threading.Event()
        self.gate.set()

    def find(self, actor: str, command_id: str) -> int | None:
        self.asked += 1
        return super().find(actor, command_id)

    def ids(self) -> Iterator[tuple[str, str]]:
        self.gate.wait(10)
        yield from super().ids()


def filled(count: int) -> CountingStore:
    store = CountingStore()
    store.append([Entry(n, b"", b"", f"A{n % 7}", f"id-{n}") for n in range(1, count + 1)])
    return store


def settled(ids: KnownIds) -> KnownIds:
    ids._reading.join(10)
    return ids


def test_a_sketch_forgets_nothing_and_grows() -> None:
    sketch = Sketch(0)
    for n in range(200_000):
        sketch.add(("A1", f"id-{n}"))
    assert all(("A1", f"id-{n}") in sketch for n in range(200_000))
    wrong = sum(("A1", f"other-{n}") in sketch for n in range(20_000))
    assert wrong < 0.01 * 20_000, wrong


def test_the_store_is_seldom_asked_for_an_id_it_has_not() -> None:
    store = filled(50_000)
    ids = settled(KnownIds(store, 50_000))
    for n in range(10_000):
        assert ids.find(("A1", f"new-{n}")) is None
    assert store.asked < 100, store.asked
    for n in range(1, 50_001, 97):
        assert ids.find((f"A{n % 7}", f"id-{n}")) == n


def test_until_all_ids_are_read_the_store_is_asked() -> None:
    store = filled(100)
    store.gate.clear()
    ids = KnownIds(store, 100)
    assert ids.find(("A1", "id-1")) == 1
    assert ids.find(("A1", "new")) is None
    store.gate.set()
    ids.close()


def test_what_is_forgotten_while_the_old_ids_are_read_is_found_later() -> None:
    store = filled(100)
    store.gate.clear()
    ids = KnownIds(store, 100)
    store.append([Entry(101, b"", b"", "A1", "early")])
    ids.add(0, ("A1", "early"), 101, durable=101)
    ids.add(2 * DAY_US, ("A1", "late"), 102, durable=102)
    assert len(ids) == 1
    store.gate.set()
    settled(ids)
    assert ids.find(("A1", "early")) == 101
    assert ids.find(("A1", "late")) == 102


def test_against_a_plain_set() -> None:
    chance = Random(3)
    store = filled(500)
    ids, plain = settled(KnownIds(store, 500)), {(f"A{n % 7}", f"id-{n}") for n in range(1, 501)}
    at = 0
    for seq in range(501, 3_000):
        at += chance.choice((1, DAY_US // 50))
        key = (f"A{chance.randrange(7)}", f"id-{chance.randrange(4_000)}")
        assert (ids.find(key) is not None) == (key in plain)
        if key not in plain:
            store.append([Entry(seq, b"", b"", *key)])
            ids.add(at, key, seq, durable=seq)
            plain.add(key)


def test_ids_of_a_folder_are_known_after_a_restart(tmp_path: Path) -> None:
    with Engine(SqliteStore(tmp_path)) as engine:
        engine.submit(OPERATOR, "open", OpenMarket()).need()
        for n in range(5_000):
            engine.submit_soon(OPERATOR, f"id-{n}", OpenAccount(f"a{n}"))
    with Engine(SqliteStore(tmp_path)) as engine:
        for _ in range(2):
            assert engine.submit(OPERATOR, "id-4999", OpenAccount("a4999")).is_replay
            settled(engine._ids)
        assert not engine.submit(OPERATOR, "id-5000", OpenAccount("b")).is_replay
        assert set(engine.store.ids()) >= {(OPERATOR, f"id-{n}") for n in range(5_000)}
