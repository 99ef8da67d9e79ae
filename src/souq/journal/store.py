"""What a store of records promises, whatever keeps the bytes."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from souq.journal.record import Entry, Payload


class InUse(Exception):
    """Somebody else writes this journal."""


class Fenced(Exception):
    """Somebody else leads this market now; who raises this can never write again."""


class Unavailable(Exception):
    """The store cannot be reached: no driver, no server, no permission, or a lost connection."""


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

    def ids(self) -> Iterator[tuple[str, str]]:
        """Iterate over (actor, command id) of all records that have one, in any order."""

    def by(self, actor: str) -> Iterator[int]:
        """Iterate over the numbers of the records of an actor's commands, in any order."""

    def payload(self, digest: str) -> Payload | None:
        """Give the content behind a digest, unless it was erased or its owner's key destroyed."""

    def payloads(self) -> Iterator[Payload]:
        """Iterate over all payloads that can be read."""

    def digests(self) -> Iterator[str]:
        """Iterate over the digests of all payloads, also of those that cannot be read."""

    def is_erased(self, digest: str) -> bool:
        """Tell whether content that cannot be read was erased, and not damaged."""

    def erase(self, *digests: str) -> None:
        """Forget the content behind digests. The chain does not notice."""

    def shred(self, owner: str) -> None:
        """Destroy the key of an owner's words, and with it all of them in every copy, for good."""

    def is_shredded(self, owner: str) -> bool:
        """Tell whether an owner's key was destroyed."""

    def quarantine(self, digest: str) -> None:
        """Note a command that stopped the process."""

    def quarantined(self) -> set[str]:
        """List such commands."""

    def mark(self, name: str) -> str | None:
        """Give what was noted under a name: how far a reader of the journal has come."""

    def set_mark(self, name: str, value: str) -> None:
        """Note how far a reader has come. A crash may lose a mark, never a record."""

    def marks(self) -> dict[str, str]:
        """List all marks."""

    def is_leading(self) -> bool:
        """Tell, cheaply, whether nobody else can have written since the last record known here.

        Asked after an answer is made and before it is shown: what was read is then current.
        """

    def close(self) -> None:
        """Let go of what the store holds open."""
