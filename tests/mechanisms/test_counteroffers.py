"""A counteroffer that leaves the goods out means the same goods, and is judged like one in full."""

import pytest

from souq.core.listing import LISTINGS, EditListing
from souq.core.mechanisms import alternating_offers, posted_price
from souq.core.mechanisms.alternating_offers import HAGGLES, Counter, Haggle, MakeOffer
from souq.core.mechanisms.moves import Item
from souq.core.money import UNITS_MAX, Asset, Money
from souq.core.refusal import Refused
from souq.core.rules import Rules
from souq.core.state import change
from souq.lab.kernel import Kernel

PRICES = (Money(0, "USD"), Money(7, "USD"), Money(-1, "USD"), Money(UNITS_MAX + 1, "USD"))
OTHERS = (Money(7, "EUR"), Money(7, "XXX"))
OPENINGS: tuple[dict[str, object], ...] = (
    {},
    {"shipping_units": 4},
    {"shipping_units": 4, "units": 0},  # two legs, and the money is for sending it
    {"side": "want"},
    {"units": 0},
)
LISTINGS_AFTER: tuple[dict[str, object], ...] = (
    {},
    {"is_paused": True},
    {"is_withdrawn": True},
    {"available": 1},
    {"mechanisms": (posted_price.NAME,)},
)


def haggle(shipping_units: int = 0, side: str = "sell", units: int = 5) -> tuple[Kernel, str]:
    kernel = Kernel(alternating_offers, Rules(assets=(Asset("USD", 6), Asset("EUR", 6))))
    ann, bob = kernel.join(2)
    thing = kernel.post(bob, available=3, side=side, shipping_units=shipping_units)
    return kernel, kernel.open(ann, MakeOffer((Item(thing, 2),), Money(units, "USD")))


def countered(kernel: Kernel, command: Counter) -> Haggle | str:
    try:
        kernel.move("A2", command)
    except Refused as refused:
        return str(refused)
    return kernel.rows(HAGGLES)[command.negotiation]


@pytest.mark.parametrize("price", PRICES + OTHERS)
@pytest.mark.parametrize("after", LISTINGS_AFTER)
@pytest.mark.parametrize("opening", OPENINGS)
def test_a_counter_without_items_is_judged_as_one_that_names_them(
    price: Money, after: dict[str, object], opening: dict[str, object]
) -> None:
    found = []
    for items in ((), (Item("L1", 2),)):
        kernel, run = haggle(**opening)  # type: ignore[arg-type]
        change(kernel, LISTINGS, "L1", **after)
        found.append(countered(kernel, Counter(run, price, items)))
    assert found[0] == found[1]


def test_a_counter_after_an_edited_listing_keeps_its_goods() -> None:
    kernel, run = haggle()
    kernel.edit("A2", EditListing("L1", available=2))
    found = countered(kernel, Counter(run, Money(9, "USD")))
    assert isinstance(found, Haggle)
    assert [type(leg).__name__ for leg in found.legs] == ["GoodsLeg", "CashLeg"]
