"""Instruction style: a share of the people tells its agent to be aggressive, or gentle.

In Project Deal about 41 % asked for aggressive agents. A scripted aggressive agent opens at 45 % of
the price, hardly gives way before the end, and asks 15 % more at first; a gentle one opens at 80 %,
gives way early, and asks 5 % less. Models are told it in words. Tables report it as a
person's style.
"""

import random
from functools import partial

from msgspec import Struct

from souq.agents.trader import QUANTUM_UNITS, Errand
from souq.lab.setup import Place, Setup
from souq.lab.shares import check_share, drawn

NAME = "instruction_style"
TOLD = {
    "aggressive": "Be aggressive: open low, ask high, give way late, and get me the best price.",
    "gentle": "Be friendly and fair: meet the others half-way, a good deal for both is best.",
}
ASKS_PERCENT = {"aggressive": 115, "gentle": 95}


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of the people; the rest keeps the style that was drawn for it."""

    aggressive: float = 0.41
    gentle: float = 0

    def __post_init__(self) -> None:
        """Raise ValueError for what is no share."""
        check_share(aggressive=self.aggressive, gentle=self.gentle)
        if self.aggressive + self.gentle > 1:
            raise ValueError("aggressive and gentle are shares of the same people")


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Instruct agents."""
    aggressive = drawn(setup.parts, settings.aggressive, rng)
    chosen = {id(part) for part in aggressive}
    rest = [part for part in setup.parts if id(part) not in chosen]
    count = min(1.0, settings.gentle * len(setup.parts) / max(1, len(rest)))
    gentle = drawn(rest, count, rng)
    for style, parts in (("aggressive", aggressive), ("gentle", gentle)):
        for part in parts:
            setup.change(part, style=style)
            part.told = (*part.told, TOLD[style])
            part.errands.append(partial(_ask, percent=ASKS_PERCENT[style]))


def _ask(errand: Errand, place: Place, percent: int) -> None:
    for thing in errand.things:
        asked = errand.asks.get(thing.ref, thing.ask_units) * percent // 100
        errand.asks[thing.ref] = max(thing.floor_units, asked // QUANTUM_UNITS * QUANTUM_UNITS)
