"""A running server: one market, one door, and what goes on behind it until it is told to stop.

open the store ─▶ open the market ─▶ listen ─▶ … SIGTERM ─▶ answer what came in ─▶ flush ─▶ close
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn

from souq.app import logs
from souq.app.opening import Opened, is_postgres, open_store, open_venue, stand_by
from souq.app.settings import Settings
from souq.core.refusal import Refused
from souq.core.rules import rules
from souq.engine import Answer, Fault, system_clock, system_salts
from souq.journal.commit import Stopped
from souq.journal.replay import SNAPSHOT, Replayed, keep_snapshot
from souq.rails import Rail, connect
from souq.rails.outbox import Outbox, market_id
from souq.surfaces.application import Application
from souq.surfaces.auth import Authenticator
from souq.surfaces.durability import Durability
from souq.surfaces.events import Events
from souq.surfaces.http import Api
from souq.surfaces.limits import Limits
from souq.surfaces.metrics import Metrics
from souq.surfaces.outward import Outward
from souq.surfaces.signatures import MarketKey
from souq.surfaces.webhooks import Webhooks
from souq.venue import Venue

MARKET_KEY = "market-key.pem"
TICK_S = 0.5
AGAIN_S = 1.0
DRAIN_S = 0.005  # views read what gathers in between at once
GRACE_S = 10  # for requests under way when the server is told to stop
KEEP_ALIVE_S = 75
_GC = (50_000, 25, 50)  # what lives long is frozen, so that no pause grows with the market
log = logging.getLogger(__name__)
Tell = Callable[["Running"], None]


class Running:
    """What a server tells of itself once it listens."""

    def __init__(self, url: str, admin_key: str, venue: Venue) -> None:
        self.url = url
        self.admin_key = admin_key
        self.venue = venue


class Server:
    """One server over one market. `run` gives 0 after a clean stop, 1 to be started again."""

    def __init__(
        self,
        settings: Settings,
        tell: Tell,
        *,
        clock: Callable[[], int] = system_clock,
        salts: Callable[[], bytes] = system_salts,
        tick_s: float = TICK_S,
        rails: Callable[..., dict[str, Rail]] = connect,
    ) -> None:
        """`tell` is called once it listens; `clock` gives microseconds UTC."""
        self._rails = rails
        self._tick_s = tick_s
        self._settings = settings
        self._tell = tell
        self._clock = clock
        self._salts = salts
        self._uvicorn: uvicorn.Server | None = None
        self._failure = ""

    async def run(self) -> int:
        """Serve until told to stop. Raises InUse, Damaged, Unavailable and OSError at the start."""
        opened = await self._open()
        if opened is None:
            return 0
        durability = Durability()
        metrics = Metrics(logs.access)

        def on_durable(seq: int) -> None:
            metrics.durable(seq)
            durability.hear(seq)

        data = Path(self._settings.data)
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        venue, admin_key = open_venue(
            opened,
            data,
            rules=self._settings.rules,
            on_durable=on_durable,
            clock=self._clock,
            salts=self._salts,
        )
        durability.attach(venue.engine)
        metrics.attach(venue.engine)
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._serve(tasks, venue, admin_key, durability, metrics, data)
        finally:
            self._close(venue, data)
        return 1 if self._failure else 0

    def stop(self) -> None:
        """Stop as a SIGTERM does; from the loop's own thread."""
        if self._uvicorn is not None:
            self._uvicorn.handle_exit(15, None)

    async def _open(self) -> Opened | None:
        settings = self._settings
        if not settings.standby:
            return await asyncio.to_thread(open_store, settings.store, holder=settings.holder)
        log.info("standing by: another server leads, and this one follows its journal")
        loop = asyncio.get_running_loop()

        def stopping(stop: Callable[[], None]) -> None:
            for name in ("SIGTERM", "SIGINT"):
                loop.call_soon_threadsafe(_on_signal, loop, name, stop)

        return await asyncio.to_thread(
            stand_by, settings.store, holder=settings.holder, stopping=stopping
        )

    async def _serve(
        self,
        tasks: asyncio.TaskGroup,
        venue: Venue,
        admin_key: str,
        durability: Durability,
        metrics: Metrics,
        data: Path,
    ) -> None:
        settings, engine = self._settings, venue.engine
        listening = _listen(settings.host, settings.port)
        port = listening.getsockname()[1]
        url = settings.public_url or f"http://{_host(settings.host)}:{port}"

        async def submit(actor: str, id: str, command: Any) -> Answer:
            pending = venue.submit_soon(actor, id, command)
            await durability.wait(pending.judged.seq)
            return pending.judged

        market_key = MarketKey.load_or_make(data / MARKET_KEY)
        authorities = {url.partition("://")[2].partition("/")[0], *settings.authorities}
        authenticator = Authenticator(lambda: engine.live[0], self._clock, authorities)
        authenticator.recall(engine.store)
        limits = Limits(settings.limits, lambda: engine.live[0])
        events = Events(venue, authenticator, limits, heartbeat_s=settings.heartbeat_s)
        api = Api(
            venue,
            durability,
            authenticator,
            limits,
            events,
            metrics,
            body_bytes_max=settings.body_bytes_max,
        )
        rails = self._rails(rules(engine.live[0]).rails, settings.rails)
        outbox = Outbox(
            submit, lambda: engine.live[0], rails, engine.store, market=market_id(engine.store)
        )
        outward = Outward(allow_private=settings.webhooks_private)
        webhooks = Webhooks(
            submit, lambda: engine.live[0], venue.feed, engine.store, market_key, outward
        )
        metrics.watch("event_streams", lambda: len(events))
        metrics.watch(
            "webhooks_pending", lambda: sum(1 for one in webhooks.status() if one.failures)
        )
        metrics.watch(
            "webhooks_disabled", lambda: sum(1 for one in webhooks.status() if not one.is_live)
        )
        after = _Soon(DRAIN_S, (venue.drain, events.ring, outbox.wake, webhooks.wake))
        durability.after = after.ask
        application = Application(
            api, metrics=metrics, market_key=market_key, is_ready=lambda: self._not_ready(venue)
        )
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC)
        config = uvicorn.Config(
            application,
            http="httptools",
            proxy_headers=bool(settings.proxies),
            forwarded_allow_ips=list(settings.proxies),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
            backlog=4_096,
        )
        self._uvicorn = _Uvicorn(config, on_exit=events.close)
        background = [
            tasks.create_task(_kept_up("deadlines", lambda: self._tick(venue))),
            tasks.create_task(_kept_up("snapshots", lambda: self._keep_snapshots(venue, data))),
            tasks.create_task(_kept_up("rails", outbox.run)),
            tasks.create_task(_kept_up("webhooks", webhooks.run)),
        ]
        self._tell(Running(url, admin_key, venue))
        try:
            await self._uvicorn.serve(sockets=[listening])
        finally:
            for task in background:
                task.cancel()
            await outward.close()
            for rail in rails.values():
                await rail.close()

    async def _tick(self, venue: Venue) -> None:
        """Meet deadlines that nobody's command would meet; notice where the market has stopped."""
        engine = venue.engine
        while True:
            await asyncio.sleep(self._tick_s)
            if not engine.store.is_leading():
                self._give_up("another server leads this market now")
            elif engine.stopped and engine.is_writing:
                # A broken invariant. Opened again, the market stands at its last good record.
                self._give_up(engine.stopped)
            elif engine.is_writing:
                with contextlib.suppress(Stopped, Fault, Refused):
                    engine.tick_soon()

    async def _keep_snapshots(self, venue: Venue, data: Path) -> None:
        """Have the state written down now and then, by a process that holds up nobody here."""
        settings, engine = self._settings, venue.engine
        if not settings.snapshot_every or is_postgres(settings.store):
            return
        last = engine.durable
        while True:
            await asyncio.sleep(1.0)
            if engine.durable - last < settings.snapshot_every:
                continue
            last = engine.durable
            words = [sys.executable, "-m", "souq.cli", "snapshot", settings.store]
            writing = await asyncio.create_subprocess_exec(
                *words, stdout=asyncio.subprocess.DEVNULL
            )
            try:
                if await writing.wait():
                    log.warning("no snapshot was written; the next start will take longer")
            finally:
                with contextlib.suppress(ProcessLookupError):
                    writing.kill()

    def _give_up(self, why: str) -> None:
        if not self._failure:
            self._failure = why
            log.error("stopping: %s", why)
            self.stop()

    def _not_ready(self, venue: Venue) -> str:
        engine = venue.engine
        if not engine.is_writing:
            return "the journal cannot be written; what was acknowledged can be read"
        if engine.stopped:
            return engine.stopped
        return "" if engine.store.is_leading() else "another server leads"

    def _close(self, venue: Venue, data: Path) -> None:
        engine = venue.engine
        is_sound = engine.is_writing and not self._failure
        venue.close()
        if is_sound and self._settings.snapshot_on_stop:
            state, seq = engine.live
            keep_snapshot(Replayed(state, seq, engine.last_hash), data / SNAPSHOT)
        log.info("stopped at record %d", engine.live[1])


