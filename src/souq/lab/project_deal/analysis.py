"""Project Deal's tables from our rows, each figure beside the one that was published."""

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from souq.lab.effects import Effect
from souq.lab.project_deal import instructions, kinds
from souq.lab.project_deal import published as names
from souq.lab.project_deal.evidence import Evidence, Layout
from souq.lab.project_deal.kinds import BUYER, SELLER, USD, dollars, whose
from souq.lab.project_deal.published import (
    PUBLISHED,
    PUBLISHED_PAIRINGS,
    PUBLISHED_RUNS,
    Published,
    PublishedRun,
)
from souq.lab.statistics import Unanswerable, corrected, mean, median

_SOLD = "of what was sold, which is not drawn: who finds better deals has other prices too"
_CHOSEN = "style is chosen, not drawn: a difference between people, not an effect"
NOTES = {
    names.SAME_ITEM: _SOLD,
    names.SELLER: _SOLD,
    names.BUYER: _SOLD,
    names.AGGRESSIVE_SALE: _CHOSEN,
    names.AGGRESSIVE_SELLER: _CHOSEN,
    names.AGGRESSIVE_ASK: _CHOSEN,
    names.AGGRESSIVE_GIVEN_ASK: _CHOSEN,
    names.AGGRESSIVE_RANGE: _CHOSEN,
    names.AGGRESSIVE_BUYER: _CHOSEN,
    names.AGGRESSIVE_BUYER_GIVEN_ASK: _CHOSEN,
}


class Line(Struct, frozen=True):
    """One figure beside the published one. Without an effect the note says why there is none."""

    name: str
    published: Published | None
    effect: Effect | None
    note: str = ""

    @property
    def holds_published(self) -> bool | None:
        """Tell whether our interval holds the published figure; None where there is not both."""
        if self.effect is None or self.published is None or self.published.estimate is None:
            return None
        return self.effect.low <= self.published.estimate <= self.effect.high


class PairingLine(Struct, frozen=True):
    """Items that agents of one kind sold to agents of another, and their mean price in dollars."""

    seller: str
    buyer: str
    items: int
    published: Published
    mean_price: Effect | None
    note: str = ""


class RunLine(Struct, frozen=True):
    """One market's figures; prices and value in dollars, means None where nothing was sold."""

    arm: str
    repetition: int | None  # None: all of them together
    offered: int
    sold: int
    share_sold: float
    mean_price: float | None
    value: float
    published: PublishedRun | None


class Analysis(Struct, frozen=True):
    """Everything Project Deal's page tabulates, of one experiment."""

    people: int
    switchers: int
    kinds: tuple[Line, ...]
    instructions: tuple[Line, ...]
    prices: tuple[Line, ...]
    pairings: tuple[PairingLine, ...]
    runs: tuple[RunLine, ...]


Estimate = Callable[[], Effect]


def analyse(evidence: Evidence, layout: Layout) -> Analysis:
    """Analyse an experiment like Project Deal. Raises LabExtraMissing, ValueError without rows.

    Each block of lines is one family of tests: `p_corrected` is Holm's over it. What the rows
    cannot answer has no effect, and a note on why.
    """
    if not evidence.persons:
        raise ValueError("no rows of persons: give the folders of the cells that were run")
    _check(evidence, layout)
    layout_kinds = {layout.strong, layout.weak}
    mixed = evidence.of(layout.mixed)
    had: dict[str, set[str]] = {}
    for row in mixed.persons:
        had.setdefault(whose(row, row.person, layout), set()).add(row.kind)
    return Analysis(
        people=len({whose(row, row.person, layout) for row in evidence.persons}),
        switchers=sum(found >= layout_kinds for found in had.values()),
        kinds=_lines(_of_kinds(evidence, layout)),
        instructions=_lines(_of_instructions(evidence, layout)),
        prices=_lines(_of_prices(evidence, layout)),
        pairings=_pairings(mixed, layout),
        runs=_runs(evidence, layout),
    )


def _check(evidence: Evidence, layout: Layout) -> None:
    """Refuse a layout of another experiment, whose every line would be empty."""
    for what, named, there in (
        ("arms", layout.arms, {row.arm for row in evidence.persons}),
        ("kinds", (layout.strong, layout.weak), {row.kind for row in evidence.persons}),
    ):
        if not there.intersection(named):
            raise ValueError(
                f"no rows of the {what} {', '.join(named)}: those in the tables are "
                f"{', '.join(sorted(there))}"
            )


