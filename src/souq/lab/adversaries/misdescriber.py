"""Sells things as worth more than they are: what a buyer gets is worth `true_percent` of what it
seems. Whoever is wronged notices at the hand-over.
"""

import random
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from souq.lab.adversaries.share import Share
from souq.lab.setup import Part, Setup

NAME = "misdescriber"
LEAST = 1


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share`: of all people."""

    share: Share = 0
    true_percent: Annotated[int, Meta(ge=0, le=99)] = 50


def enlist(setup: Setup, parts: list[Part], settings: Settings, rng: random.Random) -> None:
    """Let all that these people sell be worth less than it seems."""
    told = {thing.ref: settings.true_percent for part in parts for thing in part.person.things}
    truths = {**setup.population.truths, **told}
    setup.population = msgspec.structs.replace(setup.population, truths=truths)
