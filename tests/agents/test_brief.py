"""A brief in a file: what a person wrote is read exactly, or corrected in words."""

from pathlib import Path

import pytest

from souq.agents import brief as briefs
from souq.core.money import USD

GOODS = """
[[things]]
title = "Brass lamp"
category = "home"
ask = "40"
floor = "20"
"""


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[[things]]\ntitle = 3", "in thing 1, title: Expected `str`, got `int`"),
        ('[[things]]\ntitle = "A"\ncategory = "home"', "in thing 1: Object missing"),
        ("[[thing]]", "unknown field `thing`"),
        ("things = 7 7", "is no TOML"),
        (GOODS + GOODS, "thing 2 “Brass lamp"),
        (GOODS.replace('"20"', "50.5"), "its floor 50.5 is above the 40 it asks"),
        (GOODS.replace('"40"', '"4o"'), "ask: '4o' is not an amount"),
        ('[[wants]]\ncategory = "home"\nmost = 3\ncount = 0', "want 1 “home”: a count"),
    ],
)
def test_a_goods_file_is_corrected_in_words(content: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "goods.toml"
    path.write_text(content)

    def read() -> None:
        told = briefs.read(path)
        briefs.things_of(told, USD, f"{path}: ")
        briefs.wants_of(told, USD, f"{path}: ")

    with pytest.raises(briefs.BadBrief) as said:
        read()
    assert complaint in str(said.value)
    assert str(path) in str(said.value)


def test_prices_may_be_numbers_and_a_floor_is_what_is_asked_unless_said(tmp_path: Path) -> None:
    path = tmp_path / "goods.toml"
    path.write_text('[[things]]\ntitle = "A"\ncategory = "home"\nask = 12.1\n')
    (thing,) = briefs.things_of(briefs.read(path), USD)
    assert (thing.ask_units, thing.floor_units) == (12_100_000, 12_100_000)


def test_a_brief_becomes_the_mandate_that_holds_its_agent(tmp_path: Path) -> None:
    path = tmp_path / "brief.toml"
    path.write_text(GOODS + '[[wants]]\ncategory = "books"\nmost = "30.50"\ncount = 2\n')
    brief = briefs.read(path)
    limits = briefs.limits_of(brief, USD)
    assert limits.goods is not None
    assert limits.goods["brass-lamp"].floor_units == 20_000_000
    assert limits.ceilings == {"books": 30_500_000}
    assert limits.lifetime_units == 61_000_000
    assert not limits.approval_always


@pytest.mark.parametrize(("agreed", "waits"), [(5, True), (6, False), (10, False)])
def test_who_was_not_understood_is_asked_about_every_deal(agreed: int, waits: bool) -> None:
    brief = briefs.Brief(understanding=briefs.Understanding(agreed, 10))
    assert briefs.limits_of(brief, USD).approval_always is waits
