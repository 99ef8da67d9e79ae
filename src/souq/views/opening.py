"""What of a record is opened to somebody: parts of it, each with what hid it and its path.

What is shown is `audience`'s to say; here an event is opened that is shown whole, or not at all.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from souq.core.seal import canonical
from souq.journal import merkle
from souq.journal.parts import blindings, cut, part_hashes, without_withheld
from souq.journal.record import Record, encode
from souq.views.evidence import Evidence
from souq.views.showing import Viewer, answer_shown
from souq.views.whose import Known

_REFUSAL = b'{"refusal":'  # no other part begins so


class Side(NamedTuple):
    """Whoever asks looks as one of these, or sees only what all of them see."""

    viewers: tuple[Viewer, ...]
    needs_all: bool = False

    def may_open(self, event: Any, known: Known) -> bool:
        """Tell whether nothing of an event is hidden from whoever asks."""
        whole = _bare(event)
        shown = (answer_shown((event,), viewer, known) for viewer in self.viewers)
        is_whole = [bool(seen) and _bare(seen[0]) == whole for seen in shown]
        return all(is_whole) if self.needs_all else any(is_whole)

    def speaks_for(self, actor: str, known: Known) -> bool:
        """Tell whether a command is the asker's own, or that of an agent it stands behind."""
        return not self.needs_all and any(
            viewer.id and viewer.id in (actor, known.principal(actor)) for viewer in self.viewers
        )


class Opened(Struct, frozen=True):
    """A part that is shown: its number in the record, what hid it, what it says, and its path."""

    number: int
    blinding: str
    part: msgspec.Raw
    path: tuple[str, ...]


class RecordProven(Struct, frozen=True):
    """A record with so many parts, the path from its leaf to the root, and what is shown of it."""

    seq: int
    parts: int
    path: tuple[str, ...]
    opened: tuple[Opened, ...]


class Parts:
    """A record's parts, and which of them are its events."""

    def __init__(self, record: Record, evidence: Evidence) -> None:
        entry = evidence.entry(record.seq)
        assert entry.body == encode(record), f"record {record.seq} is not what the journal holds"
        self._seq = record.seq
        self._evidence = evidence
        self._parts, self.events = cut(entry.body, entry.hash)
        self.hashes = part_hashes(self._parts, evidence.key.blinding, record.seq)

    @property
    def refusal(self) -> list[int]:
        """Give the number of the part that says why not, where there is one."""
        return [n for n, part in enumerate(self._parts) if part.startswith(_REFUSAL)]

    def opened(self, numbers: list[int], size: int) -> RecordProven:
        """Open these parts, with what leads from them to the root over `size` records."""
        paths = merkle.paths_of(self.hashes, numbers)
        hidden = blindings(self._evidence.key.blinding, self._seq, len(self._parts))
        return RecordProven(
            seq=self._seq,
            parts=len(self._parts),
            path=in_hex(self._evidence.inclusion(self._seq, size)),
            opened=tuple(
                Opened(
                    number=number,
                    blinding=hidden[number].hex(),
                    part=msgspec.Raw(self._parts[number]),
                    path=in_hex(path),
                )
                for number, path in zip(numbers, paths, strict=True)
            ),
        )


def _bare(event: Any) -> bytes:
    return without_withheld(canonical.encode(event))[0]


def in_hex(hashes: Iterable[bytes]) -> tuple[str, ...]:
    """Write hashes in hex."""
    return tuple(one.hex() for one in hashes)
