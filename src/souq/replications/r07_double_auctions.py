"""R7. Double auctions in which telling the truth is best: McAfee's, and plain trade reduction.

Buyers and sellers of one piece each. What is lost is at most the least valuable trade, and ever
less of the whole as they become more; what buyers pay above what sellers get is kept by the house.
"""

import random
from collections.abc import Iterator
from itertools import product

from souq.core.mechanisms.call_market.clearing import Pricing
from souq.lab.kernel import Trade
from souq.replications.calling import Floor, cash, floor
from souq.replications.replication import Finding, Scale
from souq.replications.sampling import Sample, Share

ID = "R7"
TITLE = "McAfee's double auction and trade reduction"
SOURCE = "McAfee 1992"
TAPE = "3dcc5a77e7151e3e"

ONE = 1_000_000  # the value 1
TOLERANCE = 0.005
# By buyers, and as many sellers: shares of first best, and what the house keeps.
MCAFEE = {1: 0.75, 2: 0.8225, 4: 0.925, 8: 0.976, 16: 0.993, 32: 0.998}
REDUCED = {1: 0.0, 2: 0.250, 4: 0.691, 8: 0.913, 16: 0.978, 32: 0.994}
KEPT = {1: 0.0, 2: 0.031, 4: 0.082, 8: 0.074, 16: 0.049, 32: 0.028}
# Four standard errors are below the tolerance from eight on.
DRAWS = {1: 50_000, 2: 50_000, 4: 30_000, 8: 10_000, 16: 5_000, 32: 3_000}
QUICK = 20  # a part of the draws
GRID = 20  # steps: values and reports stand on 21 points
PROFILES = {1: 441, 2: 300, 3: 150}  # all of them, or so many drawn, by buyers


class Tally:
    """What calls of one size brought, by one pricing, and how often a law was broken."""

    def __init__(self) -> None:
        self.share, self.kept = Share(), Share()
        self.lost_more = 0  # than the least valuable efficient trade
        self.paid_out_more = 0  # than was paid in
        self.worse_off = 0  # somebody who told the truth

    def add(self, room: Floor, values: list[int], costs: list[int], pricing: Pricing) -> None:
        trades = room.call(values, costs, pricing=pricing, top_units=ONE)
        value_of = dict(zip(room.buyers, values, strict=True))
        cost_of = dict(zip(room.sellers, costs, strict=True))
        gains = _gains(values, costs)
        made = sum(value_of[buyer] - cost_of[seller] for buyer, seller, *_ in trades)
        paid, got = _cash(room)
        self.share.add(made / ONE, sum(gains) / ONE)
        self.kept.add((paid - got) / ONE, sum(gains) / ONE)
        self.lost_more += sum(gains) - made > min(gains, default=0)
        self.paid_out_more += got > paid
        self.worse_off += any(
            value_of[buyer] < units or cost_of[seller] > _received(room, seller)
            for buyer, seller, _, _, units in trades
        )


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    yield from _unit_case()
    tallies: list[Tally] = []
    trades = Sample()
    for size, draws in DRAWS.items():
        count = draws // QUICK if scale.is_quick else draws
        mcafee, reduced = _calls(random.Random(scale.seed + size), size, count, trades)
        tallies += [mcafee, reduced]
        yield from _shares(size, mcafee, reduced)
    yield trades.finding(
        "Efficient trades, in parts of the buyers", "1/2", 0.5, tolerance=TOLERANCE
    )
    yield _law("Losses above the least valuable efficient trade", tallies, "lost_more")
    yield _law("Calls that paid out more than came in", tallies, "paid_out_more")
    yield _law("Calls that left somebody truthful worse off", tallies, "worse_off")
    for pricing in ("mcafee", "trade_reduction", "k_double"):
        yield from _misreports(scale, pricing)


def _calls(rng: random.Random, size: int, draws: int, trades: Sample) -> tuple[Tally, Tally]:
    mcafee, reduced = Tally(), Tally()
    room = floor(size, size)
    for _ in range(draws):
        values = [rng.randint(0, ONE) for _ in range(size)]
        costs = [rng.randint(0, ONE) for _ in range(size)]
        mcafee.add(room, values, costs, "mcafee")
        reduced.add(room, values, costs, "trade_reduction")
        trades.add(len(_gains(values, costs)) / size)
    return mcafee, reduced


def _shares(size: int, mcafee: Tally, reduced: Tally) -> Iterator[Finding]:
    of = f"{size} buyers and {size} sellers" if size > 1 else "one buyer and one seller"
    for name, share, published in (
        ("Share of first best, McAfee", mcafee.share, MCAFEE),
        ("Share of first best, trade reduction", reduced.share, REDUCED),
        ("Share that the house keeps, McAfee", mcafee.kept, KEPT),
    ):
        theory = published[size]
        said = "derived" if size == 1 else f"{theory:g}, N = 200,000"
        yield share.finding(f"{name}, {of}", said, theory, tolerance=TOLERANCE)
    if size == 2:
        claim = f"Share of first best, McAfee, {of}: by trade reduction instead"
        yield reduced.share.finding(
            claim, f"{MCAFEE[2]:g}", MCAFEE[2], tolerance=TOLERANCE, is_control=True
        )


