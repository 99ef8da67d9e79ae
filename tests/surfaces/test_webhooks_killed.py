"""Killed at any moment, the deliverer goes on where it was: nothing lost, nothing out of order."""

import os
import subprocess
import sys
import threading
import time
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

from souq.core.message import PostMessage
from souq.core.seal import PublicText
from souq.journal.sqlite import SqliteStore
from tests.surfaces.listener import Got, Listener, listening
from tests.surfaces.test_webhooks import Town

ROOT = Path(__file__).parents[2]
KILLS = 60 if os.environ.get("SOUQ_FULL") == "1" else 5
PAGES = 3 * KILLS
PATIENCE_S = 60 + 20 * KILLS  # each starts a process anew


class Sender:
    """The process, started again whenever it was killed."""

    def __init__(self, folder: Path) -> None:
        self._words = [sys.executable, "-m", "tests.surfaces.sender", str(folder)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._words, cwd=ROOT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.mark.parametrize("when", ["before it is answered", "after it was answered"])
def test_killed_again_and_again_it_loses_nothing(tmp_path: Path, when: str) -> None:
    chance = Random(when)
    with listening() as listener:
        town = Town(tmp_path, listener, SqliteStore(tmp_path / "market"))
        town.hook()
        wanted = [("A1", f"m{n}", PostMessage(PublicText("x"))) for n in range(100 * PAGES)]
        said = [answer.seq for answer in town.engine.submit_many(wanted)]
        town.engine.close()
        sender = Sender(tmp_path / "market")
        kills = 0
        left = chance.randint(1, 4)
        # What was answered may be followed by the next before its sender is dead.
        one_at_a_time = threading.Lock()

        def strike(got: Got) -> None:
            nonlocal kills, left
            with one_at_a_time:
                left -= 1
                if left == 0 and kills < KILLS:
                    kills += 1
                    left = chance.randint(1, 4)
                    time.sleep(chance.choice((0, 0, 0.001, 0.003)))
                    sender.kill()
                    sender.start()

        if when.startswith("before"):
            listener.before = strike
        else:
            listener.after = strike
        try:
            _wait_for(listener, said[-1])
        finally:
            sender.kill()
    assert kills == KILLS
    check(listener, said)


def _wait_for(listener: Listener, seq: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while not (listener.taken and listener.taken[-1].seqs[-1] == seq):
        assert time.monotonic() < end, f"{len(listener.got)} pages came"
        time.sleep(0.01)


def check(listener: Listener, said: list[int]) -> None:
    """All came, in order; what came twice came at once, with the same key and the same bytes."""
    pages = [list(same) for _, same in groupby(listener.got, lambda got: got.key)]
    assert len({same[0].key for same in pages}) == len(pages), "an old page came again"
    for same in pages:
        assert len({got.body for got in same}) == 1, same[0].key
    assert [seq for same in pages for seq in same[0].seqs] == said
