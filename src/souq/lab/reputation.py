"""What reputation is good for, measured: does rank follow quality, and does faking pay?

Simulations of whole populations in a `Yard`, from a seed: honest suppliers of different quality,
adversaries who buy from themselves under other names, newcomers, and people who cheat and return.
Each figure stands beside its goal. Money is in deals of weight 1: a price of 10 dollars.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import mean, median

from msgspec import Struct

from souq.core import exposure
from souq.core.money import BPS
from souq.core.rules import DAY_US, Rules
from souq.lab.yard import UNITS, Yard

SUPPLIERS, BUYERS, DEALS, MARKETS = 60, 60, 80, 3
GOALS = {0: 0.8, 10: 0.75, 20: 0.7, 30: 0.6}
FULL = 10 * UNITS  # a bond that earns full trust
EXPLORED = 10  # every tenth place in a search goes to a newcomer
RATE_BPS_YEAR = 1_000  # what locked money would have earned
ACCURACY = 0.9  # of rulings
FILING_BPS = 500


class Figure(Struct, frozen=True):
    """One metric: what was measured, its goal, and whether it is reached."""

    name: str
    measured: float
    goal: str
    is_reached: bool


def measure(seed: int = 1, *, lives: int = 10_000) -> Iterator[Figure]:
    """Measure everything."""
    for share, goal in GOALS.items():
        found = mean(tau_with(seed + n, share) for n in range(MARKETS))
        yield Figure(f"Kendall tau, {share} % adversaries", found, f">= {goal}", found >= goal)
    blind = mean(tau_with(seed + n, 30, is_rooted=False) for n in range(MARKETS))
    yield Figure("Kendall tau, 30 %, every word counts (control)", blind, "< 0.6", blind < 0.6)
    gain = sybil_gain(20)
    yield Figure("Sybil gain: quantile with 20 own names less with 1", gain, "= 0", gain == 0)
    start, costs = attack_costs()
    steps = [cost / (target - start) for target, cost in costs]
    is_linear = all(dear >= cheap for cheap, dear in pairwise(steps))
    for target, cost in costs:
        name = f"Attack: dollars to a quantile of {target:.2f}"
        yield Figure(name, cost, "at least linear in it", is_linear)
    slander = slander_cost()
    yield Figure("Slander: dollars for 0.1 less of a mean", slander, "> 0", slander > 0)
    days, deals, young, barrier = newcomers(seed)
    yield Figure("Newcomer: days to the top quartile", days, "<= 60", days <= 60)
    yield Figure("Newcomer: deals to the top quartile", deals, "told", True)
    yield Figure("Share of deals to names under 7 days", young, ">= 0.05", young >= 0.05)
    yield Figure("Entry barrier: incumbents' to newcomers' deals", barrier, "<= 3", barrier <= 3)
    milked = milking(seed)
    yield Figure("Milking: mean dollars from build, then burn", milked, "< 0", milked < 0)
    washed = whitewashing(seed, lives)
    name = f"Whitewashing: mean dollars of {lives} lives"
    yield Figure(name, washed, "<= 0", washed <= 0)


def tau_with(seed: int, share: int, *, is_rooted: bool = True) -> float:
    """Give how well rank follows true quality where so many of 100 suppliers fake theirs."""
    chance = random.Random(seed * 1_000 + share)
    yard = Yard()
    suppliers, buyers = yard.join(SUPPLIERS), yard.join(BUYERS)
    fakes = SUPPLIERS * share // 100
    quality = {one: 0.3 + 0.7 * n / SUPPLIERS for n, one in enumerate(suppliers)}
    for one in buyers[: BUYERS // 2]:
        yard.vouch(one, FULL)
    for n in range(DEALS):
        for supplier in suppliers:
            buyer = buyers[chance.randrange(BUYERS)]
            is_good = chance.random() < quality[supplier]
            yard.deal(supplier, buyer, share_bps=BPS if is_good else 0)
        for supplier in suppliers[:fakes]:  # the worst, each with ten names of its own
            for name in yard.join(10) if n == 0 else ():
                for _ in range(5):
                    yard.deal(supplier, name, units=4 * UNITS)
        yard.pass_time(DAY_US // 2)
    for one in buyers[BUYERS // 2 :]:  # those without a bond sell now and then: trust reaches them
        yard.deal(one, buyers[chance.randrange(BUYERS // 2)])
    if is_rooted:
        yard.set_trust()
    ranked = [(quality[one], yard.score(one).quantile_bps) for one in suppliers]
    return kendall(ranked)


def kendall(pairs: Sequence[tuple[float, float]]) -> float:
    """Give Kendall's tau-b of pairs."""
    agree = tied_x = tied_y = 0
    count = 0
    for n, (x, y) in enumerate(pairs):
        for u, v in pairs[n + 1 :]:
            count += 1
            sign = (x > u) - (x < u), (y > v) - (y < v)
            agree += sign[0] * sign[1]
            tied_x += sign[0] == 0
            tied_y += sign[1] == 0
    return float(agree / ((count - tied_x) * (count - tied_y)) ** 0.5)


