"""Runs strangers' code where it can do no harm: no network, no files of ours, little of anything.

    ran = run({"main.py": b"print(6 * 7)"}, (PYTHON, "main.py"), Limits())
    ran.outcome, ran.output            # "ended", b"42\\n"

With namespaces (`strength()` says whether this machine allows them) the program sees only its own
files, an interpreter and the system's libraries, has no network and no other processes, and is
nobody. Without them there are limits, an empty environment and a folder of its own, and no more:
then `run` refuses, unless told that this will do, as it might on a machine made to be thrown away.

What is not covered: faults of the kernel itself, and what processor caches tell. A verifier that
must fear those runs this in a virtual machine.
"""

import contextlib
import io
import json
import lzma
import os
import selectors
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from msgspec import Struct

JAIL = Path(__file__).with_name("jail.py")
PYTHON = os.path.realpath(sys.executable)
FILES_MAX = 2_000
NAME_MAX = 200
CANNOT, BROKEN = 97, 98
GRACE_S = 30.0  # for what was killed to be gone, on a machine that has much else to do

# What reading a broken archive raises, of which strangers make many.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, struct.error),
    *(ValueError, NotImplementedError, RuntimeError, OverflowError, IndexError),
)
Outcome = Literal["ended", "too_long", "too_much_output", "broken"]


class Limits(Struct, frozen=True):
    """What one run may use. Memory is each process's; with `processes`, that bounds it all."""

    wall_s: float = 10.0
    cpu_s: int = 10
    memory_mib: int = 512
    disk_mib: int = 64
    output_bytes: int = 65_536
    processes: int = 16


class Ran(Struct, frozen=True):
    """How a run ended: `code` is its exit code, where it ended by itself."""

    outcome: Outcome
    code: int
    output: bytes

    @property
    def is_good(self) -> bool:
        """Tell whether it ended by itself, and well."""
        return self.outcome == "ended" and self.code == 0


class Unsafe(Exception):
    """What was handed over is nothing that may be run; it says why."""


class Weak(Exception):
    """This machine cannot hold a stranger's program; it says why."""


@cache
def strength() -> Literal["namespaces", "limits"]:
    """Tell what holds a program on this machine."""
    ran = _run({}, (PYTHON, "-I", "-c", "pass"), Limits(), is_apart=True)
    return "namespaces" if ran.is_good else "limits"


def run(
    files: dict[str, bytes],
    argv: tuple[str, ...],
    limits: Limits,
    *,
    stdin: bytes = b"",
    may_be_weak: bool = False,
) -> Ran:
    """Run a program among these files. Raises Unsafe, or Weak where it could not be held."""
    is_apart = strength() == "namespaces"
    if not is_apart and not may_be_weak:
        raise Weak("this machine allows no namespaces, so the program could reach the network")
    return _run(files, argv, limits, is_apart=is_apart, stdin=stdin)


def unpacked(archive: bytes, *, bytes_max: int = 32 * 1024 * 1024) -> dict[str, bytes]:
    """Read a zip archive of plain files. Raises Unsafe for one that is anything else.

    What it claims of its sizes is not believed: reading stops at `bytes_max`, all together.
    """
    files: dict[str, bytes] = {}
    left = bytes_max
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as read:
            members = read.infolist()
            if len(members) > FILES_MAX:
                raise Unsafe(f"more than {FILES_MAX} files")
            for member in members:
                kind = member.external_attr >> 28
                if member.is_dir():
                    continue
                if kind not in (0, 0o10):
                    raise Unsafe(f"{member.filename[:80]!r} is no plain file")
                with read.open(member) as file:
                    content = file.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise Unsafe(f"more than {bytes_max} bytes")
                if member.filename in files:
                    raise Unsafe(f"{member.filename[:80]!r} is there twice")
                files[_checked(member.filename)] = content
    except _UNREADABLE:
        raise Unsafe("no zip archive that can be read") from None
    return files


