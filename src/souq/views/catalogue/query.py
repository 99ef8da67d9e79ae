"""A search becomes statements: every value is bound, and words are quoted before FTS5 sees them.

The order never depends on other listings. A score such as BM25 does (a new listing changes how
rare a word is), so a page could not continue exactly where the one before ended; and it rewards
a title that repeats its words. Here relevance is one of three tiers, newest first within each.
"""

import base64
import binascii
import hashlib
import re
import unicodedata
from typing import get_args

import msgspec
from msgspec import Struct

from souq.core.listing import Delivery, Side, Subject
from souq.core.money import UNITS_MAX
from souq.core.refusal import Refused, invalid
from souq.views.catalogue.card import LIMIT_MAX, Order, Search

WORDS_MAX = 16
TEXT_MAX = 20_000
FIELD_MAX = 256
CONDITIONS_MAX = 8

_WORD = re.compile(r"[^\W_]+")
_CONDITION = re.compile(r"([^<>=]{1,40}?)\s*(>=|<=|=|<|>)\s*(.{0,200})", re.DOTALL)
_WHOLE = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_CHOICES = {"side": Side, "subject": Subject, "delivery": Delivery, "order": Order}


class Statement(Struct, frozen=True):
    """What finds rows of (number, key), best first; `values` lack the last, how many to give."""

    sql: str
    values: tuple[object, ...]