def sybil_gain(names: int) -> float:
    """Give how much a supplier's quantile gains by so many names of its own beside one."""
    scores = []
    for count in (1, names):
        yard = Yard()
        honest, mine = yard.join(4), yard.join()[0]
        yard.vouch(honest[0], FULL)
        for one in honest[1:]:
            yard.deal(one, honest[0])
        for name in yard.join(count):
            for _ in range(20):
                yard.deal(mine, name)
                yard.deal(name, mine)
        yard.set_trust()
        scores.append(yard.score(mine).quantile_bps)
    return (scores[1] - scores[0]) / BPS


def attack_costs() -> tuple[float, list[tuple[float, float]]]:
    """Give a newcomer's quantile, and what others cost by buying from oneself in other names.

    The names have bonds, among honest principals who have some too and deal with each other. The
    cost is a year's interest on the bonds, and the fees.
    """
    yard = Yard()
    honest, mine = yard.join(20), yard.join()[0]
    for n, one in enumerate(honest):
        yard.vouch(one, FULL)
        for other in honest[n + 1 :]:
            yard.deal(one, other)
    yard.set_trust()
    first, found = yard.score(mine).quantile_bps / BPS, []
    targets, locked = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9], 0
    while targets:
        name = yard.join()[0]
        yard.vouch(name, FULL)
        locked += FULL * RATE_BPS_YEAR // BPS
        yard.deal(mine, name)
        yard.set_trust()
        reached = yard.score(mine).quantile_bps / BPS
        if reached >= targets[0]:
            found.append((reached, (yard.fees[mine] + locked) / 1_000_000))
            targets = [one for one in targets if one > reached]
    return first, found


def slander_cost() -> float:
    """Give what it costs to buy from a rival and dispute falsely until its mean is 0.1 lower."""
    yard = Yard()
    rival, *buyers = yard.join(31)
    for buyer in buyers[:20]:
        yard.deal(rival, buyer)
    before, cost, n = yard.score(rival).mean_bps, 0.0, 20
    while yard.score(rival).mean_bps > before - BPS // 10 and n < 31:
        yard.deal(rival, buyers[n % 30], share_bps=0)
        # Of ten false claims one is believed; the others lose their fee and pay the price's fee.
        tries = 1 / (1 - ACCURACY)
        cost += (tries - 1) * UNITS * (FILING_BPS + yard.house.fee_bps) / BPS
        n += 1
    return cost / 1_000_000


