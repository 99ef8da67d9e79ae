"""A crowd in columns trades as the call market does, deal by deal."""

import random

import numpy
import pytest

from souq.lab.crowd import Crowd, clear
from souq.replications.calling import floor

TOP = 40


@pytest.mark.parametrize("rationing", ["pro_rata", "time"])
@pytest.mark.parametrize("seed", range(60))
def test_a_crowd_makes_exactly_the_trades_of_the_kernels_call_market(
    seed: int, rationing: str
) -> None:
    rng = random.Random(seed)
    # Few prices, so that many are equal and have to be rationed; sides of unequal length.
    width = rng.choice((3, 10, TOP))
    bids = [rng.randint(1, width) for _ in range(rng.randint(1, 30))]
    asks = [rng.randint(1, width) for _ in range(rng.randint(1, 30))]
    k_bps = rng.choice((0, 3_333, 5_000, 10_000))
    market = floor(len(bids), len(asks))
    trades = market.call(bids, asks, k_bps=k_bps, top_units=TOP, rationing=rationing)
    found = clear(numpy.array(bids), numpy.array(asks), k_bps=k_bps, top_units=TOP)
    assert [
        (market.buyers[buyer], market.sellers[seller], found.units)
        for buyer, seller in zip(found.buyers, found.sellers, strict=True)
    ] == [(buyer, seller, units) for buyer, seller, _, _, units in trades]


def test_the_comparison_covers_rounds_with_and_without_trade() -> None:
    none = clear(numpy.array([1, 2]), numpy.array([3]), top_units=TOP)
    all_ = clear(numpy.array([5, 5]), numpy.array([5, 5]), top_units=TOP)
    assert (none.deals, none.units) == (0, 0)
    assert (all_.deals, all_.units) == (2, 5)


def test_constrained_quotes_never_lose() -> None:
    crowd = Crowd(numpy.arange(1, 101), numpy.arange(1, 101), price_max=120, seed=1)
    for _ in range(20):
        bids, asks = crowd.quotes()
        assert (bids >= 1).all()
        assert (bids <= crowd.values).all()
        assert (crowd.costs <= asks).all()
        assert (asks <= 120).all()


def test_a_round_gains_no_more_than_there_is() -> None:
    crowd = Crowd(numpy.arange(1, 101), numpy.arange(1, 101), price_max=120, seed=1)
    assert crowd.surplus_max == sum(max(0, 100 - 2 * n + 1) for n in range(1, 51))
    rounds = [crowd.play() for _ in range(50)]
    assert all(0 < one.gained_units <= crowd.surplus_max for one in rounds)
    assert len({one.units for one in rounds}) > 1


def test_the_same_seed_draws_the_same_rounds() -> None:
    first, again = (Crowd([9, 8, 7], [1, 2, 3], price_max=10, seed=4) for _ in range(2))
    assert [first.play() for _ in range(9)] == [again.play() for _ in range(9)]


@pytest.mark.parametrize(("values", "costs"), [([0], [1]), ([1], [11])])
def test_limits_nobody_could_quote_are_refused(values: list[int], costs: list[int]) -> None:
    with pytest.raises(ValueError, match="between 1 and price_max"):
        Crowd(values, costs, price_max=10, seed=1)
