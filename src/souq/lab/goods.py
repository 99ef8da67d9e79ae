"""What people bring to the office market: a bundled catalogue of goods, or listings from a file."""

import math
import random
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path

import msgspec

UNITS_PER_USD = 1_000_000
PRICE_USD_MAX = 10_000_000
TITLE_CHARS_MAX = 200
DESCRIPTION_CHARS_MAX = 2_000
CONDITION_CHARS_MAX = 60
CATEGORY_CHARS_MAX = 40

# Decimal, because a binary float has already moved 1.005 off the half before it meets our rounding.
DECODER = msgspec.json.Decoder(float_hook=Decimal)


class BadGoods(ValueError):
    """A file of goods cannot be used; the message names the file, the line and what is wrong."""


class Good(msgspec.Struct, frozen=True):
    """One thing somebody may sell, with the range its asking price is drawn from."""

    title: str
    description: str
    category: str
    condition: str
    kind: str
    price_low_units: int
    price_high_units: int


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


def read(paths: Sequence[Path]) -> list[Good]:
    """Reads real listings, one JSON object a line, or raises BadGoods at the first bad line."""
    return [good for path in paths for good in _read_file(path)]


def draw_price(good: Good, rng: random.Random) -> int:
    """Draws an asking price in units: a real listing's own, or log-uniform in whole dollars."""
    low, high = good.price_low_units, good.price_high_units
    if low == high:
        return low
    price_units = math.exp(rng.uniform(math.log(low), math.log(high)))
    return max(1, round(price_units / UNITS_PER_USD)) * UNITS_PER_USD


def _read_file(path: Path) -> list[Good]:
    try:
        content = path.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadGoods(f"{path}: cannot be read ({why}); name a file of JSON lines") from None
    # Spreadsheets on Windows save UTF-8 with a byte-order mark, which JSON does not allow.
    # Lines end at \n only: str.splitlines would also cut inside a title at U+2028.
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    goods = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            goods.append(_parse(line))
        except BadGoods as error:
            raise BadGoods(f"{path}:{number}: {error}") from None
    if not goods:
        raise BadGoods(f"{path}: holds no goods; write one JSON object a line")
    return goods


def _parse(line: bytes) -> Good:
    try:
        row = DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadGoods("is not valid UTF-8; save the file as UTF-8") from None
    except msgspec.DecodeError as error:
        raise BadGoods(f"is not JSON ({error}); write one JSON object a line") from None
    except (InvalidOperation, RecursionError):
        raise BadGoods("has a number too large or lists too deep to read; remove it") from None
    if not isinstance(row, dict):
        raise BadGoods("is not a JSON object; write one {...} a line")
    category = re.sub(r"[^a-z0-9]+", "-", _text(row, "category").lower())
    category = category.strip("-")[:CATEGORY_CHARS_MAX].rstrip("-")
    if not category:
        raise BadGoods("category has no letter a-z or digit; give a word such as books")
    title = _text(row, "title").strip()[:TITLE_CHARS_MAX].rstrip()
    if not title:
        raise BadGoods("title is empty; say what is for sale")
    price_units = _price_units(row)
    return Good(
        title=title,
        description=_text(row, "description", default="")[:DESCRIPTION_CHARS_MAX],
        category=category,
        condition=_text(row, "condition", default="")[:CONDITION_CHARS_MAX],
        kind="goods",
        price_low_units=price_units,
        price_high_units=price_units,
    )


def _text(row: dict[str, object], field: str, *, default: str | None = None) -> str:
    # Exporters write null for a value they do not have, so null counts as absent.
    value = default if row.get(field) is None else row[field]
    if value is None:
        raise BadGoods(f"has no {field}; add it as text")
    if not isinstance(value, str):
        raise BadGoods(f"{field} is not text; put it in quotes")
    return value


def _price_units(row: dict[str, object]) -> int:
    price = row.get("asking_price_usd")
    if price is None:
        raise BadGoods("has no asking_price_usd; add a number of dollars")
    # JSON's true would pass for the integer 1.
    if isinstance(price, bool) or not isinstance(price, int | Decimal):
        raise BadGoods("asking_price_usd is not a number; write dollars without quotes or $")
    if not 0 < price <= PRICE_USD_MAX:
        raise BadGoods(f"asking_price_usd must be above 0 and at most {PRICE_USD_MAX}; correct it")
    cents = Decimal(price).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    if not cents:
        raise BadGoods("asking_price_usd rounds to no cents; ask for at least 0.01")
    return int(cents * UNITS_PER_USD)
