"""A server that is told to stop answers what was sent before, however slowly its loop turns."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvloop

from souq.app.listening import Listener, bind

CLIENTS = 40
TURN_S = 0.2  # longer than the server waits for what may still come


async def _answer(scope: object, receive: object, send: Callable[..., object]) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[misc]
    await send({"type": "http.response.body"})  # type: ignore[misc]


class Slow:
    """A server whose every turn takes long from the moment that it is told to."""

    def __init__(self) -> None:
        self._listening = bind("127.0.0.1", 0)
        self.address = self._listening.getsockname()
        self._listener = Listener(_answer, proxies=(), on_exit=lambda: None)
        self._loop = uvloop.new_event_loop()
        self._is_over = False
        self._thread = threading.Thread(target=self._run)
        self.is_asleep, self.may_wake = threading.Event(), threading.Event()
        self._thread.start()
        while not self._listener.started:
            time.sleep(0.01)

    def _run(self) -> None:
        self._loop.run_until_complete(self._listener.serve([self._listening]))

    def slow_down(self) -> None:
        """Stand still until `may_wake`, told to stop meanwhile; then turn, but slowly."""
        self._loop.call_soon_threadsafe(self._begin)
        self.is_asleep.wait(10)

    def _begin(self) -> None:
        self.is_asleep.set()
        self.may_wake.wait(10)
        self._listener.stop()
        self._turn()

    def _turn(self) -> None:
        time.sleep(TURN_S)
        if not self._is_over:
            self._loop.call_soon(self._turn)

    def end(self) -> None:
        self.may_wake.set()
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._is_over = True
        self._loop.close()


@pytest.fixture
def slow() -> Iterator[Slow]:
    server = Slow()
    yield server
    server.end()


def test_what_was_sent_before_the_signal_is_answered(slow: Slow) -> None:
    known = [_knock(slow) for _ in range(CLIENTS)]
    for one in known:
        assert _ask(one).startswith(b"HTTP/1.1 204")
    slow.slow_down()
    new = [_knock(slow) for _ in range(CLIENTS)]
    for one in known + new:
        one.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
    slow.may_wake.set()
    replies = [_reply(one) for one in known + new]
    assert {reply[:12] for reply in replies} == {b"HTTP/1.1 204"}
    assert {_reply(one) for one in known + new} == {b""}  # an end, not a reset


def _knock(slow: Slow) -> socket.socket:
    return socket.create_connection(slow.address, timeout=30)


def _ask(one: socket.socket) -> bytes:
    one.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
    return _reply(one)


def _reply(one: socket.socket) -> bytes:
    try:
        return one.recv(65_536)
    except ConnectionError:
        return b"cut"
