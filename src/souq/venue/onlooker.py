"""A market that another process writes, followed record by record and asked like an open one.

It writes nothing where it reads: its views are in memory, and are folded from the first record when
it begins. What it shows was durable, for its writer's own readers see nothing else.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from souq.core import market
from souq.core.state import State
from souq.journal.record import GENESIS, Damaged, Record
from souq.journal.replay import Replayed, advance, reader
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.venue import erasing
from souq.venue.desk import Desk
from souq.venue.market import ANSWERS, WATCHED_AGAIN_MAX
from souq.views.affairs import Affairs
from souq.views.catalogue import Catalogue
from souq.views.evidence import Evidence
from souq.views.evidence_key import EvidenceKey
from souq.views.feed import Feed, FeedPage
from souq.views.floor import Floor
from souq.views.mentions import Mentions
from souq.views.surveillance.watch import Watch

FOLLOWED_MAX = 500  # records read before one answer: some tenth of a second


class Onlooker:
    """Follow it now and then, and ask it. One thread at a time may call it."""

    def __init__(
        self, opened: Callable[[], Store], key: EvidenceKey, *, has_own_key: bool = True
    ) -> None:
        """Read the whole journal of a store. Raises what opening the store does.

        `opened` opens it anew, which is done where words were erased; `has_own_key` tells whether
        the market itself signs with this key.
        """
        self._opened = opened
        self._key = key
        self.trouble = ""  # why nothing is read beyond the last record
        self.has_own_key = has_own_key
        self._begin(opened())

    @classmethod
    def of(cls, folder: Path) -> "Onlooker":
        """Read a folder's journal. Raises FileNotFoundError, Damaged and ValueError.

        Without a key of its own, a market's heads are signed with one that ends with the process:
        they hold together, and prove nothing to anybody else.
        """
        found = EvidenceKey.find(folder)
        key = found or EvidenceKey.new()
        return cls(lambda: SqliteStore(folder, read_only=True), key, has_own_key=found is not None)

    def _begin(self, store: Store) -> None:
        self._store = store
        self._read = reader(store).whole
        self._replayed = Replayed(market.new(), 0, GENESIS)
        self._erased: list[str] = []
        self._is_torn = False
        self._seq = 0
        self._mentions = Mentions(None, self._state)
        self._mentions.catch_up(store, 0)
        self._evidence = Evidence(None, self._key)
        self._evidence.catch_up(store, 0)
        self.desk = Desk(
            store,
            Affairs(self._replayed.state),
            Catalogue(None),
            self._mentions,
            Feed(store, self._mentions, self._state),
            watch=Watch(store.payload, self._state),
            evidence=self._evidence,
            floor=Floor(None),
            clock=lambda: self.at,  # what is read here has no other
        )
        self.follow()
        self._erased.clear()  # of those the words were gone before they were read

    @property
    def seq(self) -> int:
        """Give the last record that was read."""
        return self._seq

    @property
    def at(self) -> int:
        """Give the stamp of that record, or 0 before the first."""
        return self._replayed.state.at if self._seq else 0

    @property
    def is_open(self) -> bool:
        """Tell whether there is a market: whether its first record is there."""
        return self._seq > 0

    def follow(self, most: int | None = None) -> int:
        """Read what is new, `most` records at once; give how many there were.

        Nothing is read beyond a record that is damaged: `trouble` says which, and why.
        """
        if self._erased or self._is_torn:
            self._read_anew()
        before, replayed = self._seq, self._replayed
        try:
            head = self._store.head()[0]
            advance(self._store, replayed, until=head if most is None else min(head, before + most))
        except sqlite3.OperationalError:
            pass  # its writer has it to itself for a moment
        except Damaged as error:
            self.trouble = str(error)
        if replayed.seq > before:
            self._show(before, replayed)
        self.desk.state, self.desk.seq = replayed.state, self._seq
        return self._seq - before

    def ask(self, actor: str, query: Any) -> Any:
        """Answer a question. Raises Refused."""
        self.follow(FOLLOWED_MAX)
        return ANSWERS[type(query)](self.desk, actor, query)

    def page(
        self, viewer: str, after: int, limit: int, types: frozenset[str] = frozenset()
    ) -> FeedPage:
        """Give what happened after a record, as far as somebody may see it."""
        self.follow(FOLLOWED_MAX)
        return self.desk.feed.page(viewer, after, limit, types)

    def close(self) -> None:
        """Let go of the journal."""
        self._let_go()
        self._store.close()

    def _state(self) -> State:
        return self._replayed.state

    def _show(self, before: int, replayed: Replayed) -> None:
        """Let the views read what was folded; they ask the state who is who, so it goes first."""
        if not before:
            self.desk.affairs = Affairs(replayed.state)
        watched_from = replayed.seq - WATCHED_AGAIN_MAX
        try:
            for entry in self._store.read(before + 1, replayed.seq):
                record = self._read(entry.seq, entry.body)
                if before:
                    self.desk.affairs.take(record.events)
                self._take(record, is_watched=record.seq > watched_from)
        except sqlite3.OperationalError:
            self._is_torn = True  # some views are ahead of others

    def _take(self, record: Record, *, is_watched: bool) -> None:
        desk = self.desk
        desk.catalogue.take(record, self._store.payload)
        desk.mentions.take(record)
        if is_watched:
            desk.watch.take(record)
        desk.evidence.take(record)
        desk.floor.take(record)
        self._seq = record.seq
        self._erased += erasing.erased_by(record.events)

    def _read_anew(self) -> None:
        """Begin again, once the keys of erased words are gone here as in the store."""
        fresh = self._opened()
        if not all(map(fresh.is_shredded, self._erased)):
            fresh.close()  # their writer is about to destroy them
            return
        self.close()
        self._begin(fresh)

    def _let_go(self) -> None:
        desk = self.desk
        for view in (desk.catalogue, desk.mentions, desk.evidence, desk.floor):
            view.close()
