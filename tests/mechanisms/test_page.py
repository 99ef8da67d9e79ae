"""The page on mechanisms says what the code says."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import msgspec
import pytest

from souq.core.mechanisms import MECHANISMS, sealed_bid
from souq.core.mechanisms.moves import Item
from souq.core.money import Money
from souq.core.seal import PublicText
from souq.operations import mechanisms_page
from souq.operations.commands import PATHS
from souq.operations.mechanisms_page import BEGIN, END, section, sections, written

PAGE = Path(__file__).parents[2] / "docs" / "mechanisms.md"


def test_the_page_shows_the_mechanisms_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    again = "run: python -m souq.operations.mechanisms_page docs/mechanisms.md"
    assert page == written(page), again


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda one: one.NAME)
def test_a_section_names_every_command_with_its_route(mechanism: Any) -> None:
    told = section(mechanism)
    assert f"`{mechanism.NAME}`: " in told
    for kind in (*mechanism.OPENS, *mechanism.MOVES):
        assert kind.__name__ in told
        assert f"POST {PATHS[kind]}" in told
    events = mechanism.SEEN if mechanism.JOINS else ()
    assert all(f"| `{event.__name__}` | " in told for event in events)
    assert "None" not in told


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda one: one.NAME)
def test_every_mechanism_and_every_command_says_what_it_is(mechanism: Any) -> None:
    assert mechanism.__doc__
    assert all(kind.__doc__ for kind in (*mechanism.OPENS, *mechanism.MOVES))


def test_notices_are_explained_where_a_mechanism_does() -> None:
    plain = {name: getattr(sealed_bid, name) for name in dir(sealed_bid)}
    named = SimpleNamespace(**{**plain, "NOTICE": {"bids": "how many | bids there are"}})
    assert "| `bids` | how many \\| bids there are |" in section(named)


def test_those_that_anybody_may_join_come_first() -> None:
    places = [sections().index(f"`{one.NAME}`: ") for one in MECHANISMS if one.JOINS]
    bargains = [sections().index(f"`{one.NAME}`: ") for one in MECHANISMS if not one.JOINS]
    assert max(places) < min(bargains)


class Asked(msgspec.Struct):
    price: Money
    words: PublicText = PublicText("")
    side: Literal["a", "b"] = "a"
    items: tuple[Item, ...] = ()
    pair: tuple[int, str] = (1, "x")
    until: int | None = None
    by_name: dict[str, bool] = {}


def test_types_are_told_as_they_are_written() -> None:
    told = {name: mechanisms_page._words(hint) for name, hint in _hints().items()}
    assert told == {
        "price": "money",
        "words": "text",
        "side": "`a` or `b`",
        "items": "list of `Item` (listing: text, quantity: integer)",
        "pair": "[integer, text]",
        "until": "integer or null",
        "by_name": "object of true or false by text",
    }
    defaults = {one.name: mechanisms_page._default(one) for one in msgspec.structs.fields(Asked)}
    assert defaults == {
        "price": "needed",
        "words": '`""`',
        "side": '`"a"`',
        "items": "`[]`",
        "pair": '`[1,"x"]`',
        "until": "`null`",
        "by_name": "`{}`",
    }


def _hints() -> dict[str, Any]:
    return {one.name: one.type for one in msgspec.structs.fields(Asked)}


def test_a_page_without_marks_is_refused() -> None:
    assert written(f"a\n{BEGIN}\nold\n{END}\nb") == f"a\n{BEGIN}\n\n{sections()}\n\n{END}\nb"
    with pytest.raises(ValueError, match="has no"):
        written("words")
