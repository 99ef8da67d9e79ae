"""One record, proven: as much of it as somebody may see, its place in the tree and in the chain.

Whoever checks it needs SHA-256 and the bytes as they stand here, and need not trust that JSON is
written again as it was: parts and the record's body are texts, to be hashed as their UTF-8.
"""

import msgspec
from msgspec import Struct

from souq.core.seal import canonical
from souq.journal.parts import ACT, CALLER, COMMAND, HEADER
from souq.journal.record import GENESIS, Record
from souq.views.evidence import Evidence, TreeHead
from souq.views.opening import Parts, Side
from souq.views.whose import Known

TYPE = "souq-record-proof/1"


class PartShown(Struct, frozen=True):
    """An opened part: its number, what hid it, its text, and the path to the record's own root.

    Its leaf hash is SHA-256 over a zero byte, the blinding and the text's bytes (RFC 9162).
    """

    number: int
    blinding: str
    text: str
    path: tuple[str, ...]


class RecordFile(Struct, frozen=True, omit_defaults=True):
    """A record of so many `parts`, those `opened`, and the `path` from its leaf to the head's root.

    Its leaf's content is the root over its parts. `hash` is SHA-256 over `prev`, the hash before
    it, and `body`, its canonical bytes; the three are for the operator alone. Hashes are in hex.
    """

    seq: int
    at: int
    parts: int
    opened: tuple[PartShown, ...]
    path: tuple[str, ...]
    head: TreeHead
    type: str
    prev: str = ""
    hash: str = ""
    body: str = ""


def write(
    record: Record, side: Side, *, is_whole: bool, evidence: Evidence, head: TreeHead, known: Known
) -> bytes:
    """Write down a record with its proofs; `is_whole` opens all of it, and shows its chain."""
    parts = Parts(record, evidence)
    numbers = list(range(len(parts.hashes))) if is_whole else _numbers(record, parts, side, known)
    proven = parts.opened(numbers, head.size)
    file = RecordFile(
        seq=record.seq,
        at=record.at,
        parts=proven.parts,
        opened=tuple(
            PartShown(one.number, one.blinding, bytes(one.part).decode(), one.path)
            for one in proven.opened
        ),
        path=proven.path,
        head=head,
        type=TYPE,
    )
    if is_whole:
        entry = evidence.entry(record.seq)
        before = evidence.entry(record.seq - 1).hash if record.seq > 1 else GENESIS
        chain = {"prev": before.hex(), "hash": entry.hash.hex(), "body": entry.body.decode()}
        file = msgspec.structs.replace(file, **chain)
    return canonical.encode(file) + b"\n"


def _numbers(record: Record, parts: Parts, side: Side, known: Known) -> list[int]:
    """List the parts that somebody may read: where it stands, what was their own, whole events."""
    known.learn(record)
    found = [HEADER]
    if side.speaks_for(record.actor, known):
        found += [CALLER, COMMAND, *([ACT] if record.act else []), *parts.refusal]
    pairs = zip(parts.events, record.events, strict=True)
    return found + [number for number, event in pairs if side.may_open(event, known)]
