"""The charts of one run's report; `drawing` says how they become SVG."""

import json
import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

from msgspec import Struct

from souq.core.money import USD
from souq.lab.drawing import (
    BUYER,
    FULL_PX,
    HALF_PX,
    INK,
    MUTED,
    PHONE_PX,
    PRICE,
    SELLER,
    SHORT,
    Row,
    apart,
    rows_of,
    svgs,
    thin,
)
from souq.lab.goods import UNITS_PER_USD
from souq.lab.summary import PersonGain, StyleGain

DOTS_MAX, BARS_MAX = 1_500, 300  # more of them say nothing more, and weigh
STEPS = (10, 15, 20, 30, 50, 70)  # of a decade: nearly even on a logarithmic scale


class Talk(Struct, frozen=True):
    """One haggle: offers as (at in us, units), and what the sides knew, where it is known."""

    buyer: list[tuple[int, int]]
    seller: list[tuple[int, int]]
    closed_at: int
    agreed_units: int
    ask_units: int
    floor_units: int | None
    worth_units: int | None


def prices(paid: Sequence[int], median: int, *, label: str) -> str:
    """Draw how many items went at what price, in bins that widen with the price."""
    edges = _edges([units for units in paid if units > 0])
    bins = pairwise(edges)
    bars: list[Row] = [
        {"x": n + 0.04, "x2": n + 0.96, "y2": 0, "y": sum(low <= units < high for units in paid)}
        for n, (low, high) in enumerate(bins)
    ]
    free = [{"x": -1.46, "x2": -0.54, "y2": 0, "y": sum(units <= 0 for units in paid)}]
    bars += free if free[0]["y"] else []
    start = -1.6 if free[0]["y"] else -0.1
    top = max(bar["y"] for bar in bars)
    names = json.dumps([_short(units) for units in edges])
    place = _place(edges, median)
    right = place > len(edges) * 0.55

    def draw(alt: Any, width: int) -> Any:
        axis = alt.Axis(
            title=None,
            grid=False,
            values=[*([-1] if start < -1 else []), *range(len(edges))],
            labelExpr=f"datum.value < 0 ? '$0' : {names}[datum.value]",
        )
        span = alt.Scale(domain=[start, len(edges) - 0.9], nice=False)
        x = alt.X("x:Q", scale=span, axis=axis)
        tall = alt.Scale(domain=[0, top * 1.15], nice=False)
        y = alt.Y("y:Q", scale=tall, axis=alt.Axis(title=None, tickCount=5, tickMinStep=1))
        note = rows_of(alt, [{"x": place, "y": top * 1.14, "text": f"median {usd(median)}"}])
        side = {"align": "right", "dx": -6} if right else {"align": "left", "dx": 6}
        return alt.layer(
            rows_of(alt, bars).mark_bar(color=PRICE).encode(x, y, x2="x2", y2="y2"),
            note.mark_rule(color=INK, strokeDash=[4, 3]).encode(x),
            note.mark_text(color=INK, baseline="top", **side).encode(x, y, text="text:N"),
        ).properties(width=width, height=310)

    return svgs(draw, HALF_PX, label)


def asks(pairs: Sequence[tuple[int, int]], *, label: str) -> str:
    """Draw what was asked against what was paid; both scales are logarithmic. No zeros."""
    ends = _edges([units for pair in pairs for units in pair])
    domain = [ends[0] / UNITS_PER_USD, ends[-1] / UNITS_PER_USD]
    steps = (10,) if domain[1] > 500 * domain[0] else (10, 20, 50)
    ticks = [units / UNITS_PER_USD for units in _series(ends[0], ends[-1], steps)]
    line = [{"x": end, "y": end} for end in domain]
    dots = [{"x": ask / UNITS_PER_USD, "y": paid / UNITS_PER_USD} for ask, paid in pairs]

    def draw(alt: Any, width: int) -> Any:
        scale = alt.Scale(type="log", domain=domain, nice=False)
        x = alt.X("x:Q", scale=scale, axis=alt.Axis(title=None, values=ticks, labelExpr=SHORT))
        y = alt.Y("y:Q", scale=scale, axis=alt.Axis(title=None, values=ticks, labelExpr=SHORT))
        return alt.layer(
            rows_of(alt, line)
            .mark_line(color=INK, strokeDash=[4, 3], strokeWidth=1.2)
            .encode(x, y),
            rows_of(alt, thin(sorted(dots, key=lambda dot: (dot["x"], dot["y"])), DOTS_MAX))
            .mark_circle(color=PRICE, size=34, opacity=0.5)
            .encode(x, y),
            rows_of(alt, line[1:])
            .mark_text(text="paid as asked", color=INK, align="right", baseline="top", dx=-26, dy=3)
            .encode(x, y),
        ).properties(width=width, height=310)

    return svgs(draw, HALF_PX, label)


