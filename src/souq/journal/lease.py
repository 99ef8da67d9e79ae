"""Who may write: a row in the database that has to be renewed, and an epoch that never comes back.

A lease is a promise about time by the database's clock. It keeps a second writer out while the
first one lives, and tells a leader until when it may show what it knows. Safety does not rest on
it: every append checks the epoch in its own transaction. An advisory lock would not do, because a
process that is paused keeps it.
"""

import threading
import time
from collections.abc import Callable

from msgspec import Struct

from souq.journal.database import Connection
from souq.journal.record import Damaged
from souq.journal.store import InUse, Unavailable

TTL_S = 3.0
_RETRY_S = 0.1
_RENEWALS = 3  # in the time a lease lasts
# Two clocks may run at different speeds, so a leader trusts its own for less than the lease lasts.
_TRUST = 0.9
# Counts on while the machine sleeps, which Python's `monotonic` does not do on Linux.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed_s() -> float:
    """Give seconds on a clock that nobody sets."""
    return time.clock_gettime(_CLOCK)


class Held(Struct, frozen=True):
    """What the lease row says at this moment."""

    epoch: int
    holder: str
    left_s: float

    @property
    def is_free(self) -> bool:
        return self.left_s <= 0


def look(connection: Connection, schema: str) -> Held:
    """Read the lease row."""
    query = (
        "SELECT epoch, holder, extract(epoch FROM expires - clock_timestamp())::float8"
        f" FROM {schema}.lease"
    )
    rows = connection.rows_again(query)
    if not rows:
        raise Damaged(0, "the lease kept beside the records is gone")
    return Held(*rows[0])


class Lease:
    """One term of leading, renewed by a thread on a connection of its own until it is given up."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        schema: str,
        *,
        holder: str,
        patience_s: float = 0.0,
        ttl_s: float = TTL_S,
    ) -> None:
        """Take the lease, waiting for it so long. Raises InUse, naming who keeps it."""
        self._connect = connect
        self._schema = schema
        self._ttl_s = ttl_s
        self._until = 0.0
        self._lost = ""
        self._is_over = threading.Event()
        self._connection = connect()
        try:
            self.epoch = self._take(holder, elapsed_s() + patience_s)
        except BaseException:
            self._connection.close()
            raise
        self._thread = threading.Thread(target=self._keep, name="souq-lease", daemon=True)
        self._thread.start()

    def _take(self, holder: str, until: float) -> int:
        while True:
            seen = look(self._connection, self._schema)
            if seen.is_free and (epoch := self._compare_and_set(seen.epoch, holder)):
                return epoch
            if elapsed_s() >= until:
                raise InUse(
                    f"{self._connection.place} is led by {seen.holder},"
                    f" whose lease has {max(seen.left_s, 0.0):.1f} s left"
                )
            time.sleep(_RETRY_S)

    def _compare_and_set(self, seen: int, holder: str) -> int | None:
        asked = elapsed_s()
        # The epoch in `head` is what appends check. It changes in the transaction that changes
        # hands, after any append that is under way: that one holds the row until it commits.
        taken = self._connection.rows(
            f"""
            WITH taken AS (
                UPDATE {self._schema}.lease SET epoch = epoch + 1, holder = $2,
                    expires = clock_timestamp() + make_interval(secs => $3::float8)
                WHERE epoch = $1::bigint AND expires <= clock_timestamp() RETURNING epoch),
            fenced AS (
                UPDATE {self._schema}.head SET epoch = taken.epoch FROM taken RETURNING 1)
            SELECT epoch FROM taken
            """,
            (seen, holder, self._ttl_s),
        )
        if not taken:
            return None
        self._until = asked + self._ttl_s * _TRUST
        return int(taken[0][0])

    def is_held(self) -> bool:
        """Tell whether the lease is valid by this process's own clock."""
        return not self._lost and elapsed_s() < self._until

    @property
    def lost(self) -> str:
        """Say why the lease can never be renewed again; empty while it can."""
        return self._lost

    def give_up(self, why: str) -> None:
        """Lead no more: at once for this process, and soon for the others."""
        self._lost = self._lost or why
        self._until = 0.0
        self._is_over.set()

    def close(self) -> None:
        """Release the lease, so that nobody has to wait for its end."""
        self.give_up("the store is closed")
        self._thread.join(2 * self._ttl_s)

    def _keep(self) -> None:
        while not self._is_over.wait(self._ttl_s / _RENEWALS):
            # Counted from before the request: the database cannot have begun earlier.
            asked = elapsed_s()
            try:
                renewed = self._connection.rows_again(
                    f"UPDATE {self._schema}.lease SET expires ="
                    " clock_timestamp() + make_interval(secs => $2::float8)"
                    " WHERE epoch = $1::bigint RETURNING 1",
                    (self.epoch, self._ttl_s),
                )
            except Exception:
                continue  # whatever it is, a lease that is not renewed ends by itself
            if not renewed:
                self.give_up("somebody else has taken the lease")
            else:
                self._until = asked + self._ttl_s * _TRUST
        self._release()

    def _release(self) -> None:
        try:
            self._connection.rows_again(
                f"UPDATE {self._schema}.lease SET expires = clock_timestamp()"
                " WHERE epoch = $1::bigint",
                (self.epoch,),
            )
        except Unavailable:
            pass  # then it ends when its time is up
        finally:
            self._connection.close()
