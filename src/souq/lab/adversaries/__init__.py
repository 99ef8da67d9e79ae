"""Adversaries: people who came to harm others. Each kind is a module that makes some of them so.

To add one, write its module and list it here; docs/treatments.md is made from what they say.
"""

import random
from typing import Any, Protocol

from msgspec import Struct

from souq.lab.adversaries import (
    ceiling_prober,
    colluders,
    dispute_abuser,
    flooder,
    floor_prober,
    injector,
    misdescriber,
    no_show,
    wash_ring,
)
from souq.lab.setup import Part, Setup


class Adversary(Protocol):
    """A module. Its first paragraph says what they do, and `Settings` what can be chosen.

    `Settings` has a `share` of all people; `LEAST` is how many it takes. `enlist` changes their
    parts before the market opens. Whatever they do, their mandates bind them, as everybody's do.
    """

    NAME: str
    LEAST: int
    Settings: type[Struct]

    def enlist(
        self, setup: Setup, parts: list[Part], settings: Any, rng: random.Random
    ) -> None: ...


_ALL: tuple[Any, ...] = (
    misdescriber,
    no_show,
    floor_prober,
    ceiling_prober,
    injector,
    wash_ring,
    colluders,
    flooder,
    dispute_abuser,
)
ADVERSARIES: dict[str, Adversary] = {one.NAME: one for one in _ALL}