def people(gains: Sequence[PersonGain], *, label: str) -> str:
    """Draw what each person gained, the luckiest first; a bar beyond `gain_cap` is cut off."""
    shown = thin(sorted(gains, key=lambda one: -gain(one)), BARS_MAX)
    cap = gain_cap(gains)
    bars = [
        row
        for n, one in enumerate(shown)
        for row in _stack(n, one.surplus_buying, one.surplus_selling, cap)
    ]
    cut = [
        {"x": n + 0.5, "y": cap / UNITS_PER_USD} for n, one in enumerate(shown) if gain(one) > cap
    ]
    # Two people should look like two people, not like two walls.
    span = max(len(shown), 12)

    def draw(alt: Any, width: int) -> Any:
        x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, span], nice=False))
        money = alt.Axis(title=None, labelExpr=SHORT, tickCount=5)
        y = alt.Y("y:Q", axis=money)
        layers = [rows_of(alt, bars).mark_bar().encode(x, y, _side(alt), x2="x2", y2="y2")]
        if cut:
            tips = rows_of(alt, cut).mark_point(
                shape="triangle-up", color=INK, filled=True, opacity=1, size=30, yOffset=-6
            )
            layers.append(tips.encode(x, y))
        return alt.layer(*layers).properties(width=width, height=280)

    return svgs(draw, FULL_PX, label)


def styles(rows: Sequence[StyleGain], *, label: str) -> str:
    """Draw the mean surplus of one person of each style, in the order given."""
    bars = [
        row
        for n, style in enumerate(rows)
        for row in _stack(
            n, style.surplus_buying // style.people, style.surplus_selling // style.people
        )
    ]
    names = json.dumps([row.style.replace("_", " ") for row in rows])

    def draw(alt: Any, width: int) -> Any:
        axis = alt.Axis(
            title=None,
            grid=False,
            domain=False,
            minExtent=92,
            values=[n + 0.5 for n in range(len(rows))],
            labelExpr=f"{names}[floor(datum.value)]",
        )
        down = alt.Scale(domain=[0, len(rows)], nice=False, reverse=True)
        y = alt.Y("x:Q", scale=down, axis=axis)
        x = alt.X("y:Q", axis=alt.Axis(title=None, labelExpr=SHORT, tickCount=5))
        bar = rows_of(alt, bars).mark_bar().encode(x, y, _side(alt), x2="y2", y2="x2")
        return alt.layer(bar).properties(width=width, height=38 * len(rows) + 36)

    return svgs(draw, HALF_PX, label)


def talk(story: Talk, *, label: str) -> str:
    """Draw both sides' offers stepping towards each other over simulated time."""
    start = min(at for at, _ in [*story.buyer, *story.seller]) / 1_000
    end = story.closed_at / 1_000
    span = max(end - start, 60_000.0)
    levels = [
        (name, units, color)
        for name, units, color in (
            ("asked", story.ask_units, MUTED),
            ("worth", story.worth_units, BUYER),
            ("floor", story.floor_units, SELLER),
            ("agreed", story.agreed_units, INK),
        )
        if units is not None
    ]
    offered = [units for _, units in [*story.buyer, *story.seller]]
    top = max([*offered, *(units for _, units, _ in levels), 1]) * 1.08

    def draw(alt: Any, width: int) -> Any:
        phone = width == PHONE_PX
        # The words at the right need room that their own axis gives them.
        domain = [start - span * 0.01, start + span * (1.62 if phone else 1.17)]
        times = [start + span * n / (2 if phone else 5) for n in range(3 if phone else 6)]
        axis = alt.Axis(title=None, grid=False, values=times, format="%a %H:%M", labelPadding=12)
        x = alt.X("at:T", axis=axis, scale=alt.Scale(type="utc", domain=domain, nice=False))
        scale = alt.Scale(domain=[0, top / UNITS_PER_USD], nice=False)
        y = alt.Y("y:Q", scale=scale, axis=alt.Axis(title=None, labelExpr=SHORT, tickCount=6))
        layers = [*_zone(alt, story, start, end, x, y)]
        for name, units, color in levels:
            if name != "agreed":
                level = rows_of(alt, [{"at": start, "end": end, "y": units / UNITS_PER_USD}])
                rule = level.mark_rule(color=color, strokeDash=[2, 3], strokeWidth=1.4)
                layers.append(rule.encode(x, y, x2="end:T"))
        for offers, color in ((story.buyer, BUYER), (story.seller, SELLER)):
            steps = [{"at": at / 1_000, "y": units / UNITS_PER_USD} for at, units in offers]
            held = [*steps, {**steps[-1], "at": end}] if steps else []
            path = rows_of(alt, held).mark_line(interpolate="step-after", strokeWidth=2.4)
            dots = rows_of(alt, steps).mark_circle(color=color, size=54, opacity=1)
            layers += [path.encode(x, y, color=alt.value(color)), dots.encode(x, y)]
        done = rows_of(alt, [{"at": end, "y": story.agreed_units / UNITS_PER_USD}])
        ring = done.mark_point(shape="diamond", size=170, filled=True, color=INK, opacity=1)
        layers.append(ring.encode(x, y))
        places = apart([units for _, units, _ in levels], top * 0.06)
        for (name, units, color), place in zip(levels, places, strict=True):
            words = f"{name} {usd(units)}"
            text = rows_of(alt, [{"at": end, "y": place / UNITS_PER_USD, "text": words}])
            mark = text.mark_text(align="left", dx=13, color=color)
            layers.append(mark.encode(x, y, text="text:N"))
        return alt.layer(*layers).properties(width=width, height=350)

    return svgs(draw, FULL_PX, label)


