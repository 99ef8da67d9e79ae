"""Our side in a process of its own, killed by itself before or after its n-th dealing.

    python -m tests.rails.worker FOLDER URL KILL-AT

A dealing is a command, a payment asked for, notices fetched, or a mark set. It prints the number
of dealings where it comes to the end alive.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from souq.engine import Answer
from souq.journal.record import Payload
from souq.journal.store import Store
from souq.rails.order import News, Order, Outcome
from souq.rails.sandbox import Sandbox
from tests.rails.town import PATIENCE_S, open_market, outbox_of, settle, submitter


class Fuse:
    """Kills this process when it has burnt down."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.burnt = 0

    def burn(self) -> None:
        self.burnt += 1
        if self.burnt == self.length:
            os.kill(os.getpid(), signal.SIGKILL)


class Shelf:
    """The store's marks, with a fuse."""

    def __init__(self, store: Store, fuse: Fuse) -> None:
        self.store = store
        self.fuse = fuse

    def mark(self, name: str) -> str | None:
        return self.store.mark(name)

    def set_mark(self, name: str, value: str) -> None:
        self.fuse.burn()
        self.store.set_mark(name, value)
        self.fuse.burn()

    def payload(self, digest: str) -> Payload | None:
        return self.store.payload(digest)


class Fused(Sandbox):
    """The rail, with a fuse."""

    fuse: Fuse

    async def pay(self, order: Order) -> Outcome:
        self.fuse.burn()
        found = await super().pay(order)
        self.fuse.burn()
        return found

    async def notices(self, after: str) -> News:
        found = await super().notices(after)
        if found.notices:
            self.fuse.burn()
        return found


async def main(folder: Path, url: str, kill_at: int) -> None:
    """Serve until everything is settled, or until killed."""
    fuse = Fuse(kill_at)
    rail = Fused(url, timeout_s=PATIENCE_S)
    rail.fuse = fuse
    with open_market(folder) as engine:
        honest = submitter(engine)

        async def submit(actor: str, id: str, command: Any) -> Answer:
            fuse.burn()
            answer = await honest(actor, id, command)
            fuse.burn()
            return answer

        shelf = Shelf(engine.store, fuse)
        outbox = outbox_of(engine, {"sandbox": rail}, submit=submit, shelf=shelf)
        await settle(outbox, engine)
    print(fuse.burnt)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
