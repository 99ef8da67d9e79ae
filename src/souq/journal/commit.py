"""Natural group commit: whatever gathered while the last flush ran is appended in one go.

One thread writes, and no timer waits for company: alone, a record is flushed at once; under load,
groups grow by themselves.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from souq.journal.record import Entry
from souq.journal.store import Store


class Stopped(Exception):
    """A flush failed. Nothing is written any more: what is on the disk is not known."""


class Commits(Protocol):
    """Takes records in order and makes them durable."""

    durable: int
    failure: BaseException | None

    def put(self, entry: Entry) -> None: ...
    def wait(self, seq: int) -> None: ...
    def close(self) -> None: ...


class InstantCommits:
    """For a store that needs no flush."""

    failure: BaseException | None = None

    def __init__(self, store: Store) -> None:
        self._store = store
        self.durable = store.head()[0]

    def put(self, entry: Entry) -> None:
        self._store.append((entry,))
        self.durable = entry.seq

    def wait(self, seq: int) -> None:
        assert seq <= self.durable, f"record {seq} was never put"

    def close(self) -> None:
        """Nothing is pending."""


class GroupCommits:
    """One writer thread over a store. `on_durable` hears the last number of each group.

    After a failed flush it hears the last good one again, so that nobody waits for ever. It is
    called by that thread, so it must not wait for a record; where it raises, writing stops.
    """

    def __init__(self, store: Store, on_durable: Callable[[int], None] | None = None) -> None:
        self._store = store
        self._on_durable = on_durable
        self._pending: list[Entry] = []
        self._changed = threading.Condition()
        self.failure: BaseException | None = None
        self._is_closing = False
        self.durable = store.head()[0]
        self._thread = threading.Thread(target=self._run, name="souq-journal", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Queue a record. Raises Stopped once a flush has failed."""
        with self._changed:
            self._check()
            self._pending.append(entry)
            if len(self._pending) == 1:
                self._changed.notify_all()

    def wait(self, seq: int) -> None:
        """Return once record `seq` is durable. Raises Stopped where it never will be."""
        if seq <= self.durable:
            return
        with self._changed:
            while self.durable < seq:
                self._check()
                self._changed.wait()

    def _check(self) -> None:
        if self.failure is not None:
            why = str(self.failure) or type(self.failure).__name__
            raise Stopped(
                f"the journal stopped, nothing more is recorded until it is opened again: {why}"
            ) from self.failure
        if self._is_closing and not self._thread.is_alive():
            raise Stopped("the journal is closed")

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._pending and not self._is_closing:
                    self._changed.wait()
                if not self._pending:
                    return
                group, self._pending = self._pending, []
            try:
                self._store.append(group)
                with self._changed:
                    self.durable = group[-1].seq
                    self._changed.notify_all()
                if self._on_durable is not None:
                    self._on_durable(group[-1].seq)
            except BaseException as error:
                # Never retried: after a failed sync the system may have dropped the pages and
                # call the next sync a success.
                with self._changed:
                    self.failure = error
                    self._changed.notify_all()
                if self._on_durable is not None:
                    with suppress(Exception):
                        self._on_durable(self.durable)
                return

    def close(self) -> None:
        """Flush what is pending and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()