def split(part: int, whole: int, *, label: str) -> str:
    """Draw one bar, the buyers' part of it from the left."""
    return (
        f'<svg class="bar" role="img" aria-label="{escape(label)}">'
        f'<rect width="100%" height="100%" fill="{SELLER}"/>'
        f'<rect width="{part / whole:.2%}" height="100%" fill="{BUYER}"/></svg>'
    )


def _zone(alt: Any, story: Talk, start: float, end: float, x: Any, y: Any) -> list[Any]:
    """Shade the prices at which both gain."""
    if story.floor_units is None or story.worth_units is None:
        return []
    low, high = story.floor_units / UNITS_PER_USD, story.worth_units / UNITS_PER_USD
    zone = rows_of(alt, [{"at": start, "end": end, "y": low, "y2": high}])
    return [zone.mark_rect(color=PRICE, opacity=0.13).encode(x, y, x2="end:T", y2="y2")]


def usd(units: int) -> str:
    """Write units as dollars, with a comma at every thousand."""
    whole, _, fraction = USD.format(abs(units)).partition(".")
    return f"{'−' if units < 0 else ''}${int(whole):,}.{fraction}"


def gain(one: PersonGain) -> int:
    """Give what one person gained altogether."""
    return one.surplus_buying + one.surplus_selling


def gain_cap(gains: Sequence[PersonGain]) -> int:
    """Give where bars are cut off: one fortune must not press everybody else flat."""
    ordered = sorted(gain(one) for one in gains)
    usual = ordered[(len(ordered) - 1) * 95 // 100]
    return ordered[-1] if usual <= 0 or ordered[-1] <= 2 * usual else usual * 5 // 4


def _stack(n: int, buying: int, selling: int, cap: int | None = None) -> list[Row]:
    """Lay one bar's parts end to end; losses, which barter can bring, go below zero."""
    rows, ends = [], {True: 0, False: 0}
    for side, units in (("buying", buying), ("selling", selling)):
        start = ends[units > 0]
        stop = start + units if cap is None else min(start + units, cap)
        ends[units > 0] = stop
        if stop != start:
            y, y2 = start / UNITS_PER_USD, stop / UNITS_PER_USD
            rows.append({"x": n + 0.1, "x2": n + 0.9, "y": y, "y2": y2, "side": side})
    return rows


def _series(low: int, high: int, steps: Sequence[int]) -> list[int]:
    """List the round amounts from `low` to `high`: these steps of each decade."""
    decades = range(12)
    every = [step * 10**decade for decade in decades for step in steps]
    return [units for units in every if low <= units <= high]


def _edges(units: Sequence[int]) -> list[int]:
    """List round amounts around all of these, which are above 0."""
    low, high = (min(units), max(units)) if units else (UNITS_PER_USD, UNITS_PER_USD)
    every = _series(1, 10**13, STEPS)
    first = max(n for n, edge in enumerate(every) if edge <= max(low, every[0]))
    last = next((n for n, edge in enumerate(every) if edge > high), len(every) - 1)
    return every[first : max(last, first + 1) + 1]


def _place(edges: Sequence[int], units: int) -> float:
    """Find where an amount stands on an axis on which all bins are equally wide."""
    for n, (low, high) in enumerate(pairwise(edges)):
        if low <= units < high:
            return n + math.log(units / low) / math.log(high / low)
    return -1.0


def _short(units: int) -> str:
    text = f"{units // UNITS_PER_USD:,}" if units % UNITS_PER_USD == 0 else USD.format(units)
    return f"${text.removesuffix(',000')}k" if units >= 10**10 and "000" in text else f"${text}"


def _side(alt: Any) -> Any:
    scale = alt.Scale(domain=["buying", "selling"], range=[BUYER, SELLER])
    return alt.Color("side:N", scale=scale, legend=None)
