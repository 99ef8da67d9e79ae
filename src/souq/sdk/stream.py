"""Server-sent events, read as they come (WHATWG HTML, 9.2)."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from souq.core.seal import by_digest
from souq.views.feed import RecordSeen


class ServerEvent(NamedTuple):
    """One event: its id, and its data where it has some."""

    id: str
    data: str


class Lines:
    """Feed it bytes as they come; it gives whole events."""

    def __init__(self) -> None:
        self._rest = b""
        self._id = ""
        self._data: list[str] = []

    def feed(self, part: bytes) -> Iterator[ServerEvent]:
        """Give the events that these bytes complete."""
        lines = (self._rest + part).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            text = line.rstrip(b"\r").decode("utf-8", "replace")
            name, _, value = text.partition(":")
            value = value.removeprefix(" ")
            if not text:
                if self._data or self._id:
                    yield ServerEvent(self._id, "\n".join(self._data))
                self._id, self._data = "", []
            elif name == "id":
                self._id = value
            elif name == "data":
                self._data.append(value)


_read = msgspec.json.Decoder(RecordSeen, dec_hook=by_digest).decode


def read_record(data: str) -> RecordSeen:
    """Read the data of one event."""
    return _read(data)
