"""The listening socket, and uvicorn as this server needs it: quick, quiet, told when to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from souq.surfaces.guard import Guarded

GRACE_S = 10  # for requests under way when the server is told to stop
KEEP_ALIVE_S = 75
BACKLOG = 4_096
DRAIN_S = 0.15  # for what was sent before we were told to stop, and lies unread


def bind(host: str, port: int) -> socket.socket:
    """Take an address; nobody is let in before the market is open. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or str(error)
        raise OSError(f"cannot listen on {host}, port {port}: {why}") from error
    return listening


def url_of(listening: socket.socket) -> str:
    """Write a bound socket as an address."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def authorities_of(url: str, listening: socket.socket) -> set[str]:
    """List what clients may call this server: its URL, and its port on this machine."""
    port = listening.getsockname()[1]
    return {url.partition("://")[2], f"127.0.0.1:{port}", f"localhost:{port}"}


class Listener(uvicorn.Server):
    """Uvicorn, which ends the event streams first when it is told to stop."""

    def __init__(
        self, application: Any, *, proxies: tuple[str, ...], on_exit: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=Guarded,
                ws="none",
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
                backlog=BACKLOG,
            )
        )
        self._on_exit = on_exit

    def stop(self) -> None:
        """Answer what has come in, and take nothing more."""
        self.handle_exit(signal.SIGTERM, None)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to stop."""
        self._on_exit()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the server. Uvicorn's own way raises them again, and cuts our end."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was sent, and tell each client not to send more; then hang up.

        To hang up at once would cut off requests that are in the system's buffers: first those of
        clients who wait to be let in, then those of clients who are.
        """
        self.server_state.default_headers.append((b"connection", b"close"))
        waiting = [client for one in sockets or () for client in _all_at(one)]
        for server in self.servers:
            server.close()
        await asyncio.gather(*map(self._let_in, waiting))
        await asyncio.sleep(DRAIN_S)
        await super().shutdown(sockets)

    async def _let_in(self, client: socket.socket) -> None:
        def connection() -> asyncio.Protocol:
            return Guarded(self.config, self.server_state, self.lifespan.state)

        with contextlib.suppress(OSError):  # it has gone already
            await asyncio.get_running_loop().connect_accepted_socket(connection, client)


def _all_at(listening: socket.socket) -> Iterator[socket.socket]:
    """Let in all who wait. A loop does so one by one, a turn for each."""
    listening.setblocking(False)
    with contextlib.suppress(OSError):  # BlockingIOError: that was the last
        while True:
            yield listening.accept()[0]


def on_signals(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Call something when the process is told to end; in a thread nobody tells it."""
    for one in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(one, call)