def _checked(name: str) -> str:
    """Give a file's name where it stays below its folder. Raises Unsafe."""
    parts = PurePosixPath(name).parts
    is_plain = name.isprintable() and "\\" not in name and len(name.encode()) <= NAME_MAX
    if not parts or name.startswith("/") or ".." in parts or not is_plain or len(parts) > 16:
        raise Unsafe(f"{name[:80]!r} is no name for a file")
    return "/".join(parts)


def _lay_out(folder: Path, files: dict[str, bytes]) -> None:
    if len(files) > FILES_MAX:
        raise Unsafe(f"more than {FILES_MAX} files")
    for name, content in files.items():
        path = folder / _checked(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError:
            raise Unsafe(f"{name[:80]!r} stands in another file's way") from None


def _seen() -> list[str]:
    """List what a program may read of this machine: an interpreter, and libraries."""
    found = ["/usr", "/bin", "/lib", "/lib64", "/lib32"]
    prefix = os.path.realpath(sys.base_prefix)
    if not any(prefix == one or prefix.startswith(f"{one}/") for one in found):
        found.append(prefix)
    return [one for one in found if os.path.exists(one)]


def _run(
    files: dict[str, bytes],
    argv: tuple[str, ...],
    limits: Limits,
    *,
    is_apart: bool,
    stdin: bytes = b"",
) -> Ran:
    with tempfile.TemporaryDirectory(prefix="souq-jail-") as folder:
        root, work = Path(folder, "root"), Path(folder, "work")
        root.mkdir()
        work.mkdir()
        _lay_out(work, files)
        mib = 1024 * 1024
        bounds = {
            "CPU": limits.cpu_s,
            "AS": limits.memory_mib * mib,
            "FSIZE": limits.disk_mib * mib,
            "NOFILE": 64,
            "CORE": 0,
        }
        if is_apart:  # elsewhere it would count what else runs as this user
            bounds["NPROC"] = limits.processes
        asked = {
            "root": str(root),
            "work": str(work),
            "seen": _seen(),
            "argv": list(argv),
            "is_apart": is_apart,
            "disk_bytes": limits.disk_mib * mib,
            "environment": {
                "PATH": "/usr/bin:/bin",
                "HOME": "/tmp" if is_apart else str(work),
                "LANG": "C.UTF-8",
                "PYTHONHASHSEED": "0",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            "limits": bounds,
        }
        words = [PYTHON, "-I", "-S", str(JAIL), json.dumps(asked)]
        told = Path(folder, "stdin")
        told.write_bytes(stdin)
        with told.open("rb") as read:
            return _watched(words, read, limits)


def _watched(words: list[str], stdin: IO[bytes], limits: Limits) -> Ran:
    """Start the jail; read what comes out until it ends, or has had enough."""
    output = b""
    outcome: Outcome | None = None
    process = subprocess.Popen(
        words,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={},
        cwd="/",
        start_new_session=True,
        close_fds=True,
    )
    assert process.stdout is not None, "its output is a pipe"
    pipe = process.stdout
    until = time.monotonic() + limits.wall_s
    try:
        with selectors.DefaultSelector() as waiting:
            waiting.register(pipe, selectors.EVENT_READ)
            while outcome is None:
                left = until - time.monotonic()
                if left <= 0:
                    outcome = "too_long"
                elif waiting.select(left):
                    chunk = os.read(pipe.fileno(), 65_536)
                    if not chunk:
                        break
                    output += chunk
                    if len(output) > limits.output_bytes:
                        outcome = "too_much_output"
        if outcome is None:
            try:
                process.wait(max(0.05, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                outcome = "too_long"
    finally:
        _end(process)
        pipe.close()
    if outcome is None:
        outcome = "broken" if process.returncode in (CANNOT, BROKEN) else "ended"
    return Ran(outcome, process.returncode, output[: limits.output_bytes])


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a jail and all in it: with its first process, its namespace goes."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait(GRACE_S)
