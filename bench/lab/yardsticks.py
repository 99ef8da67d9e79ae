"""Other people's packages, each in an environment of its own, measured by turns with ours.

They are yardsticks only: never imported here, never in our locks. A script is run by the other
environment's Python, reads one request a line, and answers with what the work took.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.mechanisms.rates import Rates

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
INSTALL_S = 900


class Missing(Exception):
    """A yardstick cannot be set up here; the message says why."""


class Yardstick:
    """One package's own process, that works when told."""

    def __init__(self, requirement: str, script: str) -> None:
        """Install a pinned requirement where it is not yet, and start. Raises Missing."""
        self.requirement = requirement
        python = _environment(requirement)
        # -I: the folder of the script is no place to import from.
        self._process = subprocess.Popen(
            [python, "-I", "-W", "ignore", HERE / script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self, rates: Rates, name: str, **work: Any) -> dict[str, float]:
        """Let it do some work, and note its rate; give all that it tells."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        pipe_in.write(json.dumps(work) + "\n")
        pipe_in.flush()
        answer: dict[str, float] = json.loads(pipe_out.readline())
        count = answer["operations"]
        rates.rates.setdefault(name, []).append(count / answer["wall_s"])
        rates.cpu.setdefault(name, []).append(1_000 * answer["cpu_s"] / count)
        return answer

    def close(self) -> None:
        """Let it end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def scratch() -> Path:
    """Give the folder in which whatever is measured may leave temporary files."""
    BUILD.mkdir(exist_ok=True)
    return BUILD


def _environment(requirement: str) -> Path:
    folder = BUILD / "yardsticks" / requirement.replace("==", "-")
    python, done = folder / "bin" / "python", folder / "installed"
    if done.exists():
        return python
    print(f"installing {requirement} into {folder}", file=sys.stderr, flush=True)
    steps: tuple[list[str | Path], ...] = (
        [sys.executable, "-m", "venv", "--clear", folder],
        [python, "-m", "pip", "install", "--quiet", requirement],
    )
    for step in steps:
        try:
            ended = subprocess.run(
                step, capture_output=True, text=True, timeout=INSTALL_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Missing(f"{requirement}: {error}") from None
        if ended.returncode:
            told = ended.stderr.strip().splitlines() or ["no reason given"]
            raise Missing(f"{requirement} cannot be installed: {told[-1]}")
    done.touch()
    return python
