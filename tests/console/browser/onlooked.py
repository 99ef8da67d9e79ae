"""A folder as a laboratory leaves it while it works, and `souq console` over it, as a process.

`study` is whole and has a report; `half` is at work: two of its cells are done, one is being
written, as where models trade, and one waits; `fair` is a plain run with its report.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import msgspec
from typer.testing import CliRunner

from souq.cli import app
from souq.journal.sqlite import SqliteStore
from souq.lab.experiment import folder
from souq.lab.experiment.one_cell import PROGRESS
from souq.lab.study.watching import REPORT
from tests.console.test_experiments import SMALL
from tests.console.test_onlooking import written
from tests.lab.study.folders import made

STUDY = SMALL.replace("small", "study").replace("repetitions = 3", "repetitions = 2")
AT_WORK = "/experiments/half/cells/00003/"
BEGUN = 80  # records that are there when somebody looks first
TURNS = 1_000
_SOUQ = "from souq.cli import main; main()"
_URL = re.compile(r"http://[0-9.:]+")


class Onlooked:
    """The folder, where it is shown, and the cell in it that goes on."""

    def __init__(self, at: Path, url: str, store: SqliteStore) -> None:
        self.at = at
        self.url = url
        self._store = store
        self._turn = TURNS // 4

    def write(self, count: int = 1) -> str:
        """Let the market at work have new records; give how pages name the last."""
        seq = self._store.head()[0] + count
        self._store.append(written()[seq - count : seq])
        return f"#{seq}"

    def go_on(self) -> str:
        """Let the cell at work take turns; give how pages say how far it is."""
        self._turn += 10
        told = msgspec.json.encode((self._turn, TURNS, 0))
        (self.at / "half" / folder.CELLS / ".00003" / PROGRESS).write_bytes(told)
        return f"{self._turn * 100 // TURNS} %"


@contextmanager
def onlooked(at: Path) -> Iterator[Onlooked]:
    """Run what is to be shown, and show it."""
    runs = at / "runs"
    runs.mkdir()
    made(at, STUDY).rename(runs / "study")
    _halve(runs / "study", runs / "half")
    _run("run", "deal", "--people", "6", "--seed", "7", "--out", str(runs / "fair"))
    # An experiment's own has drawings, which take seconds; what can be seen of both is the same.
    shutil.copy(runs / "fair" / REPORT, runs / "study" / REPORT)
    begun = runs / "half" / folder.CELLS / ".00003"
    with closing(SqliteStore(begun)) as store, folder.held(runs / "half"):
        store.append(written()[:BEGUN])
        with _shown(runs) as url:
            found = Onlooked(runs, url, store)
            found.go_on()
            yield found


def _halve(whole: Path, half: Path) -> None:
    shutil.copytree(whole, half)
    for name in ("00003", "00004"):
        shutil.rmtree(half / folder.CELLS / name)
    lines = (half / folder.RUN).read_bytes().splitlines(keepends=True)
    (half / folder.RUN).write_bytes(b"".join(lines[:2]))


def _run(*words: str) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output


@contextmanager
def _shown(runs: Path) -> Iterator[str]:
    command = [sys.executable, "-c", _SOUQ, "console", str(runs), "--port", "0"]
    showing = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert showing.stdout is not None
        yield _address(showing.stdout)
    finally:
        showing.terminate()
        code = showing.wait(60)
        assert code == 0, f"souq console ended with {code}"


def _address(said: IO[str]) -> str:
    for line in said:
        if found := _URL.search(line):
            return found[0]
    raise AssertionError("souq console did not say where it is")
