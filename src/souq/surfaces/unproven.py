"""The answer to a request that brought no proof of who speaks, or a wrong one."""

from typing import Any

from souq.surfaces.auth import Unauthenticated
from souq.surfaces.limits import Limits
from souq.surfaces.problems import Malformed, Problem
from souq.surfaces.wire import send_problem


async def send_unproven(send: Any, scope: Any, limits: Limits, no: Unauthenticated) -> None:
    """Say what is missing; whoever tries too often is told to wait instead."""
    try:
        limits.failure(scope)
    except Malformed as slow:
        await send_problem(send, slow.problem, slow.lines)
        return
    problem = Problem("about:blank", "Who speaks is not proven", 401, no.why)
    await send_problem(send, problem, [(b"www-authenticate", no.challenge.encode())])
