"""An HTTP server that webhooks are sent to: it keeps what it got, and misbehaves as it is told."""

import select
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any, NamedTuple

import msgspec

HUGE = 16 << 20


class Got(NamedTuple):
    """A request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]

    @property
    def seqs(self) -> list[int]:
        return [one["seq"] for one in self.records]

    @property
    def records(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = msgspec.json.decode(self.body)["records"]
        return found


class Listener:
    """Listens on 127.0.0.1. `faults` by path, one per request; the last one of `always` stays."""

    def __init__(self, tls: SSLContext | None = None) -> None:
        self.got: list[Got] = []
        self.taken: list[Got] = []  # those that were answered with 200
        self.faults: dict[str, deque[str]] = defaultdict(deque)
        self.always: dict[str, str] = {}
        self.written = 0
        self.connections = 0
        self.names: list[str] = []  # that TLS was asked for
        self.before: Callable[[Got], None] = lambda got: None  # it is answered
        self.after: Callable[[Got], None] = lambda got: None
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                listener.answer(self)

            def do_GET(self) -> None:
                listener.answer(self)

            def log_message(self, *_: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def verify_request(self, *_: Any) -> bool:
                listener.connections += 1
                return True

            def handle_error(self, *_: Any) -> None: ...  # lines are cut on purpose

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: self.names.append(name)
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in request.headers.items()}
        got = Got(request.path, headers, body)
        self.got.append(got)
        self.before(got)
        faults = self.faults[request.path]
        fault = faults.popleft() if faults else self.always.get(request.path, "")
        line = request.connection
        match fault:
            case "500" | "404" | "204":
                line.sendall(b"HTTP/1.1 %s x\r\nContent-Length: 0\r\n\r\n" % fault.encode())
            case "301":
                place = f"{self.url}/elsewhere".encode()
                head = b"HTTP/1.1 301 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % place
                line.sendall(head)
            case "silent":
                select.select([line], [], [], 30)  # until the caller gives up
            case "cut":
                line.shutdown(socket.SHUT_RDWR)
            case "half":
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-")
                line.shutdown(socket.SHUT_RDWR)
            case "html":
                line.sendall(b"<html>It works!</html>")
                line.shutdown(socket.SHUT_RDWR)
            case "headers":
                line.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 400_000)
            case "huge":
                self.taken.append(got)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE)
                while self.written < HUGE:
                    self.written += line.send(b"x" * 4_096)
            case _:
                self.taken.append(got)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        request.close_connection = True
        self.after(got)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def listening(tls: SSLContext | None = None) -> Iterator[Listener]:
    listener = Listener(tls)
    try:
        yield listener
    finally:
        listener.close()
