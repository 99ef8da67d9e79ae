"""Requests wait here until the record that answers them is durable."""

import asyncio
from collections import deque
from collections.abc import Callable

from souq.engine import Engine


class Durability:
    """Bridges the journal's thread and the event loop. Make it inside the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.after: Callable[[], None] = _nothing  # called whenever something has become durable
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._engine: Engine | None = None
        self._is_called = False

    def attach(self, engine: Engine) -> None:
        """Follow this engine, whose `on_durable` is our `hear`."""
        self._engine = engine

    def hear(self, seq: int) -> None:
        """Take note, in the journal's thread, that records up to `seq` are durable."""
        if not self._is_called:
            self._is_called = True
            self._loop.call_soon_threadsafe(self._release)

    async def wait(self, seq: int) -> None:
        """Return once record `seq` is durable. Raises Stopped where it never will be."""
        assert self._engine is not None, "attached at the start"
        if seq <= self._engine.durable:
            return
        if not self._engine.is_writing:
            self._engine.wait(seq)  # raises
        future = self._loop.create_future()
        # Requests come in the order of their records, but for a replay that asks for an old one.
        self._waiting.append((seq, future))
        await future

    def _release(self) -> None:
        self._is_called = False
        engine, waiting = self._engine, self._waiting
        if engine is None:
            return
        durable = engine.durable
        while waiting and (waiting[0][0] <= durable or not engine.is_writing):
            seq, future = waiting.popleft()
            if future.done():
                continue  # who waited has gone
            if seq <= durable:
                future.set_result(None)
            else:
                future.set_exception(_failure(engine, seq))
        self.after()


def _nothing() -> None:
    """Nobody wants to hear."""


def _failure(engine: Engine, seq: int) -> BaseException:
    try:
        engine.wait(seq)
    except Exception as error:
        return error
    raise AssertionError(f"record {seq} became durable after a failed flush")
