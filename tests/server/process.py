"""A real `souq serve` in a process of its own, to be stopped, killed, or put to sleep."""

import ctypes
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>
ADMIN_KEY = re.compile(r"Admin key \(shown this once\): (\S+)")
# Where no client's own end of a connection can be: a client that asks for a port nobody listens
# at would else now and then be connected to itself.
PORTS = range(20_000, 32_000)
UNLIMITED = {
    "SOUQ_LIMITS__COMMANDS_PER_S": "0",
    "SOUQ_LIMITS__QUERIES_PER_S": "0",
    "SOUQ_LIMITS__ANONYMOUS_PER_S": "0",
}


def free_port() -> int:
    """Find a port that nobody listens at."""
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


def end_with_parent() -> None:
    """Have the system kill a process when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """One market's server at one port; it may be started again and again."""

    def __init__(
        self,
        store: str | Path,
        folder: Path,
        *,
        flags: tuple[str, ...] = (),
        settings: Mapping[str, str] | None = None,
        program: tuple[str, ...] = ("-m", "souq.cli", "serve"),
        before: Callable[[], None] | None = None,
    ) -> None:
        """`folder` holds its views and its log; `before` runs in the new process."""
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin_key = ""
        self.starts = 0
        self._settings = UNLIMITED | dict(settings or {})
        self._before = before
        self.flags = flags
        self._words = [sys.executable, *program, "--store", str(store), "--port", str(self.port)]
        self._words += ["--data", str(folder)]
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.told = folder.with_name(f"{folder.name}.out")
        self.log = folder.with_name(f"{folder.name}.log")

    def start(self, *, is_awaited: bool = True) -> None:
        """Start it, and wait until it lets people in; a standby is not waited for."""
        assert self._process is None or self._process.poll() is not None, "it runs already"
        with self.told.open("wb") as out, self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*self._words, *self.flags],
                cwd=ROOT,
                env=os.environ | self._settings,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                preexec_fn=self._in_child,
            )
        self.starts += 1
        if is_awaited:
            self.wait_until_open()

    def wait_until_open(self, timeout_s: float = START_S) -> None:
        """Return once it says where it is; keep the admin key it tells at the first start."""
        until = time.monotonic() + timeout_s
        while "/openapi.json" not in (told := self.told.read_text()):
            assert self.is_running, f"it ended with {self.code}: {self.last_words}"
            assert time.monotonic() < until, f"it does not open: {self.last_words}"
            time.sleep(0.01)
        if found := ADMIN_KEY.search(told):
            self.admin_key = found[1]

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def code(self) -> int | None:
        """Give its exit code, or None while it runs."""
        return None if self._process is None else self._process.poll()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2_000:]

    def send(self, what: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(what)

    def put_to_sleep(self) -> None:
        """Have it do nothing until it gets SIGCONT; it sleeps when this returns."""
        self.send(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def kill(self) -> None:
        """End it as a power cut does, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self.wait()

    def wait(self, timeout_s: float = 30.0) -> int:
        """Wait for its end; give its exit code."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def stop(self) -> int:
        """Stop it as an operator does; give its exit code."""
        self.send(signal.SIGTERM)
        return self.wait()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: Any) -> None:
        if self.is_running:
            self.kill()

    def _in_child(self) -> None:
        end_with_parent()
        if self._before is not None:
            self._before()
