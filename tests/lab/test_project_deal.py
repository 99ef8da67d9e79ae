"""The analysis of a Project Deal: by hand on a few rows, whole on drawn ones."""

from pathlib import Path
from typing import TypeVar

import msgspec
import pandas
import pytest
from statsmodels.formula.api import ols

from souq.lab import tables
from souq.lab.effects import Effect
from souq.lab.goods import UNITS_PER_USD
from souq.lab.project_deal import (
    PUBLISHED,
    PUBLISHED_PAIRINGS,
    PUBLISHED_RUNS,
    Analysis,
    Evidence,
    Layout,
    Line,
    analyse,
    instructions,
    kinds,
    page_of,
    published,
    read_evidence,
    told,
)
from souq.lab.project_deal.synthetic import LAYOUT, Planted, draw
from souq.lab.statistics import Unanswerable
from souq.lab.tables import ItemRow, ListingRow, PersonRow, SurveyRow
from tests.lab.test_economics import ROW

Row = TypeVar("Row", PersonRow, ListingRow, ItemRow, SurveyRow)
DRAWN = draw(Planted(), seed=1)


def person(name: str, arm: str, kind: str, deals: int) -> PersonRow:
    row = msgspec.structs.replace(DRAWN.persons[0], person=name, arm=arm, kind=kind)
    return msgspec.structs.replace(row, deals=deals)


def sale(item: str, arm: str, dollars: float, *, seller: str = "P1", kind: str) -> ItemRow:
    return msgspec.structs.replace(
        ROW,
        item=item,
        arm=arm,
        seller=seller,
        seller_kind=kind,
        price_units=round(dollars * UNITS_PER_USD),
    )


def answer(name: str, arm: str, kind: str, rank: int) -> SurveyRow:
    return SurveyRow(arm, 0, name, kind, rank, fairness=4.0, satisfaction=5)


def renamed_row(row: Row, arms: dict[str, str], names: dict[str, str]) -> Row:
    fields = [field for field in ("kind", "seller_kind", "buyer_kind") if hasattr(row, field)]
    changes = {field: names[getattr(row, field)] for field in fields}
    return msgspec.structs.replace(row, arm=arms[row.arm], **changes)


def line(found: Analysis, name: str) -> Line:
    return next(
        one for one in (*found.kinds, *found.instructions, *found.prices) if one.name == name
    )


def test_deals_are_compared_within_people_who_had_both() -> None:
    rows = [
        *(person("ada", "B", "strong", 5), person("ada", "C", "weak", 2)),
        *(person("ben", "B", "weak", 1), person("ben", "C", "strong", 2)),
        *(person("cleo", "B", "strong", 40), person("cleo", "C", "strong", 60)),
        *(person("dan", "B", "strong", 3), person("dan", "C", "weak", 1)),
        *(person("ada", "A", "strong", 99), person("ben", "D", "strong", 0)),
    ]
    found = kinds.deals(Evidence(rows, [], []), LAYOUT, run_effects=False)
    assert found.estimate == pytest.approx((3 + 1 + 2) / 3)
    assert (found.n, found.clusters, found.unit) == (8, 4, "deals")


def test_the_same_item_is_compared_in_dollars() -> None:
    rows = [
        *(sale("g1", "B", 10, kind="strong"), sale("g1", "C", 7, kind="weak")),
        *(sale("g2", "B", 20, kind="weak", seller="P2"),),
        *(sale("g2", "C", 21, kind="strong", seller="P2"),),
        *(sale("g3", "B", 50, kind="strong"), sale("g3", "C", 90, kind="strong")),
        *(sale("g4", "B", 5, kind="strong"), sale("g4", "A", 1, kind="strong")),
    ]
    found = kinds.same_item(Evidence([], [], rows), LAYOUT)
    assert found.estimate == pytest.approx((3 + 1) / 2)
    assert (found.n, found.clusters, found.unit) == (2, 2, "$")


def test_prices_are_regressed_with_a_dummy_for_every_item_and_run() -> None:
    found = kinds.prices(DRAWN, LAYOUT)
    frame = pandas.DataFrame(
        {
            "price": [row.price_units / UNITS_PER_USD for row in DRAWN.items],
            "seller": [row.seller_kind == "strong" for row in DRAWN.items],
            "buyer": [row.buyer_kind == "strong" for row in DRAWN.items],
            "item": [row.item for row in DRAWN.items],
            "arm": [row.arm for row in DRAWN.items],
        }
    )
    frame = frame[frame.groupby("item")["price"].transform("size") > 1]
    theirs = ols("price ~ seller + buyer + C(item) + C(arm)", frame).fit().params
    assert found[kinds.SELLER].estimate == pytest.approx(theirs["seller[T.True]"])
    assert found[kinds.BUYER].estimate == pytest.approx(theirs["buyer[T.True]"])
    assert found[kinds.SELLER].n == len(frame)
    assert "two-way" in found[kinds.SELLER].method


