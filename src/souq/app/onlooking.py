"""Serves the console over folders that are only read: a market's, an experiment's, or several.

Whoever reaches it sees everything, as the operator does. So it answers only those who call it by a
name of its own, for a page elsewhere may have its own name lead here, and it takes no command.
"""

import asyncio
import ipaddress
import re
import socket
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from souq.app.listening import BACKLOG, Listener, bind, on_signals, url_of
from souq.app.lobby import Lobby
from souq.app.shelving import Folder
from souq.core.rules import HOUR_US
from souq.engine import system_clock
from souq.journal.sqlite import FILE as JOURNAL
from souq.surfaces.console.behind import STAYS_READ, Read
from souq.surfaces.console.door import Console
from souq.surfaces.console.own_site import need_own_site
from souq.surfaces.console.pages import PAGES, experiments
from souq.surfaces.console.rendering import SAFE, Renderer
from souq.surfaces.console.visit import Site
from souq.surfaces.problems import Malformed

_NO_KEY = (
    "This folder holds no evidence key: tree heads and receipts shown here are signed with a key"
    " made for this reading, and prove nothing to anybody else."
)
_MOUNTED = re.compile(
    r"(?P<base>/experiments/(?P<experiment>[^/]+)/cells/(?P<cell>[0-9]{5,9})|/markets/(?P<market>[^/]+))"
    r"(?P<rest>/.*)?"
)


class Onlooking:
    """An ASGI application over one folder. Close it when done."""

    def __init__(self, folder: Path, hosts: Collection[str] = ()) -> None:
        """`hosts` are names that browsers call us by; a bare address, and localhost, always do."""
        self._hosts = frozenset(hosts)
        self._renderer = Renderer()
        self._folder = Folder(folder)
        self._is_market = (folder / JOURNAL).is_file()
        self._name = folder.resolve().name
        self._lobby = Lobby(self._folder)
        self._mounted: dict[Read, Console] = {}
        site = Site(self._renderer, system_clock, (experiments,), is_fixed=True, shelf=self._folder)
        self._entrance = Console(self._lobby, site, hosts=self._hosts)

    async def open(self) -> None:
        """Read the folder's market, where it is one. Raises Malformed."""
        if self._is_market:
            await self._folder.market(self._name)

    def end_streams(self) -> None:
        """Let nobody wait for something new any more."""
        self._lobby.close()
        self._folder.end_streams()

    def close(self) -> None:
        """End all streams, and let go of every journal."""
        self.end_streams()
        self._folder.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        application = await self._for(scope) if scope["type"] == "http" else self._entrance
        await application(scope, receive, send)

    async def _for(self, scope: Any) -> Any:
        try:
            need_own_site(scope, self._hosts)
            if scope["method"] not in ("GET", "HEAD"):
                raise Malformed(405, STAYS_READ, allow="GET, HEAD")
            if self._is_market:
                read = await self._folder.market(self._name)
                return self._console(read, base="", up=("", "")) if read else _gone()
            found = _MOUNTED.fullmatch(scope["path"])
            return await self._below(found, scope) if found else self._entrance
        except Malformed as no:
            return Response(no.why + "\n", no.status, headers={**SAFE, **no.headers})

    async def _below(self, found: "re.Match[str]", scope: Any) -> Any:
        """Give the console of a market below the pages of experiments."""
        name, base = found["experiment"], quote(found["base"])
        if name is not None:
            read = await self._folder.cell(name, found["cell"])
            up, title = (f"/experiments/{quote(name)}", name), f"{name} {found['cell']}"
        else:
            read = await self._folder.market(found["market"])
            up, title = ("/experiments", experiments.NAME), found["market"]
        if read is None:
            return self._entrance  # which says that there is no such page
        if found["rest"] is None:
            return RedirectResponse(f"{base}/", 303)
        scope["root_path"] = found["base"]
        return self._console(read, base=base, up=up, title=title)

    def _console(self, read: Read, *, base: str, up: tuple[str, str], title: str = "") -> Console:
        found = self._mounted.get(read)
        if found is None:
            market = read.market
            site = Site(
                self._renderer,
                lambda: _clock_beside(market.at),
                PAGES,
                base=base,
                is_fixed=True,
                up=up,
                trouble=lambda: _trouble(market.trouble),
                note="" if market.has_own_key else _NO_KEY,
                title=title,
            )
            self._mounted = {at: one for at, one in self._mounted.items() if not at.is_closing}
            found = self._mounted[read] = Console(read, site, hosts=self._hosts)
        return found


class Looking(NamedTuple):
    """What is told once pages can be looked at."""

    url: str
    is_local: bool


async def serve(folder: Path, *, host: str, port: int, tell: Callable[[Looking], None]) -> None:
    """Serve until told to stop. Raises OSError where the address is taken, and Malformed."""
    listening = bind(host, port)
    number = listening.getsockname()[1]
    names = () if _is_loopback(host) else (host, socket.gethostname())
    application = Onlooking(folder, [f"{name.lower()}:{number}" for name in names])
    try:
        await application.open()
        listener = Listener(application, proxies=(), on_exit=application.end_streams)
        on_signals(asyncio.get_running_loop(), listener.stop)
        listening.listen(BACKLOG)
        tell(Looking(url_of(listening), _is_loopback(host)))
        await listener.serve(sockets=[listening])
    finally:
        application.close()
        listening.close()


def _clock_beside(at: int) -> int:
    """Give the time that a market's deadlines are told by.

    A simulation has its own, and one that is over stands still: it is then as late as its last
    record.
    """
    now = time.time_ns() // 1_000
    return now if 0 <= now - at < HOUR_US else at


def _trouble(why: str) -> str:
    return f"Nothing is shown beyond a damaged record: {why}." if why else ""


def _gone() -> Response:
    return Response("The journal is not there any more.\n", 404, headers=SAFE)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