class Position(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page ended: the search it belongs to, its tier or price there, and the listing."""

    search: str
    key: int
    number: int


_position = msgspec.json.Decoder(Position)


def words_of(text: str) -> list[str]:
    """Give the words of a text, as far as they count."""
    return _WORD.findall(unicodedata.normalize("NFC", text))[:WORDS_MAX]


def matching(words: list[str], *, is_last_whole: bool = False) -> str:
    """Write the FTS5 query for all of these words.

    They hold letters and digits only, so the quotes close where they should, and within them
    FTS5 knows no operators. The last may be a beginning, unless it is a single letter: too many
    words begin so.
    """
    quoted = [f'"{word}"' for word in words]
    if len(words[-1]) > 1 and not is_last_whole:
        quoted[-1] += "*"
    return " AND ".join(quoted)


def statements(search: Search, *, asset: str, is_rare: bool) -> list[Statement]:
    """Give what finds a page, tier by tier, each to be asked for what is still missing.

    `asset` is the market's first; `is_rare` tells that the category covers few listings.
    Raises Refused(invalid). The search has passed `check`.
    """
    where, values = _filters(search, asset)
    at = read_cursor(search) if search.cursor else None
    is_by_price = search.order in ("cheapest", "dearest")
    if not search.text.strip():
        source = f"listings {_index(search, is_rare=is_rare)}"
        if is_by_price:
            return [_by_price(search, source, where, values, at)]
        return [_newest(0, source, "number", where, values, at)]
    words = words_of(search.text)
    if not words:
        return []
    source = "words CROSS JOIN listings ON number = words.rowid"
    where = ["words MATCH ?", *where]
    everywhere = matching(words)
    if is_by_price:
        return [_by_price(search, source, where, [everywhere, *values], at)]
    if search.order == "newest":
        return [_newest(0, source, "words.rowid", where, [everywhere, *values], at)]
    first = at.key if at is not None else 0
    return [
        _newest(tier, source, "words.rowid", where, [match, *values], at if tier == first else None)
        for tier, match in enumerate(_tiers(words, is_first_page=at is None))
        if tier >= first
    ]


def position_in(search: Search) -> Position | None:
    """Give where the page before ended, if there was one. Raises Refused(invalid)."""
    return read_cursor(search) if search.cursor else None


def source_of(search: Search, asset: str) -> tuple[str, list[str], list[object]]:
    """Give what a search reads, its conditions and their values; no source where nothing fits."""
    where, values = _filters(search, asset)
    if not search.text.strip():
        return "listings", where, values
    words = words_of(search.text)
    if not words:
        return "", [], []
    source = "words CROSS JOIN listings ON listings.number = words.rowid"
    return source, ["words MATCH ?", *where], [matching(words), *values]


def _tiers(words: list[str], *, is_first_page: bool) -> tuple[str, str, str]:
    """Give three queries, each of which finds what the one before does and more.

    On the first page what was found already is known, and passed over where it comes again. On
    a later one it is not, so FTS5 leaves it out, which takes it twice as long.
    """
    everywhere = matching(words)
    phrase = "title : " + " + ".join(f'"{word}"' for word in words)
    in_title = f"title : ({everywhere})"
    if is_first_page:
        return phrase, in_title, everywhere
    return phrase, f"({in_title}) NOT ({phrase})", f"({everywhere}) NOT ({in_title})"


def _newest(
    tier: int, source: str, number: str, where: list[str], values: list[object], at: Position | None
) -> Statement:
    if at is not None:
        where, values = [*where, f"{number} < ?"], [*values, at.number]
    return Statement(
        f"SELECT number, {tier} FROM {source} WHERE {' AND '.join(where)}"
        f" ORDER BY {number} DESC LIMIT ?",
        tuple(values),
    )


def _by_price(
    search: Search, source: str, where: list[str], values: list[object], at: Position | None
) -> Statement:
    direction, beyond = ("", ">") if search.order == "cheapest" else (" DESC", "<")
    if at is not None:
        where = [*where, f"(price, number) {beyond} (?, ?)"]
        values = [*values, at.key, at.number]
    return Statement(
        f"SELECT number, price FROM {source} WHERE {' AND '.join(where)}"
        f" ORDER BY price{direction}, number{direction} LIMIT ?",
        tuple(values),
    )


def _index(search: Search, *, is_rare: bool) -> str:
    if search.agent:
        return "INDEXED BY by_agent"
    if search.category and is_rare:
        return "INDEXED BY by_category"
    return "INDEXED BY by_price" if search.order in ("cheapest", "dearest") else "NOT INDEXED"


def _filters(search: Search, asset: str) -> tuple[list[str], list[object]]:
    where = ["is_open = 1", "side = ?"]
    values: list[object] = [search.side]

    def need(condition: str, *bound: object) -> None:
        where.append(condition)
        values.extend(bound)

    bounds = (search.price_min_units, search.price_max_units)
    if search.asset or bounds != (None, None) or search.order in ("cheapest", "dearest"):
        need("asset = ?", search.asset or asset)
    for sign, bound in zip((">=", "<="), bounds, strict=True):
        if bound is not None:
            need(f"price {sign} ?", bound)
    if search.category:
        need(COVERS, *covered(search.category))
    for name in ("agent", "subject", "delivery"):
        if getattr(search, name):
            need(f"{name} = ?", getattr(search, name))
    if search.mechanism:
        need("instr(mechanisms, ?)", msgspec.json.encode(search.mechanism).decode())
    if search.seller_deals_min:
        need("agent IN (SELECT agent FROM sellers WHERE deals >= ?)", search.seller_deals_min)
    for condition in search.attributes:
        test, name, asked = _condition(condition)
        need(
            "EXISTS (SELECT 1 FROM attributes WHERE attributes.number = listings.number"
            f" AND name = ? AND {test})",
            name,
            asked,
        )
    return where, values


# "0" is the sign after "/": what lies between the two is what begins with the category and "/".
COVERS = "(category = ? OR (category >= ? AND category < ?))"


def covered(category: str) -> tuple[str, str, str]:
    """Give the values for `COVERS`: the category, and the bounds of those below it."""
    return category, category + "/", category + "0"


def _condition(condition: str) -> tuple[str, str, object]:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise invalid("attributes", 'write conditions like "colour=red" or "year>=2019"')
    name, sign, value = found[1].strip(), found[2], found[3].strip()
    if sign == "=":
        return "word = ?", name, value
    if not _WHOLE.fullmatch(value):
        raise invalid("attributes", f"{sign} compares with a whole number")
    return f"amount {sign} ?", name, int(value)


def check(search: Search) -> None:
    """Raise Refused(invalid) for what no search can mean."""
    if not 0 < search.limit <= LIMIT_MAX:
        raise invalid("limit", f"stands between 1 and {LIMIT_MAX}")
    for name, choices in _CHOICES.items():
        value = getattr(search, name)
        if value is not None and value not in get_args(choices):
            raise invalid(name, f"one of {', '.join(get_args(choices))}")
    for name in ("price_min_units", "price_max_units", "seller_deals_min"):
        value = getattr(search, name)
        if value is not None and not 0 <= value <= UNITS_MAX:
            raise invalid(name, "must be 0 or more, and below 2**53 units")
    if len(search.attributes) > CONDITIONS_MAX:
        raise invalid("attributes", f"at most {CONDITIONS_MAX} conditions")
    _check_text("text", search.text, TEXT_MAX)
    for name in ("category", "asset", "agent", "mechanism", "cursor"):
        _check_text(name, getattr(search, name), FIELD_MAX)
    for condition in search.attributes:
        _check_text("attributes", condition, FIELD_MAX)


def _check_text(field: str, text: str, length_max: int) -> None:
    if len(text) > length_max:
        raise invalid(field, f"at most {length_max} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise invalid(field, "holds half of a surrogate pair") from None


def write_cursor(search: Search, key: int, number: int) -> str:
    """Say where a page ended, for a stranger to give back unread."""
    position = Position(named(search), key, number)
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def read_cursor(search: Search) -> Position:
    """Give where the page before ended. Raises Refused(invalid) for any other search's cursor."""
    text = search.cursor
    try:
        position = _position.decode(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", True))
    except (binascii.Error, ValueError):  # msgspec's errors are ValueErrors too
        raise _no_cursor() from None
    is_by_price = search.order in ("cheapest", "dearest")
    is_open = is_by_price or search.order == "reputation"
    key_max = UNITS_MAX if is_open else 2 if search.order == "relevance" else 0
    if position.search != named(search) or not (
        0 <= position.key <= key_max and 0 < position.number <= UNITS_MAX
    ):
        raise _no_cursor()
    return position


def _no_cursor() -> Refused:
    return invalid("cursor", "not the cursor of a page of this search")


def named(search: Search) -> str:
    plain = msgspec.structs.replace(search, cursor="", limit=1)
    return hashlib.blake2b(msgspec.json.encode(plain), digest_size=6).hexdigest()
