"""Towns of Magentic Marketplace: read to the unit, or refused with the file and the field."""

import contextlib
import random
from decimal import Decimal
from pathlib import Path

import pytest

from souq.lab.sources import BadSource, magentic
from souq.lab.sources.magentic import Baselines, Business, Customer, Town

CUSTOMER = """id: c1
name: Bea
request: Find me an empanada.
menu_features:
  Empanada: 9.10
  Agua Fresca: 0.07
amenity_features:
- Outdoor Seating
"""
BUSINESS = """id: b1
name: Poblano
description: Bold flavours.
rating: 1.0
menu_features:
  Empanada: 4
  Agua Fresca: .5
amenity_features:
  Outdoor Seating: true
  Live Music: no
min_price_factor: 0.78
"""
TOWN = Town(
    (
        Customer(
            "c1",
            "Bea",
            "Find me an empanada.",
            {"Empanada": 9_100_000, "Agua Fresca": 70_000},
            ("Outdoor Seating",),
        ),
    ),
    (
        Business(
            "b1",
            "Poblano",
            "Bold flavours.",
            {"Empanada": 4_000_000, "Agua Fresca": 500_000},
            {"Outdoor Seating": True, "Live Music": False},
            {"rating": "1.0", "min_price_factor": "0.78"},
        ),
    ),
)


def folder(at: Path, customer: str = CUSTOMER, business: str = BUSINESS) -> Path:
    for name, content in (("customers", customer), ("businesses", business)):
        (at / name).mkdir(parents=True)
        (at / name / "one.yaml").write_text(content, encoding="utf-8")
    return at


def test_a_town_is_read_to_the_unit_and_nothing_in_it_is_lost(tmp_path: Path) -> None:
    assert magentic.read(folder(tmp_path)) == TOWN


def test_a_price_is_the_text_in_the_file_and_never_a_float(tmp_path: Path) -> None:
    """0.1 and 0.2 are no binary fractions; three cents of one in a hundred prices would be off."""
    amounts = [f"{n // 100}.{n % 100:02}" for n in range(1, 2_000)]
    menu = "".join(f"  Dish {n}: {amount}\n" for n, amount in enumerate(amounts))
    head, _, tail = BUSINESS.partition("  Empanada: 4\n  Agua Fresca: .5\n")
    town = magentic.read(folder(tmp_path, business=head + menu + tail))
    assert list(town.businesses[0].menu.values()) == [n * 10_000 for n in range(1, 2_000)]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    names = ["Yes", "7", "a: b", "- c", "Ü", "null", "0x1F", "x" * 300, "# no", "'q'", "1e3"]
    odd = Town(
        tuple(
            Customer(f"c{n}", name, name, {name: 10**n for n, name in enumerate(names)}, (name,))
            for n, name in enumerate(names)
        ),
        tuple(
            Business(f"b{n}", name, "", {name: n + 1}, {name: n % 2 == 0}, {"more": name})
            for n, name in enumerate(names)
        ),
    )
    for n, town in enumerate((TOWN, odd)):
        magentic.write(town, tmp_path / str(n))
        assert magentic.read(tmp_path / str(n)) == town


def test_an_amenity_that_is_not_named_is_not_there_and_words_may_be_missing(tmp_path: Path) -> None:
    head, _, _ = BUSINESS.partition("amenity_features")
    town = magentic.read(
        folder(tmp_path, CUSTOMER.replace("request: Find me an empanada.\n", ""), head)
    )
    assert town.businesses[0].amenities == {}
    assert town.customers[0].request == ""


