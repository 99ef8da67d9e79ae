"""A running server: one market, one door, and what goes on behind it until it is told to stop.

take the address ─▶ open the store ─▶ open the market ─▶ let people in ─▶ … SIGTERM
    ─▶ answer what came in ─▶ flush ─▶ write a snapshot ─▶ close
"""

import asyncio
import gc
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from souq.app import logs
from souq.app.background import Soon, keep_snapshots, kept_up, meet_deadlines
from souq.app.checking import is_postgres
from souq.app.doors import console, doors
from souq.app.epochs import Epochs
from souq.app.listening import BACKLOG, Listener, authorities_of, bind, on_signals, url_of
from souq.app.opening import Opened, open_store, open_venue, stand_by
from souq.app.settings import BadSettings, Settings
from souq.core.rules import rules
from souq.engine import Answer, system_clock, system_salts
from souq.journal.replay import SNAPSHOT, Replayed, keep_snapshot
from souq.rails import Rail, connect
from souq.rails.outbox import Outbox, market_id
from souq.surfaces.answering import Answering
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
GATHER_S = 0.005  # what becomes durable in between is read by the views at once
_GC = (50_000, 25, 50)  # what lives long is frozen, so that no pause grows with the market
log = logging.getLogger(__name__)


class Running(NamedTuple):
    """What a server tells of itself once it lets people in."""

    url: str
    admin_key: str
    venue: Venue


