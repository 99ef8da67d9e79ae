"""What a page shows while it happens, by server-sent events, gathered a few times a second.

    GET /live?view=floor     `feed` (lines), `figures` (tiles), `series` (JSON for the charts)
    GET /live?about=N17      `changed`, when a record tells the viewer something of that object
    GET /live                `changed`, when any record tells the viewer something

A stream draws at most a page of records each time and skips what a person could not read anyway:
a flood costs the server and the browser no more than a busy day.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, Protocol

import msgspec
from starlette.responses import Response, StreamingResponse

from souq.core.refusal import Refused
from souq.surfaces.console.behind import AWAY, Behind
from souq.surfaces.console.pages import floor
from souq.surfaces.console.rendering import SAFE
from souq.surfaces.console.visit import Visit, record_number
from souq.surfaces.limits import address
from souq.surfaces.problems import Malformed
from souq.views.showing import RecordSeen

GAP_S = 0.25  # between two drawings
FIGURES_S = 1.0
STILL_S = 15.0
LINES_MAX = 40
BEHIND_MAX = 400  # records; whoever is further behind is shown the latest
STREAMS_MAX = 500  # the operator's own come on top
GUESTS_MAX = 300  # so that guests leave room for those who are signed in
OWN_MAX = 32  # of one viewer, or of one address: nobody takes all of them
_GUEST = "guest at "
_encode = msgspec.json.Encoder().encode


class Live:
    """All streams of one console."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._drawn: dict[tuple[str, str], _Drawn] = {}  # by viewer and asset
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    async def __call__(self, visit: Visit, is_live: Callable[[], bool]) -> Response:
        """Answer with a stream that lasts as long as `is_live`. Raises Malformed."""
        if self._is_full(visit):
            raise Malformed(503, "too many streams; ask again later")
        about = visit.given("about")
        is_floor = visit.given("view") == "floor"
        drawer = _Floor(visit, self._drawn) if is_floor else _Changed(about)
        headers = {**SAFE, "x-accel-buffering": "no"}
        return StreamingResponse(
            self._stream(visit, drawer, is_live), headers=headers, media_type="text/event-stream"
        )

    def _is_full(self, visit: Visit) -> bool:
        if self._open[_viewer(visit)] >= OWN_MAX:
            return True
        if visit.is_operator:
            return False
        guests = sum(n for who, n in self._open.items() if who.startswith(_GUEST))
        return len(self) >= STREAMS_MAX or (not visit.me.actor and guests >= GUESTS_MAX)

    async def _stream(
        self,
        visit: Visit,
        drawer: "_Drawer",
        is_live: Callable[[], bool],
    ) -> AsyncIterator[bytes]:
        behind, actor = self._behind, visit.me.actor
        after = _start(visit, behind.durable)
        viewer = _viewer(visit)
        self._open[viewer] += 1
        try:
            with behind.bell() as bell:
                yield b"retry: 1000\n\n"
                while not behind.is_closing and is_live():
                    bell.clear()
                    drawer.is_skipping = after < behind.durable - BEHIND_MAX
                    after = max(after, behind.durable - BEHIND_MAX)
                    page = behind.page(actor, after, BEHIND_MAX)
                    if page.last > after:
                        after = page.last
                        drawn = await drawer.draw(list(page.records))
                        yield drawn + b"id: %d\n\n" % after
                        await asyncio.sleep(GAP_S)
                        continue
                    try:
                        async with asyncio.timeout(FIGURES_S if drawer.is_behind else STILL_S):
                            await bell.wait()
                    except TimeoutError:
                        drawn = await drawer.draw([]) if drawer.is_behind else b""
                        yield drawn or b": still here\n\n"
        except AWAY:  # the page's browser comes back by itself, and is told so
            return
        finally:
            self._open[viewer] -= 1
            self._open += Counter()  # forgets who has none


class _Drawer(Protocol):
    """Draws records as events. `is_behind`: something is to be drawn soon, whatever happens.

    `is_skipping`: records before those that are given were left out.
    """

    is_behind: bool
    is_skipping: bool

    async def draw(self, records: list[RecordSeen]) -> bytes: ...


class _Floor:
    """Draws the floor: lines of what happened, the newest first, and how the market stands.

    Figures are drawn once a second at most, and once for all who see the same.
    """

    def __init__(self, visit: Visit, drawn: dict[tuple[str, str], "_Drawn"]) -> None:
        self._visit = visit
        self._drawn = drawn
        self._shown: _Drawn | None = None
        self.is_behind = self.is_skipping = False

    async def draw(self, records: list[RecordSeen]) -> bytes:
        seen = records[: -LINES_MAX - 1 : -1]
        lines = event("feed", await floor.lines(self._visit, seen)) if seen else b""
        return lines + await self._figures()

    async def _figures(self) -> bytes:
        now_s, visit = time.monotonic(), self._visit
        key = (visit.me.actor, await floor.asset_of(visit))
        drawn = self._drawn.get(key)
        is_old = drawn is None or now_s >= drawn.at_s + FIGURES_S
        self.is_behind = not is_old
        if drawn is None or is_old:
            try:
                tiles, series = await floor.figures(visit)
            except (Refused, Malformed):  # who sees what happens need not see what it comes to
                return b""
            drawn = _Drawn(now_s, event("figures", tiles) + event("series", series))
            _keep(self._drawn, key, drawn)
        if drawn is self._shown:
            return b""
        self._shown = drawn
        return drawn.told


class _Drawn(NamedTuple):
    at_s: float
    told: bytes


def _keep(drawn: dict[tuple[str, str], _Drawn], key: tuple[str, str], new: _Drawn) -> None:
    """Keep what was drawn, for as long as it is shown: each of a million viewers looks once."""
    drawn.pop(key, None)
    while drawn:
        oldest = next(iter(drawn))
        if new.at_s < drawn[oldest].at_s + FIGURES_S:
            break
        del drawn[oldest]
    drawn[key] = new


class _Changed:
    """Says that something happened, in all or to one object."""

    def __init__(self, about: str) -> None:
        self._about = f'"{about}"'.encode() if about else b""
        self.is_behind = self.is_skipping = False

    async def draw(self, records: list[RecordSeen]) -> bytes:
        # What was left out may have told of it: a page looks once too often rather than never.
        is_told = self.is_skipping or any(
            not self._about or self._about in _encode_seen(one) for one in records
        )
        return event("changed", "") if is_told else b""


def event(name: str, text: str) -> bytes:
    """Write one event; text of several lines stays one event."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()


def _encode_seen(record: RecordSeen) -> bytes:
    return _encode(msgspec.structs.replace(record, words={}))


def _viewer(visit: Visit) -> str:
    return visit.me.actor or _GUEST + address(visit.request.scope)


def _start(visit: Visit, durable: int) -> int:
    last = visit.request.headers.get("last-event-id") or visit.given("after")
    after = record_number(last)
    return durable if after is None else min(after, durable)
