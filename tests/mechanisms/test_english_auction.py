"""An English auction: the price rises in the open, by proxies; the last to stay pays a step more
than the last to leave."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souq.core.mandate import Limits
from souq.core.mechanisms import english_auction, sealed_bid
from souq.core.mechanisms.english_auction.prices import Increment, Restraints
from souq.core.mechanisms.english_auction.records import PlaceProxyBid
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, MINUTE_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.bidding import BY_ONE, bid, open_english, usd
from tests.mechanisms.purses import (
    available,
    check_nothing_is_left,
    held,
    owned,
    reason,
    refused,
    revoke,
    shown,
    state_of,
    why,
    without_digests,
)


def notice(path: Kernel | Hall, run: str) -> dict[str, Any]:
    state = path if isinstance(path, Kernel) else state_of(path)
    return english_auction.standing(state, run).notice


def priced(path: Kernel | Hall, run: str) -> tuple[object, object, object]:
    told = notice(path, run)
    return told["leader"], told["price_units"], told["minimum_units"]


def test_the_price_is_a_step_above_the_highest_bid_that_lost() -> None:
    kernel = Kernel(english_auction)
    sol, bea, dan, eve = kernel.join(4)
    run = open_english(kernel, sol, increments=(Increment(0, 1), Increment(50, 5)))
    for agent, units, found in (
        (bea, 30, (bea, 1, 1)),
        (dan, 20, (bea, 21, 21)),
        (dan, 30, (bea, 30, 31)),  # of equals the earlier leads
        (dan, 90, (dan, 31, 31)),
        (eve, 60, (dan, 65, 65)),
        (bea, 88, (dan, 90, 93)),
        (bea, 93, (bea, 93, 95)),
    ):
        bid(kernel, run, agent, units)
        assert priced(kernel, run) == found


def test_only_the_leaders_maximum_is_held_and_who_is_outbid_is_free_at_once() -> None:
    hall = Hall(english_auction, purse_units=100)
    sol, bea, dan = hall.join(3)
    run = open_english(hall, sol)
    bid(hall, run, bea, 60)
    assert held(hall) == {"#N1.A2": 60}
    bid(hall, run, dan, 40)
    assert held(hall) == {"#N1.A2": 60}, "it lost at once"
    bid(hall, run, dan, 80)
    assert held(hall) == {"#N1.A3": 80}
    assert available(hall, bea, dan) == [100, 20]
    bid(hall, run, dan, 90)
    assert held(hall) == {"#N1.A3": 90}
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == [(dan, sol, "L1", 1, 61)]
    assert available(hall, bea, dan) == [100, 39]
    check_nothing_is_left(hall)


def test_a_bid_with_nothing_behind_it_is_refused_even_where_it_would_lose_at_once() -> None:
    hall = Hall(english_auction, purse_units=100)
    sol, bea, dan = hall.join(3)
    (poor,) = hall.join(1, Limits(lifetime_units=30))
    run = open_english(hall, sol)
    bid(hall, run, bea, 100)
    command = PlaceProxyBid(run, usd(31))
    assert reason(hall, poor, command) is Reason.BUDGET_EXCEEDED
    other = open_english(hall, sol)
    bid(hall, other, dan, 80)
    assert reason(hall, dan, command) is Reason.INSUFFICIENT_FUNDS
    assert priced(hall, run) == (bea, 1, 1)


def test_the_leader_may_raise_its_maximum_and_never_bids_against_itself() -> None:
    kernel = Kernel(english_auction)
    sol, bea, dan = kernel.join(3)
    run = open_english(kernel, sol)
    bid(kernel, run, bea, 30)
    bid(kernel, run, dan, 20)
    bid(kernel, run, bea, 70)
    assert priced(kernel, run) == (bea, 21, 21)
    for units in (70, 50):
        assert reason(kernel, bea, PlaceProxyBid(run, usd(units))) is Reason.INVALID
    bid(kernel, run, dan, 69)
    assert priced(kernel, run) == (bea, 70, 70)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (lambda run: PlaceProxyBid(run, usd(20)), Reason.PRICE_CHANGED),
        (lambda run: PlaceProxyBid(run, usd(0)), Reason.INVALID),
        (lambda run: PlaceProxyBid(run, Money(50, "EUR")), Reason.INVALID),
        (lambda run: PlaceProxyBid(run, usd(50), Money(50, "EUR")), Reason.INVALID),
        (lambda run: PlaceProxyBid(run, usd(50), usd(49)), Reason.INVALID),
        (lambda run: PlaceProxyBid("N9", usd(50)), Reason.NOT_FOUND),
    ],
)
def test_a_bid_is_refused_with_its_reason(command: Any, expected: Reason) -> None:
    hall = Hall(english_auction)
    sol, bea, dan = hall.join(3)
    run = open_english(hall, sol)
    bid(hall, run, bea, 30)
    bid(hall, run, dan, 20)
    assert reason(hall, dan, command(run)) is expected
    assert reason(hall, sol, PlaceProxyBid(run, usd(50))) is Reason.SAME_PRINCIPAL


def test_a_bid_too_low_is_told_the_least() -> None:
    kernel = Kernel(english_auction)
    sol, bea, dan = kernel.join(3)
    run = open_english(kernel, sol, start=usd(10))
    bid(kernel, run, bea, 30)
    bid(kernel, run, dan, 20)
    assert refused(kernel, dan, PlaceProxyBid(run, usd(20))).facts == {"needed": 21}


@pytest.mark.parametrize(
    "fields",
    [
        {"increments": ()},
        {"increments": (Increment(1, 1),)},
        {"increments": (Increment(0, 0),)},
        {"increments": (Increment(0, 1), Increment(0, 2))},
        {"increments": tuple(Increment(n, 1) for n in range(17))},
        {"start": usd(-1)},
        {"reserve": usd(0)},
        {"reserve": Money(5, "EUR")},
        {"bidding_us": 0},
        {"soft_close_us": -1},
        {"extensions_max": -1},
        {"soft_close_us": HOUR_US, "extensions_max": 10**6},
        {"restraints": Restraints(entry_fee_units=-1)},
        {"restraints": Restraints(round_us=5)},
        {"restraints": Restraints(idle_rounds_max=5)},
        {"restraints": Restraints(doubling_bids=-1)},
    ],
)
def test_an_opening_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    kernel = Kernel(english_auction)
    (sol,) = kernel.join(1)
    with pytest.raises(Refused) as caught:
        open_english(kernel, sol, **fields)
    assert caught.value.reason is Reason.INVALID


def test_late_bids_put_the_end_off_so_many_times_and_no_more() -> None:
    kernel = Kernel(english_auction)
    sol, bea, dan = kernel.join(3)
    began = kernel.at
    run = open_english(kernel, sol, extensions_max=3)
    bid(kernel, run, bea, 2)
    for n in range(4):
        kernel.pass_time(began + HOUR_US + (5 * n - 1) * MINUTE_US)
        bid(kernel, run, (dan, bea)[n % 2], 10 + n)
        assert notice(kernel, run)["extensions"] == min(n + 1, 3)
    kernel.pass_time(began + HOUR_US + 16 * MINUTE_US)
    assert kernel.trades == [(bea, sol, "L1", 1, 13)]


def test_a_bid_before_the_last_minutes_and_a_leaders_raise_put_nothing_off() -> None:
    kernel = Kernel(english_auction)
    sol, bea = kernel.join(2)
    run = open_english(kernel, sol)
    kernel.pass_time(HOUR_US - 6 * MINUTE_US)
    bid(kernel, run, bea, 10)
    kernel.pass_time(HOUR_US - MINUTE_US)
    bid(kernel, run, bea, 20)
    assert notice(kernel, run)["extensions"] == 0
    kernel.pass_time(HOUR_US + MINUTE_US)
    assert kernel.trades == [(bea, sol, "L1", 1, 1)]


def test_below_the_reserve_nothing_is_sold_and_nobody_is_told_where_it_lies() -> None:
    worlds = []
    for reserve in (77, 88):
        hall = Hall(english_auction, purse_units=100)
        sol, bea, dan = hall.join(3)
        run = open_english(hall, sol, reserve=usd(reserve))
        bid(hall, run, bea, 60)
        assert notice(hall, run)["is_reserve_met"] is False
        worlds.append(
            [without_digests(shown(hall, viewer, run)) for viewer in (bea, dan, "nobody")]
        )
        assert f'"units":{reserve}' in shown(hall, sol, run)
    assert worlds[0] == worlds[1]
    hall.pass_time(2 * HOUR_US)
    assert (hall.trades, why(hall)) == ([], ["no_deal"])
    assert available(hall, bea) == [100]
    check_nothing_is_left(hall)


def test_a_maximum_that_reaches_the_reserve_lifts_the_price_to_it() -> None:
    kernel = Kernel(english_auction)
    sol, bea, dan = kernel.join(3)
    run = open_english(kernel, sol, reserve=usd(50))
    bid(kernel, run, bea, 30)
    bid(kernel, run, bea, 60)
    assert priced(kernel, run) == (bea, 50, 50)
    assert notice(kernel, run)["is_reserve_met"] is True
    bid(kernel, run, dan, 55)
    assert priced(kernel, run) == (bea, 56, 56)


def test_without_a_bid_the_goods_are_free_again() -> None:
    hall = Hall(english_auction)
    (sol,) = hall.join(1)
    open_english(hall, sol)
    hall.pass_time(2 * HOUR_US)
    assert why(hall) == ["no_deal"]
    check_nothing_is_left(hall)


def test_a_leader_without_authority_buys_nothing_and_its_fee_goes_to_the_seller() -> None:
    hall = Hall(english_auction, purse_units=100)
    sol, bea, dan = hall.join(3)
    run = open_english(hall, sol, restraints=Restraints(entry_fee_units=4))
    bid(hall, run, bea, 30)
    bid(hall, run, dan, 80)
    revoke(hall, dan)
    hall.pass_time(2 * HOUR_US)
    assert (hall.trades, why(hall)) == ([], ["no_deal"])
    assert available(hall, sol, bea, dan) == [104, 100, 96]
    check_nothing_is_left(hall)


def test_a_seller_without_authority_sells_nothing_and_keeps_no_fee() -> None:
    hall = Hall(english_auction, purse_units=100)
    sol, bea, dan = hall.join(3)
    run = open_english(hall, sol, restraints=Restraints(entry_fee_units=4))
    bid(hall, run, bea, 30)
    bid(hall, run, dan, 80)
    revoke(hall, sol)
    hall.pass_time(2 * HOUR_US)
    assert available(hall, sol, bea, dan) == [100, 100, 100]
    check_nothing_is_left(hall)


def test_whoever_reads_everything_learns_nothing_of_the_leaders_maximum() -> None:
    """T20: the same but for digests, wherever above the price the maximum lies."""
    worlds = []
    for maximum in (60, 95):
        hall = Hall(english_auction)
        sol, bea, dan = hall.join(3)
        (stranger,) = hall.join(1)
        run = open_english(hall, sol)
        bid(hall, run, bea, maximum)
        bid(hall, run, dan, 40)
        viewers = (sol, "P1", dan, stranger, "nobody")
        worlds.append([without_digests(shown(hall, viewer, run)) for viewer in viewers])
        assert str(maximum) in shown(hall, bea, run)
    assert worlds[0] == worlds[1]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(1, 4))
def test_proxies_pay_the_second_price_to_within_a_step(values: list[int], by: int) -> None:
    kernel, other = Kernel(english_auction), Kernel(sealed_bid)
    sol, *bidders = kernel.join(1 + len(values))
    other.join(1 + len(values))
    run = open_english(kernel, sol, increments=(Increment(0, by),))
    sealed = other.open(sol, OpenSealedBid(other.post(sol), usd(1), HOUR_US))
    for agent, value in zip(bidders, values, strict=True):
        if value >= notice(kernel, run)["minimum_units"]:
            bid(kernel, run, agent, value)
        other.move(agent, PlaceSealedBid(sealed, usd(value)))
    kernel.pass_time(2 * HOUR_US)
    other.pass_time(2 * HOUR_US)
    ((winner, *_, paid),), ((first, *_, second),) = kernel.trades, other.trades
    value_of = dict(zip(bidders, values, strict=True))
    assert value_of[first] - value_of[winner] < by
    assert abs(paid - second) <= by
    assert paid <= value_of[winner], "nobody pays more than its maximum"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), max_size=12),
    st.integers(0, 3),
    st.integers(0, 2),
)
def test_money_is_neither_made_nor_lost_nor_stuck(
    bids: list[tuple[int, int]], fee: int, near: int
) -> None:
    hall = Hall(english_auction, purse_units=50)
    sol, *bidders = hall.join(5)
    restraints = Restraints(entry_fee_units=fee, refund_increments=near, doubling_bids=3)
    run = open_english(hall, sol, restraints=restraints, reserve=usd(20))
    best = dict.fromkeys(bidders, 0)
    for n, units in bids:
        try:
            bid(hall, run, bidders[n], units)
        except Refused:
            continue
        best[bidders[n]] = max(best[bidders[n]], units)
    hall.pass_time(2 * HOUR_US)
    money = dict(zip(bidders, available(hall, *bidders), strict=True))
    if hall.trades:
        ((winner, _, _, _, paid),) = hall.trades
        assert best[winner] == max(best.values())
        assert 20 <= paid <= best[winner]
        assert money.pop(winner) == 50 - paid
    assert all(50 - units in (0, fee) for units in money.values()), "losers lose a fee at most"
    assert sum(owned(hall, sol, *bidders)) == 250
    check_nothing_is_left(hall)


def test_no_maximum_beats_the_truth_by_more_than_a_step() -> None:
    grid = range(2, 9)

    def gain(value: int, maximum: int, rival: int) -> int:
        kernel = Kernel(english_auction)
        sol, bea, dan = kernel.join(3)
        run = open_english(kernel, sol)
        for agent, units in ((dan, rival), (bea, maximum)):
            if units >= notice(kernel, run)["minimum_units"]:
                bid(kernel, run, agent, units)
        kernel.pass_time(2 * HOUR_US)
        ((winner, *_, paid),) = kernel.trades
        return value - paid if winner == bea else 0

    for value in grid:
        for rival in grid:
            truth = gain(value, value, rival)
            assert truth >= 0
            assert all(gain(value, lie, rival) <= truth + BY_ONE[0].by_units for lie in grid)


def test_more_bidders_than_a_run_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(english_auction, "BIDDERS_MAX", 2)
    kernel = Kernel(english_auction)
    sol, bea, dan, eve = kernel.join(4)
    run = open_english(kernel, sol)
    for agent, units in ((bea, 5), (dan, 10), (bea, 12)):
        bid(kernel, run, agent, units)
    assert reason(kernel, eve, PlaceProxyBid(run, usd(20))) is Reason.WRONG_STATE
