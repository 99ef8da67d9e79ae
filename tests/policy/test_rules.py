"""Every rule at its boundary: what is just allowed, and what just is not."""

from typing import Any

import pytest

from souq.core.policy import TYPES
from souq.core.policy.deal import Deal, Goods, Other
from souq.core.policy.goods import Categories, Destinations, Quantity, Requested, UsualQuantity
from souq.core.policy.loss import LossStop
from souq.core.policy.money import (
    Approval,
    Bidding,
    CalendarBudget,
    CoolingOff,
    LifetimeBudget,
    PerDeal,
    RollingBudget,
)
from souq.core.policy.pace import Occurrences, Velocity
from souq.core.policy.people import (
    Counterparties,
    Exposure,
    Jurisdictions,
    StandingMin,
    Verification,
)
from souq.core.policy.prices import Floor, PriceBounds, PriceReference
from souq.core.policy.scope import Assets, Validity
from souq.core.rules import DAY_US, HOUR_US
from tests.policy.triples import (
    NOW,
    CameBack,
    Committed,
    Dealt,
    Happening,
    Lost,
    Priced,
    Took,
    Triple,
    verdict,
)

ALLOW, HOLD, DENY = "ALLOW", "HOLD", "DENY"


def deal(pays: int = 0, receives: int = 0, **more: Any) -> Deal:
    given = {"USD": pays} if pays else {}
    got = {"USD": receives} if receives else {}
    return Deal(NOW, "USD", pays=given, receives=got, nets=got, reserved_units=pays, **more)


def thing(quantity: int = 1, category: str = "home", **more: Any) -> Goods:
    return Goods(more.pop("listing", "L1"), category, quantity, more.pop("is_taken", True), **more)


def given(quantity: int = 1, category: str = "home", **more: Any) -> Goods:
    return thing(quantity, category, is_taken=False, **more)


def says(rule: Any, asked: Deal, *past: Happening) -> str:
    return verdict(Triple((rule,), past, asked))[0]


def spent(units: int, ago_us: int, claim: str = "C1", asset: str = "USD") -> Committed:
    return Committed(NOW - ago_us, claim, units, asset, (("P2", units),))


PARCEL = thing(is_shipped=True)
CAPS = [
    (PerDeal(100), deal(100), ALLOW),
    (PerDeal(100), deal(101), DENY),
    (PerDeal(0), deal(0), ALLOW),
    (PerDeal(100), deal(1, whole_units=101), DENY),
    (PerDeal(100, "EUR"), deal(500), ALLOW),
    (Approval(100), deal(100), ALLOW),
    (Approval(100), deal(101), HOLD),
    (CoolingOff(100, DAY_US), deal(100), ALLOW),
    (CoolingOff(100, DAY_US), deal(101), DENY),
    (CoolingOff(100, DAY_US), deal(101, cooling_off_us=DAY_US - 1), DENY),
    (CoolingOff(100, DAY_US), deal(101, cooling_off_us=DAY_US), ALLOW),
    (Bidding(5_000), deal(31), ALLOW),
    (Bidding(5_000), deal(30, first_units=20), ALLOW),
    (Bidding(5_000), deal(31, first_units=20), DENY),
    (Bidding(5_000), deal(31, first_units=21), ALLOW),  # 31.5
    (Bidding(5_000, "EUR"), deal(500, first_units=1), ALLOW),
    (Bidding(0), deal(0, first_units=20), ALLOW),
]


@pytest.mark.parametrize(("rule", "asked", "expected"), CAPS)
def test_what_a_deal_may_cost(rule: Any, asked: Deal, expected: str) -> None:
    assert says(rule, asked) == expected


def test_a_first_offer_in_other_money_cannot_be_compared() -> None:
    asked = Deal(NOW, "USD", pays={"EUR": 1}, first_units=5)
    assert says(Bidding(0, "EUR"), asked) == DENY


