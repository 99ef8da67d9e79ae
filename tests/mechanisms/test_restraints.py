"""What keeps bidders from a war, one restraint at a time, and what each saves."""

import random
from typing import Any

import pytest

from souq.agents.bidding.escalating import Escalator
from souq.core.mechanisms import english_auction
from souq.core.mechanisms.english_auction.prices import Increment, Restraints, step
from souq.core.mechanisms.english_auction.records import PlaceProxyBid
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, MINUTE_US, SECOND_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.bidding import bid, open_english, usd
from tests.mechanisms.purses import available, check_nothing_is_left, held, reason, refused


def test_losers_near_the_price_have_their_fee_back_and_others_leave_it_to_the_seller() -> None:
    hall = Hall(english_auction, purse_units=100)
    sol, bea, dan, eve, fay = hall.join(5)
    restraints = Restraints(entry_fee_units=7, refund_increments=2)
    run = open_english(hall, sol, increments=(Increment(0, 5),), restraints=restraints)
    for agent, units in ((bea, 20), (dan, 50), (eve, 56), (fay, 60)):
        bid(hall, run, agent, units)
    assert held(hall) == {"#N1.A2": 7, "#N1.A3": 7, "#N1.A4": 7, "#N1.A5": 67}
    hall.pass_time(2 * HOUR_US)
    assert [trade[4] for trade in hall.trades] == [60]
    # Two steps below 60 is 50: dan was near, bea was not.
    assert available(hall, sol, bea, dan, eve, fay) == [107, 93, 100, 100, 40]
    check_nothing_is_left(hall)


def test_the_fee_is_held_once_and_returned_where_nothing_is_sold() -> None:
    hall = Hall(english_auction, purse_units=100)
    sol, bea, dan = hall.join(3)
    run = open_english(hall, sol, reserve=usd(90), restraints=Restraints(entry_fee_units=7))
    for agent, units in ((bea, 20), (dan, 30), (bea, 40)):
        bid(hall, run, agent, units)
    assert held(hall) == {"#N1.A2": 47, "#N1.A3": 7}
    hall.pass_time(2 * HOUR_US)
    assert available(hall, sol, bea, dan) == [100, 100, 100]


def test_the_fee_must_be_there_beside_the_bid() -> None:
    hall = Hall(english_auction, purse_units=100)
    sol, bea = hall.join(2)
    run = open_english(hall, sol, restraints=Restraints(entry_fee_units=7))
    assert reason(hall, bea, PlaceProxyBid(run, usd(94))) is Reason.INSUFFICIENT_FUNDS
    bid(hall, run, bea, 93)


def test_whoever_was_idle_for_too_many_rounds_is_out_for_good() -> None:
    kernel = Kernel(english_auction)
    sol, bea, dan, eve = kernel.join(4)
    restraints = Restraints(round_us=10 * MINUTE_US, idle_rounds_max=1)
    run = open_english(kernel, sol, restraints=restraints)
    bid(kernel, run, bea, 10)
    kernel.pass_time(15 * MINUTE_US)
    bid(kernel, run, dan, 20)  # a newcomer in the second round may still come
    kernel.pass_time(25 * MINUTE_US)
    bid(kernel, run, bea, 12)  # it led until the second round, so it is idle for one
    late = PlaceProxyBid(run, usd(30))
    assert refused(kernel, eve, late).reason is Reason.ROUND_LIMIT
    kernel.pass_time(45 * MINUTE_US)
    assert reason(kernel, bea, late) is Reason.ROUND_LIMIT
    assert reason(kernel, eve, late) is Reason.ROUND_LIMIT
    bid(kernel, run, dan, 40)  # whoever leads is active
    kernel.pass_time(2 * HOUR_US)
    assert kernel.trades == [(dan, sol, "L1", 1, 13)]


def test_steps_double_after_so_many_bids() -> None:
    table = (Increment(0, 1), Increment(100, 10))
    found = [step(table, units, bids, 3) for units, bids in ((5, 0), (5, 2), (5, 3), (100, 6))]
    assert found == [1, 1, 2, 40]
    assert step(table, 5, 1_000) == 1, "not unless asked for"
    assert step(table, 5, 10**6, 1) == 1 << 40, "and not without end"
    kernel = Kernel(english_auction)
    sol, bea, dan = kernel.join(3)
    run = open_english(kernel, sol, restraints=Restraints(doubling_bids=2))
    prices = []
    for n in range(6):
        minimum = english_auction.standing(kernel, run).notice["minimum_units"]
        bid(kernel, run, (bea, dan)[n % 2], int(minimum) + 1)
        prices.append(int(english_auction.standing(kernel, run).notice["price_units"]))
    assert prices == sorted(prices)
    assert prices[-1] - prices[-2] > prices[1] - prices[0]


