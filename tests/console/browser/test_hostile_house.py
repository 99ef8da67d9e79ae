"""A house whose rules are hostile wherever they take words: its pages show them, and none runs."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from souq.core.refusal import Refused
from souq.core.rules import Rules
from souq.operations import BY_NAME
from tests.console.browser.inert import COUNT_HITS, read_all, wrong_in
from tests.console.browser.planting import TAG
from tests.console.browser.slots import Slot, slots
from tests.console.browser.visitors import Visitors, pages_of
from tests.http.market import FEW, Fields, Town, populated
from tests.serving import open_folder

PLAIN: Fields = {
    "rules": {
        "assets": [{"code": "EUR", "exponent": 2}],
        "categories": {"home": {"colour": "text"}},
    }
}
# What an attribute may be is one of three words, and a rail's name stands in addresses.
NOT_FREE = {"open_market.rules.categories{}={}=", "open_market.rules.rails[]"}


def _tag(number: int) -> str:
    # Without a sign that turns lines: a house's own name may have any, and so its money's.
    return f"{TAG.format('')}{number}.&x=1#+%41"


def _took(folder: Path) -> Iterator[tuple[str, Slot]]:
    for number, slot in enumerate(slots(BY_NAME["open_market"])):
        asked = slot.fill(PLAIN, _tag(number))
        try:
            open_folder(folder / str(number), msgspec.convert(asked["rules"], Rules))
        except Refused:
            continue
        yield _tag(number), slot


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Slot]:
    return dict(_took(tmp_path_factory.mktemp("houses")))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, tags: dict[str, Slot]) -> Iterator[Town]:
    asked = PLAIN
    for tag, slot in tags.items():
        asked = slot.fill(asked, tag)
    asked["rules"]["assets"].append({"code": "USD", "exponent": 6})
    asked["rules"]["categories"] |= {"home": {}, "odd": {}}
    rules = msgspec.convert(asked["rules"], Rules)
    house = {name: getattr(rules, name) for name in asked["rules"]}
    with populated(tmp_path_factory.mktemp("market") / "m", house=house) as found:
        _trade(found, rules)
        yield found


def _trade(town: Town, rules: Rules) -> None:
    """Let things of that house be traded, in its money, and quarrelled over."""
    asset, price = rules.assets[0].code, [FEW, rules.assets[0].code]
    category, schema = next(iter(rules.categories.items()))
    for role, person in (("stranger", "stranger_person"), ("sibling", "buyer_person")):
        town.do(person, "grant_mandate", agent=town.ids[role], limits={"asset": asset})
        town.do("operator", "report_deposit", principal=town.ids[person], amount=price)
    thing = {"title": "lamp", "category": category, "price": price, "ref": "plain"}
    attributes = {name: choices[0] for name, choices in schema.items()}
    for _ in range(2):  # one stays to be read
        posted = town.do("stranger", "post_listing", **thing, attributes=attributes)
    listing = posted[0]["listing"]["id"]
    deal = town.made("sibling", "take_price", "contract", listing=listing, price=price)
    town.do("stranger", "submit_delivery", contract=deal)
    town.do("sibling", "open_dispute", contract=deal, ground="not_as_described")


def test_all_that_its_rules_have_words_for_takes_them(tags: dict[str, Slot]) -> None:
    took = {slot.path for slot in tags.values()}
    assert {slot.path for slot in slots(BY_NAME["open_market"])} - took == NOT_FREE


@pytest.mark.parametrize("role", ["operator", "stranger_person"])
def test_its_words_are_words_on_each_of_its_pages(
    visitors: Visitors, town: Town, tags: dict[str, Slot], role: str
) -> None:
    page = visitors.page(role)
    page.goto("/listings")
    visitors.forgive("Failed to load resource")
    found = read_all(page, ["/", "/listings", "/audit/1"], follow=True, each=6, tags=[*tags])
    print(role, found["read"], found["statuses"], found["shown"])
    assert found["wrong"] == [], "\n".join(found["wrong"])
    if role == "operator":
        assert [slot.path for tag, slot in tags.items() if tag not in found["shown"]] == []


def test_links_to_its_money_lead_there(
    visitors: Visitors, town: Town, tags: dict[str, Slot]
) -> None:
    code = next(tag for tag, slot in tags.items() if slot.path.endswith("assets[].code"))
    page = visitors.page("operator")
    page.goto("/")
    asked = """(code) => [...document.querySelectorAll('main a[href*="asset="]')]
      .filter((one) => one.textContent === code)
      .map((one) => new URL(one.href).searchParams.get("asset"))"""
    assert page.evaluate(asked, code) == [code]
    stream = "() => document.querySelector('[data-stream]').dataset.stream"
    assert parse_qs(urlsplit(page.evaluate(stream)).query)["asset"] == [code]


def test_none_of_its_words_runs_without_the_policy(visitors: Visitors, town: Town) -> None:
    page = visitors.page("operator", bypass_csp=True)
    page.add_init_script(COUNT_HITS)
    visitors.forgive("status of 40")
    for path in pages_of(page):
        page.goto(path)
        assert wrong_in(page) == []
