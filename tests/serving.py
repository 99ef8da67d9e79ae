"""A real server in a thread of this process, for tests that look inside while they call it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvloop

from souq.app.server import Running, Server
from souq.app.settings import Settings
from souq.core.credential import AddKey
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.engine import Engine, system_clock, system_salts
from souq.journal.sqlite import SqliteStore
from souq.sdk.signing import digest_of_secret
from souq.surfaces import limits
from souq.surfaces.limits import Rates
from souq.venue import Venue

T = TypeVar("T")
ADMIN = "souq_admin-of-a-test"
UNLIMITED = Rates(commands_per_s=0, queries_per_s=0, anonymous_per_s=0)
START_S = 60.0


class Served:
    """A server that listens; `call` runs something between its requests."""

    def __init__(self, settings: Settings, **more: Any) -> None:
        self._told = threading.Event()
        self._failure: BaseException | None = None
        self._running: Running | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.code: int | None = None
        self._server = Server(settings, self._tell, **more)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._told.wait(START_S), "the server does not listen"
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                self._loop = runner.get_loop()
                self.code = runner.run(self._server.run())
        except BaseException as error:
            self._failure = error
        self._told.set()

    def _tell(self, running: Running) -> None:
        self._running = running
        self._told.set()

    @property
    def url(self) -> str:
        assert self._running is not None
        return self._running.url

    @property
    def admin_key(self) -> str:
        assert self._running is not None
        return self._running.admin_key

    @property
    def venue(self) -> Venue:
        assert self._running is not None
        return self._running.venue

    def call(self, what: Callable[[], T]) -> T:
        """Run something in the server's own thread."""
        assert self._loop is not None

        async def run() -> T:
            return what()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(START_S)

    def stop(self) -> int | None:
        """Stop it as a SIGTERM does, and give its exit code."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(START_S)
        assert not self._thread.is_alive(), "the server does not stop"
        return self.code


def settings_for(folder: Path, **more: Any) -> Settings:
    """Give settings for a server on a free port over a folder."""
    asked = {"port": 0, "store": str(folder), "data": str(folder), "limits": UNLIMITED, **more}
    return Settings(**asked)


def open_folder(
    folder: Path,
    rules: Rules | None = None,
    *,
    id: str = "open",
    clock: Callable[[], int] = system_clock,
    salts: Callable[[], bytes] = system_salts,
) -> None:
    """Make a market whose operator speaks with ADMIN."""
    engine = Engine(SqliteStore(folder), clock=clock, salts=salts)
    open_market(engine, rules or Rules(), id)
    engine.close()


def open_market(engine: Engine, rules: Rules, id: str) -> None:
    """Submit the first two commands of every market here."""
    engine.submit(OPERATOR, id, OpenMarket(rules)).need()
    engine.submit(OPERATOR, "admin", AddKey(OPERATOR, "bearer", digest_of_secret(ADMIN))).need()


@contextmanager
def granted_by_the_hour() -> Iterator[None]:
    """Grant in an hour what is granted in a second: nobody is let pass for being slow to ask."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "SECOND_NS", 3_600 * limits.SECOND_NS)
        yield


@contextmanager
def serving(folder: Path, **more: Any) -> Iterator[Served]:
    """Serve a market in a folder, and stop it."""
    if not (folder / "journal.sqlite").exists():
        open_folder(folder)
    served = Served(settings_for(folder, **more))
    try:
        yield served
    finally:
        served.stop()
