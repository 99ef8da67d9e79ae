"""Runs replications, several at once in processes of their own, and says where that was."""

import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from souq import __version__
from souq.lab.economics import LabExtraMissing
from souq.lab.provenance import commit
from souq.lab.sources.shelf import absent
from souq.replications.replication import Replication, Scale, digest
from souq.replications.results import Report, Result, Tapes, judged

Tell = Callable[[Result], None]


def measure(replication: Replication, scale: Scale) -> Result:
    """Run one replication: its claims, its controls, and its tapes both ways."""
    one = replication
    began = time.perf_counter()
    findings = tuple(judged(finding) for finding in one.run(scale))
    kernel, market = one.tapes(scale.seed)
    first = kernel if scale.seed == 1 else one.tapes(1)[0]
    tapes = Tapes(scale.seed, len(kernel), digest(kernel), digest(market), digest(first), one.TAPE)
    seconds = round(time.perf_counter() - began, 3)
    missed = absent(getattr(one, "DATA", ()), scale.data)
    return Result(one.ID, one.TITLE, one.SOURCE, seconds, findings, tapes, absent=missed)


def measure_all(
    replications: Iterable[Replication], scale: Scale, *, jobs: int = 1, tell: Tell | None = None
) -> Report:
    """Run several, at most `jobs` at once, and call `tell` as each ends.

    A fault stops only the one it is in. Each must be a module: processes import it by name.
    """
    began = time.perf_counter()
    modules = [cast(ModuleType, one).__name__ for one in replications]
    results = _side_by_side if jobs > 1 and len(modules) > 1 else _in_turn
    found = results(modules, scale, jobs, tell or (lambda result: None))
    return Report(
        __version__,
        commit(Path(__file__)),
        platform.python_version(),
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        datetime.now(UTC).date().isoformat(),
        scale.is_quick,
        scale.seed,
        round(time.perf_counter() - began, 3),
        bool(found) and all(one.is_as_it_should_be for one in found),
        tuple(found),
    )


def _in_turn(modules: Sequence[str], scale: Scale, jobs: int, tell: Tell) -> list[Result]:
    found = []
    for module in modules:
        result = _outcome(module, scale)
        tell(result)
        found.append(result)
    return found


def _side_by_side(modules: Sequence[str], scale: Scale, jobs: int, tell: Tell) -> list[Result]:
    # Forking a process that has threads, as one with a progress bar does, may hang.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        futures: list[Future[Result]] = [pool.submit(_outcome, name, scale) for name in modules]
        try:
            for done in as_completed(futures):
                tell(done.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]


def _outcome(module: str, scale: Scale) -> Result:
    """Measure one; what breaks in it must not cost the others their results."""
    one: Any = import_module(module)
    try:
        return measure(one, scale)
    except LabExtraMissing as missing:
        return Result(one.ID, one.TITLE, one.SOURCE, fault=str(missing))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return Result(one.ID, one.TITLE, one.SOURCE, fault=f"{type(error).__name__}: {error}")