def test_a_sale_is_compared_in_points_within_runs() -> None:
    rows = [row for row in DRAWN.listings if row.arm in "BC"]
    frame = pandas.DataFrame(
        {
            "points": [100.0 * row.is_sold for row in rows],
            "strong": [row.kind == "strong" for row in rows],
            "arm": [row.arm for row in rows],
        }
    )
    found = kinds.sale(DRAWN, LAYOUT)
    theirs = ols("points ~ strong + C(arm)", frame).fit().params
    assert found.estimate == pytest.approx(theirs["strong[T.True]"])
    assert (found.n, found.clusters, found.unit) == (1_150, 69, "points")


def test_switchers_prefer_by_rank_and_ties_are_left_out() -> None:
    rows = [
        *(answer("ada", "B", "strong", 1), answer("ada", "C", "weak", 2)),
        *(answer("ben", "B", "weak", 4), answer("ben", "C", "strong", 3)),
        *(answer("cleo", "B", "strong", 4), answer("cleo", "C", "weak", 1)),
        *(answer("dan", "B", "strong", 1), answer("dan", "C", "strong", 2)),
        *(answer("ada", "A", "strong", 4),),
    ]
    found = kinds.preference(Evidence([], [], [], rows), LAYOUT)
    assert found.estimate == pytest.approx(2 / 3)
    assert found.n == 3


def test_people_of_fresh_repetitions_are_others_and_of_one_population_the_same() -> None:
    again = [msgspec.structs.replace(row, repetition=1) for row in DRAWN.persons]
    both = Evidence([*DRAWN.persons, *again], [], [])
    fresh = kinds.deals(both, LAYOUT, run_effects=True)
    same = kinds.deals(both, msgspec.structs.replace(LAYOUT, one_population=True), run_effects=True)
    assert (fresh.clusters, same.clusters) == (138, 69)
    # The copy holds nothing new, which only the second knows.
    assert same.high - same.low > 1.3 * (fresh.high - fresh.low)


def test_chances_are_points_of_a_hundred_and_asks_can_be_held_fixed() -> None:
    chance = instructions.sale(DRAWN, LAYOUT)
    assert chance.unit == "points"
    share = {
        hard: [row.is_sold for row in DRAWN.listings if (row.style == "aggressive") is hard]
        for hard in (True, False)
    }
    raw = 100 * (sum(share[True]) / len(share[True]) - sum(share[False]) / len(share[False]))
    assert chance.estimate == pytest.approx(raw, abs=0.5)
    held = instructions.selling(DRAWN, LAYOUT, given_ask=True)
    assert held.estimate < instructions.selling(DRAWN, LAYOUT, given_ask=False).estimate
    assert "given the asking price" in held.method


@pytest.fixture(scope="module")
def found() -> Analysis:
    return analyse(DRAWN, LAYOUT)


def test_every_published_figure_stands_beside_one_of_ours(found: Analysis) -> None:
    lines = [*found.kinds, *found.instructions, *found.prices]
    assert {one.name for one in lines if one.published} == set(PUBLISHED)
    assert [one.name for one in lines if one.effect is None] == [published.WOULD_PAY]
    assert "nobody was asked" in line(found, published.WOULD_PAY).note
    assert "not drawn" in line(found, published.SELLER).note


def test_each_block_is_one_family_of_tests(found: Analysis) -> None:
    for block in (found.kinds, found.instructions):
        tested = [one.effect for one in block if one.effect and one.effect.p is not None]
        least = min(tested, key=lambda effect: effect.p or 0)
        assert least.p_corrected == pytest.approx(len(tested) * (least.p or 0))


def test_a_line_tells_whether_its_interval_holds_the_published_figure(found: Analysis) -> None:
    deals = line(found, published.DEALS)
    assert deals.effect is not None
    assert deals.holds_published is (deals.effect.low <= 2.07 <= deals.effect.high)
    assert line(found, published.FAIRNESS).holds_published is None


def test_runs_and_pairings_count_the_rows(found: Analysis) -> None:
    *runs, everything = found.runs
    assert [run.arm for run in runs] == ["A", "B", "C", "D"]
    assert [run.offered for run in runs] == [575] * 4
    for run in runs:
        prices = [row.price_units / UNITS_PER_USD for row in DRAWN.items if row.arm == run.arm]
        assert (run.sold, run.value) == (len(prices), pytest.approx(sum(prices)))
        assert run.share_sold == pytest.approx(len(prices) / 575)
    assert everything.sold == len(DRAWN.items) == sum(run.sold for run in runs)
    mixed = [row for row in DRAWN.items if row.arm in "BC"]
    assert sum(pairing.items for pairing in found.pairings) == len(mixed)
    first = found.pairings[1]
    assert (first.seller, first.buyer) == ("strong", "weak")
    assert first.mean_price is not None
    assert first.mean_price.n == first.items


def test_what_the_rows_cannot_answer_has_a_note_and_no_effect() -> None:
    found = analyse(msgspec.structs.replace(DRAWN, survey=()), LAYOUT)
    without = line(found, published.SATISFACTION)
    assert without.effect is None
    assert "no rows of strong or weak" in without.note
    assert line(found, published.DEALS).effect is not None