DAY = RollingBudget(100, DAY_US)
BUDGETS = [
    (DAY, deal(40), (spent(60, DAY_US - 1),), ALLOW),
    (DAY, deal(41), (spent(60, DAY_US - 1),), DENY),
    (DAY, deal(100), (spent(60, DAY_US),), ALLOW),  # exactly a day old no longer counts
    (DAY, deal(41), (spent(60, 0),), DENY),
    (DAY, deal(100), (spent(60, 5, asset="EUR"),), ALLOW),
    (DAY, deal(0), (spent(500, 5),), ALLOW),
    (DAY, deal(5, whole_units=500), (), ALLOW),  # an order's parts are budgeted as they come
    (DAY, deal(60), (spent(60, 5), CameBack(NOW - 4, "C1", 20)), ALLOW),
    (DAY, deal(61), (spent(60, 5), CameBack(NOW - 4, "C1", 20)), DENY),
    # What comes back lessens the entry; it does not make room beside it once it is out of sight.
    (DAY, deal(100), (spent(60, DAY_US), CameBack(NOW - 4, "C1", 60)), ALLOW),
    (DAY, deal(101), (spent(60, DAY_US), CameBack(NOW - 4, "C1", 60)), DENY),
    (RollingBudget(100, DAY_US, refund_credit=False), deal(40), (spent(60, 5),), ALLOW),
    (
        RollingBudget(100, DAY_US, refund_credit=False),
        deal(41),
        (spent(60, 5), CameBack(NOW - 4, "C1", 59)),
        DENY,
    ),
    (
        RollingBudget(100, DAY_US, refund_credit=False),
        deal(100),
        (spent(60, 5), CameBack(NOW - 4, "C1", 60)),
        ALLOW,
    ),
    (
        RollingBudget(100, DAY_US, refund_credit=False),
        deal(99),
        (spent(60, 5, "X1"), CameBack(NOW - 4, "X1", 59)),
        ALLOW,
    ),
    (LifetimeBudget(100), deal(40), (spent(60, 300 * DAY_US),), ALLOW),
    (LifetimeBudget(100), deal(41), (spent(60, 300 * DAY_US),), DENY),
    (LossStop(10, DAY_US), deal(0), (Lost(NOW - 1, 10, "USD"),), ALLOW),
    (LossStop(10, DAY_US), deal(0), (Lost(NOW - 1, 11, "USD"),), DENY),
    (LossStop(10, DAY_US), deal(0), (Lost(NOW - DAY_US, 11, "USD"),), ALLOW),
    (LossStop(10, DAY_US), deal(5), (Lost(NOW - 9, 20, "USD"), Lost(NOW, -10, "USD")), ALLOW),
    (LossStop(10, DAY_US), deal(5), (Lost(NOW - 9, 20, "EUR"),), ALLOW),
    (Occurrences(1), deal(), (), ALLOW),
    (Occurrences(1), deal(), (Dealt(5, ("P2",)),), DENY),
    (Occurrences(0), deal(), (), DENY),
]


@pytest.mark.parametrize(("rule", "asked", "past", "expected"), BUDGETS)
def test_what_windows_count(
    rule: Any, asked: Deal, past: tuple[Happening, ...], expected: str
) -> None:
    assert says(rule, asked, *past) == expected


def test_a_calendar_day_counts_from_its_first_instant() -> None:
    midnight = NOW - NOW % DAY_US
    for at, expected in ((midnight, DENY), (midnight - 1, ALLOW)):
        past = Committed(at, "C1", 60, "USD", ())
        assert says(CalendarBudget(100, "day"), deal(41), past) == expected
    madrid = ((0, 7_200), (NOW + 1, 0))
    for at, expected in ((midnight - 2 * HOUR_US, DENY), (midnight - 2 * HOUR_US - 1, ALLOW)):
        past = Committed(at, "C1", 60, "USD", ())
        assert says(CalendarBudget(100, "day", "X", madrid), deal(41), past) == expected


def test_a_calendar_that_is_not_known_any_more_lets_nothing_be_spent() -> None:
    unknown = CalendarBudget(100, "day", "X", ((0, 0), (NOW, 0)))
    assert says(unknown, deal(1)) == DENY
    assert says(unknown, deal(0)) == ALLOW


