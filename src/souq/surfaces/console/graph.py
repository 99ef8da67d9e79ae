"""Lays out who gave how much to whom on a circle, for a page to draw as lines and arrows."""

from collections.abc import Sequence
from math import cos, hypot, pi, sin, sqrt
from typing import NamedTuple

from souq.views.surveillance.rows import Edge

WIDTH, HEIGHT = 420.0, 320.0
_RADIUS, _ROOM = 120.0, 24.0  # of the circle, and from its rim to the words
_NODE, _BEND = 7.0, 0.16  # of a node's dot; how far a line bows, by its length
_ARROW = 9.0
_WIDTH_MIN, _WIDTH_MAX = 1.2, 7.0


class Node(NamedTuple):
    """A dot, and its name beside it; `anchor` is on which side of their place the words begin."""

    name: str
    x: float
    y: float
    text_x: float
    text_y: float
    anchor: str


class Line(NamedTuple):
    """A bowed line and the arrow at its end; `told` says it in words."""

    path: str
    arrow: str
    width: float
    told: str


class Graph(NamedTuple):
    nodes: list[Node]
    lines: list[Line]
    label: str


def laid_out(edges: Sequence[Edge]) -> Graph:
    """Lay out directed edges: widths grow with the units, or with how often where there are none.

    Two lines between the same two bow to either side, so that both can be told apart.
    """
    names = sorted({name for one in edges for name in (one.giver, one.taker)}, key=_by_number)
    nodes = {name: _node(name, n, len(names)) for n, name in enumerate(names)}
    most = max((_weight(one) for one in edges), default=0)
    lines = [
        _line(one, nodes[one.giver], nodes[one.taker], _weight(one) / most if most else 0.0)
        for one in edges
        if one.giver != one.taker
    ]
    return Graph(list(nodes.values()), lines, f"Who gave to whom: {len(names)}, {len(lines)} ways")


def _weight(edge: Edge) -> int:
    return edge.units or edge.count


def _by_number(name: str) -> tuple[str, int, str]:
    number = name[1:]
    return (name[:1], int(number) if number.isdecimal() else 0, name)


def _node(name: str, n: int, count: int) -> Node:
    angle = 2 * pi * n / max(1, count) - pi / 2
    x, y = cos(angle), sin(angle)
    middle_x, middle_y = WIDTH / 2, HEIGHT / 2
    anchor = "middle" if abs(x) < 0.3 else "start" if x > 0 else "end"
    rim = _RADIUS + _ROOM - 8
    return Node(
        name,
        round(middle_x + _RADIUS * x, 1),
        round(middle_y + _RADIUS * y, 1),
        round(middle_x + rim * x, 1),
        round(middle_y + rim * y + 4, 1),
        anchor,
    )


def _line(edge: Edge, giver: Node, taker: Node, share: float) -> Line:
    across, down = taker.x - giver.x, taker.y - giver.y
    bow_x = (giver.x + taker.x) / 2 - down * _BEND
    bow_y = (giver.y + taker.y) / 2 + across * _BEND
    begin_x, begin_y = _towards(giver.x, giver.y, bow_x, bow_y, _NODE)
    tip_x, tip_y = _towards(taker.x, taker.y, bow_x, bow_y, _NODE + 1)
    end_x, end_y = _towards(taker.x, taker.y, bow_x, bow_y, _NODE + _ARROW)
    width = _WIDTH_MIN + (_WIDTH_MAX - _WIDTH_MIN) * sqrt(share)
    half = _ARROW / 2 + width / 3
    side_x, side_y = (tip_y - end_y) / _ARROW * half, -(tip_x - end_x) / _ARROW * half
    corners = (
        (tip_x, tip_y),
        (end_x + side_x, end_y + side_y),
        (end_x - side_x, end_y - side_y),
    )
    return Line(
        f"M{begin_x:.1f} {begin_y:.1f}Q{bow_x:.1f} {bow_y:.1f} {end_x:.1f} {end_y:.1f}",
        " ".join(f"{x:.1f},{y:.1f}" for x, y in corners),
        round(width, 1),
        f"{edge.giver} to {edge.taker}: {edge.units} units, {edge.count} times",
    )


def _towards(x: float, y: float, to_x: float, to_y: float, by: float) -> tuple[float, float]:
    length = hypot(to_x - x, to_y - y) or 1.0
    return x + (to_x - x) / length * by, y + (to_y - y) / length * by
