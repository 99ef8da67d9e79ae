"""A standby folds another's journal as it grows, and leads the market once the lease is free."""

import threading

from msgspec import Struct

from souq.core import market as rules
from souq.journal.lease import TTL_S
from souq.journal.postgres import PostgresStore
from souq.journal.record import GENESIS, Damaged
from souq.journal.replay import Replayed, advance
from souq.journal.store import InUse, Unavailable

POLL_S = 0.2


class TakenOver(Struct, frozen=True):
    """What an engine needs to go on: the store, open for writing, and its journal folded."""

    store: PostgresStore
    replayed: Replayed


class Standby:
    """Follows one market. `wait` gives it over, or None where it was told to stop."""

    def __init__(
        self,
        url: str,
        *,
        market: str = "market",
        holder: str = "",
        ttl_s: float = TTL_S,
        poll_s: float = POLL_S,
    ) -> None:
        self._url = url
        self._market = market
        self._holder = holder
        self._ttl_s = ttl_s
        self._poll_s = poll_s
        self._stopped = threading.Event()
        self._replayed = Replayed(rules.new(), 0, GENESIS)
        self._view: PostgresStore | None = None
        self.trouble = ""  # why the database could not be followed just now

    @property
    def seq(self) -> int:
        """Give the last record folded."""
        return self._replayed.seq

    def stop(self) -> None:
        """Let `wait` return, from any thread."""
        self._stopped.set()

    def wait(self, timeout_s: float | None = None) -> TakenOver | None:
        """Follow until the lease is free, then take it. Raises Damaged.

        A database that cannot be reached is waited for: nobody else can lead there meanwhile.
        """
        waiting = threading.Timer(timeout_s, self.stop) if timeout_s is not None else None
        if waiting:
            waiting.daemon = True
            waiting.start()
        try:
            while not self._stopped.is_set():
                try:
                    if taken := self._look():
                        return taken
                    self.trouble = ""
                except Unavailable as error:
                    self.trouble = str(error)
                    self._let_go()
                self._stopped.wait(self._poll_s)
            return None
        finally:
            if waiting:
                waiting.cancel()
            self._let_go()

    def _look(self) -> TakenOver | None:
        """Fold what is new; take the lease where it is free."""
        try:
            view = self._view = self._view or PostgresStore(
                self._url, market=self._market, read_only=True
            )
        except FileNotFoundError:
            return self._take()  # nobody has ever led, so there is nothing to follow
        advance(view, self._replayed)
        return self._take() if view.is_free() else None

    def _take(self) -> TakenOver | None:
        try:
            store = PostgresStore(
                self._url, market=self._market, holder=self._holder, ttl_s=self._ttl_s
            )
        except InUse:
            return None  # another standby was quicker
        try:
            # Fenced off, the one before can add nothing to what is read here.
            advance(store, self._replayed)
            if (self._replayed.seq, self._replayed.hash) != store.head():
                raise Damaged(self._replayed.seq, "the journal ends elsewhere than its head says")
        except BaseException:
            store.close()
            raise
        return TakenOver(store, self._replayed)

    def _let_go(self) -> None:
        if self._view is not None:
            self._view.close()
            self._view = None
