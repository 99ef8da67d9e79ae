"""What people bring to the office market, and the catalogue of it that ships with souq.

Files of real goods are read by `lab.sources`.
"""

import math
import random
from importlib.resources import files

import msgspec

UNITS_PER_USD = 1_000_000
UNITS_PER_CENT = 10_000
PRICE_USD_MAX = 10_000_000
TITLE_CHARS_MAX = 200
DESCRIPTION_CHARS_MAX = 2_000
CONDITION_CHARS_MAX = 60
CATEGORY_CHARS_MAX = 40


class Good(msgspec.Struct, frozen=True):
    """One thing somebody may sell, with the range of its prices.

    `ask_units` is its own asking price; None has one drawn from the range.
    """

    title: str
    description: str
    category: str
    condition: str
    kind: str
    price_low_units: int
    price_high_units: int
    ask_units: int | None = None


class _BundledGood(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    category: str
    title: str
    description: str
    condition: str
    price_low_usd: int
    price_high_usd: int
    kind: str


def bundled() -> list[Good]:
    """Returns the catalogue that ships with souq, in the order of its file."""
    content = (files("souq.lab") / "data" / "goods.jsonl").read_bytes()
    return [
        Good(
            title=row.title,
            description=row.description,
            category=row.category,
            condition=row.condition,
            kind=row.kind,
            price_low_units=row.price_low_usd * UNITS_PER_USD,
            price_high_units=row.price_high_usd * UNITS_PER_USD,
        )
        for row in msgspec.json.Decoder(_BundledGood).decode_lines(content)
    ]


def draw_price(good: Good, rng: random.Random) -> int:
    """Draws an asking price in units: a real listing's own, or log-uniform in whole dollars."""
    if good.ask_units is not None:
        return good.ask_units
    low, high = good.price_low_units, good.price_high_units
    if low == high:
        return low
    price_units = math.exp(rng.uniform(math.log(low), math.log(high)))
    return max(1, round(price_units / UNITS_PER_USD)) * UNITS_PER_USD


def draw_worth(good: Good, rng: random.Random) -> int:
    """Draws what a good may be worth to somebody: log-uniform in its range, in whole cents."""
    low, high = good.price_low_units, good.price_high_units
    drawn = round(math.exp(rng.uniform(math.log(low), math.log(high))) / UNITS_PER_CENT)
    return min(high, max(low, drawn * UNITS_PER_CENT))