def test_published_baselines_are_read_without_the_drift_of_floats(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "baseline_utilities.json").write_text(
        '{"pick_optimal_baseline": {"constant": 63.779999999999994},'
        ' "pick_cheapest_baseline": {"constant": 414.50000000000017}}'
    )
    assert magentic.read(tmp_path).baselines == Baselines(63_780_000, 414_500_000)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("id: c1\n", "", "id: is missing; add a word"),
        ("id: c1", "id: [c1]", "id: is not a word; correct it"),
        ("name: Bea", "name:", "name: is not a word; correct it"),
        ("menu_features", "menu", "menu_features: is missing; add things"),
        ("9.10", "dear", "menu_features: Empanada: 'dear' is not an amount; write dollars"),
        ("9.10", "-9.10", "Empanada: '-9.10' is not an amount"),
        ("9.10", "nan", "Empanada: 'nan' is not an amount"),
        ("9.10", "1e400", "Empanada: '1e400' is not an amount"),
        ("9.10", "9.1000001", "Empanada: 9.1000001 has more than 6 decimal places; round it"),
        ("9.10", "99999999", "Empanada: 99999999 is above 10000000; correct it"),
        ("9.10", "[9.10]", "menu_features: Empanada: is no amount; write dollars such as 9.10"),
        ("  Empanada: 9.10\n  Agua Fresca: 0.07\n", "- x\n", "menu_features: is not things"),
        ("  Agua Fresca", "  Empanada", "line 5: Empanada stands twice; keep one"),
        ("- Outdoor Seating", "  Outdoor Seating: true", "amenity_features: is not a list"),
        ("- Outdoor Seating", "- [a]", "amenity_features: holds what is no word; name one"),
        ("- Outdoor Seating", "- a\n- a", "amenity_features: a stands twice; name it once"),
        ("name: Bea", "name: 'Bea", "is not YAML"),
        ("name: Bea", "name: *who", "is not YAML"),
        ("name: Bea", "name: B\x07a", "is not YAML"),
        (CUSTOMER, "just words", "is not a list of fields; write id"),
        (CUSTOMER, "", "is not a list of fields; write id"),
        (CUSTOMER, "[" * 5_000, "is not YAML"),
        ("id: c1", "? {a: b}\n: c1", "is not YAML"),
        ("id: c1", "id: !!python/object/apply:os.system [true]", "id: is not a word"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_field(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    assert before in CUSTOMER
    folder(tmp_path, customer=CUSTOMER.replace(before, after))
    with pytest.raises(BadSource) as caught:
        magentic.read(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'customers' / 'one.yaml'}: ")
    assert complaint in message
    assert "; " in message, "says what to do"


def test_an_amenity_of_a_business_is_yes_or_no(tmp_path: Path) -> None:
    folder(tmp_path, business=BUSINESS.replace(": true", ": perhaps"))
    with pytest.raises(BadSource, match=r"one\.yaml: amenity_features: Outdoor Seating: is neith"):
        magentic.read(tmp_path)


def test_two_of_one_id_are_named_both(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "businesses" / "two.yml").write_text(BUSINESS)
    with pytest.raises(BadSource, match=r"two\.yml: id: b1 is that of one\.yaml too; give each"):
        magentic.read(tmp_path)


def test_a_folder_that_is_none_or_half_or_empty_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"absent: is no folder; name a folder of Magentic"):
        magentic.read(tmp_path / "absent")
    folder(tmp_path / "half")
    (tmp_path / "half" / "businesses" / "one.yaml").unlink()
    with pytest.raises(BadSource, match=r"businesses: holds no YAML file; write one"):
        magentic.read(tmp_path / "half")
    (tmp_path / "half" / "businesses").rmdir()
    with pytest.raises(BadSource, match=r"businesses: is not there; name a folder"):
        magentic.read(tmp_path / "half")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"pick_optimal_baseline": 5}', "\xff"])
def test_baselines_that_are_none_are_named(tmp_path: Path, content: str) -> None:
    folder(tmp_path)
    (tmp_path / "baseline_utilities.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(BadSource, match=r"baseline_utilities\.json:.*; (add|save)"):
        magentic.read(tmp_path)


def test_no_file_however_broken_gives_anything_but_a_town_or_a_mistake(tmp_path: Path) -> None:
    rng = random.Random(9)
    folder(tmp_path)
    signs = [*CUSTOMER, *"[]{}:&*!|>'\"#%@`,?-\t\x00\xe4"]
    read = 0
    for _ in range(300):
        content = list(CUSTOMER)
        for _ in range(rng.randint(1, 3)):
            content[rng.randrange(len(content))] = rng.choice(signs)
        path = tmp_path / "customers" / "one.yaml"
        path.write_text("".join(content), encoding=rng.choice(["utf-8", "latin-1"]))
        with contextlib.suppress(BadSource):
            read += bool(magentic.read(tmp_path))
    assert 0 < read < 300


def test_units_are_what_decimal_arithmetic_says(tmp_path: Path) -> None:
    rng = random.Random(1)
    for _ in range(300):
        amount = f"{rng.randint(0, 99_999)}.{rng.randint(0, 999_999):06}"[: rng.randint(3, 12)]
        amount = amount.rstrip(".")
        assert magentic.units(amount) == Decimal(amount) * 1_000_000