def test_one_kind_everywhere_leaves_nothing_to_compare() -> None:
    rows = [msgspec.structs.replace(row, kind="strong") for row in DRAWN.persons]
    with pytest.raises(Unanswerable, match="strong is 1 in every row"):
        kinds.deals(Evidence(rows, [], []), LAYOUT, run_effects=False)
    found = analyse(Evidence(rows, [], []), LAYOUT)
    assert found.switchers == 0
    assert all(one.effect is None and one.note for one in (*found.kinds, *found.instructions))
    assert found.runs[-1].mean_price is None


def test_the_page_tells_published_and_ours_in_a_line(found: Analysis) -> None:
    page = page_of(found)
    deals = line(found, published.DEALS).effect
    assert deals is not None
    assert deals.p is not None
    row = next(one for one in page.splitlines() if one.startswith(f"| {published.DEALS} |"))
    assert "+2.07, p = 0.001 (P)" in row
    assert f"+{deals.estimate:.2f} deals [+{deals.low:.2f}, +{deals.high:.2f}]" in row
    assert "(n = 138, 69 clusters)" in row
    assert "| published (S+) | A | 575 | 206 | 35.8% | $19.46 | $4,010 |" in page
    assert "nobody was asked" in page
    assert "nan" not in page


def test_effects_are_written_as_people_write_them() -> None:
    effect = Effect(name="x", estimate=-2.451, low=-4.4, high=-0.5, p=0.0151, n=1782, unit="$")
    assert told(effect) == "-$2.45 [-$4.40, -$0.50], p = 0.015 (n = 1,782)"
    assert told(msgspec.structs.replace(effect, p=0.0001)).count("p < 0.001") == 1
    level = msgspec.structs.replace(effect, estimate=20.05, low=19.0, high=21.0, p=None)
    assert told(level) == "$20.05 [$19.00, $21.00] (n = 1,782)"
    assert told(None) == "–"


def test_no_rows_at_all_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="give the folders"):
        analyse(Evidence([], [], []), LAYOUT)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"mixed": ("X",), "uniform": ()},
            "no rows of the arms X: those in the tables are A, B, C",
        ),
        ({"strong": "opus", "weak": "haiku"}, "no rows of the kinds opus, haiku: .* strong, weak"),
    ],
)
def test_the_layout_of_another_experiment_is_refused(change: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        analyse(DRAWN, msgspec.structs.replace(LAYOUT, **change))


def test_kinds_and_arms_have_the_names_they_are_given(found: Analysis) -> None:
    names = {"strong": "opus", "weak": "haiku"}
    arms = {"A": "real", "B": "half", "C": "half again", "D": "all"}
    renamed = Evidence(
        persons=[renamed_row(row, arms, names) for row in DRAWN.persons],
        listings=[renamed_row(row, arms, names) for row in DRAWN.listings],
        items=[renamed_row(row, arms, names) for row in DRAWN.items],
        survey=[renamed_row(row, arms, names) for row in DRAWN.survey],
    )
    layout = Layout(
        strong="opus",
        weak="haiku",
        mixed=("half", "half again"),
        uniform=("real", "all"),
        aggressive={"aggressive"},
    )
    assert analyse(renamed, layout).kinds == found.kinds


def test_what_was_written_is_what_is_analysed(tmp_path: Path, found: Analysis) -> None:
    for arm in LAYOUT.arms:
        folder = tmp_path / arm
        folder.mkdir()
        part = DRAWN.of([arm])
        tables.write(folder / "persons.parquet", PersonRow, part.persons)
        tables.write(folder / "listings.parquet", ListingRow, part.listings)
        tables.write(folder / "items.parquet", ItemRow, part.items)
        tables.write(folder / "survey.parquet", SurveyRow, part.survey)
    read = read_evidence([tmp_path / arm for arm in LAYOUT.arms])
    assert analyse(read, LAYOUT).kinds == found.kinds
    (tmp_path / "A" / "survey.parquet").unlink()
    assert {row.arm for row in read_evidence([tmp_path / "A", tmp_path / "B"]).survey} == {"B"}


def test_the_published_tables_agree_with_each_other() -> None:
    runs = [run for arm, run in PUBLISHED_RUNS.items() if arm != "all"]
    assert sum(run.sold for run in runs) == PUBLISHED_RUNS["all"].sold == 782
    assert sum(run.value for run in runs) == PUBLISHED_RUNS["all"].value
    # The pairings are all that was sold in B and C, item by item and dollar by dollar.
    counts = {pair: int(one.told.split("n = ")[1][:-1]) for pair, one in PUBLISHED_PAIRINGS.items()}
    value = sum(counts[pair] * (one.estimate or 0) for pair, one in PUBLISHED_PAIRINGS.items())
    assert sum(counts.values()) == PUBLISHED_RUNS["B"].sold + PUBLISHED_RUNS["C"].sold
    assert value == pytest.approx(PUBLISHED_RUNS["B"].value + PUBLISHED_RUNS["C"].value, abs=2)
