"""The doors beside `/v1/`, each there where its extra is installed."""

import importlib.util
import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from souq.app.settings import BadSettings
from souq.surfaces.answering import Answering
from souq.surfaces.auth import Authenticator
from souq.surfaces.console.behind import Served
from souq.surfaces.console.door import Console
from souq.surfaces.console.entrance import Entrance
from souq.surfaces.console.pages import PAGES
from souq.surfaces.console.passkey_list import FILE, PasskeyList
from souq.surfaces.console.rendering import Renderer
from souq.surfaces.console.sessions import Sessions
from souq.surfaces.console.visit import Site
from souq.surfaces.limits import Limits
from souq.surfaces.problems import Malformed
from souq.surfaces.signatures import MarketKey
from souq.surfaces.wire import send_problem

SEALING = b"souq/mcp/request-state/v1"
AGENT_CARD = ".well-known/agent-card.json"
log = logging.getLogger(__name__)


def doors(
    answering: Answering,
    authenticator: Authenticator,
    limits: Limits,
    *,
    market_key: MarketKey,
    url: str,
    body_bytes_max: int,
    conformance: bool = False,
) -> Mapping[str, Any]:
    """Give ASGI applications by the paths they answer to: a first part, or a whole one.

    With `conformance` they also hold what public conformance suites look for.
    """
    if conformance:
        log.warning("what conformance suites look for is mounted; this is no market to trade at")
    a2a = _a2a(
        answering,
        authenticator,
        limits,
        market_key=market_key,
        url=url,
        body_bytes_max=body_bytes_max,
        conformance=conformance,
    )
    mcp = _mcp(answering, authenticator, limits, market_key, conformance=conformance)
    return {"a2a": a2a, AGENT_CARD: a2a, "mcp": mcp}


def console(
    answering: Answering,
    authenticator: Authenticator,
    limits: Limits,
    *,
    now: Callable[[], int],
    url: str,
    idle_s: int,
    passkeys: Path | None = None,
) -> Mapping[str, Any]:
    """Give the pages for people, by the first parts of their paths.

    `passkeys` is the folder where they are kept, where people may sign in with them. Raises
    BadSettings for a file there that holds none.
    """
    kept = None if passkeys is None else _kept_passkeys(passkeys, authenticator)
    entrance = Entrance(
        Sessions(authenticator.is_live, idle_s=idle_s, on_end=answering.ring),
        authenticator,
        limits,
        is_secure=url.startswith("https://"),
        passkeys=kept,
    )
    more: Mapping[str, Any] = {}
    if kept is not None:
        from souq.surfaces.console.passkeys import Passkeys

        more = Passkeys(entrance, kept, origin=url).pages
    found = Console(
        Served(answering, limits),
        Site(Renderer(), now, PAGES, has_passkeys=kept is not None),
        entrance=entrance,
        more=more,
        hosts=authenticator.authorities,
    )
    return dict.fromkeys(found.parts, found)


def _kept_passkeys(folder: Path, authenticator: Authenticator) -> PasskeyList:
    try:
        return PasskeyList(folder / FILE, authenticator.key_of)
    except sqlite3.DatabaseError as error:
        why = f"{folder / FILE} cannot be read ({error}); move it away, and people add theirs anew"
        raise BadSettings(why) from None


def _mcp(
    answering: Answering,
    authenticator: Authenticator,
    limits: Limits,
    market_key: MarketKey,
    *,
    conformance: bool,
) -> Any:
    if not _is_installed("mcp"):
        return _missing("the MCP door is not installed here; its operator needs `souq[mcp]`")
    from souq.surfaces.mcp.door import McpDoor

    sealing_key = market_key.secret_for(SEALING)
    if not conformance:
        return McpDoor(answering, authenticator, limits, sealing_key=sealing_key)
    from souq.surfaces.mcp.fixtures import dress

    return McpDoor(answering, authenticator, limits, sealing_key=sealing_key, dress=dress)


def _a2a(answering: Answering, authenticator: Authenticator, limits: Limits, **more: Any) -> Any:
    if not (_is_installed("a2a") and _is_installed("rfc8785")):
        return _missing("the A2A door is not installed here; its operator needs `souq[a2a]`")
    from souq.surfaces.a2a.door import door

    return door(answering, authenticator, limits, **more)


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _missing(why: str) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send_problem(send, Malformed(404, why).problem)

    return application
