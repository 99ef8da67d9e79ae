"""Batch exchanges: everybody gets what it wished for, or keeps its own; the rest goes back."""

from random import Random
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.halt import SetHalt
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import LISTINGS, EditListing, WithdrawListing
from souq.core.mandate import MANDATES, GoodsLimit, GrantMandate, Limits, RevokeMandate
from souq.core.mandate import SecretLimits as Secret
from souq.core.mechanisms import barter
from souq.core.mechanisms.barter.records import (
    TABLES,
    BarterFailed,
    BarterMatched,
    BarterWished,
    EnterBarter,
    LeaveBarter,
    OpenBarter,
    Wish,
)
from souq.core.mechanisms.moves import Item
from souq.core.negotiation import NEGOTIATIONS, AgreementReached, NegotiationClosed, standing
from souq.core.party import RegisterAgent
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, OPERATOR, Rules
from souq.core.seal import PublicText
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.watching import seen

Path = Kernel | Hall
TTC = OpenBarter("top_trading_cycles", HOUR_US)
COVER = OpenBarter("cycle_cover", HOUR_US)


def items(names: str) -> tuple[Item, ...]:
    return tuple(Item(name) for name in names.split())


def enter(path: Path, agent: str, goods: str, *wishes: str | tuple[str, int]) -> None:
    """Offer goods in N1 for `L1 L2` or `books`, each alone or with cash, best first."""
    path.move(agent, entering(goods, *wishes))


def entering(goods: str, *wishes: str | tuple[str, int]) -> EnterBarter:
    found = []
    for one in wishes:
        what, cash = one if isinstance(one, tuple) else (one, 0)
        is_goods = what[0] == "L"
        found.append(Wish(items(what) if is_goods else (), "" if is_goods else what, cash))
    return EnterBarter("N1", items(goods), tuple(found))


def people(path: Path, count: int, opening: OpenBarter, **fields: Any) -> list[str]:
    """Let agents A1 … have a listing each, L1 …, and the first open a run."""
    agents = path.join(count)
    for agent in agents:
        path.post(agent, **fields)
    path.open(agents[0], opening)
    return agents


