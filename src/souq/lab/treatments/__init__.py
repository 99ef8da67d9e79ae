"""Treatments: what an experiment may do to a market. Each is a module that changes a setup.

To add one, write its module and list it here; docs/treatments.md is made from what they say.
"""

import random
from typing import Any, Protocol

from msgspec import Struct

from souq.lab.setup import Setup
from souq.lab.treatments import (
    adversaries,
    arbiter,
    batch_window,
    deadline,
    elastic_supply,
    floor_defence,
    information,
    instruction_style,
    listing_quality,
    newcomers,
    range_of_goods,
    refunds,
    repricing,
    rounds,
    seller_messages,
    shipping,
)


class Treatment(Protocol):
    """A module. Its first paragraph says what it does, and `Settings` what can be chosen.

    `apply` changes a setup before the market opens, by chance only through `rng`, and raises
    ValueError, with a sentence, for settings that this market cannot have.
    """

    NAME: str
    Settings: type[Struct]

    def apply(self, setup: Setup, settings: Any, rng: random.Random) -> None: ...


_ALL: tuple[Any, ...] = (
    information,
    instruction_style,
    deadline,
    batch_window,
    seller_messages,
    newcomers,
    repricing,
    elastic_supply,
    shipping,
    refunds,
    listing_quality,
    range_of_goods,
    rounds,
    adversaries,
    arbiter,
    floor_defence,
)
TREATMENTS: dict[str, Treatment] = {one.NAME: one for one in _ALL}