class Server:
    """One server over one market. `run` gives 0 after a clean stop, 1 to be started again."""

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[Running], None],
        *,
        clock: Callable[[], int] = system_clock,
        salts: Callable[[], bytes] = system_salts,
        rails: Callable[..., dict[str, Rail]] = connect,
    ) -> None:
        """`tell` is called once people are let in; `clock` gives microseconds UTC."""
        self._settings = settings
        self._tell = tell
        self._clock = clock
        self._salts = salts
        self._rails = rails
        self._listener: Listener | None = None
        self._is_stopping = False
        self._stop_waiting: Callable[[], None] = _nothing
        self._failure = ""

    async def run(self) -> int:
        """Serve until told to stop. Raises InUse, Damaged, Unavailable and OSError at the start."""
        settings = self._settings
        on_signals(asyncio.get_running_loop(), self.stop)
        listening = bind(settings.host, settings.port)
        try:
            opened = await self._open()
            if opened is None:
                return 0
            durability, metrics = Durability(), Metrics(logs.access)

            def on_durable(seq: int) -> None:
                metrics.durable(seq)
                durability.hear(seq)

            venue, admin_key = open_venue(
                opened, settings, on_durable=on_durable, clock=self._clock, salts=self._salts
            )
            try:
                durability.attach(venue.engine)
                metrics.attach(venue.engine)
                await self._serve(listening, venue, admin_key, durability, metrics)
            finally:
                self._close(venue)
        finally:
            listening.close()
        return 1 if self._failure else 0

    def stop(self) -> None:
        """Stop as a SIGTERM does; from the loop's own thread."""
        self._is_stopping = True
        self._stop_waiting()
        if self._listener is not None:
            self._listener.stop()

    async def _open(self) -> Opened | None:
        settings = self._settings
        if not settings.standby:
            return await asyncio.to_thread(open_store, settings.store, holder=settings.holder)
        log.info("standing by until the leader is gone")

        def stopping(stop: Callable[[], None]) -> None:
            self._stop_waiting = stop
            if self._is_stopping:
                stop()

        return await asyncio.to_thread(
            stand_by, settings.store, holder=settings.holder, stopping=stopping
        )

    async def _serve(
        self,
        listening: socket.socket,
        venue: Venue,
        admin_key: str,
        durability: Durability,
        metrics: Metrics,
    ) -> None:
        settings, engine, store = self._settings, venue.engine, venue.engine.store
        url = settings.public_url or url_of(listening)

        async def submit(actor: str, id: str, command: Any) -> Answer:
            answer = venue.submit_soon(actor, id, command).judged
            await durability.wait(answer.seq)
            return answer

        def state() -> Any:
            return engine.live[0]

        market_key = MarketKey.load_or_make(Path(settings.data) / MARKET_KEY)
        authorities = authorities_of(url, listening) | set(settings.authorities)
        authenticator = Authenticator(state, self._clock, authorities)
        authenticator.recall(store)
        limits = Limits(settings.limits, state)
        events = Events(venue, authenticator, limits, heartbeat_s=settings.heartbeat_s)
        answering = Answering(venue, durability, metrics)
        api = Api(
            answering,
            authenticator,
            limits,
            events,
            metrics,
            body_bytes_max=settings.body_bytes_max,
        )
        try:
            rails = self._rails(rules(state()).rails, settings.rails)
        except ValueError as error:
            raise BadSettings(str(error)) from None
        outbox = Outbox(submit, state, rails, store, market=market_id(store))
        outward = Outward(allow_private=settings.webhooks_private)
        webhooks = Webhooks(submit, state, venue, store, market_key, outward)
        _watch(metrics, events, webhooks)
        gathered = Soon(
            GATHER_S, (venue.drain, events.ring, answering.ring, outbox.wake, webhooks.wake)
        )
        durability.after = gathered.ask
        more = doors(
            answering,
            authenticator,
            limits,
            market_key=market_key,
            url=url,
            body_bytes_max=settings.body_bytes_max,
            conformance=settings.conformance,
        )
        if settings.console:
            pages = console(
                answering,
                authenticator,
                limits,
                now=self._clock,
                url=url,
                idle_s=settings.console_idle_s,
                passkeys=Path(settings.data) if settings.console_passkeys else None,
            )
            metrics.pages = frozenset(pages)
            more = {**pages, **more}
        application = Application(
            api,
            metrics=metrics,
            market_key=market_key,
            evidence_key=venue.evidence.key,
            is_ready=lambda: _not_ready(venue),
            name_request=logs.request_id.set,
            doors=more,
        )

        def on_exit() -> None:
            events.close()
            answering.close()

        self._listener = Listener(application, proxies=settings.proxies, on_exit=on_exit)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC)
        behind: dict[str, Any] = {
            "deadlines": lambda: meet_deadlines(engine, settings.tick_s, self._give_up),
            "rails": outbox.run,
            "webhooks": webhooks.run,
        }
        if settings.epoch_s:
            behind["epochs"] = Epochs(submit, state, market_key, settings.epoch_s).run
        elif rules(state()).auditor:
            log.warning("the rules name an auditor, but without epoch_s no lot is ever drawn")
        if settings.snapshot_every and not is_postgres(settings.store):
            every = settings.snapshot_every
            behind["snapshots"] = lambda: keep_snapshots(engine, settings.store, every)
        tasks = [asyncio.create_task(kept_up(name, run)) for name, run in behind.items()]
        listening.listen(BACKLOG)  # whoever is told that it is open may come at once
        self._tell(Running(url, admin_key, venue))
        if self._is_stopping:
            self._listener.stop()
        try:
            await self._listener.serve(sockets=[listening])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await outward.close()
            for rail in rails.values():
                await rail.close()

    def _give_up(self, why: str) -> None:
        if not self._failure:
            self._failure = why
            log.error("stopping: %s", why)
            self.stop()

    def _close(self, venue: Venue) -> None:
        engine = venue.engine
        is_sound = engine.is_writing and not self._failure
        venue.close()
        state, seq = engine.live
        if is_sound and self._settings.snapshot_on_stop:
            path = Path(self._settings.data) / SNAPSHOT
            try:
                keep_snapshot(Replayed(state, seq, engine.last_hash), path)
            except OSError as error:
                log.warning("no snapshot was written, the next start will take longer: %s", error)
        log.info("stopped at record %d", seq)


def _nothing() -> None:
    """Nothing is waited for."""


def _not_ready(venue: Venue) -> str:
    """Say why this server should get no requests now, or give ""."""
    engine = venue.engine
    if not engine.is_writing:
        return "the journal cannot be written; what was acknowledged can be read"
    return engine.stopped or ("" if engine.store.is_leading() else "another server leads")


def _watch(metrics: Metrics, events: Events, webhooks: Webhooks) -> None:
    def count(is_live: bool) -> int:
        waiting = [one for one in webhooks.status() if one.is_live == is_live]
        return sum(1 for one in waiting if one.failures or not is_live)

    metrics.watch("event_streams", lambda: len(events))
    metrics.watch("webhooks_pending", lambda: count(is_live=True))
    metrics.watch("webhooks_disabled", lambda: count(is_live=False))
