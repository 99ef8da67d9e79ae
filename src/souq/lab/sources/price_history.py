"""Products with what they have cost, one JSON object a line, such as AmazonPriceHistory's.

    {"title": "Lamp", "category": "home", "current_price": "$17.99", "lowest_price": "$9.00",
     "highest_price": "$1,020.00"}

Prices are words of dollars, perhaps with thousands parted by commas; one that is not there, null,
"" or "N/A" is not known. The asking price is the current one, drawn from the range where that is
not known; what a thing may be worth is drawn from the range it has sold in (`goods.draw_worth`).
An end of the range that is not known is the lowest or highest of the other prices paid.
`list_price` is the maker's wish, which nobody need have paid: it is kept apart.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from souq.lab.goods import DESCRIPTION_CHARS_MAX, Good
from souq.lab.sources import json_lines
from souq.lab.sources.bad_source import BadSource, units
from souq.lab.sources.json_lines import Row, words
from souq.lab.sources.listings import category_of, title_of

_PRICE = re.compile(r"\$?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?")
_UNKNOWN = ("", "n/a", "na", "-")


class PriceHistory(Struct, frozen=True):
    """A product, and the prices that no good has a place for; None is not known."""

    good: Good
    list_units: int | None
    average_units: int | None


def read(paths: Sequence[Path]) -> list[Good]:
    """Read products as goods to draw from. Raises BadSource."""
    return [one.good for one in read_histories(paths)]


def read_histories(paths: Sequence[Path]) -> list[PriceHistory]:
    """Read products with all their prices. Raises BadSource."""
    return json_lines.read(paths, _parse)


def _parse(row: Row) -> PriceHistory:
    current, average = _price(row, "current_price"), _price(row, "average_price")
    low, high = _price(row, "lowest_price"), _price(row, "highest_price")
    paid = [one for one in (current, average, low, high) if one is not None]
    if not paid:
        raise BadSource(
            "has no price that was paid; give current_price, lowest_price or highest_price"
        )
    if low is None:
        low = min(paid)
    if high is None:
        high = max(paid)
    if low > high:
        raise BadSource("lowest_price is above highest_price; correct one of them")
    for field, price in (("current_price", current), ("average_price", average)):
        if price is not None and not low <= price <= high:
            raise BadSource(f"{field} lies outside lowest_price and highest_price; correct one")
    described = words(row, "description", default="") or words(row, "features", default="")
    good = Good(
        title=title_of(row),
        description=described[:DESCRIPTION_CHARS_MAX],
        category=category_of(row),
        condition="new",
        kind="goods",
        price_low_units=low,
        price_high_units=high,
        ask_units=current,
    )
    return PriceHistory(good, _price(row, "list_price"), average)


def _price(row: Row, field: str) -> int | None:
    asked = words(row, field, default="").strip()
    if asked.lower() in _UNKNOWN:
        return None
    found = _PRICE.fullmatch(asked)
    if found is None:
        raise BadSource(f'{field} is {asked[:40]!r}; write dollars such as "$1,299.00", or "N/A"')
    try:
        price = units(found[1].replace(",", "") + (found[2] or ""))
    except BadSource as error:
        raise BadSource(f"{field}: {error}") from None
    if not price:
        raise BadSource(f'{field} is 0; give what was paid, or "N/A" where it is not known')
    return price
