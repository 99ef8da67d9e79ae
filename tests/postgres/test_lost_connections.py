"""A connection that breaks: in an append nothing is written any more, elsewhere life goes on."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from souq.core.funds import ReportDeposit
from souq.core.money import Money
from souq.core.rules import OPERATOR
from souq.engine import Engine
from souq.journal.commit import Stopped
from souq.journal.postgres import PostgresStore
from souq.journal.store import Fenced, Unavailable
from souq.journal.verify import verify
from tests.journal.stores import furnish
from tests.postgres.admin import Admin, Aside, entries
from tests.postgres.conftest import Open

DEPOSIT = ReportDeposit("P1", Money(50, "USD"))


@pytest.fixture
def admin(url: str, market: str) -> Admin:
    return Admin(url, market)


def test_a_connection_cut_in_a_commit_stops_the_market_for_good(
    url: str, market: str, opened: Open, admin: Admin
) -> None:
    store = opened(ttl_s=60)
    engine = Engine(store)
    furnish(engine)
    other = admin.again()
    with other.holding("head"):
        pending = engine.submit_soon(OPERATOR, "d", DEPOSIT)
        process = admin.waiting("recorded")
        admin.do("SELECT pg_terminate_backend($1::int)", process)
        with pytest.raises(Stopped, match="terminating connection"):
            pending.result()
    for id in ("d", "e"):
        with pytest.raises(Stopped):
            engine.submit(OPERATOR, id, DEPOSIT)
    with pytest.raises(Fenced, match="a write failed"):
        store.append(entries(store.head(), 1))
    assert not store.is_leading()
    with Engine(opened(patience_s=30)) as again:  # the lease was given back
        assert again.head[0] == 6
        assert not again.submit(OPERATOR, "d", DEPOSIT).is_replay
        assert verify(again.store).records == 7
    engine.close()


class Line:
    """A line to the server that can be cut right after the server has answered."""

    def __init__(self, server: Path, folder: Path) -> None:
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / server.name))
        self._listener.listen()
        self.swallows = threading.Event()
        self.swallowed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self._server))
            for source, target, is_answer in ((near, far, False), (far, near, True)):
                threading.Thread(
                    target=self._pass, args=(source, target, is_answer), daemon=True
                ).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        asked = b""
        try:
            while some := source.recv(65_536):
                if is_answer and self.swallows.is_set() and b"INSERT" not in asked:
                    self.swallowed.set()
                    break
                target.sendall(some)
        except OSError:
            pass
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def line(url: str, tmp_path: Path) -> Iterator[Line]:
    folder = Path(os.path.relpath(tmp_path))
    made = Line(Path(url.partition("host=")[2]) / ".s.PGSQL.5432", folder)
    yield made
    made.close()


def test_a_record_whose_answer_was_lost_is_there_once_however_often_it_is_sent(
    url: str, market: str, line: Line, tmp_path: Path, opened: Open
) -> None:
    through = url.replace(url.partition("host=")[2], str(tmp_path))
    store = PostgresStore(through, market=market, ttl_s=60)
    engine = Engine(store)
    furnish(engine)
    line.swallows.set()
    with pytest.raises(Stopped):
        engine.submit(OPERATOR, "d", DEPOSIT)
    assert line.swallowed.is_set()
    line.swallows.clear()
    engine.close()
    with Engine(opened(patience_s=30)) as again:
        assert again.head[0] == 7, "the server had committed it"
        assert again.submit(OPERATOR, "d", DEPOSIT).is_replay


def test_reading_goes_on_over_a_new_connection(opened: Open, admin: Admin) -> None:
    store = opened()
    store.append(entries(store.head(), 3))
    assert store.find("A1", "c-2") == 2
    assert admin.cut("command_id = $2") == 1
    assert store.find("A1", "c-2") == 2
    assert len(list(store.read())) == 3


def test_a_lease_is_renewed_over_a_new_connection(opened: Open, admin: Admin) -> None:
    store = opened(ttl_s=6.0)
    while not admin.cut("lease SET expires"):  # until it has been renewed once, and is cut
        assert store.is_leading()
        time.sleep(0.02)
    end = time.monotonic() + 7.0
    while time.monotonic() < end:
        assert store.is_leading()
        time.sleep(0.02)
    store.append(entries(store.head(), 1))
    assert store.epoch == 1


def test_a_closed_store_says_so(opened: Open) -> None:
    store = opened()
    store.close()
    with pytest.raises(Unavailable, match="closed"):
        store.find("A1", "c")
    with pytest.raises((Unavailable, Fenced)):
        store.append(entries((0, bytes(32)), 1))


def test_who_waits_for_a_flush_hears_that_it_failed(
    url: str, market: str, opened: Open, admin: Admin
) -> None:
    engine = Engine(opened(ttl_s=60))
    furnish(engine)
    other = admin.again()
    with other.holding("head"):
        callers = [Aside(partial(engine.submit, OPERATOR, f"d{n}", DEPOSIT)) for n in range(8)]
        process = admin.waiting("recorded")
        admin.do("SELECT pg_terminate_backend($1::int)", process)
        assert all(isinstance(one.join().error, Stopped) for one in callers)
    engine.close()