def refused(path: Path, agent: str, command: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as caught:
        (path.open if isinstance(command, OpenBarter) else path.move)(agent, command)
    return str(caught.value.reason), caught.value.facts


def free(hall: Hall, number: int) -> int:
    return hall.simulation.engine.state.rows(ACCOUNTS)[f"wallet:P{number}/USD"].available


def events(hall: Hall, kind: type) -> list[Any]:
    return [one for one in seen(hall, OPERATOR) if isinstance(one, kind)]


def untouched(hall: Hall) -> None:
    """Claim that no run, hold, budget or listing is left bound to anything."""
    state = hall.simulation.engine.state
    assert not state.rows(NEGOTIATIONS)
    assert not any(state.rows(table) for table in TABLES)
    assert not [id for id in state.rows(HOLDS) if id.startswith("#N")]
    assert not any(one.reserved_units for one in state.rows(MANDATES).values())
    assert not any(one.pledged for one in state.rows(LISTINGS).values())


def test_random_batches_trade_what_was_wished_for_and_nothing_is_lost() -> None:
    chance = Random(1)
    traded = paid = 0
    for turn in range(60):
        opening = TTC if turn % 2 else COVER
        size = chance.randint(2, 7)
        told: dict[int, list[tuple[str, int]]] = {}
        for n in range(1, size + 1):
            others = [other for other in range(1, size + 1) if other != n]
            wanted = chance.sample(others, chance.randint(1, len(others)))
            cash = 0 if opening is TTC else 9
            told[n] = [(f"L{other}", chance.randint(-cash, cash)) for other in wanted]
        kernel, hall = Kernel(barter), Hall(barter, purse_units=100)
        for path in (kernel, hall):
            agents = people(path, size, opening, delivery="title")
            for n, wishes in told.items():
                enter(path, agents[n - 1], f"L{n}", *wishes)
            path.pass_time(2 * HOUR_US)
        assert kernel.trades == hall.trades
        untouched(hall)
        got: dict[int, str] = {}
        for deal in events(hall, AgreementReached):
            for leg in deal.agreement.legs:
                if isinstance(leg, GoodsLeg):
                    assert got.setdefault(int(leg.taker[1:]), leg.listing) == leg.listing
                    assert leg.giver == f"A{leg.listing[1:]}"
        for n, wishes in told.items():
            most = dict(wishes).get(got.get(n, ""), 0)
            assert n not in got or got[n] in dict(wishes)
            assert free(hall, n) >= 100 - most
            paid += free(hall, n) != 100
        assert sum(free(hall, n) for n in told) == 100 * size
        assert sorted(got.values()) == sorted(f"L{n}" for n in got)
        traded += len(got)
    assert traded > 60
    assert paid > 20


def test_a_cover_is_worth_as_much_as_a_linear_assignment_of_what_was_told() -> None:
    chance = Random(2)
    for _ in range(10):
        kernel = Kernel(barter)
        agents = people(kernel, 40, COVER)
        costs = np.full((40, 40), 1e15)
        np.fill_diagonal(costs, 0)
        for n, agent in enumerate(agents):
            wanted = chance.sample([one for one in range(40) if one != n], 5)
            wishes = [(f"L{one + 1}", chance.randint(-3, 3)) for one in wanted]
            for rank, (one, (_, units)) in enumerate(zip(wanted, wishes, strict=True)):
                costs[n, one] = -(units * 2**20 + 16 - rank)
            enter(kernel, agent, f"L{n + 1}", *wishes)
        kernel.pass_time(2 * HOUR_US)
        rows, columns = linear_sum_assignment(costs)
        legs = [leg for deal in kernel.agreements for leg in deal.legs]
        pairs = [(leg.taker, leg.giver) for leg in legs if isinstance(leg, GoodsLeg)]
        found = sum(costs[int(a[1:]) - 1, int(b[1:]) - 1] for a, b in pairs)
        assert found == costs[rows, columns].sum() < 0


def test_nobody_gains_by_telling_top_trading_cycles_anything_but_the_truth() -> None:
    lists = [("L2",), ("L3",), ("L2", "L3"), ("L3", "L2")]
    for bea in [("L1",), ("L3",), ("L1", "L3"), ("L3", "L1")]:
        for dan in [("L1",), ("L2",), ("L1", "L2"), ("L2", "L1")]:
            got = {}
            for told in lists:
                kernel = Kernel(barter)
                agents = people(kernel, 3, TTC)
                for agent, mine, wishes in zip(
                    agents, ("L1", "L2", "L3"), (told, bea, dan), strict=True
                ):
                    enter(kernel, agent, mine, *wishes)
                kernel.pass_time(2 * HOUR_US)
                got[told] = next((one[2] for one in kernel.trades if one[0] == "A1"), "L1")
            for truth in lists:
                order = [*truth, "L1", "L2", "L3"]
                assert all(order.index(got[truth]) <= order.index(got[told]) for told in lists)


def test_a_swap_shares_spare_cash_half_and_half_and_fees_come_out_of_what_is_got() -> None:
    hall = Hall(barter, Rules(fee_bps=1_000), purse_units=1_000)
    ann, bea = people(hall, 2, COVER, delivery="title")
    enter(hall, ann, "L1", ("L2", 100))
    enter(hall, bea, "L2", ("L1", -60))
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == [(ann, bea, "L2", 1, 80), (bea, ann, "L1", 1, 0)]
    assert (free(hall, 1), free(hall, 2)) == (920, 1_072)


def test_cash_round_a_longer_cycle_goes_from_who_adds_to_who_asks() -> None:
    hall = Hall(barter, purse_units=100)
    ann, bea, dan = people(hall, 3, COVER, delivery="title")
    enter(hall, ann, "L1", ("L2", 90))
    enter(hall, bea, "L2", "L3")
    enter(hall, dan, "L3", ("L1", -30))
    hall.pass_time(2 * HOUR_US)
    (deal,) = events(hall, AgreementReached)
    cash = [leg for leg in deal.agreement.legs if isinstance(leg, CashLeg)]
    assert [(leg.giver, leg.taker, leg.amount.units) for leg in cash] == [
        (ann, bea, 20),
        (ann, dan, 50),
    ]
    assert [free(hall, n) for n in (1, 2, 3)] == [30, 120, 150]


def test_less_cash_than_is_asked_makes_no_cycle() -> None:
    kernel = Kernel(barter)
    ann, bea = people(kernel, 2, COVER)
    enter(kernel, ann, "L1", ("L2", 59))
    enter(kernel, bea, "L2", ("L1", -60))
    kernel.pass_time(2 * HOUR_US)
    assert kernel.trades == []


def test_a_bundle_is_met_whole_and_by_nothing_else() -> None:
    for wish, is_met in (("L1 L2", True), ("L2 L1", True), ("L1", False), ("tools", False)):
        kernel = Kernel(barter)
        ann, bea = kernel.join(2)
        for agent in (ann, ann, bea):
            kernel.post(agent, category="tools")
        kernel.open(ann, COVER)
        enter(kernel, ann, "L1 L2", "L3")
        enter(kernel, bea, "L3", wish)
        kernel.pass_time(2 * HOUR_US)
        assert bool(kernel.trades) == is_met


@pytest.mark.parametrize(
    ("category", "quantity", "wish", "is_met"),
    [
        ("books", 1, "books", True),
        ("books/old", 1, "books", True),
        ("books", 1, "books/old", False),
        ("bookshelves", 1, "books", False),
        ("books", 2, "books", False),
    ],
)
def test_a_category_is_met_by_one_piece_in_or_below_it(
    category: str, quantity: int, wish: str, is_met: bool
) -> None:
    kernel = Kernel(barter)
    ann, bea = kernel.join(2)
    kernel.post(ann, category=category, available=5)
    kernel.post(bea)
    kernel.open(ann, COVER)
    kernel.move(ann, EnterBarter("N1", (Item("L1", quantity),), (Wish(items("L2")),)))
    enter(kernel, bea, "L2", wish)
    kernel.pass_time(2 * HOUR_US)
    assert bool(kernel.trades) == is_met


def test_a_quantity_is_met_by_just_as_much() -> None:
    for wished, is_met in ((1, False), (2, True), (3, False)):
        kernel = Kernel(barter)
        ann, bea = people(kernel, 2, COVER, available=5)
        kernel.move(ann, EnterBarter("N1", (Item("L1", 2),), (Wish(items("L2")),)))
        kernel.move(bea, EnterBarter("N1", items("L2"), (Wish((Item("L1", wished),)),)))
        kernel.pass_time(2 * HOUR_US)
        assert bool(kernel.trades) == is_met


def test_within_a_category_the_next_offer_comes_first() -> None:
    kernel = Kernel(barter)
    agents = people(kernel, 4, TTC, category="books")
    for n, agent in enumerate(agents, 1):
        enter(kernel, agent, f"L{n}", "books")
    kernel.pass_time(2 * HOUR_US)
    assert [(taker, goods) for taker, _, goods, _, _ in kernel.trades] == [
        ("A1", "L2"),
        ("A2", "L3"),
        ("A3", "L4"),
        ("A4", "L1"),
    ]


def test_without_who_is_unable_the_whole_batch_is_cleared_again() -> None:
    hall = Hall(barter, purse_units=100)
    ann, bea, dan, eve = people(hall, 4, COVER)
    enter(hall, ann, "L1", ("L2", 10), ("L3", 5))
    enter(hall, bea, "L2", ("L1", 0), ("L4", 30))
    enter(hall, dan, "L3", ("L1", 0), ("L4", 0))
    enter(hall, eve, "L4", ("L2", 20), ("L3", 0))
    hall.simulation.submit("P4", RevokeMandate(eve)).need()
    hall.pass_time(2 * HOUR_US)
    # With eve, bea and eve would swap, and so ann and dan; without her ann and bea are worth more.
    assert [one.cycles for one in events(hall, BarterMatched)] == [((1, 3), (2, 4)), ((1, 2),)]
    assert hall.trades == [(ann, bea, "L2", 1, 5), (bea, ann, "L1", 1, 0)]
    assert [one.agent for one in events(hall, BarterFailed)] == [eve]
    assert (free(hall, 3), free(hall, 4)) == (100, 100)
    untouched(hall)


def test_where_very_many_are_unable_the_others_trade_all_the_same() -> None:
    hall = Hall(barter)
    agents = people(hall, 41, COVER)
    for n in range(1, 41, 2):
        enter(hall, agents[n - 1], f"L{n}", f"L{n + 1}")
        enter(hall, agents[n], f"L{n + 1}", f"L{n}")
    for n in range(1, 31, 2):  # one in each of fifteen of the twenty pairs
        hall.simulation.submit(f"P{n}", RevokeMandate(agents[n - 1])).need()
    hall.pass_time(2 * HOUR_US)
    assert len(events(hall, BarterMatched)) == 2
    assert len(events(hall, BarterFailed)) == 15
    assert [one[2] for one in hall.trades] == [
        f"L{n}" for k in range(32, 42, 2) for n in (k, k - 1)
    ]
    untouched(hall)


def test_what_is_left_waits_for_the_next_clearing_and_goes_back_after_the_last() -> None:
    hall = Hall(barter, purse_units=100)
    ann, bea, dan = people(hall, 3, OpenBarter("cycle_cover", HOUR_US, 2))
    enter(hall, ann, "L1", ("L2", 40))
    hall.pass_time(HOUR_US + HOUR_US // 2)
    state = hall.simulation.engine.state
    assert free(hall, 1) == 60
    assert standing(state, "N1").notice["clearings_left"] == 1
    enter(hall, dan, "L3", ("L2", 10))
    enter(hall, bea, "L2", "L1")
    hall.pass_time(3 * HOUR_US)
    assert hall.trades == [(ann, bea, "L2", 1, 20), (bea, ann, "L1", 1, 0)]
    assert [one.why for one in events(hall, NegotiationClosed)] == ["agreed"]
    assert free(hall, 3) == 100
    untouched(hall)


def test_whoever_has_traded_has_its_rest_again_before_the_run_ends() -> None:
    hall = Hall(barter, purse_units=100)
    ann, bea, dan = people(hall, 3, OpenBarter("cycle_cover", HOUR_US, 2), available=2)
    enter(hall, ann, "L1", ("L2", 40), ("L3", 10))
    enter(hall, bea, "L2", ("L3", 90), ("L1", 60), "L3")
    enter(hall, dan, "L3", ("L1", 5))
    assert [free(hall, n) for n in (1, 2, 3)] == [60, 10, 95]
    hall.pass_time(HOUR_US + HOUR_US // 2)
    # In a ring they would add 40, 90 and 5, of which each is left 45; so bea pays the others.
    assert [free(hall, n) for n in (1, 2, 3)] == [100, 55, 100]
    state = hall.simulation.engine.state
    assert not [id for id in state.rows(HOLDS) if id.startswith("#N")]
    assert not any(one.pledged for one in state.rows(LISTINGS).values())


def test_a_listing_of_which_there_are_more_stands_in_one_offer_all_the_same() -> None:
    kernel = Kernel(barter)
    ann, bea = people(kernel, 2, COVER, available=5)
    enter(kernel, ann, "L1", "L2")
    assert refused(kernel, ann, entering("L1", "L2"))[1]["field"] == "goods"
    enter(kernel, bea, "L2", "L1")


def test_an_empty_batch_and_one_without_cycles_end_without_a_trade() -> None:
    for offers in (0, 2):
        hall = Hall(barter, purse_units=100)
        agents = people(hall, 3, OpenBarter("cycle_cover", HOUR_US, 3))
        for n in range(offers):
            enter(hall, agents[n], f"L{n + 1}", ("L3", 50))
        hall.simulation.submit("P1", RevokeMandate(agents[0])).need()  # the opener is not needed
        hall.pass_time(4 * HOUR_US)
        assert [one.why for one in events(hall, NegotiationClosed)] == ["no_deal"]
        assert len(events(hall, BarterMatched)) == 3
        assert [free(hall, n) for n in (1, 2, 3)] == [100, 100, 100]
        untouched(hall)


def test_goods_in_a_batch_cannot_be_changed_and_come_free_at_once_on_leaving() -> None:
    hall = Hall(barter, purse_units=100)
    ann, bea = people(hall, 2, COVER)
    enter(hall, ann, "L1", ("L2", 70))
    listing = hall.simulation.engine.state.get(LISTINGS, "L1")
    assert listing is not None
    assert (listing.available, listing.pledged, free(hall, 1)) == (0, 1, 30)
    for command in (WithdrawListing("L1"), EditListing("L1", available=2)):
        answer = hall.simulation.submit(ann, command)
        assert answer.refusal is not None
        assert answer.refusal.reason == Reason.WRONG_STATE
    assert refused(hall, ann, entering("L1", "L2"))[0] == Reason.NOT_ENOUGH_STOCK
    enter(hall, bea, "L2", "L1")
    assert refused(hall, bea, LeaveBarter("N1", 1))[0] == Reason.NOT_YOURS
    hall.simulation.submit(OPERATOR, SetHalt("negotiations")).need()
    hall.move(ann, LeaveBarter("N1", 1))
    assert free(hall, 1) == 100
    hall.simulation.submit(ann, WithdrawListing("L1")).need()
    assert refused(hall, ann, LeaveBarter("N1", 1))[0] == Reason.CLOSED
    hall.simulation.submit(OPERATOR, SetHalt("open")).need()
    hall.pass_time(9 * HOUR_US)
    assert hall.trades == []
    untouched(hall)


def test_a_halt_puts_the_clearing_off() -> None:
    hall = Hall(barter)
    ann, bea = people(hall, 2, COVER)
    enter(hall, ann, "L1", "L2")
    enter(hall, bea, "L2", "L1")
    hall.simulation.submit(OPERATOR, SetHalt("commitments")).need()
    hall.pass_time(3 * HOUR_US)
    assert hall.trades == []
    hall.simulation.submit(OPERATOR, SetHalt("open")).need()
    hall.pass_time(5 * HOUR_US)
    assert len(hall.trades) == 2
    untouched(hall)


def test_clearings_that_a_halt_put_off_follow_at_once() -> None:
    hall = Hall(barter, purse_units=100)
    ann, bea, _ = people(hall, 3, OpenBarter("cycle_cover", HOUR_US, 3))
    enter(hall, ann, "L1", ("L3", 70))
    hall.simulation.submit(OPERATOR, SetHalt("commitments")).need()
    hall.pass_time(3 * HOUR_US + HOUR_US // 2)
    assert not events(hall, BarterMatched)
    hall.simulation.submit(OPERATOR, SetHalt("open")).need()
    enter(hall, bea, "L2", ("L3", 70))
    for hours in (5, 6):  # a clock that leaps stands still while its deadlines are handled
        hall.pass_time(hours * HOUR_US)
    assert [one.clearings for one in events(hall, BarterMatched)] == [2, 1, 0]
    assert [free(hall, n) for n in (1, 2)] == [100, 100]
    untouched(hall)


def test_one_agent_may_be_in_a_cycle_twice_and_pays_once() -> None:
    hall = Hall(barter, purse_units=100)
    ann, bea, dan = hall.join(3)
    for agent in (ann, bea, ann, dan):
        hall.post(agent, delivery="title")
    hall.open(ann, COVER)
    enter(hall, ann, "L1", ("L2", 40))
    enter(hall, bea, "L2", "L3")
    enter(hall, ann, "L3", ("L4", 20))
    enter(hall, dan, "L4", ("L1", -20))
    assert free(hall, 1) == 40
    hall.pass_time(2 * HOUR_US)
    assert len(hall.trades) == 4
    assert [free(hall, n) for n in (1, 2, 3)] == [60, 110, 130]
    untouched(hall)


def test_top_trading_cycles_take_one_offer_for_each_principal_and_no_cash() -> None:
    hall = Hall(barter)
    ann, _ = people(hall, 2, TTC)
    hall.post(ann)
    assert refused(hall, ann, entering("L1", ("L2", 1)))[1]["field"] == "cash_units"
    assert refused(hall, ann, entering("L1", ("L2", -1)))[1]["field"] == "cash_units"
    enter(hall, ann, "L1", "L2")
    assert refused(hall, ann, entering("L3", "L2"))[1]["state"] == "Full"


def test_a_principal_enters_by_one_agent_and_never_trades_with_itself() -> None:
    hall = Hall(barter)
    ann, _ = people(hall, 2, COVER, category="books")
    market = hall.simulation
    answer = market.submit("P1", RegisterAgent("P1", PublicText("another"))).need()
    second = str(answer.events[0].agent)
    market.submit("P1", GrantMandate(second, Secret(Limits()))).need()
    hall.post(second, category="books")
    hall.post(ann, category="books")
    assert refused(hall, ann, entering("L1", "L3"))[0] == Reason.SAME_PRINCIPAL
    enter(hall, ann, "L1", "books")
    enter(hall, ann, "L4", "books")
    assert refused(hall, second, entering("L3", "L2"))[0] == Reason.SAME_PRINCIPAL
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == []


def test_wishes_are_judged_by_the_mandate() -> None:
    hall = Hall(barter)
    goods = {"keep": GoodsLimit(50), "give": GoodsLimit(50, may_barter=True)}
    (bea,) = hall.join(1)
    (ann,) = hall.join(1, Limits(goods=goods, ceilings={"L1": 20}, lifetime_units=30))
    hall.post(bea)
    hall.post(ann, ref="keep")
    hall.post(ann, ref="give")
    hall.post(ann, ref="give")
    hall.open(bea, COVER)
    outside = {"rule": "goods"}
    assert refused(hall, ann, entering("L2", "L1")) == (Reason.OUTSIDE_MANDATE, outside)
    assert refused(hall, ann, entering("L3", ("L1", 21)))[1] == {"rule": "ceilings"}
    assert refused(hall, ann, entering("L3", "L1", ("L1", 21)))[1] == {"rule": "ceilings"}
    enter(hall, ann, "L3", ("L1", 20))
    assert refused(hall, ann, entering("L4", ("L1", 11))) == (
        Reason.BUDGET_EXCEEDED,
        {"rule": "lifetime", "available": 30, "needed": 31},
    )
    enter(hall, ann, "L2", ("L1", -50))


def test_only_its_agent_sees_a_wish() -> None:
    hall = Hall(barter)
    ann, bea, dan = people(hall, 3, COVER)
    enter(hall, ann, "L1", ("L2", 7_777_777))
    enter(hall, bea, "L2", ("L3", 5_555_555))
    hall.simulation.submit("P2", RevokeMandate(bea)).need()
    enter(hall, dan, "L3", "L1")
    hall.pass_time(2 * HOUR_US)
    for viewer, sees in ((ann, 1), ("P1", 1), (bea, 1), (dan, 1), ("", 0)):
        events = seen(hall, viewer)
        assert len([one for one in events if isinstance(one, BarterWished)]) == sees
        assert ("7777777" in repr(events)) == (viewer in (ann, "P1"))
        failed = [one for one in events if isinstance(one, BarterFailed)]
        assert len(failed) == (viewer == bea)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (EnterBarter("N1", (), (Wish(items("L2")),)), Reason.INVALID),
        (EnterBarter("N1", items("L1 L1"), (Wish(items("L2")),)), Reason.INVALID),
        (EnterBarter("N1", (Item("L1", 0),), (Wish(items("L2")),)), Reason.INVALID),
        (EnterBarter("N1", (Item("L1", 2),), (Wish(items("L2")),)), Reason.NOT_ENOUGH_STOCK),
        (entering("L2", "L1"), Reason.NOT_YOURS),
        (entering("L9", "L2"), Reason.NOT_FOUND),
        (entering("L3", "L2"), Reason.WRONG_MECHANISM),
        (entering("L4", "L2"), Reason.INVALID),
        (entering("L1", "L9"), Reason.NOT_FOUND),
        (entering("L1", "L5"), Reason.WRONG_MECHANISM),
        (entering("L1"), Reason.INVALID),
        (entering("L1", *["books"] * 17), Reason.INVALID),
        (entering("L1", ("L2", 2**53)), Reason.INVALID),
        (entering("L1", ("L2", -(2**53))), Reason.INVALID),
        (entering("L1", "L2 L2"), Reason.INVALID),
        (entering("L1", "b" * 65), Reason.INVALID),
        (EnterBarter("N1", items("L1"), (Wish(),)), Reason.INVALID),
        (EnterBarter("N1", items("L1"), (Wish(items("L2"), "books"),)), Reason.INVALID),
        (EnterBarter("N1", items("L1"), (Wish((Item("L2", -1),)),)), Reason.INVALID),
        (entering("L1", ("L2", 1_001)), Reason.INSUFFICIENT_FUNDS),
    ],
)
def test_what_cannot_enter(command: EnterBarter, reason: Reason) -> None:
    hall = Hall(barter, purse_units=1_000)
    ann, bea = people(hall, 2, COVER)
    hall.post(ann, mechanisms=("swap",))
    hall.post(ann, side="want")
    hall.post(bea, mechanisms=("swap",))
    assert refused(hall, ann, command)[0] == reason
    hall.pass_time(2 * HOUR_US)
    untouched(hall)


@pytest.mark.parametrize(
    "fields",
    [
        {"clearings": 0},
        {"clearings": 1_001},
        {"interval_us": 0},
        {"interval_us": 24 * HOUR_US, "clearings": 31},
        {"asset": "EUR"},
    ],
)
def test_what_cannot_be_opened(fields: dict[str, Any]) -> None:
    for path in (Kernel(barter), Hall(barter)):
        (ann,) = path.join(1)
        named: dict[str, Any] = {"matching": "cycle_cover", "interval_us": HOUR_US, **fields}
        assert refused(path, ann, OpenBarter(**named))[0] == Reason.INVALID


def test_every_list_that_strangers_fill_has_an_end() -> None:
    kernel = Kernel(barter)
    agents = people(kernel, 1_001, COVER)
    for _ in range(32):
        kernel.post(agents[0])
    for n in range(32):
        enter(kernel, agents[0], f"L{1_002 + n}", "L2")
    full = {"state": "Full", "yours_max": 32, "offers_max": 1_000}
    assert refused(kernel, agents[0], entering("L1", "L2")) == (Reason.WRONG_STATE, full)
    for n in range(2, 970):
        enter(kernel, agents[n - 1], f"L{n}", "L1001")
    assert refused(kernel, agents[-1], entering("L1001", "L2")) == (Reason.WRONG_STATE, full)
    kernel.move(agents[1], LeaveBarter("N1", 33))
    for number in range(1_001, 10_001):
        enter(kernel, agents[-1], "L1001", "L2")
        kernel.move(agents[-1], LeaveBarter("N1", number))
    reason, facts = refused(kernel, agents[-1], entering("L1001", "L2"))
    assert (reason, facts) == (Reason.WRONG_STATE, {"state": "Full", "entries_max": 10_000})


def test_the_notice_is_explained() -> None:
    hall = Hall(barter)
    people(hall, 1, COVER)
    assert set(standing(hall.simulation.engine.state, "N1").notice) == set(barter.NOTICE)
