"""Trust flows from who is vouched for; names that only pay each other have none."""

import random

import pytest

from souq.core.trust import SetTrust
from souq.lab.yard import UNITS, Yard
from souq.views.trust import MASS, Graph, Paid, command, find_rings, rank, work_out


def graph(paid: Paid) -> Graph:
    found = Graph()
    found.paid = paid
    return found


def test_who_is_paid_by_a_root_is_trusted_and_whoever_they_pay_less() -> None:
    found = work_out(graph({"P1": {"P2": 10}, "P2": {"P3": 10}}), {"P1": 5}, 5)
    assert found.bps["P1"] > found.bps["P2"] > found.bps["P3"] > 0


def test_names_that_nobody_vouched_for_pays_have_no_trust_however_many() -> None:
    honest: Paid = {"P1": {"P2": 10}}
    for names in (2, 20, 200):
        ring = [f"P{n}" for n in range(10, 10 + names)]
        paid = {**honest, **{one: dict.fromkeys(ring[:5], 10**9) for one in ring}}
        assert work_out(graph(paid), {"P1": 5}, 5).bps.keys() == {"P1", "P2"}


def test_a_bond_split_among_names_is_worth_no_more_than_one() -> None:
    paid: Paid = {"P1": {"P2": 10}}
    one = work_out(graph(paid), {"P1": 100, "P9": 100}, 100).bps
    names = {f"P{n}": 1 for n in range(100, 200)}
    many = work_out(graph(paid), {"P1": 100, **names}, 100).bps
    assert sum(many[name] for name in names) <= one["P9"]


def test_more_sybils_gain_no_more_from_one_link() -> None:
    def captured(names: int) -> float:
        paid: Paid = {"P1": {"P2": 90, "P10": 10}}
        ring = [f"P{n}" for n in range(10, 10 + names)]
        for n, one in enumerate(ring):
            paid[one] = {ring[(n + 1) % names]: 10}
        found = rank(paid, {"P1": 1})
        return sum(found.get(one, 0) for one in ring) / MASS

    assert captured(50) <= captured(2) * 1.001


def test_without_anybody_vouched_for_nobody_is_trusted() -> None:
    assert work_out(graph({"P1": {"P2": 10}}), {}, 5).bps == {}


def test_trust_adds_up_and_is_the_same_whatever_order_payments_stand_in() -> None:
    rng = random.Random(4)
    names = [f"P{n}" for n in range(1, 60)]
    paid = {one: {other: rng.randint(1, 9) for other in rng.sample(names, 4)} for one in names}
    shuffled = {
        one: dict(rng.sample(sorted(paid[one].items()), 4)) for one in rng.sample(names, 59)
    }
    found = rank(paid, {"P1": 3, "P2": 1})
    assert found == rank(shuffled, {"P2": 1, "P1": 3})
    assert abs(sum(found.values()) - MASS) < MASS // 10**6


@pytest.mark.parametrize("size", [2, 3, 5, 12])
def test_a_ring_among_whom_value_only_goes_round_is_found(size: int) -> None:
    ring = [f"P{n}" for n in range(1, size + 1)]
    paid: Paid = {one: {ring[(n + 1) % size]: 1_000} for n, one in enumerate(ring)}
    assert find_rings(paid) == dict.fromkeys(sorted(ring), 1)


def test_two_who_trade_both_ways_among_many_others_are_no_ring() -> None:
    paid: Paid = {"P1": {"P2": 100, "P3": 500}, "P2": {"P1": 100}, "P4": {"P1": 300}}
    assert find_rings(paid) == {}


def test_a_supplier_whose_one_customer_sells_it_something_small_is_no_ring() -> None:
    assert find_rings({"P1": {"P2": 1_000}, "P2": {"P1": 20}}) == {}


def test_planted_rings_are_found_among_honest_trade_and_nobody_else() -> None:
    rng = random.Random(9)
    names = [f"P{n}" for n in range(1, 401)]
    paid: Paid = {}
    for _ in range(20_000):  # sellers are the later half: who buys seldom sells
        buyer, seller = rng.choice(names[:250]), rng.choice(names[200:])
        if buyer != seller:
            row = paid.setdefault(buyer, {})
            row[seller] = row.get(seller, 0) + rng.randint(1, 100)
    planted = {}
    for n in range(20):
        ring = [f"P{1_000 + 10 * n + k}" for k in range(rng.randint(2, 5))]
        for k, one in enumerate(ring):
            paid[one] = {ring[(k + 1) % len(ring)]: 1_000 + rng.randint(0, 20)}
            planted[one] = n
    assert find_rings(paid).keys() == planted.keys()


def test_the_command_tells_all_that_was_found() -> None:
    found = work_out(graph({"P1": {"P2": 10}, "P8": {"P9": 7}, "P9": {"P8": 7}}), {"P1": 5}, 5)
    told = command(found, 77)
    assert isinstance(told, SetTrust)
    assert told.upto == 77
    assert dict(zip(told.principals, told.bps, strict=True))["P8"] == 0
    assert len(told.rings) == len(told.principals) == len(told.bps) == 4


def test_a_supplier_gains_nothing_by_more_names_of_its_own() -> None:
    scores = set()
    for names in (0, 1, 20):
        yard = Yard()
        root, mine = yard.join(2)
        yard.vouch(root, 10 * UNITS)
        yard.deal(mine, root)
        for name in yard.join(names):
            for _ in range(5):
                yard.deal(mine, name, units=100 * UNITS)
        yard.set_trust()
        scores.add(yard.score(mine))
    assert len(scores) == 1
