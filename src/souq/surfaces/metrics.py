"""What a server measures of itself, for Prometheus to fetch.

What happens is counted as it happens, cheaply; how things stand is read when somebody asks.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from souq.core import halt
from souq.core.account import HOLDS
from souq.core.channel import CHANNELS
from souq.core.listing import LISTINGS
from souq.core.negotiation import NEGOTIATIONS
from souq.core.stage import CONTRACTS
from souq.core.state import Table
from souq.engine import Answer, Engine
from souq.operations import BATCH, COMMANDS, EVENTS
from souq.surfaces.routes import Routes

ACCEPTED, REPLAYED = "accepted", "replayed"
NO_ROUTE = "none"
CONSOLE, LIVE = "console", "/live"
STREAMS = frozenset((EVENTS, LIVE))  # last as long as their readers like: how long says nothing
_ROUTE_NAMES_MAX = 1_024
_METHODS = frozenset({"GET", "HEAD", "POST"})
# Whatever else is served; a path that is none of these and no operation's counts as NO_ROUTE.
_PAGES = frozenset(
    {
        "/",
        "/.well-known/jwks.json",
        "/docs",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/readyz",
        COMMANDS,
        BATCH,
        EVENTS,
        LIVE,
    }
)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.25, 2.5, 5.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096)
_LIVE: tuple[tuple[str, str, Table[Any]], ...] = (
    ("souq_holds_open", "Money held and neither posted nor voided", HOLDS),
    ("souq_listings_live", "Listings that have not ended", LISTINGS),
    ("souq_negotiations_live", "Negotiations under way", NEGOTIATIONS),
    ("souq_contracts_live", "Contracts that have not ended", CONTRACTS),
    ("souq_channels_live", "Channels that have not ended", CHANNELS),
)
_WATCHED: dict[str, str] = {
    "event_streams": "Event streams open",
    "webhooks_pending": "Webhooks that wait to be sent or sent again",
    "webhooks_disabled": "Webhooks that were disabled after failures",
}
OnRequest = Callable[[str, str, int, float, str], None]


class Metrics:
    """One server's measurements, in a registry of their own.

    `judged`, `waited` and `request` are called by the event loop, `durable` by the journal's
    thread, `render` by anybody.
    """

    media_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self, on_request: OnRequest | None = None) -> None:
        """`on_request` hears of every request: method, route, status, seconds and request id."""
        self.registry = registry = CollectorRegistry()
        self._on_request = on_request
        ProcessCollector(registry=registry)  # memory, CPU seconds, descriptors
        self._commands = Counter(
            "souq_commands",
            "Commands answered, by type and by what became of them",
            ("command", "outcome"),
            registry=registry,
        )
        self._waits = Histogram(
            "souq_commit_seconds",
            "From judged to durable, as a request waits for it",
            buckets=_SECONDS,
            registry=registry,
        )
        self._groups = Histogram(
            "souq_commit_group_records",
            "Records that became durable in one flush",
            buckets=_SIZES,
            registry=registry,
        )
        self._requests = Counter(
            "souq_http_requests",
            "Requests answered; status 0 is one whose caller had gone",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "souq_http_request_seconds",
            "How long requests took; an event stream is not among them",
            ("method", "route"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._leading = self._gauge("souq_leading", "1 where this server may write")
        self._head = self._gauge("souq_head_seq", "The last record judged")
        self._queue = self._gauge("souq_queue_records", "Records judged and not yet durable")
        self._halt = self._gauge("souq_halt_level", f"0 to 3: {', '.join(halt.LEVELS)}")
        self._live = [(self._gauge(name, told), table) for name, told, table in _LIVE]
        self._watched = {name: self._gauge(f"souq_{name}", told) for name, told in _WATCHED.items()}
        self._durable: int | None = None  # unknown before there is an engine
        self._routes = Routes()
        self.pages: frozenset[str] = frozenset()  # first parts of the console's paths
        # The children of labels, bound once: looking one up by its labels costs three times the
        # counting.
        self._count: dict[tuple[type, str], Callable[[], None]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._counted: dict[tuple[str, str, int], Callable[[], None]] = {}
        self._timed: dict[tuple[str, str], Callable[[float], None]] = {}

    def attach(self, engine: Engine) -> None:
        """Measure this engine from now on, also after a takeover or once it was opened again."""
        self._durable = engine.durable
        self._leading.set_function(
            lambda: not engine.stopped and engine.is_writing and engine.store.is_leading()
        )
        self._head.set_function(lambda: engine.live[1])
        self._queue.set_function(lambda: max(0, engine.live[1] - engine.durable))
        self._halt.set_function(lambda: halt.LEVELS.index(halt.level(engine.live[0])))
        for gauge, table in self._live:
            gauge.set_function(partial(_rows, engine, table))

    def watch(self, name: str, read: Callable[[], float]) -> None:
        """Read `event_streams`, `webhooks_pending` or `webhooks_disabled` whenever asked."""
        self._watched[name].set_function(read)

    def judged(self, command: Any, answer: Answer) -> None:
        """Count a command and what became of it."""
        if answer.is_replay:
            outcome = REPLAYED
        elif answer.refusal is None:
            outcome = ACCEPTED
        else:
            outcome = answer.refusal.reason
        key = (type(command), outcome)
        count = self._count.get(key)
        if count is None:
            # Bounded: a command was judged, so its type and a refusal's reason are ours.
            count = self._count[key] = self._commands.labels(key[0].__name__, outcome).inc
        count()

    def waited(self, seconds: float) -> None:
        """Note how long an answer waited for its record to be durable."""
        self._waits.observe(seconds)

    def durable(self, seq: int) -> None:
        """Note that records up to this one have become durable in one flush."""
        before = self._durable
        if before is not None and seq > before:  # a failed flush tells the last good number again
            self._durable = seq
            self._groups.observe(seq - before)

    def request(self, scope: Any, status: int, seconds: float, request_id: str = "") -> None:
        """Count a request, under the name of its route: a path alone has no end of names."""
        method: str = scope["method"]
        if method not in _METHODS:
            method = "other"
        route = self._route(method, scope["path"])
        key = (method, route, status)
        count = self._counted.get(key)
        if count is None:
            count = self._counted[key] = self._requests.labels(method, route, str(status)).inc
            timed = self._seconds.labels(method, route)
            self._timed.setdefault((method, route), timed.observe)
        count()
        if route not in STREAMS:
            self._timed[method, route](seconds)
        if self._on_request is not None:
            self._on_request(method, route, status, seconds, request_id)

    def render(self) -> bytes:
        """Give everything as Prometheus reads it."""
        return generate_latest(self.registry)

    def _route(self, method: str, path: str) -> str:
        name = self._names.get((method, path))
        if name is not None:
            return name
        if path in _PAGES:
            name = path
        else:
            found = self._routes.find(method, path)
            if found is None:
                return CONSOLE if path[1:].partition("/")[0] in self.pages else NO_ROUTE
            name = found.operation.path
            if found.fields:
                return name
        if len(self._names) < _ROUTE_NAMES_MAX:
            self._names[method, path] = name
        return name

    def _gauge(self, name: str, told: str) -> Gauge:
        return Gauge(name, told, registry=self.registry)


def _rows(engine: Engine, table: Table[Any]) -> int:
    return len(engine.live[0].rows(table))
