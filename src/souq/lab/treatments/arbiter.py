"""How often the arbiter sees the truth, and whether who was wronged goes to it at all. Where it
does not see it, it rules the other way: a good delivery is paid back, a bad one is not.
"""

import random
from typing import Annotated

from msgspec import Meta, Struct

from souq.lab.setup import Setup

NAME = "arbiter"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`right_percent`: of all cases. `wronged_dispute`: whether honest people complain."""

    right_percent: Annotated[int, Meta(ge=0, le=100)] = 100
    wronged_dispute: bool = True


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Set how good the arbiter is."""
    setup.arbiter_percent = settings.right_percent
    for part in setup.parts:
        if part.disputes != "always":
            part.disputes = "when_wronged" if settings.wronged_dispute else "never"
