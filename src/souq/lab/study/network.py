"""Who sold to whom, as a picture: people on a circle, a curve for each pair that traded.

People stand in order of their kind, then of what they gained, so that a circle can be compared
with the next. A curve bends to the left of its way from the seller to the buyer.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from souq.lab.drawing import INK, LINE, PHONE_PX, Draw, Row, lettering, rows_of

PEOPLE_MAX = 120
BEND = 0.42  # of the way to the middle that a curve keeps


class Floor(Struct, frozen=True):
    """One market: kinds by person, in the order in which they stand, and trades between them.

    `trades` counts things by (seller, buyer).
    """

    name: str
    kinds: Mapping[str, str]
    trades: Mapping[tuple[str, str], int]


def network(floors: Sequence[Floor], colors: Mapping[str, str]) -> Draw:
    """Draw some markets beside each other; `colors` are by kind."""

    def draw(alt: Any, width: int) -> Any:
        columns = min(len(floors), 2 if width == PHONE_PX else 4)
        columns = max(columns, 2)  # one market alone need not fill the page
        lines_of = math.ceil(len(floors) / columns)
        curves: list[Row] = []
        dots: list[Row] = []
        titles: list[Row] = []
        for n, floor in enumerate(floors):
            across, down = 2.5 * (n % columns), -2.8 * (n // columns)
            curves += _curves(floor, n, across, down, colors)
            dots += _dots(floor, across, down, colors)
            title = lettering(floor.name, 20 if width == PHONE_PX else 30)
            titles.append({"x": across, "y": down + 1.32, "words": title})
        scale = {"nice": False, "zero": False}
        x = alt.X(
            "x:Q", axis=None, scale=alt.Scale(domain=[-1.2, 2.5 * (columns - 1) + 1.2], **scale)
        )
        y = alt.Y(
            "y:Q", axis=None, scale=alt.Scale(domain=[-2.8 * (lines_of - 1) - 1.15, 1.5], **scale)
        )
        paint = alt.Color("color:N", scale=None, legend=None)
        thick = alt.StrokeWidth("weight:Q", scale=None, legend=None)
        size = alt.Size("size:Q", scale=None, legend=None)
        height = width * (2.8 * (lines_of - 1) + 2.65) / (2.5 * (columns - 1) + 2.4)
        return alt.layer(
            rows_of(alt, curves)
            .mark_line(interpolate="basis", opacity=0.4)
            .encode(x, y, paint, thick, detail="curve:N", order="order:Q"),
            rows_of(alt, dots).mark_circle(opacity=1).encode(x, y, paint, size),
            rows_of(alt, titles)
            .mark_text(color=INK, fontSize=12.5, fontWeight=600)
            .encode(x, y, text="words:N"),
        ).properties(width=width, height=round(height))

    return draw


def _places(floor: Floor) -> dict[str, tuple[float, float]]:
    count = len(floor.kinds)
    return {
        person: (math.sin(math.tau * n / count), math.cos(math.tau * n / count))
        for n, person in enumerate(floor.kinds)
    }


def _curves(
    floor: Floor, number: int, across: float, down: float, colors: Mapping[str, str]
) -> list[Row]:
    places = _places(floor)
    rows: list[Row] = []
    for n, ((seller, buyer), count) in enumerate(sorted(floor.trades.items())):
        if seller not in places or buyer not in places:
            continue
        (x, y), (x2, y2) = places[seller], places[buyer]
        middle_x, middle_y = (x + x2) / 2 * BEND, (y + y2) / 2 * BEND
        # A quarter turn of the way, so that there and back are two curves.
        middle_x, middle_y = middle_x - (y2 - y) * 0.12, middle_y + (x2 - x) * 0.12
        color = colors.get(floor.kinds[seller], LINE)
        for order, (at_x, at_y) in enumerate(((x, y), (middle_x, middle_y), (x2, y2))):
            rows.append(
                {"x": round(at_x + across, 3), "y": round(at_y + down, 3), "color": color}
                | {"curve": f"{number}/{n}", "order": order, "weight": min(4.0, 0.6 + 0.5 * count)}
            )
    return rows


def _dots(floor: Floor, across: float, down: float, colors: Mapping[str, str]) -> list[Row]:
    times: Counter[str] = Counter()
    for (seller, buyer), count in floor.trades.items():
        times[seller] += count
        times[buyer] += count
    return [
        {"x": round(x + across, 3), "y": round(y + down, 3)}
        | {"size": 10 + 7 * min(times[person], 20), "color": colors.get(floor.kinds[person], LINE)}
        for person, (x, y) in _places(floor).items()
    ]
