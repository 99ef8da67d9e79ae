"""What a store of records promises, whatever keeps the bytes."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from souq.journal.record import Entry, Payload


class Store(Protocol):
    """Records in order. What `append` returned from is durable as far as the store can be."""

    is_instant: bool  # appending costs nothing, so no thread is needed to gather a group

    def head(self) -> tuple[int, bytes]:
        """Give the last record's number and hash; (0, GENESIS) when empty."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Store records and payloads, all or none."""

    def read(self, start: int = 1, until: int | None = None) -> Iterator[Entry]:
        """Iterate over records, without their payloads, from `start` through `until`."""

    def find(self, actor: str, command_id: str) -> int | None:
        """Give the number of the record that answered this command."""

    def payload(self, digest: str) -> Payload | None:
        """Give the content behind a digest, unless it was erased."""

    def payloads(self) -> Iterator[Payload]:
        """Iterate over all payloads."""

    def erase(self, digest: str) -> None:
        """Forget the content behind a digest. The chain does not notice."""

    def quarantine(self, digest: str) -> None:
        """Note a command that stopped the process."""

    def quarantined(self) -> set[str]:
        """List such commands."""

    def close(self) -> None:
        """Let go of what the store holds open."""
