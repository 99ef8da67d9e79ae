"""A journal in memory, for experiments that need no disk."""

from collections.abc import Iterator, Sequence

from souq.journal.record import GENESIS, Entry, Payload


class MemoryStore:
    """Keeps everything until the process ends."""

    is_instant = True

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._ids: dict[tuple[str, str], int] = {}
        self._payloads: dict[str, Payload] = {}
        self._quarantined: set[str] = set()
        self._marks: dict[str, str] = {}
        self._shredded: set[str] = set()

    def head(self) -> tuple[int, bytes]:
        last = self._entries[-1] if self._entries else None
        return (last.seq, last.hash) if last else (0, GENESIS)

    def append(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.command_id is not None:
                self._ids[entry.actor, entry.command_id] = entry.seq
            for payload in entry.payloads:
                if payload.owner not in self._shredded:
                    self._payloads[payload.digest] = payload
            self._entries.append(entry)

    def read(self, start: int = 1, until: int | None = None) -> Iterator[Entry]:
        yield from self._entries[start - 1 : until]

    def find(self, actor: str, command_id: str) -> int | None:
        return self._ids.get((actor, command_id))

    def ids(self) -> Iterator[tuple[str, str]]:
        yield from list(self._ids)

    def by(self, actor: str) -> Iterator[int]:
        yield from [seq for (who, _), seq in self._ids.items() if who == actor]

    def payload(self, digest: str) -> Payload | None:
        return self._payloads.get(digest)

    def payloads(self) -> Iterator[Payload]:
        yield from list(self._payloads.values())

    def digests(self) -> Iterator[str]:
        yield from list(self._payloads)

    def is_erased(self, digest: str) -> bool:
        return digest not in self._payloads

    def erase(self, *digests: str) -> None:
        for digest in digests:
            self._payloads.pop(digest, None)

    def shred(self, owner: str) -> None:
        # Nothing of it is copied or kept anywhere else, so no key is needed to be rid of it.
        self._shredded.add(owner)
        self.erase(*[one.digest for one in self.payloads() if one.owner == owner])

    def is_shredded(self, owner: str) -> bool:
        return owner in self._shredded

    def quarantine(self, digest: str) -> None:
        self._quarantined.add(digest)

    def quarantined(self) -> set[str]:
        return set(self._quarantined)

    def mark(self, name: str) -> str | None:
        return self._marks.get(name)

    def set_mark(self, name: str, value: str) -> None:
        self._marks[name] = value

    def marks(self) -> dict[str, str]:
        return dict(self._marks)

    def is_leading(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is held open."""