def _of_kinds(evidence: Evidence, layout: Layout) -> dict[str, Estimate]:
    return {
        names.DEALS: lambda: kinds.deals(evidence, layout, run_effects=False),
        names.DEALS_RUNS: lambda: kinds.deals(evidence, layout, run_effects=True),
        names.SALE: lambda: kinds.sale(evidence, layout),
        names.SAME_ITEM: lambda: kinds.same_item(evidence, layout),
        names.SELLER: lambda: kinds.prices(evidence, layout)[SELLER],
        names.BUYER: lambda: kinds.prices(evidence, layout)[BUYER],
        names.FAIRNESS_STRONG: lambda: kinds.fairness(evidence, layout, layout.strong),
        names.FAIRNESS_WEAK: lambda: kinds.fairness(evidence, layout, layout.weak),
        names.FAIRNESS: lambda: kinds.fairness_difference(evidence, layout),
        names.SATISFACTION: lambda: kinds.satisfaction(evidence, layout),
        names.PREFERENCE: lambda: kinds.preference(evidence, layout),
    }


def _of_instructions(evidence: Evidence, layout: Layout) -> dict[str, Estimate]:
    return {
        names.AGGRESSIVE_SALE: lambda: instructions.sale(evidence, layout),
        names.AGGRESSIVE_SELLER: lambda: instructions.selling(evidence, layout, given_ask=False),
        names.AGGRESSIVE_ASK: lambda: instructions.asking(evidence, layout),
        names.AGGRESSIVE_GIVEN_ASK: lambda: instructions.selling(evidence, layout, given_ask=True),
        names.AGGRESSIVE_RANGE: lambda: instructions.selling_range(evidence, layout),
        names.AGGRESSIVE_BUYER: lambda: instructions.buying(evidence, layout, given_ask=False),
        names.AGGRESSIVE_BUYER_GIVEN_ASK: lambda: instructions.buying(
            evidence, layout, given_ask=True
        ),
    }


def _of_prices(evidence: Evidence, layout: Layout) -> dict[str, Estimate]:
    rows = evidence.of(layout.arms).items
    prices = [dollars(row.price_units) for row in rows]
    sellers = [whose(row, row.seller, layout) for row in rows]

    def nobody_asked() -> Effect:
        raise Unanswerable("no table holds an answer to this: nobody was asked")

    return {
        names.MEAN_PRICE: lambda: mean(prices, clusters=sellers, unit=USD),
        names.MEDIAN_PRICE: lambda: median(prices, clusters=sellers, unit=USD),
        names.WOULD_PAY: nobody_asked,
    }


def _lines(estimates: Mapping[str, Estimate]) -> tuple[Line, ...]:
    found: dict[str, Effect] = {}
    why: dict[str, str] = {}
    for name, estimate in estimates.items():
        try:
            found[name] = msgspec.structs.replace(estimate(), name=name)
        except Unanswerable as error:
            why[name] = str(error)
    found = {effect.name: effect for effect in corrected(tuple(found.values()))}
    return tuple(
        Line(
            name=name,
            published=PUBLISHED.get(name),
            effect=found.get(name),
            note=why.get(name, NOTES.get(name, "")),
        )
        for name in estimates
    )


def _pairings(mixed: Evidence, layout: Layout) -> tuple[PairingLine, ...]:
    kind_of = {"strong": layout.strong, "weak": layout.weak}
    lines = []
    for (seller, buyer), published in PUBLISHED_PAIRINGS.items():
        sold_by, bought_by = kind_of[seller], kind_of[buyer]
        count = sum(
            (row.seller_kind, row.buyer_kind) == (sold_by, bought_by) for row in mixed.items
        )
        try:
            found, note = kinds.pairing(mixed, layout, seller=sold_by, buyer=bought_by), ""
        except Unanswerable as error:
            found, note = None, str(error)
        lines.append(PairingLine(sold_by, bought_by, count, published, found, note))
    return tuple(lines)


def _runs(evidence: Evidence, layout: Layout) -> tuple[RunLine, ...]:
    offered: dict[tuple[str, int], int] = {}
    prices: dict[tuple[str, int], list[float]] = {}
    for person in evidence.of(layout.arms).persons:
        offered.setdefault((person.arm, person.repetition), 0)
    for listing in evidence.of(layout.arms).listings:
        if listing.side == "sell":
            key = (listing.arm, listing.repetition)
            offered[key] = offered.get(key, 0) + 1
    for row in evidence.of(layout.arms).items:
        prices.setdefault((row.arm, row.repetition), []).append(dollars(row.price_units))
    lines = [
        _run(arm, repetition, offered[arm, repetition], prices.get((arm, repetition), []))
        for arm, repetition in sorted(offered)
    ]
    everything = [price for found in prices.values() for price in found]
    return (*lines, _run("all", None, sum(offered.values()), everything))


def _run(arm: str, repetition: int | None, offered: int, prices: list[float]) -> RunLine:
    return RunLine(
        arm=arm,
        repetition=repetition,
        offered=offered,
        sold=len(prices),
        share_sold=len(prices) / offered if offered else 0.0,
        mean_price=sum(prices) / len(prices) if prices else None,
        value=sum(prices),
        published=PUBLISHED_RUNS.get(arm),
    )
