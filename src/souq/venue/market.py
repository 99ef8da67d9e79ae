"""One open market: commands go to the engine, questions to the views, which follow the engine.

Views read a record once it is durable, so no file of theirs is ever ahead of the journal. A
question is answered from the live state; its answer may be shown once what it tells is durable.
"""

import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from souq.core.rules import OPERATOR
from souq.core.state import State
from souq.engine import Answer, Engine, system_clock, system_salts
from souq.engine import Pending as Pending
from souq.journal.record import Record
from souq.journal.replay import Replayed, reader
from souq.journal.store import Store
from souq.venue import (
    approvals,
    channels,
    compliance,
    deals,
    deliveries,
    disputes,
    erasing,
    floor,
    listings,
    money,
    moves,
    parties,
    people,
    policies,
    receipts,
    records,
    reputation,
    surveillance,
    trial_balance,
)
from souq.venue.desk import Desk
from souq.views.affairs import Affairs
from souq.views.catalogue import Catalogue
from souq.views.derived import Spoilt
from souq.views.evidence import Evidence
from souq.views.evidence_key import EvidenceKey
from souq.views.feed import Feed, FeedPage
from souq.views.floor import Floor
from souq.views.mentions import Mentions
from souq.views.showing import answer_shown, viewer_of
from souq.views.surveillance.watch import Watch

log = logging.getLogger(__name__)
ANSWERS = {
    **people.ANSWERS,
    **parties.ANSWERS,
    **deals.ANSWERS,
    **listings.ANSWERS,
    **channels.ANSWERS,
    **policies.ANSWERS,
    **money.ANSWERS,
    **trial_balance.ANSWERS,
    **approvals.ANSWERS,
    **deliveries.ANSWERS,
    **moves.ANSWERS,
    **disputes.ANSWERS,
    **reputation.ANSWERS,
    **surveillance.ANSWERS,
    **compliance.ANSWERS,
    **receipts.ANSWERS,
    **floor.ANSWERS,
    **records.ANSWERS,
}
WATCHED_AGAIN_MAX = 20_000  # records that the watch reads again at a start


