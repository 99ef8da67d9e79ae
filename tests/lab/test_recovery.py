"""The estimators find effects of the published size where they are planted, and none where none is.

Tables are drawn as in `synthetic`; the seeds are the first hundred, not chosen. docs/statistics.md
has the coverage over a thousand others.
"""

from collections.abc import Mapping

import numpy
import pytest

from souq.lab.effects import Effect
from souq.lab.project_deal import Evidence, Layout, kinds
from souq.lab.project_deal.kinds import BUYER, SELLER, USD, dollars
from souq.lab.project_deal.synthetic import LAYOUT, NOTHING, Planted, draw
from souq.lab.statistics import fixed_effects

DRAWS = 100
HELD_MIN = 93
FALSE_MAX = 10
DEALS, DEALS_RUNS = "deals", "deals, run effects"


def estimates(planted: Planted, seed: int) -> dict[str, Effect]:
    rows = draw(planted, seed=seed)
    return {
        DEALS: kinds.deals(rows, LAYOUT, run_effects=False),
        DEALS_RUNS: kinds.deals(rows, LAYOUT, run_effects=True),
        **kinds.prices(rows, LAYOUT),
    }


def truth(planted: Planted) -> Mapping[str, float]:
    return {
        DEALS: planted.deals,
        DEALS_RUNS: planted.deals,
        SELLER: planted.seller,
        BUYER: planted.buyer,
    }


@pytest.fixture(scope="module")
def planted() -> list[dict[str, Effect]]:
    return [estimates(Planted(), seed) for seed in range(DRAWS)]


def holds(effect: Effect, value: float) -> bool:
    return effect.low <= value <= effect.high


def is_found(effect: Effect) -> bool:
    assert effect.p is not None
    return effect.p < 0.05


def test_planted_effects_lie_in_93_of_100_intervals(planted: list[dict[str, Effect]]) -> None:
    held = {
        name: sum(holds(one[name], value) for one in planted)
        for name, value in truth(Planted()).items()
    }
    assert min(held.values()) >= HELD_MIN, held


def test_nothing_is_found_where_nothing_is_planted() -> None:
    drawn = [estimates(NOTHING, seed) for seed in range(DRAWS)]
    found = {name: sum(is_found(one[name]) for one in drawn) for name in truth(NOTHING)}
    assert max(found.values()) <= FALSE_MAX, found


def test_the_intervals_are_narrow_enough_to_find_the_deals(
    planted: list[dict[str, Effect]],
) -> None:
    """An interval that always holds everything would pass the first two."""
    assert sum(is_found(one[DEALS]) for one in planted) >= 90


def without_items(evidence: Evidence, layout: Layout) -> Effect:
    """Regress as `kinds.prices` does, but forget item effects, and who sold and bought."""
    rows = evidence.of(layout.arms).items
    return fixed_effects(
        [dollars(row.price_units) for row in rows],
        {
            SELLER: [row.seller_kind == layout.strong for row in rows],
            BUYER: [row.buyer_kind == layout.strong for row in rows],
        },
        absorb={"run": [f"{row.arm}" for row in rows]},
        clusters=[range(len(rows))],
        unit=USD,
    )[SELLER]


def test_forgetting_items_makes_the_answer_worthless() -> None:
    """The planted bug: without item effects the same rows leave an interval twice as wide."""
    drawn = [draw(Planted(), seed=seed) for seed in range(10)]
    forgot = [without_items(rows, LAYOUT) for rows in drawn]
    right = [kinds.prices(rows, LAYOUT)[SELLER] for rows in drawn]
    width = [numpy.mean([one.high - one.low for one in some]) for some in (forgot, right)]
    assert width[0] > 1.5 * width[1]


@pytest.mark.parametrize("truthful", [True, False])
def test_intervals_that_ignore_people_hold_the_truth_too_rarely(truthful: bool) -> None:
    """The planted bug: each sale chance as its own row, though a person's goods sell together."""
    held = 0
    for seed in range(60):
        rng = numpy.random.default_rng(seed)
        person = numpy.repeat(numpy.arange(69), 8)
        luck = rng.normal(0, 0.2, 69)[person]
        strong = (person % 2).astype(float)
        sold = (rng.random(69 * 8) < 0.35 + luck).astype(float)
        clusters = person if truthful else numpy.arange(len(person))
        effect = fixed_effects(sold, {"strong": strong}, clusters=[clusters])["strong"]
        held += holds(effect, 0.0)
    assert (held >= 54) is truthful, held
