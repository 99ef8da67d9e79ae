"""What answers where a door would be, had its extra been installed."""

from typing import Any

from souq.surfaces.problems import Malformed
from souq.surfaces.wire import send_problem


class Missing:
    """An ASGI application that says what to install."""

    def __init__(self, extra: str) -> None:
        self._no = Malformed(404, f"this door is closed; to open it, install {extra}")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 404."""
        await send_problem(send, self._no.problem)
