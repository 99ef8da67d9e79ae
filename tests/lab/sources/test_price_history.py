"""Products with their prices: what is asked, what they have sold for, and what is not known."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from souq.lab import goods, population
from souq.lab.sources import BadSource, price_history
from souq.lab.sources.shelf import shelf

ROW = {
    "title": "Battery",
    "category": "automotive",
    "current_price": "$795.00",
    "list_price": "$925.00",
    "average_price": "$913.45",
    "lowest_price": "$795.00",
    "highest_price": "$1,123.50",
    "description": "Deep cycle.",
    "features": "Twelve volts.",
}


def written(at: Path, *rows: dict[str, Any]) -> Path:
    path = at / "products.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_product_is_asked_for_at_its_price_and_worth_what_it_has_sold_for(tmp_path: Path) -> None:
    [one] = price_history.read_histories([written(tmp_path, ROW)])
    assert (one.good.title, one.good.category, one.good.kind) == ("Battery", "automotive", "goods")
    assert one.good.ask_units == 795_000_000
    assert (one.good.price_low_units, one.good.price_high_units) == (795_000_000, 1_123_500_000)
    assert (one.list_units, one.average_units) == (925_000_000, 913_450_000)
    assert one.good.description == "Deep cycle."


@pytest.mark.parametrize("unknown", [None, "", "N/A", "n/a", " - "])
def test_a_price_that_is_not_known_is_made_up_for_by_those_that_are(
    tmp_path: Path, unknown: str | None
) -> None:
    for missing, expected in (
        (("current_price",), (None, 795, 1123.5)),
        (("lowest_price",), (795, 795, 1123.5)),
        (("highest_price",), (795, 795, 913.45)),
        (("lowest_price", "highest_price", "average_price"), (795, 795, 795)),
        (("current_price", "lowest_price", "highest_price"), (None, 913.45, 913.45)),
        (("list_price",), (795, 795, 1123.5)),
    ):
        [good] = price_history.read([written(tmp_path, ROW | dict.fromkeys(missing, unknown))])
        found = (good.ask_units, good.price_low_units, good.price_high_units)
        assert found == tuple(None if one is None else round(one * 10**6) for one in expected)


def test_features_stand_in_for_a_description(tmp_path: Path) -> None:
    row = {name: value for name, value in ROW.items() if name != "description"}
    assert price_history.read([written(tmp_path, row)])[0].description == "Twelve volts."


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"current_price": "cheap"}, "current_price is 'cheap'; write dollars such as"),
        ({"current_price": "795.00 €"}, "current_price is '795.00 €'; write dollars"),
        ({"current_price": "$7,95.00"}, "current_price is '$7,95.00'; write dollars"),
        ({"current_price": "-$5.00"}, "current_price is '-$5.00'; write dollars"),
        ({"current_price": 795}, "current_price is not text; put it in quotes"),
        ({"current_price": "$0.00"}, "current_price is 0; give what was paid"),
        ({"highest_price": "$99,000,000.00"}, "highest_price: 99000000.00 is above 10000000;"),
        ({"lowest_price": "$2,000.00"}, "lowest_price is above highest_price; correct one"),
        ({"current_price": "$1.00"}, "current_price lies outside lowest_price and highest_price;"),
        ({"average_price": "$1.00"}, "average_price lies outside lowest_price"),
        ({"list_price": "?"}, "list_price is '?'; write dollars"),
        ({"title": None}, "has no title; add it"),
        ({"category": "!"}, "category has no letter"),
        (
            dict.fromkeys(("current_price", "average_price", "lowest_price", "highest_price")),
            "has no price that was paid; give current_price",
        ),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    path = written(tmp_path, ROW, ROW | change)
    with pytest.raises(BadSource) as caught:
        price_history.read([path])
    message = str(caught.value)
    assert message.startswith(f"{path}:2: ")
    assert complaint in message
    assert "; " in message, "says what to do"


def test_real_histories_are_read_whole_and_a_population_can_be_drawn_from_them() -> None:
    path = shelf() / "amazon-price-history" / "products.jsonl"
    if not path.exists():
        pytest.skip(f"no price histories at {path.resolve()}")
    found = price_history.read_histories([path])
    assert len(found) == 930
    for one, line in zip(found, path.read_bytes().splitlines(), strict=True):
        row = json.loads(line)
        for told, units in (
            (row["current_price"], one.good.ask_units),
            (row["lowest_price"], one.good.price_low_units),
            (row["highest_price"], one.good.price_high_units),
            (row["list_price"], one.list_units),
        ):
            assert units is not None
            assert f"{units / 1e6:,.2f}" == told.removeprefix("$")
        assert one.good.ask_units is not None
        worth = goods.draw_worth(one.good, random.Random(1))
        assert one.good.price_low_units <= worth <= one.good.price_high_units
    things = [one.good for one in found]
    drawn = population.draw(things, people=20, seed=7, per_person=8, budget_units=None)
    asked = {one.title: one.ask_units for one in things}
    sold = [thing for person in drawn.people for thing in person.things if thing.ask_units]
    assert all(thing.ask_units == asked[thing.title] for thing in sold)
