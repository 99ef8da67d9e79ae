"""Runs cells on a Ray cluster, of which this machine alone may be all.

A worker need not share a disk with us: it makes the cell's folder, and sends what is in it. The
files that an experiment names must lie at the same path on every machine.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from souq.agents.llm.recording import FILE as CALLS
from souq.lab.experiment import folder
from souq.lab.experiment.one_cell import CellFailed, Order
from souq.lab.experiment.processes import timed
from souq.lab.experiment.running import Done

Files = dict[str, bytes]


class EngineMissing(ImportError):
    """An engine that is not installed; the message says what to do."""


class Cluster:
    """A Ray cluster: the one at an address, or one of so many workers on this machine."""

    def __init__(self, jobs: int, address: str) -> None:
        self._jobs = jobs
        self._address = address

    def run(self, orders: Sequence[tuple[Order, Path]]) -> Iterator[Done]:
        """Run cells; give each when its files are here. Raises CellFailed and NotReady."""
        if not orders:
            return
        ray = _ray()
        _connect(ray, self._jobs, self._address)
        remote = ray.remote(max_retries=0)(_made)
        waiting = {remote.remote(order, _calls(at)): (order, at) for order, at in orders}
        try:
            while waiting:
                (ready,), _ = ray.wait([*waiting], num_returns=1)
                _, at = waiting.pop(ready)
                done, files = _result(ray, ready)
                folder.clear(at)
                for name, content in files.items():
                    (at / name).write_bytes(content)
                yield done
        finally:
            for one in waiting:
                ray.cancel(one)


def _connect(ray: Any, jobs: int, address: str) -> None:
    if ray.is_initialized():
        return
    quiet = {"include_dashboard": False, "logging_level": "ERROR", "log_to_driver": False}
    if address:
        try:
            ray.init(address=address, logging_level="ERROR", log_to_driver=False)
        except ConnectionError as error:
            raise CellFailed(f"no Ray cluster at {address}: {error}") from None
    else:
        ray.init(num_cpus=jobs, **quiet)


def _result(ray: Any, ready: Any) -> tuple[Done, Files]:
    try:
        found: tuple[Done, Files] = ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        raise CellFailed(f"a Ray worker was lost; go on with --resume ({error})") from None
    return found


def _made(order: Order, calls: bytes) -> tuple[Done, Files]:
    """Run a cell on whichever machine this is."""
    with tempfile.TemporaryDirectory() as name:
        at = Path(name) / "cell"
        at.mkdir()
        if calls:
            (at / CALLS).write_bytes(calls)
        done = timed(order, at)
        return done, {path.name: path.read_bytes() for path in sorted(at.iterdir())}


def _calls(at: Path) -> bytes:
    """Give the calls of models that a cell made before it was cut off: they were paid for."""
    path = at / CALLS
    return path.read_bytes() if path.is_file() else b""


def _ray() -> Any:
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise EngineMissing("a Ray cluster needs the extra: pip install 'souq[ray]'") from None
    return ray
