"""The figures of a study, from its tables: what each shows, in words, and how it is drawn."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from souq.core.rules import DAY_US
from souq.lab.drawing import FULL_PX, HALF_PX, Draw, lettering
from souq.lab.study import network, pictures
from souq.lab.study.answers import Column, Comparison, figures_of, mixed
from souq.lab.study.network import Floor
from souq.lab.study.opening import USD, Study
from souq.lab.study.pictures import Estimate, Group, Series, color_of
from souq.lab.study.wording import interval, signed

ARMS_MAX = len(pictures.PALETTE)  # more lines than colours say nothing
FLOORS_MAX = 4
ROWS_MAX = 16  # more arms than this are not parted by kind
OFFERS_MAX = 8  # of one side: hardly any haggle goes on for longer
DAYS = "'day ' + format(datum.value, '~r')"
CENT = "format(datum.value, '~r') + '%'"


class Figure(Struct, frozen=True):
    """A picture with its name as a file, title, note and words for who cannot see it.

    Title, note and label are text: whoever puts them on a page escapes them.
    """

    name: str
    title: str
    note: str
    label: str
    draw: Draw
    width: int = FULL_PX


def forest(name: str, title: str, note: str, found: Sequence[Comparison]) -> Figure | None:
    """Draw comparisons under each other, where there is an estimate at all."""
    told = [one for one in found if one.estimate is not None]
    if not told:
        return None
    unit = told[0].unit
    lines = [
        Estimate(
            one.name,
            one.estimate or 0.0,
            one.effect.low if one.effect else None,
            one.effect.high if one.effect else None,
            _said(one),
        )
        for one in told
    ]
    label = "; ".join(f"{lettering(line.name, 60)}: {line.words}" for line in lines[:12])
    return Figure(name, title, note, f"Forest plot. {label}.", pictures.forest(lines, unit))


def figures(study: Study) -> list[Figure]:
    """Draw what the tables hold; a figure that would be empty is left out."""
    drawn: list[Callable[[Study], Figure | None]] = [
        gains,
        quantiles,
        concessions,
        reservation,
        positions,
        deals,
        volume,
        trades,
    ]
    return [figure for one in drawn if (figure := one(study)) is not None]


def gains(study: Study) -> Figure | None:
    """Draw what each person gained, by arm and kind of agent."""
    column, rows = _main(study), study.persons
    if column is None:
        return None
    groups = []
    is_parted = len(set(zip(rows["arm"], rows["kind"], strict=True))) <= ROWS_MAX
    for n, arm in enumerate(study.arms):
        mine = rows[rows["arm"] == arm]
        several = is_parted and mine["kind"].nunique() > 1
        for kind in _kinds(study, mine) if several else [""]:
            kept = mine[mine["kind"] == kind] if several else mine
            values = (kept[column.name] / column.scale).tolist()
            groups.append(Group(f"{arm} · {kind}" if several else arm, values, color_of(n)))
    domain, beyond = _usual([value for group in groups for value in group.values])
    note = "One dot is one person in one market. The bar holds the middle half, the tick is the"
    note += " median, the diamond the mean."
    note += _thinned(groups)
    if beyond:
        note += f" {beyond:,} beyond the axis are triangles at its end."
    label = f"Strips of the gains of {len(rows):,} persons in {len(groups)} groups."
    draw = pictures.spread(groups, column.unit, domain=domain)
    return Figure("surplus-by-arm", "What each person gained", note, label, draw)


def quantiles(study: Study) -> Figure | None:
    """Draw the distribution of gains over people: how much the worst and the best off had."""
    column, rows = _main(study), study.persons
    if column is None:
        return None
    series = []
    for arm in study.arms[:ARMS_MAX]:
        values = sorted((rows[rows["arm"] == arm][column.name] / column.scale).tolist())
        steps = max(1, len(values) - 1)
        points = [(100 * n / steps, value) for n, value in enumerate(values)]
        if points:
            series.append(Series(arm, points))
    note = f"People from the worst off to the best off, and what each gained.{_first_arms(study)}"
    draw = pictures.lines(series, across=CENT, up=pictures.axis_of(column.unit))
    label = f"Lines of the distribution of gains over people in {len(series)} arms."
    return Figure("distribution-by-person", "How gains fell", note, label, draw, HALF_PX)


def _main(study: Study) -> Column | None:
    """Give the figure of persons that tells most; None where there is no table of them."""
    return next(iter(figures_of(study).values()), None)


def concessions(study: Study) -> Figure | None:
    """Draw how both sides move from their own opening towards the other's."""
    rows = study.frame("offers")
    if rows.empty:
        return None
    of_one = ["arm", "repetition", "negotiation"]
    rows = rows[rows["role"].isin(["buyer", "seller"])].sort_values([*of_one, "n"])
    said = rows[rows["units"].notna() & rows["what"].isin(["offers", "counters"])]
    opening = said.groupby([*of_one, "role"])["units"].first().unstack()
    if opening.empty or not {"buyer", "seller"} <= set(opening.columns):
        return None
    opening = opening[opening["seller"] > opening["buyer"]]
    # Who accepts moves to where the other stands.
    rows = rows.assign(units=rows["units"].where(rows["what"] != "accepts"))
    rows = rows.assign(units=rows.groupby(of_one)["units"].ffill())
    rows = rows[rows["what"].isin(["offers", "counters", "accepts"]) & rows["units"].notna()]
    rows = rows.join(opening, on=of_one, how="inner")
    if rows.empty:
        return None
    rows = rows.assign(
        place=(rows["units"] - rows["buyer"]) / (rows["seller"] - rows["buyer"]),
        turn=rows.groupby([*of_one, "role"]).cumcount() + 1,
    )
    by, names = ("kind", _kinds(study, rows)) if _has_kinds(study) else ("arm", list(study.arms))
    rows = rows[rows["turn"] <= OFFERS_MAX]
    series = []
    for name in names[:ARMS_MAX]:
        for role in ("seller", "buyer"):
            mine = rows[(rows[by] == name) & (rows["role"] == role)]
            if mine.empty:
                continue
            # What somebody stood at last counts on, so that each turn is of the same haggles.
            stood = mine.pivot(index=of_one, columns="turn", values="place").ffill(axis=1)
            stood = stood.reindex(columns=range(1, OFFERS_MAX + 1)).ffill(axis=1)
            means = stood.mean().tolist()
            series.append(Series(name, [(float(n), y) for n, y in enumerate(means, start=1)]))
    note = (
        f"Where each side stands after its own 1st, 2nd … move, mean of {len(opening):,} haggles:"
    )
    note += " 0% is where the buyer opened, 100% where the seller did. Who accepts moves to the"
    note += " other’s offer; who moves no more stays, whether or not it came to a deal."
    draw = pictures.lines(
        series,
        across="format(datum.value, '~r')",
        up=pictures.SHARES,
        ticks=range(1, OFFERS_MAX + 1),
        notes=[(OFFERS_MAX, 0.96, "sellers come down"), (OFFERS_MAX, 0.04, "buyers come up")],
    )
    label = f"Lines of mean offers of sellers and buyers by {by}, drawing near to each other."
    title = "How they concede"
    return Figure("concession-curves", title, note, label, draw, HALF_PX)


