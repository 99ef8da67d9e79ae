"""The feed: what happened after a record, page by page or live, as far as a viewer may see it.

It keeps nothing but a few recent records. Which ones to look at is asked of `views.mentions`, the
records come from the journal, and what is shown of them is `views.showing`'s to say.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from souq.core.state import State
from souq.journal.record import Record
from souq.journal.replay import reader
from souq.journal.store import Store
from souq.views.mentions import Mentions
from souq.views.showing import RecordSeen as RecordSeen
from souq.views.showing import Viewer, audiences, shown, tells_of, viewer_of
from souq.views.whose import Rows

LOOKED_AT_MAX = 500  # records decoded for one page: some ten milliseconds' work
STORY_PAGE = 256
FIRST = 1
RECENT_BYTES = 2 << 20  # of records kept decoded, since many follow the same ones


class FeedPage(Struct, frozen=True):
    """Some records; `last` is how far was looked, and where the next page goes on.

    Newest first, `last` is 1 once there is nothing older.
    """

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
        self,
        viewer: str,
        after: int,
        limit: int,
        types: frozenset[str] = frozenset(),
        about: str = "",
    ) -> FeedPage:
        """Give up to `limit` records beyond `after`, oldest first.

        With `types` only events of these names are shown, and only records that have one; with
        `about`, only records that the viewer may know to be about that thing. An agent sees what is
        public and its own, a principal also all of its agents', the operator everything, and ""
        what anybody may.
        """
        looking = viewer_of(self._state(), viewer)
        head = self._mentions.seq
        if after >= head or limit < 1:
            return FeedPage((), after)
        size = min(2 * limit, STORY_PAGE)
        onward = self._onward(looking, about, after, head, size=size)
        return self._gathered(onward, looking, types, about, limit=limit, end=head)

    def page_back(
        self,
        viewer: str,
        before: int,
        limit: int,
        types: frozenset[str] = frozenset(),
        about: str = "",
    ) -> FeedPage:
        """Give up to `limit` records below `before`, newest first; else like `page`."""
        looking = viewer_of(self._state(), viewer)
        before = min(before, self._mentions.seq + 1)
        if before <= FIRST or limit < 1:
            return FeedPage((), max(before, FIRST))
        back = self._back(looking, about, before, size=min(2 * limit, STORY_PAGE))
        return self._gathered(back, looking, types, about, limit=limit, end=FIRST)

    def _gathered(
        self,
        candidates: Iterator["_Judged"],
        looking: Viewer,
        types: frozenset[str],
        about: str,
        *,
        limit: int,
        end: int,
    ) -> FeedPage:
        found: list[RecordSeen] = []
        for count, one in enumerate(candidates, 1):
            seen = self._shown(one, looking, types)
            if seen is not None and (not about or self._tells_of(about, one, looking)):
                found.append(seen)
            if len(found) == limit or count == LOOKED_AT_MAX:
                return FeedPage(tuple(found), one.record.seq)
        return FeedPage(tuple(found), end)

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

    def _onward(
        self, viewer: Viewer, about: str, after: int, head: int, *, size: int
    ) -> Iterator["_Judged"]:
        subjects = _subjects(viewer, about)
        if subjects is None:
            for entry in self._store.read(after + 1, head):
                yield _Judged(self._read(entry.seq, entry.body), 0)
            return
        while seqs := self._mentions.seqs(subjects, after, size):
            for seq in seqs:
                yield self._at(seq)
            after = seqs[-1]

    def _back(self, viewer: Viewer, about: str, before: int, *, size: int) -> Iterator["_Judged"]:
        subjects = _subjects(viewer, about)
        while subjects is None and before > FIRST:
            first = max(FIRST, before - size)
            for entry in reversed(list(self._store.read(first, before - 1))):
                yield _Judged(self._read(entry.seq, entry.body), 0)
            before = first
        while subjects is not None and (seqs := self._mentions.before(subjects, before, size)):
            for seq in seqs:
                yield self._at(seq)
            before = seqs[-1]

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
        find = self._store.payload
        return shown(one.record, viewer, self._mentions, find, self._judged(one), types)

    def _tells_of(self, about: str, one: "_Judged", viewer: Viewer) -> bool:
        return tells_of(about, one.record, viewer, self._mentions, self._judged(one))

    def _judged(self, one: "_Judged") -> tuple[set[str] | Rows, ...]:
        if one.audiences is None:
            one.audiences = audiences(one.record, self._mentions)
        return one.audiences


def _subjects(viewer: Viewer, about: str) -> Iterable[str] | None:
    """Give under what to look records up, or None to look at every one."""
    return (about,) if about else viewer.faces


class _Judged:
    """A record, and once somebody asked, who may see which of its events."""

    __slots__ = ("audiences", "record", "size")

    def __init__(self, record: Record, size: int) -> None:
        self.record = record
        self.size = size
        self.audiences: tuple[set[str] | Rows, ...] | None = None
