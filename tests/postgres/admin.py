"""What only somebody with the keys to the database can do: change rows, end leases, cut lines."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from souq.journal.database import Connection
from souq.journal.record import Entry, Payload, chained

TRIES = 2_000
Result = TypeVar("Result")


class Admin:
    """The database behind one market's back."""

    def __init__(self, url: str, market: str) -> None:
        self._whose = url, market
        self.connection = Connection(url)
        self.schema = f'"souq_{market}"'

    def again(self) -> "Admin":
        """Give a second one, for while this one is in a transaction."""
        return Admin(*self._whose)

    def do(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Execute a statement in which `@` stands for the market's schema."""
        return self.connection.rows(statement.replace("@", self.schema), values)

    def expire(self) -> None:
        """End the lease, as if its holder had been asleep."""
        self.do("UPDATE @.lease SET expires = to_timestamp(0)")

    @contextmanager
    def holding(self, table: str) -> Iterator[None]:
        """Lock a one-row table, so that whoever writes it waits."""
        self.do("BEGIN")
        try:
            self.do(f"SELECT 1 FROM @.{table} FOR UPDATE")
            yield
        finally:
            self.do("COMMIT")

    def waiting(self, word: str) -> int:
        """Wait until a statement with this word in it waits for a lock; give its process."""
        for _ in range(TRIES):
            found = self.do(
                "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND position($1 IN query) > 0 AND position($2 IN query) > 0",
                word,
                self.schema,
            )
            if found:
                return int(str(found[0][0]))
            time.sleep(0.02)
        raise AssertionError(f"nobody waits to {word}")

    def cut(self, word: str) -> int:
        """Break the connections whose last statement on this market has this word in it."""
        return len(
            self.do(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE position($1 IN query) > 0 AND position($2 IN query) > 0"
                " AND pid <> pg_backend_pid()",
                word,
                self.schema,
            )
        )


def entries(tip: tuple[int, bytes], count: int, name: str = "c") -> list[Entry]:
    """Make entries that continue a head; a store looks at no more than their hashes."""
    seq, hash = tip
    made = []
    for _ in range(count):
        seq += 1
        body = f"{name} {seq}".encode()
        hash = chained(hash, body)
        payload = Payload(f"{name}-{seq}", bytes(16), "public", body)
        made.append(Entry(seq, hash, body, "A1", f"{name}-{seq}", (payload,)))
    return made


class Aside(Generic[Result]):
    """Runs a function in a thread and keeps what came of it."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self.error: BaseException | None = None
        self.result: Result | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:
            self.error = error

    def join(self) -> "Aside[Result]":
        self._thread.join(60)
        assert not self._thread.is_alive(), "it hangs"
        return self