def reservation(study: Study) -> Figure | None:
    """Draw what things went for, between the least their seller would take and their worth."""
    rows = study.frame("items")
    if rows.empty:
        return None
    items = [
        (floor / USD, price / USD, worth / USD)
        for floor, price, worth in rows[["floor_units", "price_units", "worth_units"]].to_numpy()
    ]
    outside = sum(not min(a, c) <= b <= max(a, c) for a, b, c in items)
    shown = min(len(items), pictures.GAPS_MAX)
    note = f"{shown:,} of {len(items):,} things sold, from cheap to dear, one line each: from the"
    note += " least the seller would take (orange) to what it is worth to the buyer (blue). The"
    note += " dot is the price. Square root scale."
    if outside:
        note += f" {outside:,} prices lie outside (red): gifts, barter, or parts of a bundle."
    label = f"Spans from floor to worth of {shown} things with the price of each."
    return Figure(
        "price-against-reservation-values",
        "Prices between floor and worth",
        note,
        label,
        pictures.gaps(items),
    )


def positions(study: Study) -> Figure | None:
    """Draw where between floor and worth prices fell, by who sold to whom or by arm."""
    rows = study.frame("items")
    rows = rows[(rows["worth_units"] > rows["floor_units"]) & (rows["price_units"] > 0)]
    if rows.empty:
        return None
    place = (rows["price_units"] - rows["floor_units"]) / (
        rows["worth_units"] - rows["floor_units"]
    )
    groups = []
    among = mixed(study)
    if len(among):
        there = set(zip(among["arm"], among["repetition"], strict=True))
        is_there = [key in there for key in zip(rows["arm"], rows["repetition"], strict=True)]
        rows, place = rows[is_there], place[is_there]
        names = _kinds(study, among)
        for n, seller in enumerate(names):
            for buyer in names:
                mine = place[(rows["seller_kind"] == seller) & (rows["buyer_kind"] == buyer)]
                if len(mine):
                    said = f"{seller} sells to {buyer}"
                    groups.append(Group(said, mine.tolist(), color_of(n)))
        told = "in markets where kinds met"
    else:
        for n, arm in enumerate(study.arms):
            mine = place[rows["arm"] == arm]
            if len(mine):
                groups.append(Group(arm, mine.tolist(), color_of(n)))
        told = "by arm"
    if not groups:
        return None
    note = f"Where prices fell, {told}: 0% is the seller’s floor, all to the buyer; 100% the"
    note += " buyer’s worth, all to the seller. Gifts are left out; what lies beyond is a triangle."
    note += _thinned(groups)
    label = f"Strips of the place of {len(rows):,} prices between floor and worth."
    draw = pictures.spread(groups, "share", domain=(0.0, 1.0), has_means=False)
    return Figure("price-position", "Who got the better price", note, label, draw)


