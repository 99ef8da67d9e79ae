"""Winner determination against an enumeration of everything, and against an integer program."""

from itertools import product
from random import Random

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from souq.core.mechanisms.vcg.winners import BIDDERS_MAX, LOTS_MAX, Award, Offers, winners


def draw(chance: Random, lots: int, bidders: int, packages: int, most: int) -> list[Offers]:
    """Draw what bidders offer; few different amounts make many ties."""
    sets = range(1, 1 << lots)
    return [
        [
            (one, chance.randint(0, most))
            for one in chance.sample(sets, min(len(sets), chance.randint(1, packages)))
        ]
        for _ in range(bidders)
    ]


def reserve(lots: int, reserves: list[int]) -> int:
    return sum(units for n, units in enumerate(reserves) if lots & 1 << n)


def best(bids: list[Offers], reserves: list[int]) -> tuple[int, tuple[int, ...]]:
    """Try every choice, the earliest packages first and none last; the first of the best counts."""
    most = -1
    chosen: tuple[int, ...] = ()
    whole = reserve(-1, reserves)
    for choice in product(*[range(len(offers) + 1) for offers in bids]):
        taken, worth = 0, whole
        for offers, n in zip(bids, choice, strict=True):
            if n == len(offers):
                continue
            lots, units = offers[n]
            if lots & taken:
                break
            taken |= lots
            worth += units - reserve(lots, reserves)
        else:
            if worth > most:
                most, chosen = worth, choice
    return most, chosen


def by_enumeration(bids: list[Offers], reserves: list[int]) -> list[Award]:
    most, choice = best(bids, reserves)
    awards = []
    for bidder, package in enumerate(choice):
        if package < len(bids[bidder]):
            without, _ = best([*bids[:bidder], [], *bids[bidder + 1 :]], reserves)
            others = most - bids[bidder][package][1]
            awards.append(Award(bidder, package, without - others))
    return awards


@pytest.mark.parametrize("most", [4, 1_000])
def test_a_thousand_random_instances_equal_an_enumeration(most: int) -> None:
    chance = Random(most)
    sold = 0
    for _ in range(500):
        lots = chance.randint(1, 4)
        bids = draw(chance, lots, chance.randint(1, 4), 3, most)
        reserves = [chance.choice((0, chance.randint(0, most // 2))) for _ in range(lots)]
        found = winners(bids, reserves)
        assert found == by_enumeration(bids, reserves)
        sold += len(found)
    assert sold > 500


def program(bids: list[Offers], reserves: list[int]) -> int:
    """Give the most that packages and kept lots are worth, by an integer program."""
    rows = [(b, lots, units) for b, offers in enumerate(bids) for lots, units in offers]
    if not rows:
        return reserve(-1, reserves)
    gains = np.array([units - reserve(lots, reserves) for _, lots, units in rows])
    once = np.array([[float(b == of) for of, _, _ in rows] for b in range(len(bids))])
    apart = np.array([[float(lots >> n & 1) for _, lots, _ in rows] for n in range(len(reserves))])
    found = milp(
        -gains,
        integrality=np.ones(len(rows)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.vstack([once, apart]), -np.inf, 1),
    )
    assert found.success
    return reserve(-1, reserves) + round(-found.fun)


def test_the_largest_instances_equal_an_integer_program() -> None:
    chance = Random(12)
    for _ in range(6):
        bids = draw(chance, LOTS_MAX, BIDDERS_MAX, 16, 1_000)
        reserves = [chance.randint(0, 60) for _ in range(LOTS_MAX)]
        most = program(bids, reserves)
        awards = winners(bids, reserves)
        worth = sum(bids[one.bidder][one.package][1] for one in awards)
        taken = sum(bids[one.bidder][one.package][0] for one in awards)
        assert worth + reserve(~taken, reserves) == most
        for one in awards:
            without = program([*bids[: one.bidder], [], *bids[one.bidder + 1 :]], reserves)
            assert one.units == without - (most - bids[one.bidder][one.package][1])


def test_a_winner_pays_at_least_the_reserves_and_at_most_its_bid() -> None:
    chance = Random(3)
    paid = []
    for _ in range(500):
        lots = chance.randint(1, 6)
        bids = draw(chance, lots, chance.randint(1, 6), 5, 100)
        reserves = [chance.randint(0, 30) for _ in range(lots)]
        taken = 0
        for one in winners(bids, reserves):
            won, units = bids[one.bidder][one.package]
            assert not won & taken
            taken |= won
            assert reserve(won, reserves) <= one.units <= units
            paid.append(units - one.units)
    assert min(paid) == 0 < max(paid)


def test_a_tie_goes_to_the_earlier_bidder_and_its_earlier_package() -> None:
    assert winners([[(1, 5)], [(1, 5)]], [0]) == [Award(0, 0, 5)]
    assert winners([[(2, 5), (1, 5)], []], [0, 0]) == [Award(0, 0, 0)]
    assert winners([[(3, 10)], [(1, 5)], [(2, 5)]], [0, 0]) == [Award(0, 0, 10)]
    assert winners([[(1, 5)], [(3, 10)], [(2, 5)]], [0, 0]) == [Award(0, 0, 5), Award(2, 0, 5)]


def test_a_bid_of_just_the_reserve_buys_the_lot() -> None:
    assert winners([[(1, 7)]], [7]) == [Award(0, 0, 7)]
    assert winners([[(1, 6)]], [7]) == []


def gain(values: dict[int, int], offers: Offers, others: list[Offers], reserves: list[int]) -> int:
    """Give what the last bidder's win is worth to it, less what it pays."""
    for one in winners([*others, offers], reserves):
        if one.bidder == len(others):
            return values[offers[one.package][0]] - one.units
    return 0


def test_no_misreport_gains_on_a_grid() -> None:
    chance = Random(5)
    tried = 0
    for _ in range(40):
        reserves = [chance.randint(0, 2), chance.randint(0, 2)]
        others = draw(chance, 2, 2, 3, 6)
        values = {lots: chance.randint(0, 6) for lots in (1, 2, 3)}
        truth = gain(values, list(values.items()), others, reserves)
        assert truth >= 0
        for report in product(range(0, 8), repeat=3):
            told = list(zip((1, 2, 3), report, strict=True))
            assert gain(values, told, others, reserves) <= truth
            tried += 1
    assert tried == 40 * 512