LAMPS = thing(3, "home/lamps")
GOODS = [
    (Categories(("home",)), deal(goods=(LAMPS,)), ALLOW),
    (Categories(("home/lamps",)), deal(goods=(thing(),)), DENY),
    (Categories(("home",)), deal(goods=(thing(category="homes"),)), DENY),
    (Categories(("home",)), deal(goods=(LAMPS, given(category="bikes", listing="L2"))), DENY),
    (Categories(("home",)), deal(5), DENY),
    (Categories(()), deal(goods=(LAMPS,)), DENY),
    (Quantity(3), deal(goods=(LAMPS,)), ALLOW),
    (Quantity(2), deal(goods=(LAMPS,)), DENY),
    (Quantity(2, "bikes"), deal(goods=(LAMPS,)), ALLOW),
    (Quantity(2, side="sell"), deal(goods=(LAMPS,)), ALLOW),
    (Quantity(2, side="sell"), deal(goods=(given(3),)), DENY),
    (Requested({"home": 10}), deal(goods=(thing(99),)), ALLOW),
    (Requested({"home": 10}), deal(goods=(thing(100),)), DENY),
    (Requested({"home": 1, "L1": 10}), deal(goods=(thing(99),)), ALLOW),
    (Requested({"home": 1, "home/lamps": 2}), deal(goods=(thing(19, "home/lamps/old"),)), ALLOW),
    (Requested({"home": 1}), deal(goods=(thing(10, "home/lamps"),)), DENY),
    (Requested({"bikes": 1}), deal(goods=(thing(500),)), ALLOW),
    (Requested({"home": 1}), deal(goods=(given(500),)), ALLOW),
    (Requested({"home": 0}), deal(goods=(thing(1),)), DENY),
    (Requested({"home": 10}, 2), deal(goods=(thing(20),)), DENY),
    (Destinations(("home",)), deal(goods=(PARCEL,)), DENY),
    (Destinations(("home",)), deal(goods=(PARCEL,), destination="home"), ALLOW),
    (Destinations(("home",)), deal(goods=(PARCEL,), destination="hom"), DENY),
    (Destinations(("home",)), deal(goods=(thing(),), destination="x"), ALLOW),
    (Destinations(("home",)), deal(goods=(given(is_shipped=True),), destination="x"), ALLOW),
]


@pytest.mark.parametrize(("rule", "asked", "expected"), GOODS)
def test_which_things_and_how_many(rule: Any, asked: Deal, expected: str) -> None:
    assert says(rule, asked) == expected


def took(*quantities: int, category: str = "home") -> tuple[Took, ...]:
    return tuple(Took(n, category, quantity) for n, quantity in enumerate(quantities))


@pytest.mark.parametrize(
    ("past", "quantity", "expected"),
    [
        (took(1, 1, 1, 1), 1, HOLD),
        (took(1, 1, 1, 1, 2), 6, ALLOW),  # of five, the 95th percentile is the largest
        (took(1, 1, 1, 1, 2), 7, DENY),
        (took(*[1] * 19, 50), 3, ALLOW),  # of twenty, the nineteenth
        (took(*[1] * 19, 50), 4, DENY),
        (took(*[1] * 18, 50, 50), 150, ALLOW),
        (took(1, 1, 1, 1, 1, category="home/lamps"), 1, HOLD),  # exactly that category
    ],
)
def test_what_is_usual_is_thrice_the_95th_percentile(
    past: tuple[Took, ...], quantity: int, expected: str
) -> None:
    assert says(UsualQuantity(), deal(goods=(thing(quantity),)), *past) == expected


def test_what_is_unusual_denies_even_where_something_else_is_not_known() -> None:
    both = (thing(1, "bikes"), thing(500, listing="L2"))
    assert says(UsualQuantity(), deal(goods=both), *took(1, 1, 1, 1, 1)) == DENY


def paid(*prices: int) -> tuple[Priced, ...]:
    return tuple(Priced(n, "home", "USD", units) for n, units in enumerate(prices))