def _law(claim: str, tallies: list[Tally], name: str) -> Finding:
    broken = sum(getattr(tally, name) for tally in tallies)
    calls = sum(tally.share.draws for tally in tallies)
    return Finding(claim, "0", 0, 0, 0, broken, calls)


def _gains(values: list[int], costs: list[int]) -> list[int]:
    """List the gains of the efficient trades, the best first."""
    pairs = zip(sorted(values, reverse=True), sorted(costs), strict=True)
    return [value - cost for value, cost in pairs if value >= cost]


def _cash(room: Floor) -> tuple[int, int]:
    """Sum what the last call's buyers paid, and what its sellers got."""
    legs = [leg for agreement in room.agreements for leg in cash(agreement)]
    sellers = set(room.sellers)
    paid = sum(leg.amount.units for leg in legs)
    return paid, sum(leg.amount.units for leg in legs if leg.taker in sellers)


def _received(room: Floor, seller: str) -> int:
    legs = [leg for agreement in room.agreements for leg in cash(agreement)]
    return sum(leg.amount.units for leg in legs if leg.taker == seller)


def _unit_case() -> Iterator[Finding]:
    """Bids 10, 8, 6, 4 against asks 3, 5, 6.5, 9."""
    room = floor(4, 4)
    bids, asks = [100, 80, 60, 40], [30, 50, 65, 90]
    for name, k_bps, price in (("lowest", 0, 6.0), ("highest", 10_000, 6.5)):
        trades = room.call(bids, asks, k_bps=k_bps, top_units=ONE)
        claim = f"The {name} price of bids 10, 8, 6, 4 against asks 3, 5, 6.5, 9"
        yield Finding(claim, f"{price:g}", price, price, price, trades[0][4] / 10, 1)
    value_of = dict(zip(room.buyers, bids, strict=True))
    cost_of = dict(zip(room.sellers, asks, strict=True))
    surplus = sum(value_of[buyer] - cost_of[seller] for buyer, seller, *_ in trades) / 10
    yield Finding("Its trades", "2", 2, 2, 2, len(trades), 1)
    yield Finding("Its surplus", "10", 10, 10, 10, surplus, 1)


def _misreports(scale: Scale, pricing: Pricing) -> Iterator[Finding]:
    """Let everybody in turn say every other price on the grid."""
    rng = random.Random(scale.seed)
    greatest, tried = 0.0, 0
    for size, count in PROFILES.items():
        room = floor(size, size)
        for values, costs in _profiles(rng, size, count // QUICK if scale.is_quick else count):
            for gain in _deviations(room, values, costs, pricing):
                tried += 1
                greatest = max(greatest, gain)
    names = {"mcafee": "McAfee", "trade_reduction": "trade reduction", "k_double": "k = 1/2"}
    yield Finding(
        f"The most that anybody gains by not telling the truth, {names[pricing]}",
        "0",
        0,
        0,
        0,
        greatest,
        tried,
        is_control=pricing == "k_double",
    )


def _profiles(rng: random.Random, size: int, count: int) -> Iterator[tuple[list[int], list[int]]]:
    points = [ONE * n // GRID for n in range(GRID + 1)]
    if count >= len(points) ** (2 * size):
        for profile in product(points, repeat=2 * size):
            yield list(profile[:size]), list(profile[size:])
        return
    for _ in range(count):
        yield rng.choices(points, k=size), rng.choices(points, k=size)


def _deviations(
    room: Floor, values: list[int], costs: list[int], pricing: Pricing
) -> Iterator[float]:
    points = [ONE * n // GRID for n in range(GRID + 1)]

    def buys(n: int, bids: list[int]) -> int:
        trades = room.call(bids, costs, pricing=pricing, top_units=ONE)
        return sum(values[n] - trade[4] for trade in trades if trade[0] == room.buyers[n])

    def sells(n: int, asks: list[int]) -> int:
        trades = room.call(values, asks, pricing=pricing, top_units=ONE)
        sold = sum(trade[1] == room.sellers[n] for trade in trades)
        return _received(room, room.sellers[n]) - sold * costs[n]

    for truth, payoff in ((values, buys), (costs, sells)):
        for n in range(len(truth)):
            honest = payoff(n, truth)
            for report in points:
                told = [*truth[:n], report, *truth[n + 1 :]]
                yield (payoff(n, told) - honest) / ONE


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of some calls, by the kernel and by the whole market."""
    return _some_calls(seed, is_market=False), _some_calls(seed, is_market=True)


def _some_calls(seed: int, *, is_market: bool) -> list[Trade]:
    rng = random.Random(seed)
    room = floor(5, 5, is_market=is_market)
    trades: list[Trade] = []
    pricings: tuple[Pricing, ...] = ("mcafee", "trade_reduction", "k_double")
    for _, pricing in product(range(8), pricings):
        bids, asks = ([rng.randint(0, ONE) for _ in range(5)] for _ in range(2))
        trades += room.call(bids, asks, pricing=pricing, top_units=ONE)
    return trades
