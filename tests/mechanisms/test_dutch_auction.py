"""A Dutch auction: the price falls, and the first to take buys at it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souq.agents.bidding import shading
from souq.core.halt import SetHalt
from souq.core.listing import LISTINGS
from souq.core.mandate import Limits
from souq.core.mechanisms import dutch_auction, sealed_bid
from souq.core.mechanisms.dutch_auction import OpenDutchAuction, TakeFallingPrice
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, OPERATOR, SECOND_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.bidding import usd
from tests.mechanisms.purses import (
    available,
    check_nothing_is_left,
    reason,
    refused,
    revoke,
    state_of,
    why,
)

HALF_US = HOUR_US // 2


def opened(path: Kernel | Hall, quantity: int = 1, **more: Any) -> tuple[str, str]:
    """Open at 100, down to 40 by 25 an hour: 100, 75, 50, 40."""
    (sol,) = path.join(1)
    named = {
        "listing": path.post(sol, available=quantity),
        "start": usd(100),
        "floor": usd(40),
        "step": usd(25),
        "interval_us": HOUR_US,
        "quantity": quantity,
        **more,
    }
    return path.open(sol, OpenDutchAuction(**named)), sol


def test_the_price_falls_by_steps_to_the_floor_and_stays_there_for_one_more() -> None:
    kernel = Kernel(dutch_auction)
    run, _ = opened(kernel)
    began = kernel.at
    found = []
    for hours in range(4):
        kernel.pass_time(began + hours * HOUR_US + HALF_US)
        told = dutch_auction.standing(kernel, run)
        falls_at = int(told.notice["falls_at"])
        found.append((told.notice["price_units"], falls_at and falls_at - began))
        assert told.expires_at == began + 4 * HOUR_US
    assert found == [(100, HOUR_US), (75, 2 * HOUR_US), (50, 3 * HOUR_US), (40, 0)]


def test_whoever_takes_first_buys_and_the_next_comes_too_late() -> None:
    hall = Hall(dutch_auction, purse_units=100)
    run, sol = opened(hall)
    bea, dan = hall.join(2)
    hall.pass_time(HOUR_US + HALF_US)
    hall.move(bea, TakeFallingPrice(run, usd(100)))
    assert hall.trades == [(bea, sol, "L1", 1, 75)]
    assert reason(hall, dan, TakeFallingPrice(run, usd(100))) is Reason.CLOSED
    assert available(hall, bea, dan) == [25, 100]
    check_nothing_is_left(hall)


def test_a_part_can_be_taken_and_the_rest_goes_on_falling() -> None:
    hall = Hall(dutch_auction)
    run, sol = opened(hall, quantity=5)
    bea, dan = hall.join(2)
    hall.move(bea, TakeFallingPrice(run, usd(100), 2))
    assert dutch_auction.standing(state_of(hall), run).notice["left"] == 3
    hall.pass_time(HOUR_US + HALF_US)
    assert reason(hall, dan, TakeFallingPrice(run, usd(100), 4)) is Reason.NOT_ENOUGH_STOCK
    hall.move(dan, TakeFallingPrice(run, usd(80), 1))
    assert hall.trades == [(bea, sol, "L1", 2, 200), (dan, sol, "L1", 1, 75)]
    hall.pass_time(9 * HOUR_US)
    assert why(hall) == ["agreed"]
    assert state_of(hall).rows(LISTINGS)["L1"].available == 2
    check_nothing_is_left(hall)


def test_nobody_pays_more_than_it_reckoned_with() -> None:
    hall = Hall(dutch_auction)
    run, _ = opened(hall)
    (bea,) = hall.join(1)
    found = refused(hall, bea, TakeFallingPrice(run, usd(99)))
    assert (found.reason, found.facts) == (Reason.PRICE_CHANGED, {"needed": 100})


def test_when_nobody_takes_the_goods_are_free_again() -> None:
    hall = Hall(dutch_auction)
    opened(hall)
    hall.pass_time(5 * HOUR_US)
    assert why(hall) == ["no_deal"]
    check_nothing_is_left(hall)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (lambda run: TakeFallingPrice(run, usd(100), 0), Reason.NOT_ENOUGH_STOCK),
        (lambda run: TakeFallingPrice(run, usd(100), -1), Reason.NOT_ENOUGH_STOCK),
        (lambda run: TakeFallingPrice(run, Money(100, "EUR")), Reason.INVALID),
        (lambda run: TakeFallingPrice("N9", usd(100)), Reason.NOT_FOUND),
        (lambda run: TakeFallingPrice(run, usd(100)), Reason.INSUFFICIENT_FUNDS),
    ],
)
def test_a_take_is_refused_with_its_reason_and_changes_nothing(
    command: Any, expected: Reason
) -> None:
    hall = Hall(dutch_auction, purse_units=99)
    run, sol = opened(hall)
    (bea,) = hall.join(1)
    before = dutch_auction.standing(state_of(hall), run).notice
    assert reason(hall, bea, command(run)) is expected
    assert reason(hall, sol, TakeFallingPrice(run, usd(100))) is Reason.SAME_PRINCIPAL
    assert dutch_auction.standing(state_of(hall), run).notice == before
    assert hall.trades == []


def test_a_take_beyond_the_mandate_is_refused() -> None:
    hall = Hall(dutch_auction)
    run, _ = opened(hall)
    (bea,) = hall.join(1, Limits(lifetime_units=90))
    assert reason(hall, bea, TakeFallingPrice(run, usd(100))) is Reason.BUDGET_EXCEEDED
    hall.pass_time(HOUR_US + HALF_US)
    hall.move(bea, TakeFallingPrice(run, usd(80)))


def test_a_seller_without_authority_cannot_sell_and_the_taker_learns_only_that() -> None:
    hall = Hall(dutch_auction)
    run, sol = opened(hall)
    (bea,) = hall.join(1)
    revoke(hall, sol)
    assert reason(hall, bea, TakeFallingPrice(run, usd(100))) is Reason.COUNTERPARTY_UNABLE
    hall.pass_time(5 * HOUR_US)
    assert hall.trades == []
    check_nothing_is_left(hall)


def test_nothing_is_taken_while_the_market_stands_still() -> None:
    hall = Hall(dutch_auction)
    run, _ = opened(hall)
    (bea,) = hall.join(1)
    hall.simulation.submit(OPERATOR, SetHalt("commitments")).need()
    assert reason(hall, bea, TakeFallingPrice(run, usd(100))) is Reason.HALTED


@pytest.mark.parametrize(
    "fields",
    [
        {"floor": usd(0)},
        {"floor": usd(101)},
        {"step": usd(0)},
        {"step": Money(1, "EUR")},
        {"interval_us": 0},
        {"interval_us": 10**18},
        {"start": usd(2**53 - 1), "quantity": 2},
    ],
)
def test_an_opening_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        opened(Kernel(dutch_auction), **{"quantity": 2, **fields})
    assert caught.value.reason is Reason.INVALID


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(2, 60), min_size=2, max_size=5))
def test_it_sells_to_the_same_at_the_same_price_as_first_price_does(values: list[int]) -> None:
    kernel, other = Kernel(dutch_auction), Kernel(sealed_bid)
    sol, *bidders = kernel.join(1 + len(values))
    other.join(1 + len(values))
    bids = [max(1, shading.bid(value, len(values))) for value in values]
    command = OpenDutchAuction(kernel.post(sol), usd(64), usd(1), usd(1), SECOND_US)
    run, began = kernel.open(sol, command), kernel.at
    first = OpenSealedBid(other.post(sol), usd(1), HOUR_US, pricing="first_price")
    sealed = other.open(sol, first)
    for agent, units in zip(bidders, bids, strict=True):
        other.move(agent, PlaceSealedBid(sealed, usd(units)))
    other.pass_time(2 * HOUR_US)
    # Each waits for the price it would have bid; the one who waits shortest takes.
    taker = bidders[bids.index(max(bids))]
    kernel.pass_time(began + (64 - max(bids)) * SECOND_US + SECOND_US // 2)
    kernel.move(taker, TakeFallingPrice(run, usd(max(bids))))
    assert [one[1:] for one in kernel.trades] == [one[1:] for one in other.trades]
    assert bids[bidders.index(other.trades[0][0])] == max(bids), "of equals, one that was drawn"
