"""Deadlines: a shorter market, offers that lapse sooner, agents who give up sooner.

`turns` is how often a person's agent wakes in all. Scripted traders haggle by the number of their
own offers, not by the clock: a shorter life of offers ends their talks, and patience sets after how
many offers they give up. Models are told the deadline and may hurry.
"""

import random

import msgspec
from msgspec import Struct

from souq.core.rules import DAY_US, HOUR_US
from souq.lab.setup import Setup
from souq.lab.shares import check_bounds

NAME = "deadline"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """0 leaves a setting as it is."""

    turns: int = 0
    days: float = 0
    offer_hours: float = 0
    patience: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_bounds(self, turns=(0, 10_000), days=(0, 360), offer_hours=(0, 720))
        check_bounds(self, patience=(0, 100))


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Set the deadlines."""
    told = []
    if settings.turns:
        setup.turns_per_person = settings.turns
    if settings.days:
        setup.span_us = round(settings.days * DAY_US)
        told.append(f"The market closes after {settings.days:g} days.")
    if settings.offer_hours:
        offer_us = round(settings.offer_hours * HOUR_US)
        setup.rules = msgspec.structs.replace(setup.rules, offer_us=offer_us)
        told.append(f"An offer lapses after {settings.offer_hours:g} hours.")
    for part in setup.parts:
        part.told = (*part.told, *told)
        if settings.patience:
            part.skill = msgspec.structs.replace(part.skill, patience=settings.patience)
