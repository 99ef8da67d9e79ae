"""Shares of people or things: what may be asked for, and an exact draw of so many."""

import random
from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from souq.lab.setup import Setup

T = TypeVar("T")


def check_share(**shares: float) -> None:
    """Raise ValueError for a named share that is none."""
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name} is a share, from 0 to 1")


def check_bounds(settings: Struct, **bounds: tuple[float, float]) -> None:
    """Raise ValueError for the first named setting that is out of its bounds."""
    for name, (least, most) in bounds.items():
        if not least <= getattr(settings, name) <= most:
            raise ValueError(f"{name} stands between {least:g} and {most:g}")


def drawn(of: Sequence[T], share: float, rng: random.Random) -> list[T]:
    """Draw a share of these, to the nearest whole one, in the order they stand in."""
    places = rng.sample(range(len(of)), round(share * len(of)))
    return [of[place] for place in sorted(places)]


def need_scripts(setup: Setup, what: str) -> None:
    """Raise ValueError where somebody is not played by the usual script."""
    others = [part.person.name for part in setup.parts if part.make is not None]
    if others:
        names = ", ".join(others[:3])
        raise ValueError(f"{what} is for scripted traders alone, and {names} are played otherwise")
