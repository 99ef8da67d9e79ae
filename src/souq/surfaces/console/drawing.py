"""Where the moves of a negotiation lie on a plane of time and price. A template draws them."""

from collections.abc import Sequence
from typing import NamedTuple

from souq.core.rules import SECOND_US
from souq.operations.queries import OfferStep
from souq.surfaces.console.rendering import lasting

WIDTH, HEIGHT = 560, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 14, 12, 26
_TICKS = 6
_ENDS = ("accepts", "takes the price")


class Mark(NamedTuple):
    """One move; `line` counts the lines from 0, `is_end` where it ended the talk in a deal."""

    x: float
    y: float
    step: OfferStep
    line: int
    is_end: bool


class Line(NamedTuple):
    """The moves of one side: whose, and the points between which it is drawn."""

    by: str
    points: str


class Tick(NamedTuple):
    """A mark on an axis: where it is, and which value in units, or how long after the start."""

    place: float
    units: int
    after: str


class Chart(NamedTuple):
    """All that is drawn."""

    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    prices: tuple[Tick, ...]
    times: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT


def moves(steps: Sequence[OfferStep], sides: Sequence[str]) -> Chart | None:
    """Lay moves out by time and price, a line for each side; None where nobody named a price.

    Without sides, as where it is nobody's to know who else bids, all is one line that stands until
    the next move.
    """
    named = [(one, one.units) for one in steps if one.units is not None]
    if not named:
        return None
    start, end = named[0][0].at, named[-1][0].at
    least, most = min(units for _, units in named), max(units for _, units in named)
    room = max((most - least) // 10, most // 50, 1)
    least, most = max(0, least - room), most + room

    def x(at: int) -> float:
        share = (at - start) / (end - start) if end > start else 0.5
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(units: int) -> float:
        share = (units - least) / (most - least)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)

    marks = tuple(
        Mark(
            x(one.at),
            y(units),
            one,
            sides.index(one.by) if one.by in sides else 0,
            one.what in _ENDS,
        )
        for one, units in named
    )
    return Chart(
        lines=_lines(marks, sides),
        marks=marks,
        prices=tuple(Tick(y(units), units, "") for units in _round(least, most)),
        times=tuple(
            Tick(x(at), 0, _after(at - start))
            for n in range(3 if end > start else 1)
            for at in (start + (end - start) * n // 2,)
        ),
    )


def _round(least: int, most: int) -> range:
    """Give some round numbers between two: multiples of one, two or five tens, hundreds …"""
    step = 1
    while (most - least) // step > _TICKS:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return range(-(-least // step) * step, most + 1, step)


def _after(us: int) -> str:
    """Write a duration short enough for an axis."""
    if us < SECOND_US:
        return f"{us / 1_000:g} ms"
    return lasting(us / SECOND_US)


def _lines(marks: Sequence[Mark], sides: Sequence[str]) -> tuple[Line, ...]:
    if not sides:
        return (Line("", _standing(marks)),)
    return tuple(
        Line(side, " ".join(f"{one.x},{one.y}" for one in marks if one.line == n))
        for n, side in enumerate(sides)
    )


def _standing(marks: Sequence[Mark]) -> str:
    points: list[str] = []
    for n, one in enumerate(marks):
        if n:
            points.append(f"{one.x},{marks[n - 1].y}")
        points.append(f"{one.x},{one.y}")
    return " ".join(points)
