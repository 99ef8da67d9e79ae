"""Goods that somebody really offered, one JSON object a line, such as the Craigslist files.

    {"category": "bike", "title": "Old bike", "asking_price_usd": 120, "description": "…"}

`condition` may be there too; other fields are passed over.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from souq.lab.goods import (
    CATEGORY_CHARS_MAX,
    CONDITION_CHARS_MAX,
    DESCRIPTION_CHARS_MAX,
    PRICE_USD_MAX,
    TITLE_CHARS_MAX,
    UNITS_PER_USD,
    Good,
)
from souq.lab.sources import json_lines
from souq.lab.sources.bad_source import BadSource
from souq.lab.sources.json_lines import Row, words


def read(paths: Sequence[Path]) -> list[Good]:
    """Read real listings, in the order of the files and their lines. Raises BadSource."""
    return json_lines.read(paths, _parse)


def category_of(row: Row) -> str:
    """Give a row's category as a slug. Raises BadSource."""
    category = re.sub(r"[^a-z0-9]+", "-", words(row, "category").lower())
    category = category.strip("-")[:CATEGORY_CHARS_MAX].rstrip("-")
    if not category:
        raise BadSource("category has no letter a-z or digit; give a word such as books")
    return category


def title_of(row: Row) -> str:
    """Give a row's title, as long as a listing's may be. Raises BadSource."""
    title = words(row, "title").strip()[:TITLE_CHARS_MAX].rstrip()
    if not title:
        raise BadSource("title is empty; say what is for sale")
    return title


def _parse(row: Row) -> Good:
    price_units = _price_units(row)
    return Good(
        title=title_of(row),
        description=words(row, "description", default="")[:DESCRIPTION_CHARS_MAX],
        category=category_of(row),
        condition=words(row, "condition", default="")[:CONDITION_CHARS_MAX],
        kind="goods",
        price_low_units=price_units,
        price_high_units=price_units,
    )


def _price_units(row: Row) -> int:
    price = row.get("asking_price_usd")
    if price is None:
        raise BadSource("has no asking_price_usd; add a number of dollars")
    # JSON's true would pass for the integer 1.
    if isinstance(price, bool) or not isinstance(price, int | Decimal):
        raise BadSource("asking_price_usd is not a number; write dollars without quotes or $")
    if not 0 < price <= PRICE_USD_MAX:
        raise BadSource(f"asking_price_usd must be above 0 and at most {PRICE_USD_MAX}; correct it")
    cents = Decimal(price).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    if not cents:
        raise BadSource("asking_price_usd rounds to no cents; ask for at least 0.01")
    return int(cents * UNITS_PER_USD)
