"""R4: what bids earn, what an auction lets its losers know, and the same sales everywhere."""

from itertools import islice

import numpy
import pytest

from souq.core.mechanisms.sealed_bid.records import Pricing
from souq.replications import r04_learnt_bids
from souq.replications.learning.bidding import BIDS, Sale, Schooling, Sessions, alone, earnings
from souq.replications.learning.bidding_room import room
from souq.replications.replication import digest

SCHOOL = Schooling(rounds=2_500, fading=0.01, rate=0.2, patience=0.5, chance=1.0)


def test_who_bids_more_wins_and_ties_go_to_one() -> None:
    first, second = earnings("first_price"), earnings("second_price")
    low, high = 3, 9  # 0.2 and 0.5
    assert (first[0][high][low], second[0][high][low]) == (0.5, 0.8)
    assert (first[1][low][high], second[1][low][high]) == (0.0, 0.0)
    assert (first[0][high][high], first[1][high][high]) == (0.0, 0.5)


@pytest.mark.parametrize("is_market", [False, True])
def test_after_an_auction_each_may_know_what_the_other_has_bid(is_market: bool) -> None:
    here = room("first_price", listens=True, is_market=is_market)
    assert here.sell([3, 9]) == Sale(1, BIDS[9], (9, 3))
    assert here.sell([11, 2]) == Sale(0, BIDS[11], (2, 11))
    assert here.sell([5, 5]).rivals == (5, 5)
    deaf = room("second_price", is_market=is_market)
    assert deaf.sell([3, 9]) == Sale(1, BIDS[3], (None, None))


@pytest.mark.parametrize(
    ("pricing", "listens"), [("first_price", False), ("first_price", True), ("second_price", False)]
)
def test_a_pair_that_bids_in_the_whole_market_is_that_in_arrays(
    pricing: Pricing, listens: bool
) -> None:
    rounds = 60
    draws = numpy.random.default_rng([3, 0]).random(2 * len(BIDS) + 2 * rounds).tolist()
    here = room(pricing, listens=listens, is_market=True)
    *_, learners = islice(alone(pricing, SCHOOL, iter(draws), here.sell), rounds)
    lots = [[buyer == here.bidders[0]] for buyer, *_ in here.path.trades]
    others: list[Pricing] = [pricing, "first_price"]
    many = Sessions(others, SCHOOL, (3,), is_told=listens)
    many.pass_rounds(rounds, [[*lot, True] for lot in lots])
    assert many.learners.values[:, 0].tolist() == [one.values for one in learners]


def test_revenue_is_what_winners_pay_in_the_last_rounds() -> None:
    formats: list[Pricing] = ["first_price", "second_price"]
    found = Sessions(formats, SCHOOL, (1,)).revenues(0.02)
    again = Sessions(formats, SCHOOL, (1,))
    for count in (1_000, 1_000, 450):
        again.pass_rounds(count)
    last = numpy.array(BIDS)[again.pass_rounds(50)] / BIDS[-1] * 0.95
    assert found[0] == pytest.approx(last[:, :, 0].max(axis=1).mean())
    assert found[1] == pytest.approx(last[:, :, 1].min(axis=1).mean())


def test_kernel_and_market_sell_alike_and_as_ever() -> None:
    by_kernel, by_market = r04_learnt_bids.tapes(1)
    assert by_kernel == by_market
    assert digest(by_kernel) == r04_learnt_bids.TAPE
    assert r04_learnt_bids.tapes(2)[0] != by_kernel
