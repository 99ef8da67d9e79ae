"""Makes deals as others do, and brings nothing. The buyer's money comes back when the time is over,
but the week is over too.
"""

import random

from msgspec import Struct

from souq.lab.adversaries.share import Share
from souq.lab.setup import Part, Setup

NAME = "no_show"
LEAST = 1


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share`: of all people."""

    share: Share = 0


def enlist(setup: Setup, parts: list[Part], settings: Settings, rng: random.Random) -> None:
    """Let these people stay at home."""
    for part in parts:
        part.delivers = False
