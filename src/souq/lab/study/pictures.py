"""The kinds of picture that a study's report has, drawn from plain figures.

A `Draw` is a drawing for any width; names in it are a stranger's words, hence `lettering`. What
tells groups apart by colour does so by dash or by words as well.
"""

import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from souq.lab.drawing import (
    BUYER,
    INK,
    LINE,
    MUTED,
    OLIVE,
    PHONE_PX,
    PRICE,
    ROSE,
    SELLER,
    SHORT,
    VIOLET,
    Draw,
    Row,
    lettering,
    rows_of,
    thin,
)
from souq.lab.study.wording import number

PALETTE = (BUYER, SELLER, PRICE, VIOLET, ROSE, OLIVE)
DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 2], [12, 4])
LEGEND_MAX = 32  # letters of all names on one line
DOTS_MAX, POINTS_MAX, GAPS_MAX = 1_200, 160, 150
SHARES = "format(datum.value, '.0%')"
PLAIN = "format(datum.value, ',')"
POINTS = (
    "(datum.value > 0 ? '+' : datum.value < 0 ? '−' : '')"
    " + format(100 * abs(datum.value), '.2~f') + ' pts'"
)


class Estimate(Struct, frozen=True):
    """One line of a forest, its figures in `words`; without an interval a hollow dot."""

    name: str
    estimate: float
    low: float | None
    high: float | None
    words: str


class Group(Struct, frozen=True):
    """Values of one group, in the order in which groups stand."""

    name: str
    values: Sequence[float]
    color: str


class Series(Struct, frozen=True):
    """One line, named, of (x, y)."""

    name: str
    points: Sequence[tuple[float, float]]


def color_of(place: int) -> str:
    """Give the colour of the arm or kind at a place; beyond the palette all are grey."""
    return PALETTE[place] if place < len(PALETTE) else MUTED


