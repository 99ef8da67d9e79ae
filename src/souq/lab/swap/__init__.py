"""Swap mode: everybody brings one book, and agents barter on an open floor for an hour.

After Project Swap. There is no turn order: an agent wakes when something concerns it or after a
quiet minute, thinks for a while on what it saw, then acts; what has moved meanwhile voids. How
well the floor did is measured against Top Trading Cycles and the best possible assignment, on what
people truly like and on what their agents understood.
"""

from souq.core.rules import MINUTE_US
from souq.lab.owners import BookOwner, BookOwners, draw
from souq.lab.swap.evidence import Played, read_played, read_population
from souq.lab.swap.floor import Progress, Wake
from souq.lab.swap.rows import tables_of
from souq.lab.swap.running import (
    CLOSING_US,
    FLOOR,
    MARKET,
    FloorNote,
    FloorUse,
    run_floor,
    run_swap,
)
from souq.lab.swap.settings import (
    OFFICES,
    PEOPLE,
    SKILLS,
    STYLES,
    FloorSettings,
    Intake,
    awake_max,
    read_settings,
)
from souq.lab.swap.summary import SwapSummary, summarise

__all__ = [
    "CLOSING_US",
    "FLOOR",
    "MARKET",
    "MINUTE_US",
    "OFFICES",
    "PEOPLE",
    "SKILLS",
    "STYLES",
    "BookOwner",
    "BookOwners",
    "FloorNote",
    "FloorSettings",
    "FloorUse",
    "Intake",
    "Played",
    "Progress",
    "SwapSummary",
    "Wake",
    "awake_max",
    "draw",
    "read_played",
    "read_population",
    "read_settings",
    "run_floor",
    "run_swap",
    "summarise",
    "tables_of",
]
