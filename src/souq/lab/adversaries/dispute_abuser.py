"""Disputes whatever it gets, however good. What comes of it is the arbiter's matter: see the
treatment `arbiter`.
"""

import random

from msgspec import Struct

from souq.lab.adversaries.share import Share
from souq.lab.setup import Part, Setup

NAME = "dispute_abuser"
LEAST = 1


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share`: of all people."""

    share: Share = 0


def enlist(setup: Setup, parts: list[Part], settings: Settings, rng: random.Random) -> None:
    """Let these people claim always."""
    for part in parts:
        part.disputes = "always"
