"""A server with a bug, to see that it is found: it answers before its records are durable."""

import sys
import time
from collections.abc import Sequence

from souq.app import opening, server
from souq.cli import app
from souq.journal.record import Entry
from souq.journal.sqlite import SqliteStore
from souq.surfaces.durability import Durability

FLUSH_S = 0.5


class Hasty(Durability):
    """Waits for nothing."""

    async def wait(self, seq: int) -> None:
        """Return at once."""


class Slow(SqliteStore):
    """Writes as a slow disk does, so that there is something to lose."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Write in a while."""
        time.sleep(FLUSH_S)
        super().append(entries)


if __name__ == "__main__":
    server.Durability = Hasty  # type: ignore[misc]
    opening.SqliteStore = Slow  # type: ignore[misc]
    sys.argv[1:1] = ["serve"]
    app()
