"""Call markets: one price for all, nothing to see before, nobody hurt by another's failure."""

from contextlib import suppress
from random import Random
from typing import Any

import pytest

from souq.core.agreement import CashLeg
from souq.core.listing import LISTINGS
from souq.core.mandate import Limits
from souq.core.mechanisms import call_market
from souq.core.mechanisms.call_market.records import (
    DEALS,
    ORDERS,
    SIDES,
    TRADERS,
    CallCleared,
    CallDealFailed,
    CallMatched,
    CallOrderEnded,
    CallOrderPlaced,
    CallSurplusWaived,
    CallTraded,
    CancelCallOrder,
    CloseCallMarket,
    OpenCallMarket,
    PlaceCallOrder,
)
from souq.core.money import Money
from souq.core.negotiation import NEGOTIATIONS, ClockSet
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.calls import ask, bid, call, usd
from tests.mechanisms.rooms import halt, happened, held, revoke, seen_by, wealth

NOON = HOUR_US
LATER = 2 * HOUR_US


def refusal(path: Kernel | Hall, agent: str, command: Any) -> tuple[str, dict[str, Any]]:
    act = path.open if isinstance(command, OpenCallMarket) else path.move
    with pytest.raises(Refused) as refused:
        act(agent, command)
    return refused.value.reason.value, refused.value.facts


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"interval_us": 1}, "interval_us"),
        ({"clearings": 0}, "clearings"),
        ({"clearings": 10**9}, "clearings"),
        ({"k_bps": 10_001}, "k_bps"),
        ({"top_units": 0}, "top_units"),
        ({"category": ""}, "category"),
        ({"asset": "EUR"}, "asset"),
        ({"interval_us": DAY_US, "clearings": 31}, "clearings"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(options: dict[str, Any], field: str) -> None:
    kernel = Kernel(call_market)
    (host,) = kernel.join(1)
    made = {"category": "units", "asset": "USD", "interval_us": HOUR_US, **options}
    assert refusal(kernel, host, OpenCallMarket(**made))[1]["field"] == field


@pytest.mark.parametrize(
    ("listed", "order", "reason"),
    [
        ({"category": "homes"}, {}, "invalid"),
        ({}, {"quantity": 2}, "not_enough_stock"),
        ({}, {"quantity": 0}, "invalid"),
        ({}, {"price": usd(-1)}, "invalid"),
        ({}, {"price": usd(101)}, "invalid"),
        ({}, {"price": Money(5, "EUR")}, "invalid"),
        ({}, {"valid_us": 0}, "invalid"),
        ({"mechanisms": ("posted_price",)}, {}, "wrong_mechanism"),
        ({"is_paused": True}, {}, "listing_unavailable"),
    ],
)
def test_an_order_that_cannot_stand_is_refused(
    listed: dict[str, Any], order: dict[str, Any], reason: str
) -> None:
    kernel = Kernel(call_market)
    host, sol = kernel.join(2)
    run = kernel.open(host, call(top_units=100))
    made = {"listing": kernel.post(sol, **listed), "price": usd(50), **order}
    assert refusal(kernel, sol, PlaceCallOrder(run, **made))[0] == reason
    assert kernel.rows(ORDERS) == {}


def test_nobody_orders_with_anothers_listing() -> None:
    kernel = Kernel(call_market)
    host, sol, bea = kernel.join(3)
    run = kernel.open(host, call())
    assert refusal(kernel, bea, PlaceCallOrder(run, kernel.post(sol), usd(5)))[0] == "not_yours"


def test_a_principal_stands_on_one_side_only() -> None:
    kernel = Kernel(call_market)
    host, sol = kernel.join(2)
    run = kernel.open(host, call(clearings=2))
    ask(kernel, run, sol, 10)
    want = kernel.post(sol, side="want")
    assert refusal(kernel, sol, PlaceCallOrder(run, want, usd(20)))[0] == "same_principal"
    kernel.move(sol, CancelCallOrder(run, 1))
    kernel.move(sol, PlaceCallOrder(run, want, usd(20)))


def test_where_truth_is_best_a_principal_has_one_order_of_one_piece_and_the_host_none() -> None:
    kernel = Kernel(call_market)
    host, bea = kernel.join(2)
    run = kernel.open(host, call(pricing="mcafee", top_units=100))
    want = kernel.post(bea, side="want", available=5)
    two = PlaceCallOrder(run, want, usd(20), 2)
    assert refusal(kernel, bea, two)[1]["field"] == "quantity"
    kernel.move(bea, PlaceCallOrder(run, want, usd(20)))
    again = PlaceCallOrder(run, want, usd(30))
    assert refusal(kernel, bea, again)[0] == "already_exists"
    own = PlaceCallOrder(run, kernel.post(host), usd(30))
    assert refusal(kernel, host, own)[0] == "same_principal"


def test_only_its_owner_takes_an_order_back_and_only_once() -> None:
    kernel = Kernel(call_market)
    host, sol, eve = kernel.join(3)
    run = kernel.open(host, call())
    ask(kernel, run, sol, 10)
    assert refusal(kernel, eve, CancelCallOrder(run, 1))[0] == "not_yours"
    assert refusal(kernel, sol, CancelCallOrder(run, 7))[0] == "not_found"
    kernel.move(sol, CancelCallOrder(run, 1))
    assert refusal(kernel, sol, CancelCallOrder(run, 1))[0] == "closed"
    assert refusal(kernel, eve, CloseCallMarket(run))[0] == "not_yours"


def test_a_principal_cannot_fill_a_run_by_itself() -> None:
    kernel = Kernel(call_market)
    host, sol = kernel.join(2)
    run = kernel.open(host, call())
    thing = kernel.post(sol, available=10_000)
    for _ in range(1_000):
        kernel.move(sol, PlaceCallOrder(run, thing, usd(9)))
    full = ("wrong_state", {"state": "Full", "orders_max": 100_000, "yours_max": 1_000})
    assert refusal(kernel, sol, PlaceCallOrder(run, thing, usd(9))) == full


def test_what_an_order_could_cost_is_held_and_comes_back_when_it_is_cancelled() -> None:
    hall = Hall(call_market, purse_units=1_000)
    host, bea, sol = hall.join(3)
    run = hall.open(host, call())
    bid(hall, run, bea, 30, quantity=10)
    ask(hall, run, sol, 40, quantity=3)
    assert held(hall) == {"#N1.A2": 300}
    state = hall.simulation.engine.state
    assert state.rows(LISTINGS)["L2"].available == 0
    want = hall.post(bea, side="want", available=100)
    more = PlaceCallOrder(run, want, usd(71), 10)
    poor = ("insufficient_funds", {"available": 1_000, "needed": 1_010})
    assert refusal(hall, bea, more) == poor
    hall.move(bea, CancelCallOrder(run, 1))
    hall.move(sol, CancelCallOrder(run, 2))
    assert held(hall) == {}
    assert state.rows(LISTINGS)["L2"].available == 3


def test_buyers_get_back_what_the_price_left_of_their_limits() -> None:
    hall = Hall(call_market, purse_units=1_000)
    host, bea, sol = hall.join(3)
    run = hall.open(host, call())
    bid(hall, run, bea, 90, quantity=5)
    ask(hall, run, sol, 50, quantity=3)
    hall.pass_time(LATER)
    # Two of five bids stay out, so the price is theirs: 90.
    assert hall.trades == [(bea, sol, "L2", 3, 270)]
    assert held(hall) == {"#C1.0.price": 270}


def test_nobody_sees_an_order_but_its_owner_and_all_see_price_and_quantity() -> None:
    hall = Hall(call_market)
    host, bea, sol, eve = hall.join(4)
    run = hall.open(host, call())
    bid(hall, run, bea, 777_001)
    ask(hall, run, sol, 333_003)
    hall.pass_time(LATER)
    for viewer in (host, eve, "", bea, sol):
        seen = seen_by(hall, viewer)
        owners = {event.agent for event in seen if isinstance(event, CallOrderPlaced)}
        assert owners == {viewer} & {bea, sol}
        assert ("777001" in str(seen)) is (viewer == bea)
        assert ("333003" in str(seen)) is (viewer == sol)
        (cleared,) = [event for event in seen if isinstance(event, CallCleared)]
        assert (cleared.units, cleared.quantity) == (555_002, 1)
    assert any(isinstance(event, CallMatched) for event in seen_by(hall, host))
    assert not any(isinstance(event, CallMatched) for event in seen_by(hall, bea))


def test_an_expired_order_does_not_trade_and_is_free_at_the_clearing() -> None:
    hall = Hall(call_market)
    host, bea, sol = hall.join(3)
    run = hall.open(host, call(clearings=5))
    bid(hall, run, bea, 90, valid_us=HOUR_US // 2)
    ask(hall, run, sol, 50)
    hall.pass_time(LATER)
    assert hall.trades == []
    assert held(hall) == {}
    (ended,) = happened(hall, CallOrderEnded)
    assert (ended.agent, ended.why) == (bea, "expired")


def test_an_order_of_the_very_last_instant_trades() -> None:
    kernel = Kernel(call_market)
    host, bea, sol = kernel.join(3)
    run = kernel.open(host, call())
    bid(kernel, run, bea, 90)
    ask(kernel, run, sol, 50, valid_us=HOUR_US)
    kernel.pass_time(LATER)
    assert len(kernel.trades) == 1


def test_an_idle_run_wakes_for_its_first_order_and_ends_by_itself() -> None:
    hall = Hall(call_market)
    host, bea, sol = hall.join(3)
    run = hall.open(host, call(clearings=100))
    hall.pass_time(50 * HOUR_US + HOUR_US // 2)
    assert happened(hall, CallCleared) == []
    bid(hall, run, bea, 90)
    ask(hall, run, sol, 50)
    hall.pass_time(51 * HOUR_US + HOUR_US // 2)
    assert len(hall.trades) == 1
    hall.pass_time(101 * HOUR_US)
    assert len(happened(hall, CallCleared)) == 3  # the trade, one look at nothing, and the end
    assert hall.simulation.engine.state.get(NEGOTIATIONS, run) is None


def test_a_run_leaves_nothing_behind() -> None:
    hall = Hall(call_market)
    host, bea, sol = hall.join(3)
    before = wealth(hall)
    run = hall.open(host, call(clearings=3))
    bid(hall, run, bea, 90, quantity=7)
    bid(hall, run, bea, 10, quantity=7)
    ask(hall, run, sol, 50, quantity=4)
    hall.pass_time(LATER)
    hall.move(host, CloseCallMarket(run))
    state = hall.simulation.engine.state
    assert [state.rows(table) for table in call_market.TABLES] == [{}] * 5
    hall.pass_time(30 * DAY_US)  # the contract ends by silence
    assert held(hall) == {}
    assert wealth(hall) == before
    assert state.rows(LISTINGS)["L3"].reserved == 0


def test_a_buyer_who_may_no_longer_buy_drops_out_and_its_seller_waits_for_another() -> None:
    hall = Hall(call_market)
    host, bea, dan, sol = hall.join(4)
    run = hall.open(host, call(clearings=2))
    bid(hall, run, bea, 90, quantity=2)
    bid(hall, run, dan, 80)
    ask(hall, run, sol, 50, quantity=3)
    revoke(hall, bea)
    hall.pass_time(HOUR_US + HOUR_US // 2)
    (failed,) = happened(hall, CallDealFailed)
    assert (failed.agent, failed.deal) == (bea, 0)
    assert hall.trades == [(dan, sol, "L3", 1, 65)]
    assert set(held(hall)) == {"#C1.0.price"}
    eve = hall.join(1)[0]
    bid(hall, run, eve, 70, quantity=2)
    hall.pass_time(3 * HOUR_US)
    assert hall.trades[1:] == [(eve, sol, "L3", 2, 120)]


def test_a_seller_who_may_no_longer_sell_drops_out_with_all_its_deals() -> None:
    hall = Hall(call_market)
    host, bea, dan, sol, eve = hall.join(5)
    run = hall.open(host, call(clearings=2))
    bid(hall, run, bea, 90)
    bid(hall, run, dan, 90)
    ask(hall, run, sol, 50, quantity=2)
    revoke(hall, sol)
    hall.pass_time(HOUR_US + HOUR_US // 2)
    assert len(happened(hall, CallDealFailed)) == 1
    assert hall.trades == []
    ask(hall, run, eve, 60, quantity=2)
    hall.pass_time(3 * HOUR_US)
    assert [trade[:2] for trade in hall.trades] == [(bea, eve), (dan, eve)]


def test_the_difference_goes_to_the_hosts_principal_as_the_deal_is_kept() -> None:
    hall = Hall(call_market, purse_units=1_000)
    host, bea, dan, sol, eve = hall.join(5)
    run = hall.open(host, call(pricing="mcafee", top_units=100))
    bid(hall, run, bea, 90)
    bid(hall, run, dan, 30)
    ask(hall, run, sol, 10)
    ask(hall, run, eve, 20)
    hall.pass_time(LATER)
    legs = hall.simulation.history.deals["C1"].agreement.legs
    paid = [leg for leg in legs if isinstance(leg, CashLeg)]
    assert [(leg.giver, leg.taker, leg.amount.units) for leg in paid] == [
        (bea, sol, 20),
        (bea, host, 10),
    ]
    assert held(hall) == {"#C1.0.price": 20, "#C1.1.price": 10}


def test_buyers_keep_the_difference_where_the_host_may_not_take_it() -> None:
    hall = Hall(call_market)
    host, bea, dan, sol, eve = hall.join(5)
    run = hall.open(host, call(pricing="mcafee", top_units=100))
    bid(hall, run, bea, 90)
    bid(hall, run, dan, 30)
    ask(hall, run, sol, 10)
    ask(hall, run, eve, 20)
    revoke(hall, host)
    hall.pass_time(LATER)
    assert len(happened(hall, CallSurplusWaived)) == 1
    assert hall.trades == [(bea, sol, "L3", 1, 20)]


def test_a_mandate_bounds_what_all_of_an_agents_orders_could_cost() -> None:
    hall = Hall(call_market)
    (host,) = hall.join(1)
    (bea,) = hall.join(1, Limits(lifetime_units=100))
    run = hall.open(host, call())
    bid(hall, run, bea, 60)
    want = hall.post(bea, side="want")
    reason, facts = refusal(hall, bea, PlaceCallOrder(run, want, usd(41)))
    assert (reason, facts["needed"]) == ("budget_exceeded", 101)


def test_in_a_halt_nothing_is_cleared_but_orders_may_be_taken_back() -> None:
    hall = Hall(call_market)
    host, bea, sol, dan = hall.join(4)
    run = hall.open(host, call())
    bid(hall, run, bea, 90)
    bid(hall, run, dan, 95)
    ask(hall, run, sol, 50)
    halt(hall, "commitments")
    hall.pass_time(LATER)
    assert hall.trades == []
    hall.move(dan, CancelCallOrder(run, 2))
    halt(hall, "open")
    hall.pass_time(5 * HOUR_US)
    assert hall.trades == [(bea, sol, "L3", 1, 70)]


def test_more_deals_than_fit_a_record_are_carried_out_in_several() -> None:
    hall = Hall(call_market)
    host, bea, sol, eve = hall.join(4)
    run = hall.open(host, call())
    things = {agent: hall.post(agent, available=600) for agent in (sol, eve)}
    for agent, thing in things.items():
        for _ in range(600):
            hall.move(agent, PlaceCallOrder(run, thing, usd(1)))
    bid(hall, run, bea, 5, quantity=1_200)
    hall.pass_time(LATER)
    assert len(hall.trades) == 1_200
    assert [event.why for event in happened(hall, ClockSet)] == ["settling"]
    assert len(happened(hall, CallMatched)) == 1
    assert [event.deal for event in happened(hall, CallTraded)] == list(range(1_200))
    state = hall.simulation.engine.state
    assert [state.rows(table) for table in (ORDERS, DEALS, SIDES, TRADERS)] == [{}] * 4
    assert state.get(NEGOTIATIONS, run) is None


def test_what_is_fixed_is_not_touched_while_a_halt_keeps_it_from_being_carried_out() -> None:
    kernel = Kernel(call_market)  # whose parts we may stop in the midst
    host, bea, sol = kernel.join(3)
    run = kernel.open(host, call(clearings=2))
    bid(kernel, run, bea, 9)
    ask(kernel, run, sol, 1)
    kernel.at = HOUR_US + 10
    call_market.lapse(kernel, run)  # type: ignore[arg-type]
    settling = ("wrong_state", {"state": "Settling"})
    assert refusal(kernel, bea, CancelCallOrder(run, 1)) == settling
    assert refusal(kernel, host, CloseCallMarket(run)) == settling
    late = PlaceCallOrder(run, kernel.post(bea, side="want"), usd(5))
    assert refusal(kernel, bea, late) == settling


@pytest.mark.parametrize("seed", range(6))
def test_random_markets_trade_as_the_kernel_does_and_make_or_lose_no_unit(seed: int) -> None:
    kernel, hall = Kernel(call_market), Hall(call_market, purse_units=2_000)
    for path in (kernel, hall):
        _random_market(path, Random(seed))
    assert kernel.trades == hall.trades
    assert hall.trades
    hall.pass_time(60 * DAY_US)
    assert held(hall) == {}
    assert wealth(hall) == 9 * 2_000
    assert [hall.simulation.engine.state.rows(table) for table in call_market.TABLES] == [{}] * 5


def _random_market(path: Kernel | Hall, rng: Random) -> None:
    host, *people = path.join(9)
    options: dict[str, Any] = {"clearings": 4, "k_bps": rng.randint(0, 10_000)}
    run = path.open(host, call(rationing=rng.choice(("time", "pro_rata")), **options))
    placed: list[str] = []
    for hour in range(4):
        for _ in range(10):
            n = rng.randrange(8)
            order = bid if n < 4 else ask
            valid = rng.choice((None, HOUR_US // 3, 2 * HOUR_US // 3, 4 * HOUR_US // 3))
            order(path, run, people[n], rng.randint(1, 20), rng.randint(1, 5), valid_us=valid)
            placed.append(people[n])
        number = rng.randint(1, len(placed))
        with suppress(Refused):  # it may have traded
            path.move(placed[number - 1], CancelCallOrder(run, number))
        path.pass_time((hour + 1) * HOUR_US + HOUR_US // 2)


def test_the_notice_explains_every_key() -> None:
    hall = Hall(call_market)
    (host,) = hall.join(1)
    run = hall.open(host, call())
    notice = call_market.standing(hall.simulation.engine.state, run).notice
    assert set(notice) == set(call_market.NOTICE)
