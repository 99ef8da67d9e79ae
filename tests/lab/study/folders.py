"""Experiments' folders to read: run here and now, one cell after the other."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from souq.lab.experiment import running
from souq.lab.experiment.one_cell import Order, run_cell
from souq.lab.experiment.running import Done, Standing

SMALL = """\
name = "small"
question = "Does a stronger agent earn more?"
seed = 5
repetitions = 3
[population]
people = 10
goods_per_person = 5
[market]
turns_per_person = 30
[agents.strong]
skill = "strong"
[agents.weak]
skill = "weak"
[survey]
[beside]
strong = "strong"
weak = "weak"
aggressive = ["boulware"]
[[arms]]
name = "mixed"
[[arms]]
name = "mixed and dear"
market.fee_bps = 1000
[[arms]]
name = "all strong"
agents.weak.share = 0
"""
EMPTY = """\
name = "empty"
repetitions = 2
[population]
people = 4
goods_per_person = 1
[market]
turns_per_person = 1
[[arms]]
name = "one"
"""


class Here:
    """Runs cells in this very process."""

    def run(self, orders: Sequence[tuple[Order, Path]]) -> Iterator[Done]:
        for order, at in orders:
            began = time.monotonic()
            run_cell(order, at)
            yield Done(order.cell, time.monotonic() - began, 0.0)


def made(at: Path, text: str = SMALL) -> Path:
    """Run an experiment, and give its folder."""
    file = at / "experiment.toml"
    file.write_text(text, encoding="utf-8")
    design, plan = running.begin(file, at / "out", is_resumed=False)
    running.run(design, plan, at / "out", at, Here(), quiet)
    return at / "out"


def quiet(at: Standing) -> None:
    """Tell nobody."""
