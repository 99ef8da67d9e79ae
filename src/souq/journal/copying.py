"""Moves a journal from one store into another, checking it on the way."""

from souq.journal.record import GENESIS, Damaged, Entry, Payload
from souq.journal.replay import chain, reader
from souq.journal.sealing import sealed_values
from souq.journal.store import Store

_ENTRIES_MAX = 1_000
_BYTES_MAX = 8_000_000


class NotEmpty(Exception):
    """The target holds something already; a journal is never copied over another."""


def copy_journal(source: Store, target: Store) -> int:
    """Copy records, payloads, quarantine and marks; give the number of records.

    A living source is copied up to its head of now. Raises NotEmpty, and Damaged where the source
    is not what was written; what the target then holds is to be thrown away.
    """
    if target.head() != (0, GENESIS) or any(
        (next(target.payloads(), None), target.quarantined(), target.marks())
    ):
        raise NotEmpty("the target is not empty; copy into a new place")
    last, hash = source.head()
    decode = reader(source).whole
    group: list[Entry] = []
    size = 0
    tip = GENESIS
    for entry in chain(source, 1, last):
        record = decode(entry.seq, entry.body)
        if (entry.actor, entry.command_id) != (record.actor, record.command_id or None):
            raise Damaged(entry.seq, "its actor or id differs from the body's")
        found = (source.payload(value.digest) for value in sealed_values(record.command))
        payloads = tuple(_sound(entry.seq, payload) for payload in found if payload is not None)
        group.append(entry._replace(payloads=payloads))
        size += len(entry.body) + sum(len(payload.content) for payload in payloads)
        tip = entry.hash
        if len(group) == _ENTRIES_MAX or size >= _BYTES_MAX:
            target.append(group)
            group, size = [], 0
    if group:
        target.append(group)
    for digest in source.quarantined():
        target.quarantine(digest)
    for name, value in source.marks().items():
        target.set_mark(name, value)
    if not (tip == hash and target.head() == (last, hash)):
        raise Damaged(last, "the copy does not end at the head it was to end at")
    return last


def _sound(seq: int, payload: Payload) -> Payload:
    if not payload.fits():
        raise Damaged(seq, f"{payload.digest} is not what was sealed")
    return payload
