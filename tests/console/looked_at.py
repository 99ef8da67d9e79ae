"""Ask the console of a folder for its pages, without a server."""

import asyncio
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx2
from starlette.routing import compile_path

from souq.app.onlooking import Onlooking
from souq.journal.sqlite import SIDE_FILES
from souq.surfaces.console.pages import PAGES, experiments

ADDRESS = "http://127.0.0.1:8010"
_LINK = re.compile(r'(?:href|src|action|data-stream)="([^"]*)"')
_BUILT = [
    compile_path(path)[0]
    for page in (*PAGES, experiments)
    for path in (*page.ROUTES, "/static/{path:path}")
]


def told(
    folder: Path, *paths: str, method: str = "GET", address: str = ADDRESS
) -> list[httpx2.Response]:
    """Ask for pages of a folder's console, one after another."""

    async def ask() -> list[httpx2.Response]:
        application: Any = Onlooking(folder)
        await application.open()
        try:
            return [await _one(application, path, method, address) for path in paths]
        finally:
            application.close()

    return asyncio.run(ask())


def walked(folder: Path, start: str, *, most: int) -> dict[str, httpx2.Response]:
    """Follow links from a page to all that are built; those of other pages are not there yet."""

    async def follow() -> dict[str, httpx2.Response]:
        application: Any = Onlooking(folder)
        await application.open()
        found: dict[str, httpx2.Response] = {}
        waiting = [start]
        try:
            while waiting and len(found) < most:
                path = waiting.pop(0)
                found[path] = await _one(application, path)
                for link in links(found[path].text):
                    if link not in found and link not in waiting and is_built(link):
                        waiting.append(link)
        finally:
            application.close()
        return found

    return asyncio.run(follow())


def links(html: str) -> list[str]:
    """List where a page leads and what it loads, but for its streams, which never end."""
    found = (link.replace("&amp;", "&") for link in _LINK.findall(html))
    return [link for link in found if link.startswith("/") and "/live" not in link]


def is_built(link: str) -> bool:
    """Tell whether a page is there that a link leads to."""
    path = re.sub(r"^/(?:experiments/[^/]+/cells/[0-9]+|markets/[^/]+)(?=/)", "", link)
    return any(one.fullmatch(path.partition("?")[0]) for one in _BUILT)


def hashed(folder: Path) -> dict[str, str]:
    """Hash every file of a folder, but for what SQLite keeps beside one that is open."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(SIDE_FILES)
    }


def texts(found: Iterable[httpx2.Response]) -> str:
    """Join what pages say."""
    return "\n".join(one.text for one in found)


async def _one(
    application: Any, path: str, method: str = "GET", address: str = ADDRESS
) -> httpx2.Response:
    transport = httpx2.ASGITransport(application)
    async with httpx2.AsyncClient(transport=transport, base_url=address) as client:
        return await client.request(method, path)
