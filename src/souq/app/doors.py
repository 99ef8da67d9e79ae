"""The doors beside `/v1/`, each there where its extra is installed."""

import importlib.util
import logging
from collections.abc import Mapping
from typing import Any

from souq.surfaces.answering import Answering
from souq.surfaces.auth import Authenticator
from souq.surfaces.limits import Limits
from souq.surfaces.problems import Malformed
from souq.surfaces.wire import send_problem

log = logging.getLogger(__name__)


def doors(
    answering: Answering,
    authenticator: Authenticator,
    limits: Limits,
    *,
    conformance: bool = False,
) -> Mapping[str, Any]:
    """Give ASGI applications by the first part of the paths they answer to.

    With `conformance` they also hold what public conformance suites look for.
    """
    return {"mcp": _mcp(answering, authenticator, limits, conformance=conformance)}


def _mcp(
    answering: Answering, authenticator: Authenticator, limits: Limits, *, conformance: bool
) -> Any:
    if not _is_installed("mcp"):
        return _missing("the MCP door is not installed here; its operator needs `souq[mcp]`")
    from souq.surfaces.mcp.door import McpDoor

    if not conformance:
        return McpDoor(answering, authenticator, limits)
    from souq.surfaces.mcp.fixtures import dress

    log.warning("the fixtures of conformance suites are mounted; this is no market to trade at")

    return McpDoor(answering, authenticator, limits, dress=dress)


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _missing(why: str) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send_problem(send, Malformed(404, why).problem)

    return application