def test_a_value_cap_must_be_named_binds_every_bid_and_never_rises() -> None:
    kernel = Kernel(english_auction)
    sol, bea, dan = kernel.join(3)
    run = open_english(kernel, sol, restraints=Restraints(needs_value_cap=True))
    assert reason(kernel, bea, PlaceProxyBid(run, usd(10))) is Reason.INVALID
    bid(kernel, run, bea, 10, cap=30)
    bid(kernel, run, dan, 20, cap=99)
    for command in (PlaceProxyBid(run, usd(31)), PlaceProxyBid(run, usd(25), usd(31))):
        assert reason(kernel, bea, command) is Reason.INVALID
    bid(kernel, run, bea, 25, cap=26)
    bid(kernel, run, dan, 26)
    assert reason(kernel, bea, PlaceProxyBid(run, usd(30))) is Reason.INVALID
    assert reason(kernel, bea, PlaceProxyBid(run, usd(27), usd(30))) is Reason.INVALID


def test_a_cap_may_be_named_where_none_is_asked_for() -> None:
    kernel = Kernel(english_auction)
    sol, bea = kernel.join(2)
    run = open_english(kernel, sol)
    bid(kernel, run, bea, 10, cap=12)
    assert reason(kernel, bea, PlaceProxyBid(run, usd(13))) is Reason.INVALID


# Two who cannot bear to lose fight for a thing worth 100 to each, with 1,000 in their purses.
VALUE, BUDGET = 100, 1_000


def dollar_auction(rng: random.Random) -> int:
    """Give what two burn where losers pay as well: theory, outside the market, which has none."""
    bids, leader = [0, 0], 1
    pair = [Escalator(VALUE, BUDGET, rng) for _ in range(2)]
    while (units := pair[1 - leader].answer(bids[leader] + 1, leads=False)) is not None:
        leader = 1 - leader
        bids[leader] = units
    return sum(bids) - VALUE


def fight(restraints: Restraints, seed: int, **more: Any) -> tuple[int, int]:
    """Let two fight in the market; give what they lost beyond the value, and how many bids."""
    kernel = Kernel(english_auction)
    sol, *agents = kernel.join(3)
    run = open_english(kernel, sol, restraints=restraints, **more)
    rng = random.Random(seed)
    pair = [Escalator(VALUE, BUDGET, rng, patience=0.9) for _ in agents]
    cap = usd(VALUE) if restraints.needs_value_cap else None
    bids = quiet = 0  # who only just draws level loses, so that a step takes two bids
    while quiet < 20:
        for agent, mind in zip(agents, pair, strict=True):
            told = english_auction.standing(kernel, run).notice
            units = mind.answer(int(told["minimum_units"]), leads=told["leader"] == agent)
            quiet += 1
            if units is None:
                continue
            try:
                kernel.move(agent, PlaceProxyBid(run, usd(units), cap))
            except Refused:
                continue
            bids, quiet = bids + 1, 0
        kernel.pass_time(kernel.at + SECOND_US)
    kernel.pass_time(kernel.at + 9 * HOUR_US)
    ((*_, paid),) = kernel.trades
    return max(0, paid - VALUE), bids


def test_the_dollar_auction_burns_nearly_twice_the_budget() -> None:
    assert dollar_auction(random.Random(1)) == 2 * BUDGET - 1 - VALUE


@pytest.mark.parametrize(
    ("name", "restraints", "lost_most", "bids_most"),
    [
        ("none", Restraints(), BUDGET - VALUE, 2 * BUDGET),
        ("doubling", Restraints(doubling_bids=5), BUDGET - VALUE, 50),
        ("value cap", Restraints(needs_value_cap=True), 0, 2 * VALUE),
        ("fee", Restraints(entry_fee_units=50), BUDGET - VALUE, 2 * BUDGET),
        ("activity", Restraints(round_us=SECOND_US, idle_rounds_max=1), BUDGET - VALUE, BUDGET),
        ("all", Restraints(doubling_bids=5, needs_value_cap=True), 0, 40),
    ],
)
def test_what_two_who_cannot_stop_lose_with_each_restraint(
    name: str, restraints: Restraints, lost_most: int, bids_most: int
) -> None:
    found = [fight(restraints, seed) for seed in range(5)]
    assert all(lost <= lost_most for lost, _ in found), name
    assert all(bids <= bids_most for _, bids in found), name
    lost = [lost for lost, _ in found]
    if name in ("none", "fee"):
        assert min(lost) > 8 * VALUE, "the control: a war is fought, and a fee ends none"
        assert min(bids for _, bids in found) > BUDGET // 2
    if name == "doubling":
        assert max(lost) > 0, "it shortens the war and does not end it"
    if name == "activity":
        assert max(lost) < BUDGET // 2, "whoever hesitates is out"


def test_in_the_market_losers_never_pay_their_bids_however_long_they_fight() -> None:
    hall = Hall(english_auction, purse_units=BUDGET)
    sol, bea, dan = hall.join(3)
    run = open_english(hall, sol)
    for n in range(1, 41):
        bid(hall, run, (bea, dan)[n % 2], n)
    hall.pass_time(9 * HOUR_US)
    assert sorted(available(hall, bea, dan)) == [BUDGET - 40, BUDGET]
