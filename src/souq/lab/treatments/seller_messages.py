"""Seller-to-seller messages, on or off: sellers say what they ask, and may follow each other up.

A scripted seller announces on the floor what it asks whenever it lists something. One who hears of
a price in its category follows with some probability: what it asks less for, it asks as much for,
unless that is more than twice its price. Models are told that they may write to other sellers; off,
they are told not to.
"""

import random

from msgspec import Struct

from souq.lab.players.announcing import Announcer
from souq.lab.population import generator
from souq.lab.setup import Setup
from souq.lab.shares import check_share, drawn

NAME = "seller_messages"
ON = "You may tell other sellers on the floor what you ask, and listen to what they ask."
OFF = "Do not write to other sellers about prices."


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share` of the people talk; who hears a price follows it with probability `aligns`."""

    on: bool = True
    share: float = 1
    aligns: float = 0.3

    def __post_init__(self) -> None:
        """Raise ValueError for what is no share."""
        check_share(share=self.share, aligns=self.aligns)


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Let sellers talk, or tell them not to."""
    if not settings.on:
        for part in setup.parts:
            part.told = (*part.told, OFF)
        return
    for part in drawn(setup.parts, settings.share, rng):
        voice = Announcer(generator(setup.seed, f"voice {part.person.number}"), settings.aligns)
        part.told = (*part.told, ON)
        part.errands.append(voice.equip)
        part.around.append(voice.around)
