"""How a call weighs a proposal: one whole number of points, and the price that just reaches it.

Each thing that counts is brought to the scale 0 to 1 by a reference that the call states, and
weighed; a point is a thousand-millionth of a weight of 1. Every term is rounded down by itself:

    points = price_weight    x (budget - price) / budget
           + latency_weight  x (latency_max_us - latency_us) / latency_max_us
           + quality_weight  x min(quality, quality_full) / quality_full
           + standing_weight x min(max(standing, 0), standing_full) / standing_full

So the budget earns nothing for its price, and a gift the whole weight; only ratios of weights
matter.
"""

from msgspec import Struct

from souq.core.money import BPS, UNITS_MAX
from souq.core.promise import Promise
from souq.core.refusal import invalid
from souq.core.rules import DURATION_MAX_US

POINTS = 1_000_000_000  # for a weight of 1
WEIGHT_MAX = 1_000
LATENCY = "latency_us"
QUALITY = "quality"


class Criteria(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a call asks for beside the price, how much each thing counts, and what misses cost.

    Where `latency_max_us` is given, a proposal promises a latency; where a quality is asked for, a
    quality, in a measure that the listing's attributes explain. `quality_full` and `standing_full`
    earn the whole weight, and more earns no more. Penalties are basis points of the price.
    """

    price_weight: int = 1
    latency_weight: int = 0
    quality_weight: int = 0
    standing_weight: int = 0
    latency_max_us: int | None = None
    quality_min: int = 0
    quality_full: int = 0
    standing_min: int | None = None
    standing_full: int = 0
    latency_penalty_bps: int = 1_000
    quality_penalty_bps: int = 1_000

    @property
    def asks_quality(self) -> bool:
        """Tell whether proposals promise a quality."""
        return bool(self.quality_min or self.quality_full)


def check(criteria: Criteria) -> None:
    """Raise Refused(invalid) for criteria that cannot be applied."""
    for name in ("price_weight", "latency_weight", "quality_weight", "standing_weight"):
        if not 0 <= getattr(criteria, name) <= WEIGHT_MAX:
            raise invalid(f"criteria.{name}", f"stands between 0 and {WEIGHT_MAX}")
    if not criteria.price_weight:
        raise invalid("criteria.price_weight", "the price must count, so at least 1")
    for name in ("quality_min", "quality_full", "standing_full"):
        if not 0 <= getattr(criteria, name) <= UNITS_MAX:
            raise invalid(f"criteria.{name}", "must be 0 or more, and below 2**53")
    if criteria.standing_min is not None and abs(criteria.standing_min) > UNITS_MAX:
        raise invalid("criteria.standing_min", "must be below 2**53")
    latency = criteria.latency_max_us
    if latency is not None and not 0 < latency <= DURATION_MAX_US:
        raise invalid("criteria.latency_max_us", f"must be above 0, at most {DURATION_MAX_US}")
    for name, reference in (
        ("latency_max_us", latency),
        ("quality_full", criteria.quality_full),
        ("standing_full", criteria.standing_full),
    ):
        kind = name.partition("_")[0]
        if getattr(criteria, f"{kind}_weight") and not reference:
            raise invalid(f"criteria.{name}", f"must be given where {kind} counts")
    for name in ("latency_penalty_bps", "quality_penalty_bps"):
        if not 0 <= getattr(criteria, name) <= BPS:
            raise invalid(f"criteria.{name}", f"stands between 0 and {BPS}")


def check_promised(criteria: Criteria, latency_us: int | None, quality: int | None) -> None:
    """Raise Refused(invalid) unless just what is asked for is promised, and enough of it."""
    most = criteria.latency_max_us
    if (latency_us is None) is not (most is None):
        raise invalid("latency_us", "promised where the call asks for it, and only there")
    if latency_us is not None and most is not None and not 0 <= latency_us <= most:
        raise invalid("latency_us", f"must be 0 or more, and at most {most}")
    if (quality is not None) is not criteria.asks_quality:
        raise invalid("quality", "promised where the call asks for it, and only there")
    if quality is not None and not criteria.quality_min <= quality <= UNITS_MAX:
        raise invalid("quality", f"must be at least {criteria.quality_min}, and below 2**53")


def promises(
    criteria: Criteria, latency_us: int | None, quality: int | None
) -> tuple[Promise, ...]:
    """Give what was promised as terms of a contract."""
    found: list[Promise] = []
    if latency_us is not None:
        found.append(Promise(LATENCY, "at_most", latency_us, criteria.latency_penalty_bps))
    if quality is not None:
        found.append(Promise(QUALITY, "at_least", quality, criteria.quality_penalty_bps))
    return tuple(found)


def price_points(criteria: Criteria, budget_units: int, units: int) -> int:
    """Give the points of a price per unit."""
    return criteria.price_weight * POINTS * (budget_units - units) // budget_units


def other_points(
    criteria: Criteria, latency_us: int | None, quality: int | None, standing: int
) -> int:
    """Give the points of everything but the price."""
    found = 0
    most, full = criteria.latency_max_us, criteria.quality_full
    if most and latency_us is not None:
        found += criteria.latency_weight * POINTS * (most - latency_us) // most
    if full and quality is not None:
        found += criteria.quality_weight * POINTS * min(quality, full) // full
    if criteria.standing_full:
        counted = min(max(standing, 0), criteria.standing_full)
        found += criteria.standing_weight * POINTS * counted // criteria.standing_full
    return found


def matching_price(criteria: Criteria, budget_units: int, *, others: int, losing: int) -> int:
    """Give the highest price, at most the budget, that with `others` still reaches `losing` points.

    Rounded down to whole units, so that what wins never scores less than what lost.
    """
    needed = losing - others
    whole = criteria.price_weight * POINTS
    return min(budget_units, budget_units - -(-needed * budget_units // whole))
