"""Cycles of a batch: nobody gets what it did not ask for, and no other way is worth more."""

from itertools import permutations, product
from random import Random

import numpy as np
from scipy.optimize import linear_sum_assignment

from souq.core.mechanisms.barter.cycles import (
    CASH_SCALE,
    Cycle,
    cycle_cover,
    payments,
    shares,
    top_trading_cycles,
)

FORBIDDEN = 1 << 50


def received(size: int, cycles: list[Cycle]) -> list[int]:
    """Give whose goods each has in the end."""
    found = list(range(size))
    for cycle in cycles:
        for taker, giver in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            assert found[taker] == taker, "twice in a cycle"
            found[taker] = giver
    assert sorted(found) == list(range(size))
    return found


def draw_choices(chance: Random, size: int) -> list[list[int]]:
    found = []
    for n in range(size):
        others = [one for one in range(size) if one != n]
        found.append(chance.sample(others, chance.randint(0, size - 1)))
    return found


def rank(choices: list[int], goods: int) -> int:
    return choices.index(goods) if goods in choices else len(choices)


def by_rounds(choices: list[list[int]]) -> list[int]:
    """Play the algorithm as the paper tells it: in rounds, all pointing, all cycles at once."""
    size = len(choices)
    left = set(range(size))
    found = list(range(size))
    while left:
        points = {n: next((one for one in (*choices[n], n) if one in left), n) for n in left}
        on_cycle = set(left)
        for _ in range(size):
            on_cycle = {points[n] for n in on_cycle}
        for n in on_cycle:
            found[n] = points[n]
        left -= on_cycle
    return found


def test_top_trading_cycles_are_those_of_the_paper() -> None:
    chance = Random(1)
    for _ in range(1_000):
        choices = draw_choices(chance, chance.randint(1, 8))
        assert received(len(choices), top_trading_cycles(choices)) == by_rounds(choices)


def test_nobody_gets_what_it_likes_less_than_its_own_and_no_group_could_do_better() -> None:
    chance = Random(2)
    for _ in range(60):
        choices = draw_choices(chance, 5)
        has = received(5, top_trading_cycles(choices))
        ranks = [rank(choices[n], has[n]) for n in range(5)]
        assert all(has[n] == n or has[n] in choices[n] for n in range(5))
        for size in range(1, 6):
            for group in permutations(range(5), size):  # the core: a cycle in which all gain
                gains = [
                    rank(choices[n], group[(k + 1) % size]) < ranks[n] for k, n in enumerate(group)
                ]
                assert not all(gains)


def test_no_misreport_gains_in_top_trading_cycles() -> None:
    chance = Random(3)
    lists = [list(one) for size in range(4) for one in permutations((1, 2, 3), size)]
    for _ in range(60):
        others = draw_choices(chance, 4)[1:]
        for truth in lists:
            honest = rank(truth, received(4, top_trading_cycles([truth, *others]))[0])
            for told in lists:
                has = received(4, top_trading_cycles([told, *others]))[0]
                assert honest <= rank(truth, has)  # what is not on the true list is worth no more


def draw_values(chance: Random, size: int, degree: int, most: int) -> list[dict[int, int]]:
    """Draw who would have whose goods, and how much it is worth."""
    found = []
    for n in range(size):
        others = [one for one in range(size) if one != n]
        wanted = chance.sample(others, min(len(others), chance.randint(0, degree)))
        found.append({one: chance.randint(-most, most) for one in wanted})
    return found


def worth(values: list[dict[int, int]], cycles: list[Cycle]) -> int:
    has = received(len(values), cycles)
    return sum(values[n][has[n]] for n in range(len(values)) if has[n] != n)


def test_a_cycle_cover_is_worth_as_much_as_the_best_of_all() -> None:
    chance = Random(4)
    traded = 0
    for _ in range(300):
        values = draw_values(chance, chance.randint(1, 6), 4, chance.choice((3, 1_000)))
        size = len(values)
        best = max(
            sum(values[n][g] for n, g in enumerate(has) if g != n)
            for has in permutations(range(size))
            if all(g == n or g in values[n] for n, g in enumerate(has))
        )
        cycles = cycle_cover(values)
        assert worth(values, cycles) == best
        traded += len(cycles)
    assert traded > 100


def test_large_cycle_covers_equal_a_linear_assignment() -> None:
    chance = Random(5)
    for size, degree, most in ((60, 8, 100), (200, 12, 3), (300, 40, 10**9)):
        values = draw_values(chance, size, degree, most)
        costs = np.full((size, size), float(FORBIDDEN))
        np.fill_diagonal(costs, 0)
        for n, mine in enumerate(values):
            for one, value in mine.items():
                costs[n, one] = -value
        rows, columns = linear_sum_assignment(costs)
        assert worth(values, cycle_cover(values)) == round(-costs[rows, columns].sum())


def test_small_differences_decide_among_many() -> None:
    chance = Random(7)
    for _ in range(600):
        size = chance.randint(8, 14)
        values = draw_values(chance, size, 4, 3)
        costs = np.full((size, size), float(FORBIDDEN))
        np.fill_diagonal(costs, 0)
        for n, mine in enumerate(values):
            for one, value in mine.items():
                costs[n, one] = -value
        rows, columns = linear_sum_assignment(costs)
        assert worth(values, cycle_cover(values)) == round(-costs[rows, columns].sum())


def test_cash_of_any_amount_outweighs_all_ranks_and_is_counted_exactly() -> None:
    big = 2**53 - 1
    values = [{1: big * CASH_SCALE + 1}, {0: -big * CASH_SCALE + 1, 2: 16}, {1: 16}]
    assert cycle_cover(values) == [(1, 2)]  # 32 against 2: the cash cancels out
    values[1][0] += CASH_SCALE
    assert cycle_cover(values) == [(0, 1)]


def test_every_cycle_of_a_cover_brings_at_least_what_it_asks() -> None:
    chance = Random(6)
    asked = 0
    for _ in range(200):
        cash = draw_values(chance, 12, 5, 5)
        values = [
            {one: units * CASH_SCALE + chance.randint(1, 32) for one, units in mine.items()}
            for mine in cash
        ]
        for cycle in cycle_cover(values):
            most = [cash[a][b] for a, b in zip(cycle, (*cycle[1:], cycle[0]), strict=True)]
            nets = shares(most)
            assert sum(nets) == 0
            assert all(net <= one for net, one in zip(nets, most, strict=True))
            asked += min(most) < 0
    assert asked > 50


def test_spare_cash_is_shared_alike_and_odd_units_go_to_the_first() -> None:
    assert shares([100, -60]) == [80, -80]
    assert shares([100, -61]) == [80, -80]
    assert shares([90, 0, -30]) == [70, -20, -50]
    assert shares([2, 0, 0]) == [1, -1, 0]
    assert payments([70, -20, -50]) == [(0, 1, 20), (0, 2, 50)]
    assert payments([-3, 1, 2, -1, 1]) == [(1, 0, 1), (2, 0, 2), (4, 3, 1)]
    assert payments([0, 0]) == []


def test_payments_bring_everybody_to_just_their_net() -> None:
    for most in product(range(-3, 4), repeat=4):
        if sum(most) < 0:
            continue
        nets = shares(most)
        paid = [0] * 4
        for payer, getter, units in payments(nets):
            assert units > 0
            paid[payer] += units
            paid[getter] -= units
        assert paid == nets
        assert max(nets) - min(nets) >= 0 == sum(nets)
