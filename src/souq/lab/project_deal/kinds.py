"""What a strong agent brings its person: deals, sales, prices, and how content the person is.

Each estimator takes the rows of a whole experiment and keeps the ones its question is about.
Prices are in dollars, chances in points of a hundred. Raises Unanswerable.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from statistics import fmean
from typing import TypeVar

from souq.lab.effects import Effect
from souq.lab.goods import UNITS_PER_USD
from souq.lab.project_deal.evidence import Evidence, Layout
from souq.lab.statistics import Unanswerable, fixed_effects, mean, paired, sign_test
from souq.lab.tables import ItemRow, ListingRow, PersonRow, SurveyRow

USD = "$"
POINTS = "points"
STRONG = "strong"
SELLER, BUYER = "strong seller", "strong buyer"

AnyRow = PersonRow | ListingRow | ItemRow | SurveyRow
Row = TypeVar("Row", PersonRow, SurveyRow)


def whose(row: AnyRow, name: str, layout: Layout) -> str:
    """Name a person or an item, the same in each market of what is one population."""
    return name if layout.one_population else f"{row.repetition}/{name}"


def run_of(row: AnyRow) -> str:
    """Name the market a row is from."""
    return f"{row.arm}/{row.repetition}"


def deals(evidence: Evidence, layout: Layout, *, run_effects: bool) -> Effect:
    """Estimate how many more deals a person closes with a strong agent, in mixed arms.

    By people who had both: person fixed effects take out how keen each is to trade.
    """
    rows = _compared(evidence.of(layout.mixed).persons, layout)
    people = [whose(row, row.person, layout) for row in rows]
    absorbed: dict[str, Sequence[str]] = {"person": people}
    if run_effects:
        absorbed["run"] = [run_of(row) for row in rows]
    return fixed_effects(
        [row.deals for row in rows],
        {STRONG: [row.kind == layout.strong for row in rows]},
        absorb=absorbed,
        clusters=[people],
        unit="deals",
    )[STRONG]


def sale(evidence: Evidence, layout: Layout) -> Effect:
    """Estimate by how many points a strong seller raises the chance of a sale, in mixed arms."""
    found = evidence.of(layout.mixed).listings
    rows = [row for row in found if row.side == "sell" and row.kind in (layout.strong, layout.weak)]
    return fixed_effects(
        [100 * row.is_sold for row in rows],
        {STRONG: [row.kind == layout.strong for row in rows]},
        absorb={"run": [run_of(row) for row in rows]},
        clusters=[[whose(row, row.person, layout) for row in rows]],
        unit=POINTS,
    )[STRONG]


def same_item(evidence: Evidence, layout: Layout) -> Effect:
    """Compare what one item fetched in mixed arms, sold by a strong and by a weak agent."""
    prices: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    seller: dict[str, str] = {}
    for row in evidence.of(layout.mixed).items:
        item = whose(row, row.item, layout)
        prices[item][row.seller_kind].append(dollars(row.price_units))
        seller[item] = whose(row, row.seller, layout)
    both = [
        item for item, found in prices.items() if layout.strong in found and layout.weak in found
    ]
    return paired(
        [fmean(prices[item][layout.strong]) for item in both],
        [fmean(prices[item][layout.weak]) for item in both],
        clusters=[seller[item] for item in both],
        unit=USD,
    )


def prices(evidence: Evidence, layout: Layout) -> dict[str, Effect]:
    """Regress price on both sides' kinds, with item and run fixed effects, over all arms.

    Only items sold at least twice count. Gives an effect for `SELLER` and one for `BUYER`.
    """
    kinds = (layout.strong, layout.weak)
    rows = [
        row
        for row in evidence.of(layout.arms).items
        if row.seller_kind in kinds and row.buyer_kind in kinds
    ]
    return fixed_effects(
        [dollars(row.price_units) for row in rows],
        {
            SELLER: [row.seller_kind == layout.strong for row in rows],
            BUYER: [row.buyer_kind == layout.strong for row in rows],
        },
        absorb={
            "item": [whose(row, row.item, layout) for row in rows],
            "run": [run_of(row) for row in rows],
        },
        clusters=sides(rows, layout),
        unit=USD,
    )


def pairing(evidence: Evidence, layout: Layout, *, seller: str, buyer: str) -> Effect:
    """Give the mean price where agents of one kind sold to agents of another, in mixed arms."""
    rows = [
        row
        for row in evidence.of(layout.mixed).items
        if (row.seller_kind, row.buyer_kind) == (seller, buyer)
    ]
    sellers = [whose(row, row.seller, layout) for row in rows]
    return mean([dollars(row.price_units) for row in rows], clusters=sellers, unit=USD)


def fairness(evidence: Evidence, layout: Layout, kind: str) -> Effect:
    """Give how fair people with one kind of agent found their deals, in mixed arms (4: to both)."""
    rows = [row for row in evidence.of(layout.mixed).survey if row.kind == kind]
    rated = [(row, row.fairness) for row in rows if row.fairness is not None]
    return mean(
        [value for _, value in rated],
        clusters=[whose(row, row.person, layout) for row, _ in rated],
        unit="of 7",
    )


def fairness_difference(evidence: Evidence, layout: Layout) -> Effect:
    """Estimate how much fairer people find a strong agent's deals; person and run effects."""
    rows = _compared(evidence.of(layout.mixed).survey, layout)
    rated = [(row, row.fairness) for row in rows if row.fairness is not None]
    return _rating([row for row, _ in rated], [value for _, value in rated], layout)


def satisfaction(evidence: Evidence, layout: Layout) -> Effect:
    """Estimate how much a strong agent adds to satisfaction; person and run effects."""
    rows = _compared(evidence.of(layout.mixed).survey, layout)
    return _rating(rows, [row.satisfaction for row in rows], layout)


def preference(evidence: Evidence, layout: Layout) -> Effect:
    """Count the people with both kinds of agent who ranked what the strong one brought higher."""
    ranks: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in evidence.of(layout.mixed).survey:
        ranks[whose(row, row.person, layout)][row.kind].append(row.rank)
    both = [
        (fmean(found[layout.strong]), fmean(found[layout.weak]))
        for found in ranks.values()
        if layout.strong in found and layout.weak in found
    ]
    wins = sum(strong < weak for strong, weak in both)
    return sign_test(wins, sum(strong > weak for strong, weak in both))


def sides(rows: Sequence[ItemRow], layout: Layout) -> list[list[str]]:
    """Name the sellers and the buyers: two ways in which sales are not independent."""
    return [
        [whose(row, row.seller, layout) for row in rows],
        [whose(row, row.buyer, layout) for row in rows],
    ]


def dollars(units: int) -> float:
    """Turn units into dollars."""
    return units / UNITS_PER_USD


def _rating(rows: Sequence[SurveyRow], values: Sequence[float], layout: Layout) -> Effect:
    people = [whose(row, row.person, layout) for row in rows]
    return fixed_effects(
        values,
        {STRONG: [row.kind == layout.strong for row in rows]},
        absorb={"person": people, "run": [run_of(row) for row in rows]},
        clusters=[people],
        unit="of 7",
    )[STRONG]


def _compared(rows: Collection[Row], layout: Layout) -> list[Row]:
    found = [row for row in rows if row.kind in (layout.strong, layout.weak)]
    if not found:
        raise Unanswerable(f"no rows of {layout.strong} or {layout.weak} in the mixed arms")
    return found