def deals(study: Study) -> Figure | None:
    """Draw deals over the market's time, an average market of each arm."""
    rows = study.frame("deals")
    if rows.empty:
        return None
    draw = _over_time(study, rows.assign(one=1.0), "one", pictures.PLAIN)
    note = f"Closed so far in a market of each arm, on average.{_first_arms(study)}"
    label = "Lines of deals closed so far over the market’s days, by arm."
    return Figure("timeline-deals", "Deals over time", note, label, draw, HALF_PX)


def volume(study: Study) -> Figure | None:
    """Draw payments over the market's time, an average market of each arm."""
    rows = study.frame("deals")
    if rows.empty or not rows["units"].sum():
        return None
    draw = _over_time(study, rows.assign(paid=rows["units"] / USD), "paid", pictures.SHORT)
    note = f"Paid so far in a market of each arm, on average.{_first_arms(study)}"
    label = "Lines of money paid so far over the market’s days, by arm."
    return Figure("timeline-volume", "Volume over time", note, label, draw, HALF_PX)


def trades(study: Study) -> Figure | None:
    """Draw who sold to whom in the first market of the first arms."""
    items, persons = study.frame("items"), study.frame("persons")
    if items.empty or persons.empty:
        return None
    names = _kinds(study, persons)
    floors, left = [], 0
    for arm in study.arms[:FLOORS_MAX]:
        cells = study.cells_of(arm)
        if not cells:
            continue
        first = cells[0].repetition
        mine = persons[(persons["arm"] == arm) & (persons["repetition"] == first)]
        mine = mine.assign(place=mine["kind"].map(names.index), busy=mine["sold"] + mine["bought"])
        shown = mine.nlargest(network.PEOPLE_MAX, "busy")
        left += len(mine) - len(shown)
        shown = shown.sort_values(
            ["place", "surplus_units", "person"], ascending=[True, False, True]
        )
        sold = items[(items["arm"] == arm) & (items["repetition"] == first)]
        counts = sold.groupby(["seller", "buyer"]).size()
        floors.append(
            Floor(
                arm,
                dict(zip(shown["person"], shown["kind"], strict=True)),
                {(str(one), str(other)): int(n) for (one, other), n in counts.items()},
            )
        )
    note = "The first market of each arm. People stand on a circle by kind, then by what they"
    note += " gained, clockwise from the top; larger traded more. A curve runs from a seller to a"
    note += " buyer, in the colour of the seller’s kind."
    if len(names) > 1:
        tones = ("blue", "orange", "green", "violet", "rose", "olive")
        told = [f"{lettering(kind, 30)} {tone}" for kind, tone in zip(names, tones, strict=False)]
        note += f" {'; '.join(told)}{'; others grey' if len(names) > len(tones) else ''}."
    if len(study.arms) > FLOORS_MAX:
        note += f" The first {FLOORS_MAX} of {len(study.arms)} arms."
    if left:
        note += f" {left:,} people who traded least are left out."
    colors = {kind: color_of(n) for n, kind in enumerate(names)}
    label = f"Network of trades in {len(floors)} markets: people on circles, curves for trades."
    return Figure("network", "Who sold to whom", note, label, network.network(floors, colors))


def _over_time(study: Study, rows: Any, column: str, up: str) -> Draw:
    end = float(rows["at_us"].max()) / DAY_US
    series = []
    for arm in study.arms[:ARMS_MAX]:
        markets = len(study.cells_of(arm))
        mine = rows[rows["arm"] == arm].sort_values("at_us")
        if not markets:
            continue
        so_far = (mine[column].cumsum() / markets).tolist()
        times = (mine["at_us"] / DAY_US).tolist()
        points = [(0.0, 0.0), *zip(times, so_far, strict=True)]
        series.append(Series(arm, [*points, (end, points[-1][1])]))
    return pictures.lines(series, across=DAYS, up=up, steps=True)


def _usual(values: Sequence[float]) -> tuple[tuple[float, float], int]:
    """Give an axis that one fortune does not press flat, and how many values lie beyond it."""
    ordered = sorted(values)
    low, high = min(0.0, ordered[0]), ordered[-1]
    usual = ordered[(len(ordered) - 1) * 99 // 100]
    if usual > 0 and high > 1.5 * usual:
        high = 1.2 * usual
    if high <= low:
        high = low + 1.0
    return (low, high), sum(value > high for value in ordered)


def _thinned(groups: Sequence[Group]) -> str:
    most = pictures.dots_most(len(groups))
    is_thinned = any(len(group.values) > most for group in groups)
    return f" Of each group {most:,} dots are drawn, evenly picked." if is_thinned else ""


def _kinds(study: Study, rows: Any) -> list[str]:
    there = set(rows["kind"])
    named = [kind for kind in study.kinds if kind in there]
    return [*named, *sorted(there - set(named))]


def _has_kinds(study: Study) -> bool:
    return bool(study.persons["kind"].nunique() > 1)


def _first_arms(study: Study) -> str:
    count = len(study.arms)
    return f" The first {ARMS_MAX} of {count} arms." if count > ARMS_MAX else ""


def _said(one: Comparison) -> str:
    words = signed(one.estimate, one.unit)
    return f"{words} ({interval(one.effect, one.unit)})" if one.effect else f"{words} (no interval)"
