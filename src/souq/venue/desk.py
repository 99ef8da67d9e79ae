"""What answers are made from: the live state, and the views beside it."""

import base64
import binascii
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from souq.core.money import UNITS_MAX
from souq.core.refusal import invalid
from souq.core.state import State
from souq.journal.record import Record
from souq.journal.store import Store
from souq.operations.queries import LIMIT_MAX
from souq.views.affairs import Affairs
from souq.views.catalogue import Catalogue
from souq.views.evidence import Evidence
from souq.views.feed import Feed
from souq.views.floor import Floor
from souq.views.history import ERASED
from souq.views.mentions import Mentions
from souq.views.surveillance.watch import Watch

_text = msgspec.json.Decoder(str)
WORDS_KEPT = 4_096


class Desk:
    """Everything a query may need. `state` stands at record `seq`; `clock` tells how late it is."""

    def __init__(
        self,
        store: Store,
        affairs: Affairs,
        catalogue: Catalogue,
        mentions: Mentions,
        feed: Feed,
        *,
        watch: Watch,
        evidence: Evidence,
        floor: Floor,
        clock: Callable[[], int],
    ) -> None:
        self.store = store
        self.affairs = affairs
        self.catalogue = catalogue
        self.mentions = mentions
        self.feed = feed
        self.watch = watch
        self.evidence = evidence
        self.floor = floor
        self.clock = clock
        self.state: State
        self.seq = 0
        self.words = lru_cache(WORDS_KEPT)(self._words)

    def story(self, id: str) -> Iterator[Record]:
        """Give the records that mention an object, in order."""
        return self.feed.story(id)

    def _words(self, digest: str) -> str:
        if not digest:
            return ""
        payload = self.store.payload(digest)
        return ERASED if payload is None else _text.decode(payload.content)


def check_limit(limit: int) -> None:
    """Raise Refused(invalid) for a page of an impossible size."""
    if not 0 < limit <= LIMIT_MAX:
        raise invalid("limit", f"stands between 1 and {LIMIT_MAX}")


def check_after(after: int) -> None:
    """Raise Refused(invalid) for what is no number of a record, nor 0 for before the first."""
    if not 0 <= after <= UNITS_MAX:
        raise invalid("after", "the number of a record, or 0")


def read_cursor(cursor: str, kind: Any) -> Any:
    """Give what `write_cursor` wrote down. Raises Refused(invalid) for anything else."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        position = msgspec.json.decode(text, type=kind)
    except (binascii.Error, ValueError):  # msgspec's errors are ValueErrors too
        raise invalid("cursor", "not the cursor of a page of this list") from None
    if isinstance(position, int) and not 0 <= position <= UNITS_MAX:
        raise invalid("cursor", "not the cursor of a page of this list")
    return position


def write_cursor(position: Any) -> str:
    """Write down where a page ended, for a stranger to give back unread."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")