def newcomers(seed: int) -> tuple[float, float, float, float]:
    """Give days and deals to the top quartile, the young's share of deals, and the barrier.

    Forty suppliers, as good as each other, are old when ten more join, a few every day. A buyer
    takes one of ten places of a search: nine by rank, one by lot among newcomers, drawn anew daily.
    """
    chance = random.Random(seed)
    yard = Yard()
    old, buyers = yard.join(40), yard.join(80)
    quality = {one: 0.85 + 0.1 * chance.random() for one in old}
    for supplier in old:
        for buyer in chance.sample(buyers, 15):
            yard.deal(supplier, buyer, share_bps=BPS if chance.random() < quality[supplier] else 0)
    born: dict[str, int] = dict.fromkeys(old, -100)
    sold: dict[str, int] = dict.fromkeys(old, 0)
    arrived: list[tuple[int, int]] = []
    waiting: set[str] = set()
    young = whole = 0
    for day in range(60):
        if day < 40 and day % 2 == 0:
            one = yard.join()[0]
            born[one], sold[one], quality[one] = day, 0, 0.95
            waiting.add(one)
        ranks = {one: yard.score(one) for one in born}
        listed = sorted(born, key=lambda one: (-ranks[one].quantile_bps, born[one], int(one[1:])))
        fresh = [one for one in listed if ranks[one].is_newcomer]
        known = [one for one in listed if not ranks[one].is_newcomer]
        for _ in range(50):
            shown = [chance.choice(known[: len(known) * 3 // 4]) for _ in range(EXPLORED - 1)]
            place = chance.randrange(EXPLORED)
            is_explored = place == EXPLORED - 1 and fresh
            supplier = chance.choice(fresh) if is_explored else shown[min(place, EXPLORED - 2)]
            good = chance.random() < quality[supplier]
            yard.deal(supplier, chance.choice(buyers), share_bps=BPS if good else 0)
            sold[supplier] += 1
            whole += 1
            young += day - born[supplier] < 7
        bar = sorted(yard.score(one).quantile_bps for one in old)[30]
        for one in sorted(waiting):
            if yard.score(one).quantile_bps >= bar:
                arrived.append((day - born[one], sold[one]))
                waiting.remove(one)
        yard.pass_time(DAY_US)
    late = [one for one, day in born.items() if 0 <= day <= 30]
    per_old = sum(sold[one] for one in old) / (40 * 60)
    per_new = sum(sold[one] / (60 - born[one]) for one in late) / len(late)
    days = median(one for one, _ in arrived) if arrived else float("inf")
    deals = median(one for _, one in arrived) if arrived else float("inf")
    return float(days), float(deals), young / whole, per_old / per_new


def limited(detect_bps: int, record_units: int = 0) -> Rules:
    """Give a house that limits what may be owed."""
    return Rules(fee_bps=200, exposure_detect_bps=detect_bps, exposure_record_units=record_units)


def milking(seed: int, lives: int = 300) -> float:
    """Give what it brings to earn a record and then cheat on all that one may owe at once.

    The house lets a record vouch for no more than the fees that it took to earn.
    """
    chance, won = random.Random(seed), 0.0
    for _ in range(lives):
        detect = chance.uniform(0.1, 0.9)
        yard = Yard(limited(int(detect * BPS), UNITS * 200 // BPS))
        mine, *buyers = yard.join(31)
        stake = chance.randrange(10, 100) * UNITS
        yard.vouch(mine, stake)
        for buyer in buyers[: chance.randrange(1, 30)]:
            yard.deal(mine, buyer)
        gain = exposure.most_units(yard.state, mine, "USD")
        cost = yard.fees[mine] + stake * RATE_BPS_YEAR * 14 / (365 * BPS)
        won += gain - detect * (gain + stake) - cost
    return won / lives / 1_000_000


def whitewashing(seed: int, lives: int) -> float:
    """Give what it brings to cheat for all one may owe, and to return under a new name."""
    chance, won = random.Random(seed), 0.0
    detect = 0.3
    yard = Yard(limited(int(detect * BPS)))
    for _ in range(lives):
        mine = yard.join()[0]
        stake = chance.randrange(1, 100) * UNITS
        yard.vouch(mine, stake)
        gain = exposure.most_units(yard.state, mine, "USD")
        is_found = chance.random() < detect
        won += (-stake if is_found else gain) - stake * RATE_BPS_YEAR * 14 / (365 * BPS)
    return won / lives / 1_000_000
