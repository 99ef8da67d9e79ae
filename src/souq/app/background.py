"""What goes on behind a door: deadlines, snapshots, and calls that are better made together."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable

from souq.core.refusal import Refused
from souq.engine import Engine, Fault
from souq.journal.commit import Stopped

AGAIN_S = 1.0
SNAPSHOT_POLL_S = 1.0
log = logging.getLogger(__name__)


async def kept_up(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run something for ever; what breaks it is told, and it begins again."""
    while True:
        try:
            await run()
        except* Exception as errors:
            log.error("%s broke off and begins again", name, exc_info=errors)
        await asyncio.sleep(AGAIN_S)


async def meet_deadlines(engine: Engine, tick_s: float, give_up: Callable[[str], None]) -> None:
    """Meet deadlines that nobody's command would meet; notice where the market has stopped."""
    while True:
        await asyncio.sleep(tick_s)
        if not engine.store.is_leading():
            give_up("another server leads this market now")
        elif engine.stopped and engine.is_writing:
            # A broken invariant. Opened again, the market stands at its last good record.
            give_up(engine.stopped)
        elif engine.is_writing:
            with contextlib.suppress(Stopped, Fault, Refused):
                engine.tick_soon()


async def keep_snapshots(engine: Engine, folder: str, every: int) -> None:
    """Have the state written down every so many records, by a process that holds up nobody."""
    last = engine.durable
    while True:
        await asyncio.sleep(SNAPSHOT_POLL_S)
        if engine.durable - last < every:
            continue
        last = engine.durable
        words = [sys.executable, "-m", "souq.cli", "snapshot", folder]
        writing = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.DEVNULL)
        try:
            if await writing.wait():
                log.warning("no snapshot was written; the next start will take longer")
        finally:
            with contextlib.suppress(ProcessLookupError):
                writing.kill()


class Soon:
    """Calls things a moment after they were asked for, once for many asks."""

    def __init__(self, delay_s: float, calls: tuple[Callable[[], None], ...]) -> None:
        self._delay_s = delay_s
        self._calls = calls
        self._is_asked = False

    def ask(self) -> None:
        """Have all of them called soon."""
        if not self._is_asked:
            self._is_asked = True
            asyncio.get_running_loop().call_later(self._delay_s, self._go)

    def _go(self) -> None:
        self._is_asked = False
        for call in self._calls:
            call()