PRICES = [
    (PriceBounds(10, 20), deal(40, goods=(thing(2),)), (), ALLOW),
    (PriceBounds(10, 20), deal(41, goods=(thing(2),)), (), DENY),
    (PriceBounds(10, 20), deal(20, goods=(thing(2),)), (), ALLOW),
    (PriceBounds(10, 20), deal(19, goods=(thing(2),)), (), DENY),
    (PriceBounds(1), deal(0, goods=(thing(),)), (), DENY),
    (PriceBounds(0), deal(0, goods=(thing(),)), (), ALLOW),
    (PriceBounds(10, 20, "bikes"), deal(99, goods=(thing(),)), (), ALLOW),
    (PriceBounds(10, 20), deal(15, goods=(thing(), thing(listing="L2"))), (), DENY),
    (PriceBounds(10, 20), deal(15, goods=(thing(), given(listing="L2"))), (), DENY),
    (PriceBounds(10, 20, asset="EUR"), deal(15, goods=(thing(),)), (), DENY),
    (PriceBounds(10, 20, side="sell"), deal(0, 15, goods=(given(),)), (), ALLOW),
    (PriceBounds(10, 20, side="sell"), deal(0, 9, goods=(given(),)), (), DENY),
    (PriceBounds(10, 20, side="sell"), deal(10, 15, goods=(given(),)), (), DENY),  # 5 in all
    (PriceBounds(10, 20), deal(500), (), ALLOW),
    (PriceReference(1_000), deal(11, goods=(thing(),)), paid(10, 10, 10, 10), HOLD),
    (PriceReference(1_000), deal(11, goods=(thing(),)), paid(1, 10, 10, 10, 90), ALLOW),
    (PriceReference(1_000), deal(12, goods=(thing(),)), paid(1, 10, 10, 10, 90), DENY),
    (PriceReference(1_000), deal(9, goods=(thing(),)), paid(1, 10, 10, 10, 90), ALLOW),
    (PriceReference(1_000), deal(8, goods=(thing(),)), paid(1, 10, 10, 10, 90), DENY),
    (PriceReference(1_000), deal(23, goods=(thing(2),)), paid(*[10] * 5), DENY),
    (PriceReference(1_000), deal(22, goods=(thing(2),)), paid(*[10] * 5), ALLOW),
    # Of an even number, the lower of the two in the middle.
    (PriceReference(0), deal(10, goods=(thing(),)), paid(1, 1, 10, 20, 20, 20), ALLOW),
    (PriceReference(0), deal(15, goods=(thing(),)), paid(1, 1, 10, 20, 20, 20), DENY),
    # Only the last so many.
    (PriceReference(0, 5), deal(7, goods=(thing(),)), paid(*[1] * 20, *[7] * 5), ALLOW),
    (PriceReference(0), deal(7, goods=(thing(),)), paid(*[1] * 20, *[7] * 5), DENY),
    (PriceReference(9_999), deal(1, goods=(thing(category="bikes"),)), paid(*[1] * 5), HOLD),
    (Floor({"home": 10}), deal(0, 20, goods=(given(2),)), (), ALLOW),
    (Floor({"home": 10}), deal(0, 19, goods=(given(2),)), (), DENY),
    (Floor({"home": 10, "lamp": 5}), deal(0, 5, goods=(given(ref="lamp"),)), (), ALLOW),
    (Floor({"home": 10}), deal(0, 0, goods=(given(category="home/lamps"),)), (), DENY),
    (Floor({"home": 10}), deal(0, 0, goods=(given(category="bikes"),)), (), ALLOW),
    (Floor({"home": 10}), deal(0, 0, goods=(thing(),)), (), ALLOW),
    (Floor({"home": 10}), deal(5, 14, goods=(given(),)), (), DENY),
    (
        Floor({"home": 10, "bikes": 7}),
        deal(0, 16, goods=(given(), given(listing="L2", category="bikes"))),
        (),
        DENY,
    ),
]


@pytest.mark.parametrize(("rule", "asked", "past", "expected"), PRICES)
def test_the_price_of_one(
    rule: Any, asked: Deal, past: tuple[Happening, ...], expected: str
) -> None:
    assert says(rule, asked, *past) == expected


def test_a_floor_is_compared_to_what_is_left_after_fees() -> None:
    asked = Deal(NOW, "USD", receives={"USD": 100}, nets={"USD": 90}, goods=(given(),))
    assert says(Floor({"home": 90}), asked) == ALLOW
    assert says(Floor({"home": 91}), asked) == DENY


def other(principal: str = "P2", **more: Any) -> Other:
    return Other(principal, **more)


def meets(*others: Other) -> Deal:
    return deal(others=others)


