"""The feed: what happened after a record, page by page or live, as far as a viewer may see it.

It keeps nothing but a few recent records. Which ones to look at is asked of `views.mentions`, the
records come from the journal, and what is shown of them is `views.showing`'s to say.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from souq.core.state import State
from souq.journal.record import Record
from souq.journal.replay import reader
from souq.journal.store import Store
from souq.views.mentions import Mentions
from souq.views.showing import RecordSeen as RecordSeen
from souq.views.showing import Viewer, audiences, shown, viewer_of
from souq.views.whose import Rows

LOOKED_AT_MAX = 500  # records decoded for one page: some ten milliseconds' work
STORY_PAGE = 256
RECENT_BYTES = 2 << 20  # of records kept decoded, since many follow the same ones


class FeedPage(Struct, frozen=True):
    """Some records; `last` is how far was looked, and where the next page goes on."""

    records: tuple[RecordSeen, ...]
    last: int


class Feed:
    """One market's feed. One thread at a time may call it."""

    def __init__(self, store: Store, mentions: Mentions, state: Callable[[], State]) -> None:
        self._store = store
        self._mentions = mentions
        self._state = state
        self._read = reader(store).whole
        self._recent: dict[int, _Judged] = {}
        self._recent_bytes = 0
        self._live: _Judged | None = None

    def page(
        self, viewer: str, after: int, limit: int, types: frozenset[str] = frozenset()
    ) -> FeedPage:
        """Give up to `limit` records beyond `after`, oldest first.

        With `types` only events of these names are shown, and only records that have one. An
        agent sees what is public and its own, a principal also all of its agents', the operator
        everything, and "" what anybody may.
        """
        looking = viewer_of(self._state(), viewer)
        head = self._mentions.seq
        if after >= head or limit < 1:
            return FeedPage((), after)
        found: list[RecordSeen] = []
        candidates = self._candidates(looking, after, head, size=min(2 * limit, STORY_PAGE))
        for count, one in enumerate(candidates, 1):
            seen = self._shown(one, looking, types)
            if seen is not None:
                found.append(seen)
            if len(found) == limit or count == LOOKED_AT_MAX:
                return FeedPage(tuple(found), one.record.seq)
        return FeedPage(tuple(found), head)

    def see(
        self, record: Record, viewer: str, types: frozenset[str] = frozenset()
    ) -> RecordSeen | None:
        """Give what a viewer sees of a durable record that `mentions` has taken, or None."""
        # Everybody looks at the same record in turn: its audiences are worked out once.
        if self._live is None or self._live.record is not record:
            self._live = _Judged(record, 0)
        return self._shown(self._live, viewer_of(self._state(), viewer), types)

    def story(self, id: str) -> Iterator[Record]:
        """Iterate over the records that mention an object, in order."""
        after = 0
        while seqs := self._mentions.seqs((id,), after, STORY_PAGE):
            for seq in seqs:
                yield self.record(seq)
            after = seqs[-1]

    def record(self, seq: int) -> Record:
        """Give a record of the journal."""
        return self._at(seq).record

    def _candidates(
        self, viewer: Viewer, after: int, head: int, *, size: int
    ) -> Iterator["_Judged"]:
        if viewer.faces is None:
            for entry in self._store.read(after + 1, head):
                yield _Judged(self._read(entry.seq, entry.body), 0)
            return
        while seqs := self._mentions.seqs(viewer.faces, after, size):
            for seq in seqs:
                yield self._at(seq)
            after = seqs[-1]

    def _at(self, seq: int) -> "_Judged":
        found = self._recent.get(seq)
        if found is None:
            entry = next(iter(self._store.read(seq, seq)))
            found = _Judged(self._read(seq, entry.body), len(entry.body))
            self._recent_bytes += found.size
            while self._recent and self._recent_bytes > RECENT_BYTES:
                self._recent_bytes -= self._recent.pop(next(iter(self._recent))).size
            self._recent[seq] = found
        return found

    def _shown(self, one: "_Judged", viewer: Viewer, types: frozenset[str]) -> RecordSeen | None:
        if one.audiences is None:
            one.audiences = audiences(one.record, self._mentions)
        find = self._store.payload
        return shown(one.record, viewer, self._mentions, find, one.audiences, types)


class _Judged:
    """A record, and once somebody asked, who may see which of its events."""

    __slots__ = ("audiences", "record", "size")

    def __init__(self, record: Record, size: int) -> None:
        self.record = record
        self.size = size
        self.audiences: tuple[set[str] | Rows, ...] | None = None
