"""Goods as JSON lines: what is read, and what is said of a line that cannot be."""

import random
import re
from pathlib import Path

import pytest

from souq.lab import goods
from souq.lab.goods import Good
from souq.lab.sources import BadSource, listings
from souq.lab.sources.shelf import shelf

GOOD_LINE = b'{"category": "lamps", "title": "Brass lamp", "asking_price_usd": 30}'


def listing(price: str) -> bytes:
    return b'{"category": "lamps", "title": "Brass lamp", "asking_price_usd": %s}' % price.encode()


def read_lines(folder: Path, *lines: bytes) -> list[Good]:
    path = folder / "goods.jsonl"
    path.write_bytes(b"\n".join(lines))
    return listings.read([path])


def test_a_real_listing_is_asked_for_at_exactly_its_own_price(tmp_path: Path) -> None:
    [good] = read_lines(tmp_path, listing("12.34"))
    assert goods.draw_price(good, random.Random(1)) == 12_340_000


@pytest.mark.parametrize(
    ("price", "units"),
    [
        ("300", 300_000_000),
        ("0.01", 10_000),
        ("1.005", 1_000_000),
        ("1.015", 1_020_000),
        ("2.5e2", 250_000_000),
        ("10000000", 10_000_000_000_000),
    ],
)
def test_a_price_is_rounded_half_even_to_cents(tmp_path: Path, price: str, units: int) -> None:
    [good] = read_lines(tmp_path, listing(price))
    assert good.price_low_units == good.price_high_units == units


def test_long_text_is_cut_and_unknown_fields_are_ignored(tmp_path: Path) -> None:
    line = b'{"id": 7, "colour": [1], "category": "%s", "title": "%s", "description": "%s",' % (
        b"c" * 99,
        b"t" * 999,
        b"d" * 9_999,
    )
    [good] = read_lines(tmp_path, line + b'"condition": "%s", "asking_price_usd": 1}' % (b"x" * 99))
    lengths = [len(t) for t in (good.category, good.title, good.description, good.condition)]
    assert lengths == [40, 200, 2_000, 60]


def test_a_category_becomes_a_lower_case_slug(tmp_path: Path) -> None:
    [good] = read_lines(tmp_path, GOOD_LINE.replace(b"lamps", b" Home & Garden! "))
    assert good.category == "home-garden"


def test_description_and_condition_may_be_absent_or_null(tmp_path: Path) -> None:
    line = GOOD_LINE[:-1] + b', "description": null, "condition": null}'
    assert read_lines(tmp_path, line) == read_lines(tmp_path, GOOD_LINE)
    assert read_lines(tmp_path, GOOD_LINE)[0].description == ""


def test_empty_lines_windows_line_ends_and_a_byte_order_mark_are_no_obstacle(
    tmp_path: Path,
) -> None:
    found = read_lines(tmp_path, b"\xef\xbb\xbf" + GOOD_LINE + b"\r", b"", b"  \r", GOOD_LINE, b"")
    assert [good.title for good in found] == ["Brass lamp", "Brass lamp"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"a lamp, 30 dollars", "is not JSON"),
        (GOOD_LINE + GOOD_LINE, "is not JSON"),
        (GOOD_LINE[:-1], "is not JSON"),
        (GOOD_LINE.replace(b"Brass", b"Br\xe4ss"), "is not valid UTF-8"),
        (GOOD_LINE.replace(b"Brass", b"\\ud800 "), "is not JSON"),
        (GOOD_LINE.replace(b"Brass", b"\\udc00 "), "is not JSON"),
        (b'["lamp", 30]', "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b"[" * 100_000, "too deep"),
        (b'{"title": "Lamp", "asking_price_usd": 3}', "has no category"),
        (GOOD_LINE.replace(b'"lamps"', b"4"), "category is not text"),
        (GOOD_LINE.replace(b"lamps", b" -!- "), "category has no letter"),
        (b'{"category": "lamps", "asking_price_usd": 3}', "has no title"),
        (GOOD_LINE.replace(b'"Brass lamp"', b"null"), "has no title"),
        (GOOD_LINE.replace(b'"Brass lamp"', b'["Lamp"]'), "title is not text"),
        (GOOD_LINE.replace(b"Brass lamp", b" \\t "), "title is empty"),
        (GOOD_LINE[:-1] + b', "description": 5}', "description is not text"),
        (GOOD_LINE[:-1] + b', "condition": {}}', "condition is not text"),
        (b'{"category": "lamps", "title": "Lamp"}', "has no asking_price_usd"),
        (listing("null"), "has no asking_price_usd"),
        (listing('"30"'), "asking_price_usd is not a number"),
        (listing("true"), "asking_price_usd is not a number"),
        (listing("0"), "asking_price_usd must be above 0"),
        (listing("-0.0"), "asking_price_usd must be above 0"),
        (listing("-5"), "asking_price_usd must be above 0"),
        (listing("0.005"), "asking_price_usd rounds to no cents"),
        (listing("1e-99999999"), "asking_price_usd rounds to no cents"),
        (listing("10000000.01"), "at most 10000000"),
        (listing("1e400"), "at most 10000000"),
        (listing("1e99999999999999999999"), "number too large"),
        (listing("9" * 9_999), "is not JSON"),
        (listing("NaN"), "is not JSON"),
        (listing("Infinity"), "is not JSON"),
        (listing("-Infinity"), "is not JSON"),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_a_bad_line_is_named_by_file_and_number(
    tmp_path: Path, line: bytes, complaint: str
) -> None:
    with pytest.raises(BadSource) as caught:
        read_lines(tmp_path, GOOD_LINE, b"", line, GOOD_LINE)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'goods.jsonl'}:3: ")
    assert complaint in message
    assert "; " in message, "says what to do"


@pytest.mark.parametrize("content", [b"", b"\n \n\r\n", b"\xef\xbb\xbf"])
def test_a_file_without_goods_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadSource, match=r"goods\.jsonl: holds no goods"):
        read_lines(tmp_path, content)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"absent\.jsonl: cannot be read \(No such file"):
        listings.read([tmp_path / "absent.jsonl"])


def test_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        BadSource, match=f"{re.escape(str(tmp_path))}: cannot be read \\(Is a directory"
    ):
        listings.read([tmp_path])


def test_a_file_beneath_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "lamp").write_bytes(GOOD_LINE)
    with pytest.raises(BadSource, match=r"lamp/goods\.jsonl: cannot be read"):
        listings.read([tmp_path / "lamp" / "goods.jsonl"])


def test_several_files_are_read_in_the_order_given(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_bytes(GOOD_LINE.replace(b"Brass lamp", name.encode()))
    found = listings.read([tmp_path / "b", tmp_path / "a"])
    assert [good.title for good in found] == ["b", "a"]


def test_real_listings_are_read_whole() -> None:
    paths = sorted((shelf() / "craigslist").glob("*.jsonl"))
    if not paths:
        pytest.skip(f"no real listings on {shelf().resolve()}")
    found = listings.read(paths)
    assert len(found) == sum(path.read_bytes().count(b"\n") for path in paths)
    assert {good.category for good in found} == {"bike", "electronics", "furniture", "phone"}