PAID = other(pays={"USD": 40})
PEOPLE = [
    (Counterparties(("P2",)), meets(other()), (), ALLOW),
    (Counterparties(("P2",)), meets(other("P3")), (), DENY),
    (Counterparties(("P2",)), meets(other(), other("P3")), (), DENY),
    (Counterparties(None, ("P3",)), meets(other()), (), ALLOW),
    (Counterparties(("P3",), ("P3",)), meets(other("P3")), (), DENY),
    (Counterparties(), meets(other("")), (), DENY),
    (Verification(2), meets(other(level=2)), (), ALLOW),
    (Verification(2), meets(other(level=1)), (), DENY),
    (Verification(0), meets(other()), (), DENY),
    (Verification(0), meets(other("")), (), DENY),
    (StandingMin(2), meets(other(standing=2)), (), ALLOW),
    (StandingMin(2), meets(other(standing=1)), (), DENY),
    (StandingMin(-5), meets(other("")), (), DENY),
    (Jurisdictions(("ES",)), meets(other(jurisdiction="ES")), (), ALLOW),
    (Jurisdictions(("ES",)), meets(other(jurisdiction="US")), (), DENY),
    (Jurisdictions(("ES",)), meets(other()), (), DENY),
    (Exposure(100), meets(PAID), (spent(60, 5),), ALLOW),
    (Exposure(99), meets(PAID), (spent(60, 5),), DENY),
    (Exposure(99), meets(PAID), (spent(60, 5), CameBack(NOW, "C1", 0)), ALLOW),
    (Exposure(79), meets(PAID, PAID), (), DENY),  # two agents of one principal
    (Exposure(99), meets(other("P3", pays={"USD": 40})), (spent(60, 5),), ALLOW),
    (Exposure(39), meets(other("", pays={"USD": 40})), (), DENY),
    (Exposure(0), meets(other()), (spent(60, 5),), ALLOW),
    (Velocity(DAY_US, 1), meets(other()), (), ALLOW),
    (Velocity(DAY_US, 1), meets(other()), (Dealt(NOW - DAY_US + 1, ("P2",)),), DENY),
    (Velocity(DAY_US, 1), meets(other()), (Dealt(NOW - DAY_US, ("P2",)),), ALLOW),
    (Velocity(DAY_US, None, 1), meets(other()), (), ALLOW),
    (Velocity(DAY_US, None, 1), meets(other(), other("P3")), (), DENY),
    (Velocity(DAY_US, None, 1), meets(other()), (Dealt(NOW - 5, ("P3",)),), DENY),
    (Velocity(DAY_US, None, 1), meets(other()), (Dealt(NOW - DAY_US, ("P3",)),), ALLOW),
    (Velocity(DAY_US, None, 0), meets(other()), (Dealt(5, ("P2",)),), ALLOW),
    (Velocity(DAY_US, None, 0), meets(other("")), (), ALLOW),
    (Velocity(DAY_US, None, 0), meets(other()), (), DENY),
    (Assets(("USD",)), deal(5), (), ALLOW),
    (Assets(("EUR",)), deal(5), (), DENY),
    (Assets(("EUR",)), deal(0, 5), (), DENY),
    (Assets(()), deal(0, 0), (), ALLOW),
    (Validity(NOW), deal(), (), ALLOW),
    (Validity(NOW + 1), deal(), (), DENY),
    (Validity(0, NOW + 1), deal(), (), ALLOW),
    (Validity(0, NOW), deal(), (), DENY),
]


@pytest.mark.parametrize(("rule", "asked", "past", "expected"), PEOPLE)
def test_whom_to_deal_with_and_how_often(
    rule: Any, asked: Deal, past: tuple[Happening, ...], expected: str
) -> None:
    assert says(rule, asked, *past) == expected


def test_every_rule_stands_in_a_table() -> None:
    tables = (*CAPS, *BUDGETS, *GOODS, *PRICES, *PEOPLE)
    told = {type(row[0]) for row in tables} | {CalendarBudget, UsualQuantity}
    assert told == set(TYPES.values())


def test_every_rule_is_asked_and_the_worst_wins() -> None:
    rules = (Approval(10), PerDeal(100), Assets(("EUR",)), Quantity(1))
    assert verdict(Triple(rules, (), deal(101))) == (HOLD, DENY, DENY, ALLOW)
