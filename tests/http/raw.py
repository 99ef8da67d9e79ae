"""Requests byte by byte: a socket that keeps to no rule, and what came back over it."""

import json
import socket
from typing import Any, NamedTuple

from tests.http.market import Town

PATIENCE_S = 25.0  # less than the market waits for a request
HELLO = b'{"text":"hello"}'


class Said(NamedTuple):
    """One response as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> Any:
        """Give the problem document that it must be."""
        assert self.headers["content-type"] == "application/problem+json", self
        found = json.loads(self.body)
        assert found["status"] == self.status
        return found


class Wire:
    """A socket to the market; it may be used against every rule."""

    def __init__(self, town: Town) -> None:
        host, _, port = town.url.removeprefix("http://").partition(":")
        self._host = f"{host}:{port}".encode()
        self._socket = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, raw: bytes) -> None:
        """Send bytes as they are; the server may have hung up already."""
        try:
            self._socket.sendall(raw)
        except OSError:
            return

    def end(self) -> None:
        """Say that nothing more comes, and go on listening."""
        self._socket.shutdown(socket.SHUT_WR)

    def said(self, *, is_head: bool = False) -> Said | None:
        """Read one response, or None where the server has hung up."""
        try:
            line = self._file.readline()
            if not line:
                return None
            status = int(line.split()[1])
            headers = {}
            while (line := self._file.readline().strip()) != b"":
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            size = 0 if is_head else int(headers.get("content-length", 0))
            return Said(status, headers, self._file.read(size))
        except ConnectionError:
            return None

    def request(self, raw: bytes) -> Said:
        """Send one request, and read its response."""
        self.send(raw)
        found = self.said()
        assert found is not None, "the server hung up without a word"
        return found


def head(method: bytes, path: bytes, *more: bytes, key: str = "", id: bytes = b"") -> bytes:
    """Write a request's head."""
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: 127.0.0.1"]
    if key:
        lines.append(b"Authorization: Bearer " + key.encode())
    if id:
        lines.append(b"Idempotency-Key: " + id)
    return b"\r\n".join([*lines, *more]) + b"\r\n\r\n"


def post(town: Town, path: bytes, body: bytes, *more: bytes, role: str = "stranger") -> bytes:
    """Write a command, with an id of its own and its length."""
    lines = (b"Content-Type: application/json", b"Content-Length: %d" % len(body), *more)
    return head(b"POST", path, *lines, key=town.keys[role], id=town.new().encode()) + body


def head_of(town: Town) -> Any:
    """Give the newest record; that it is answered at all shows that nobody waits."""
    return town.served.call(lambda: town.served.venue.engine.head)


def told(town: Town, raw: bytes) -> Said:
    """Send one request on a connection of its own."""
    with Wire(town) as wire:
        return wire.request(raw)