class _Uvicorn(uvicorn.Server):
    """Uvicorn, which also ends the event streams when it is told to stop."""

    def __init__(self, config: uvicorn.Config, on_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_exit = on_exit

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._on_exit()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Uvicorn would raise the signal again once it has stopped, and cut our own end short.
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGINT"):
            _on_signal(loop, name, lambda: self.handle_exit(15, None))
        yield


class _Soon:
    """Calls things a moment after they were asked for, once for many asks."""

    def __init__(self, delay_s: float, calls: tuple[Callable[[], None], ...]) -> None:
        self._delay_s = delay_s
        self._calls = calls
        self._is_asked = False

    def ask(self) -> None:
        if not self._is_asked:
            self._is_asked = True
            asyncio.get_running_loop().call_later(self._delay_s, self._go)

    def _go(self) -> None:
        self._is_asked = False
        for call in self._calls:
            call()


async def _kept_up(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run something for ever; what breaks it is told, and it begins again."""
    while True:
        try:
            await run()
        except* Exception as errors:
            log.error("%s broke off: %s", name, errors, exc_info=errors)
        await asyncio.sleep(AGAIN_S)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _on_signal(loop: Any, name: str, call: Callable[[], None]) -> None:
    with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
        loop.add_signal_handler(getattr(signal, name), call)
