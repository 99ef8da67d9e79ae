"""What it brings to tell an agent to bargain hard: compared between people, over all arms.

Style is each person's own choice, not drawn; so these are differences, and not effects. People
who ask their agents to bargain hard also ask more for what they sell: hence `given_ask`.
"""

from collections.abc import Sequence

from souq.lab.effects import Effect
from souq.lab.project_deal.evidence import Evidence, Layout
from souq.lab.project_deal.kinds import POINTS, USD, dollars, run_of, sides, whose
from souq.lab.statistics import fixed_effects
from souq.lab.tables import ItemRow

AGGRESSIVE = "aggressive"


def sale(evidence: Evidence, layout: Layout) -> Effect:
    """Compare the chance of a sale of aggressive sellers with that of others, in points."""
    rows = [row for row in evidence.of(layout.arms).listings if row.side == "sell"]
    return fixed_effects(
        [100 * row.is_sold for row in rows],
        {AGGRESSIVE: [row.style in layout.aggressive for row in rows]},
        absorb={"run": [run_of(row) for row in rows]},
        clusters=[[whose(row, row.person, layout) for row in rows]],
        unit=POINTS,
    )[AGGRESSIVE]


def selling(evidence: Evidence, layout: Layout, *, given_ask: bool) -> Effect:
    """Compare the prices that aggressive sellers get with those of others."""
    rows = evidence.of(layout.arms).items
    found = [row.seller_style in layout.aggressive for row in rows]
    return _compare(
        rows, [dollars(row.price_units) for row in rows], found, layout, given_ask=given_ask
    )


def asking(evidence: Evidence, layout: Layout) -> Effect:
    """Compare the asking prices of what aggressive sellers sold with those of others."""
    rows = evidence.of(layout.arms).items
    found = [row.seller_style in layout.aggressive for row in rows]
    return _compare(rows, [dollars(row.ask_units) for row in rows], found, layout, given_ask=False)


def selling_range(evidence: Evidence, layout: Layout) -> Effect:
    """Compare (price - floor) / (ask - floor) of aggressive sellers with that of others."""
    rows = [row for row in evidence.of(layout.arms).items if row.ask_units > row.floor_units]
    return _compare(
        rows,
        [(row.price_units - row.floor_units) / (row.ask_units - row.floor_units) for row in rows],
        [row.seller_style in layout.aggressive for row in rows],
        layout,
        given_ask=False,
        unit="of the range",
    )


def buying(evidence: Evidence, layout: Layout, *, given_ask: bool) -> Effect:
    """Compare the prices that aggressive buyers pay with those of others."""
    rows = evidence.of(layout.arms).items
    found = [row.buyer_style in layout.aggressive for row in rows]
    return _compare(
        rows, [dollars(row.price_units) for row in rows], found, layout, given_ask=given_ask
    )


def _compare(
    rows: Sequence[ItemRow],
    outcome: Sequence[float],
    aggressive: Sequence[bool],
    layout: Layout,
    *,
    given_ask: bool,
    unit: str = USD,
) -> Effect:
    return fixed_effects(
        outcome,
        {AGGRESSIVE: aggressive},
        absorb={"run": [run_of(row) for row in rows]},
        controls={"the asking price": [dollars(row.ask_units) for row in rows]}
        if given_ask
        else {},
        clusters=sides(rows, layout),
        unit=unit,
    )[AGGRESSIVE]