class Venue:
    """Open it with a store, close it when done. One thread at a time may call it."""

    def __init__(
        self,
        store: Store,
        *,
        data: Path | None = None,
        clock: Callable[[], int] = system_clock,
        salts: Callable[[], bytes] = system_salts,
        snapshot: Path | None = None,
        on_durable: Callable[[int], None] | None = None,
        replayed: Replayed | None = None,
    ) -> None:
        """Open a market; its views are kept in the folder `data`, or in memory."""
        self._fresh: deque[Record] = deque()
        self._rest: Replayed | None = None
        self.engine = Engine(
            store,
            clock=clock,
            salts=salts,
            snapshot=snapshot,
            on_record=self._hear,
            on_durable=on_durable,
            replayed=replayed,
        )
        state, _ = self.engine.live
        self._affairs = Affairs(state)
        self.catalogue = Catalogue(data / "catalogue.sqlite" if data else None)
        self.catalogue.catch_up(store)
        self.mentions = Mentions(data / "mentions.sqlite" if data else None, self._state)
        self.mentions.catch_up(store)
        self.feed = Feed(store, self.mentions, self._state)
        self.watch = Watch(store.payload, self._state)
        self._watch_again(store)
        key = EvidenceKey.load_or_make(data) if data else EvidenceKey.new()
        self.evidence = Evidence(data / "evidence.sqlite" if data else None, key)
        self.evidence.catch_up(store)
        self.floor = Floor(data / "floor.sqlite" if data else None)
        self.floor.catch_up(store)
        self._desk = Desk(
            store,
            self._affairs,
            self.catalogue,
            self.mentions,
            self.feed,
            watch=self.watch,
            evidence=self.evidence,
            floor=self.floor,
            clock=clock,
        )
        for principal in erasing.left_over(store, state):  # it was cut off after the record
            self._erase(principal)

    def submit(
        self, actor: str, command_id: str, command: Any, nonce: str = "", act: str = ""
    ) -> Answer:
        """Have a command judged, and wait until its record is durable."""
        return self.submit_soon(actor, command_id, command, nonce, act).result()

    def submit_soon(
        self, actor: str, command_id: str, command: Any, nonce: str = "", act: str = ""
    ) -> Pending:
        """Have a command judged; the answer may be shown when its record is durable."""
        return self.engine.submit_soon(actor, command_id, command, nonce, act)

    def shown(self, actor: str, answer: Answer) -> Answer:
        """Give an answer without what its record tells of others."""
        if not answer.events or actor == OPERATOR:
            return answer
        viewer = viewer_of(self._state(), actor)
        events = answer_shown(answer.events, viewer, self.mentions)
        return msgspec.structs.replace(answer, events=events)

    def ask(self, actor: str, query: Any) -> Any:
        """Answer a question, and wait until what it tells is durable. Raises Refused."""
        answer, seq = self.ask_soon(actor, query)
        self.engine.wait(seq)
        return answer

    def ask_soon(self, actor: str, query: Any) -> tuple[Any, int]:
        """Answer a question; the answer may be shown when the record given is durable.

        Raises Refused.
        """
        self.drain()
        desk = self._desk
        desk.state, desk.seq = self._shown_state()
        answer = ANSWERS[type(query)]
        try:
            return answer(desk, actor, query), desk.seq
        except Spoilt:
            self._mend()
            return answer(desk, actor, query), desk.seq

    def page(
        self, viewer: str, after: int, limit: int, types: frozenset[str] = frozenset()
    ) -> FeedPage:
        """Give what happened after a durable record, as far as somebody may see it."""
        self.drain()
        try:
            return self.feed.page(viewer, after, limit, types)
        except Spoilt:
            self._mend()
            return self.feed.page(viewer, after, limit, types)

    def drain(self) -> None:
        """Let the views read what has become durable."""
        durable, fresh = self.engine.durable, self._fresh
        while fresh and fresh[0].seq <= durable:
            record = fresh[0]
            self._follow(self.catalogue, record, self.engine.store.payload)
            self._follow(self.mentions, record)
            self.watch.take(record)
            self._follow(self.evidence, record)
            self._follow(self.floor, record)
            fresh.popleft()
            for principal in erasing.erased_by(record.events):
                self._erase(principal)

    def close(self) -> None:
        """Stop taking commands, let the views read the rest, and let go of all files."""
        self.engine.stop()
        self.drain()
        self.catalogue.close()
        self.mentions.close()
        self.evidence.close()
        self.floor.close()
        self.engine.close()

    def _watch_again(self, store: Store) -> None:
        """Show the watch the latest records; it keeps nothing on disk."""
        head, read = store.head()[0], reader(store).whole
        for entry in store.read(max(1, head - WATCHED_AGAIN_MAX + 1), head):
            self.watch.take(read(entry.seq, entry.body))

    def _state(self) -> State:
        return self.engine.live[0]

    def _shown_state(self) -> tuple[State, int]:
        """Give the live state; after a failed flush, what of it was durable."""
        if self.engine.is_writing:
            return self.engine.live
        if self._rest is None:
            # Nobody may see what was judged and never written.
            self._rest = self.engine.last_durable()
            self._desk.affairs = Affairs(self._rest.state)
        return self._rest.state, self._rest.seq

    def _hear(self, record: Record) -> None:
        self._affairs.take(record.events)
        self.mentions.learn_owners(record.events)
        self._fresh.append(record)

    def _follow(
        self, view: Catalogue | Mentions | Evidence | Floor, record: Record, *more: Any
    ) -> None:
        """Let a view read a record, unless it has, for it was built again meanwhile."""
        if record.seq <= view.seq:
            return
        try:
            view.take(record, *more)
        except Spoilt:
            self._mend()

    def _erase(self, principal: str) -> None:
        """Make a principal's words unreadable, in the views as in the store."""
        try:
            erasing.erase(self.engine.store, self._state(), self.catalogue, principal)
        except Spoilt:
            self._mend()  # before the words are gone, so that they are read and forgotten anew
            erasing.erase(self.engine.store, self._state(), self.catalogue, principal)
        self._desk.words.cache_clear()

    def _mend(self) -> None:
        """Build the views again whose file could not be written; that takes a while."""
        store, durable = self.engine.store, self.engine.durable
        for view in (self.catalogue, self.mentions, self.evidence, self.floor):
            if not view.is_spoilt:
                continue
            name = type(view).__name__.lower()
            log.warning("the %s is built again", name)
            try:
                view.reset()
                view.catch_up(store, durable)
            except (Spoilt, OSError, sqlite3.Error):
                log.error("the %s is kept in memory until the next start", name)
                view.reset(in_memory=True)
                view.catch_up(store, durable)
