"""Refund policy: none, an arbiter, or a window in which things may be sent back.

A share of things is faulty: worth less than it seems, which shows only at the hand-over. Without
refunds a wronged buyer bears it. With an arbiter it disputes, and the arbiter, who sees the truth
in so many cases of a hundred, gives back all of the price or nothing; the thing stays with its
buyer. With returns it accepts, looks again and sends the thing back, and the deal is undone. Models
are told the policy; what is faulty nobody knows.
"""

import random
from typing import Literal

import msgspec
from msgspec import Struct

from souq.core.rules import DAY_US
from souq.lab.setup import Setup
from souq.lab.shares import check_bounds, check_share, drawn

NAME = "refunds"
TOLD = {
    "none": "No refunds: what is bought is bought.",
    "arbiter": "Who gets something worse than described may dispute it; an arbiter decides.",
    "returns": "What is not as described may be sent back, and the money comes back.",
}


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The policy, and how often it is needed. `true_percent` is what faulty things are worth."""

    policy: Literal["none", "arbiter", "returns"] = "arbiter"
    faulty: float = 0.2
    true_percent: int = 40
    arbiter_percent: int = 100
    returns_days: int = 7

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_share(faulty=self.faulty)
        check_bounds(self, true_percent=(0, 100), arbiter_percent=(0, 100), returns_days=(1, 60))


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Make some things faulty, and say what can be done about it."""
    things = [thing for part in setup.parts for thing in part.person.things]
    faulty = drawn(things, settings.faulty, rng)
    setup.falsify({thing.ref: settings.true_percent for thing in faulty})
    setup.arbiter_percent = settings.arbiter_percent
    if settings.policy == "returns":
        setup.conditions = msgspec.structs.replace(
            setup.conditions, returns_us=settings.returns_days * DAY_US
        )
    for part in setup.parts:
        part.told = (*part.told, TOLD[settings.policy])
        if settings.policy == "none" and not part.is_adversary:
            part.disputes = "never"