def dots_most(groups: int) -> int:
    """Give how many dots a group has at most, so that the page stays light."""
    return max(40, DOTS_MAX // max(1, groups))


def axis_of(unit: str, *, is_difference: bool = False) -> str:
    """Give how an axis writes its values, as an expression of Vega's."""
    if unit == "share":
        return POINTS if is_difference else SHARES
    return SHORT if unit == "$" else PLAIN


def forest(lines: Sequence[Estimate], unit: str) -> Draw:
    """Draw estimates with their intervals under each other, beside a line at no difference."""
    ends = [0.0, *(x for one in lines for x in (one.estimate, one.low, one.high) if x is not None)]
    span = (max(ends) - min(ends)) or 1.0
    domain = [min(ends) - 0.06 * span, max(ends) + 0.06 * span]
    rows = [
        {"y": n + 0.68, "word_y": n + 0.26, "at": one.estimate, "low": one.low, "high": one.high}
        | {"left": domain[0], "right": domain[1], "name": one.name, "words": one.words}
        for n, one in enumerate(lines)
    ]
    sure = [row for row in rows if row["low"] is not None]
    unsure = [row for row in rows if row["low"] is None]

    def draw(alt: Any, width: int) -> Any:
        phone = width == PHONE_PX
        x_scale = alt.Scale(domain=domain, nice=False)
        axis = alt.Axis(
            title=None, labelExpr=axis_of(unit, is_difference=True), tickCount=4 if phone else 8
        )
        x = alt.X("at:Q", scale=x_scale, axis=axis)
        y = _row(alt, "y:Q", len(lines))
        # In pieces, so that it does not run through the words.
        zero = rows_of(alt, [{"at": 0, "y": n + 0.44, "y2": n + 0.96} for n in range(len(lines))])
        layers = [zero.mark_rule(color=INK, strokeDash=[3, 2]).encode(x, y, y2="y2:Q")]
        low = alt.X("low:Q", scale=x_scale, axis=axis)
        for weight, size in ((2.2, 0.0), (2.2, 11.0)):
            marks = rows_of(alt, sure)
            if size:
                for end in ("low:Q", "high:Q"):
                    tick = marks.mark_tick(color=BUYER, thickness=weight, size=size)
                    layers.append(tick.encode(alt.X(end, scale=x_scale, axis=axis), y))
            else:
                bar = marks.mark_rule(color=BUYER, strokeWidth=weight)
                layers.append(bar.encode(low, y, x2="high:Q"))
        dot = rows_of(alt, sure).mark_point(
            shape="square", filled=True, color=BUYER, size=90, opacity=1
        )
        ring = rows_of(alt, unsure).mark_point(shape="circle", color=BUYER, size=80, opacity=1)
        layers += [dot.encode(x, y), ring.encode(x, y)]
        layers += _words(alt, rows, x_scale, axis, len(lines), phone)
        return alt.layer(*layers).properties(width=width, height=52 * len(lines) + 34)

    return draw


def spread(
    groups: Sequence[Group],
    unit: str,
    *,
    domain: tuple[float, float] | None = None,
    has_means: bool = True,
) -> Draw:
    """Draw every value of each group as a dot, with quartiles, median and mean.

    Beyond `domain`, where it is given, dots stand as triangles at its end. Ratios, which a small
    denominator throws far off, have no use for a mean.
    """
    every = [value for group in groups for value in group.values]
    low, high = domain or (min(every, default=0.0), max(every, default=1.0))
    room = 0.03 * ((high - low) or 1.0)
    dots: list[Row] = []
    boxes: list[Row] = []
    for n, group in enumerate(groups):
        ordered = sorted(group.values)
        for m, value in enumerate(thin(ordered, dots_most(len(groups)))):
            # The golden ratio spreads neighbours as far apart as they go.
            lift = (m * 0.618034) % 1
            side = "left" if value < low else "right" if value > high else ""
            at = min(max(value, low), high)
            dots.append({"at": at, "y": n + 0.52 + 0.38 * lift, "color": group.color, "out": side})
        if ordered:
            boxes.append(
                {"at": _quantile(ordered, 0.5), "low": _quantile(ordered, 0.25), "y": n + 0.71}
                | {"high": _quantile(ordered, 0.75), "mean": sum(ordered) / len(ordered)}
                | {"word_y": n + 0.24, "left": low - room, "right": high + room}
                | {"color": group.color, "name": group.name}
                | {"words": _told(ordered, unit, has_mean=has_means)}
            )

    def draw(alt: Any, width: int) -> Any:
        phone = width == PHONE_PX
        scale = alt.Scale(domain=[low - room, high + room], nice=False)
        axis = alt.Axis(title=None, labelExpr=axis_of(unit), tickCount=4 if phone else 8)

        def across(field: str) -> Any:
            return alt.X(f"{field}:Q", scale=scale, axis=axis)

        y = _row(alt, "y:Q", len(groups))
        paint = alt.Color("color:N", scale=None, legend=None)
        inside = rows_of(alt, [dot for dot in dots if not dot["out"]])
        layers = [inside.mark_circle(size=22, opacity=0.5).encode(across("at"), y, paint)]
        for side in ("left", "right"):
            if outside := [dot for dot in dots if dot["out"] == side]:
                tip = rows_of(alt, outside).mark_point(
                    shape=f"triangle-{side}", filled=True, size=34, opacity=0.6
                )
                layers.append(tip.encode(across("at"), y, paint))
        box = rows_of(alt, boxes)
        layers += [
            box.mark_rule(color=INK, strokeWidth=3.2, opacity=0.85).encode(
                across("low"), y, x2="high:Q"
            ),
            box.mark_tick(color=INK, thickness=3.2, size=20).encode(across("at"), y),
            *_words(alt, boxes, scale, axis, len(groups), phone),
        ]
        if has_means:
            mean = box.mark_point(shape="diamond", filled=True, color=INK, size=75, opacity=1)
            layers.append(mean.encode(across("mean"), y))
        return alt.layer(*layers).properties(width=width, height=66 * len(groups) + 34)

    return draw


def lines(
    series: Sequence[Series],
    *,
    across: str,
    up: str,
    steps: bool = False,
    notes: Sequence[tuple[float, float, str]] = (),
    ticks: Sequence[float] | None = None,
    height: int = 300,
) -> Draw:
    """Draw lines with a legend above them; `across` and `up` are how axes write values.

    `notes` are words at (x, y). Several series of one name are drawn alike.
    """
    names = list(dict.fromkeys(one.name for one in series))
    rows = [
        {"x": x, "y": y, "name": _place_name(names.index(one.name)), "line": n}
        for n, one in enumerate(series)
        for x, y in thin(one.points, POINTS_MAX)
    ]
    domain = [_place_name(n) for n in range(len(names))]
    colors = [color_of(n) for n in range(len(names))]
    dashes = [DASHES[n % len(DASHES)] for n in range(len(names))]

    def draw(alt: Any, width: int) -> Any:
        phone = width == PHONE_PX
        legend = None
        if len(names) > 1:
            # A name of a stranger's stands in a list that the expression looks up, never in it.
            shown = [lettering(name, 34 if phone else 40) for name in names]
            legend = alt.Legend(
                title=None,
                orient="top",
                columns=2 if phone or sum(map(len, shown)) > LEGEND_MAX else 4,
                labelExpr=f"{json.dumps(shown)}[toNumber(datum.label)]",
                labelLimit=145 if phone else 200,
                labelFontSize=12.5,
                labelColor=INK,
                symbolSize=220,
                symbolStrokeWidth=2.4,
            )
        side = {"values": list(ticks)} if ticks is not None else {"tickCount": 4 if phone else 7}
        x = alt.X(
            "x:Q",
            axis=alt.Axis(title=None, grid=False, labelExpr=across, labelFlush=False, **side),
            scale=alt.Scale(nice=False),
        )
        y = alt.Y("y:Q", axis=alt.Axis(title=None, labelExpr=up, tickCount=5))
        line = rows_of(alt, rows).mark_line(
            interpolate="step-after" if steps else "linear", strokeWidth=2.2
        )
        layers = [
            line.encode(
                x,
                y,
                alt.Color("name:N", scale=alt.Scale(domain=domain, range=colors), legend=legend),
                alt.StrokeDash(
                    "name:N", scale=alt.Scale(domain=domain, range=dashes), legend=legend
                ),
                detail="line:N",
            )
        ]
        if notes:
            words = rows_of(alt, [{"x": at, "y": up, "words": said} for at, up, said in notes])
            text = words.mark_text(align="right", color=INK)
            layers.append(text.encode(x, y, text="words:N"))
        return alt.layer(*layers).properties(width=width, height=height)

    return draw


def gaps(items: Sequence[tuple[float, float, float]]) -> Draw:
    """Draw (floor, price, worth) of things, as a span with the price in it; square root scale."""
    kept = thin(sorted(items, key=lambda one: (one[2], one[0], one[1])), GAPS_MAX)
    rows = [
        {"x": n + 0.5, "floor": floor, "worth": worth, "price": price}
        | {"color": PRICE if min(floor, worth) <= price <= max(floor, worth) else ROSE}
        for n, (floor, price, worth) in enumerate(kept)
    ]

    def draw(alt: Any, width: int) -> Any:
        some = thin(rows, 60) if width == PHONE_PX else rows
        some = [row | {"x": n + 0.5} for n, row in enumerate(some)]
        scale = alt.Scale(domain=[0, max(len(some), 10)], nice=False)
        x = alt.X("x:Q", axis=None, scale=scale)
        axis = alt.Axis(title=None, labelExpr=SHORT, tickCount=6)

        def up(field: str) -> Any:
            return alt.Y(f"{field}:Q", axis=axis, scale=alt.Scale(type="sqrt"))

        base = rows_of(alt, some)
        return alt.layer(
            base.mark_rule(color=LINE, strokeWidth=2, opacity=0.75).encode(
                x, up("floor"), y2="worth:Q"
            ),
            base.mark_tick(color=SELLER, thickness=2, size=5).encode(x, up("floor")),
            base.mark_tick(color=BUYER, thickness=2, size=5).encode(x, up("worth")),
            base.mark_circle(size=26, opacity=1).encode(
                x, up("price"), alt.Color("color:N", scale=None, legend=None)
            ),
        ).properties(width=width, height=340)

    return draw


def _row(alt: Any, field: str, count: int) -> Any:
    """Give the axis on which rows stand under each other, at whole numbers from the top."""
    scale = alt.Scale(domain=[0, count], nice=False, reverse=True, zero=False)
    return alt.Y(field, scale=scale, axis=None)


def _words(
    alt: Any, rows: Sequence[Row], scale: Any, axis: Any, count: int, phone: bool
) -> list[Any]:
    """Write each row's words over it: a name beside it would leave a phone no room to draw."""
    most = 54 if phone else 130
    short = [
        row
        | {"words": f"{lettering(row['name'], max(8, most - len(row['words'])))}: {row['words']}"}
        for row in rows
    ]
    text = rows_of(alt, short).mark_text(align="left", color=INK, fontSize=11.5 if phone else 12.5)
    x = alt.X("left:Q", scale=scale, axis=axis)
    return [text.encode(x, _row(alt, "word_y:Q", count), text="words:N")]


def _told(ordered: Sequence[float], unit: str, *, has_mean: bool) -> str:
    middle = f"median {number(_quantile(ordered, 0.5), unit)}, n = {len(ordered):,}"
    return f"mean {number(sum(ordered) / len(ordered), unit)}, {middle}" if has_mean else middle


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _place_name(place: int) -> str:
    return f"{place:03d}"
