"""R6. One buyer, one seller, private values: what can be had of the gains from trade, and no more.

Splitting the difference between two sealed offers is a call market of one order on each side with
k = 1/2. With the linear strategies it reaches 27/32 of what full knowledge would, the most that any
protocol can which balances its budget and forces nobody. Clarke's prices would reach it all; they
cost somebody else as much as there is to gain.
"""

import random
from collections.abc import Callable, Iterator

from souq.agents.bidding.bilateral import greatest_gain, linear_ask, linear_bid, ultimatum
from souq.core.mechanisms import posted_price
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import USD, Money
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.calling import Floor, floor
from souq.replications.replication import Finding, Scale
from souq.replications.sampling import Sample, Share

ID = "R6"
TITLE = "Bilateral trade under private information"
SOURCE = "Myerson and Satterthwaite 1983; Chatterjee and Samuelson 1983"
TAPE = "c4c3e5adeecb703d"

ONE = 1_200_000  # the value 1; quarters, thirds and twelfths of it are whole
STEPS = 40  # of the grid of best answers
TOLERANCE = 0.002
GAIN_MAX = 8e-6

Report = Callable[[int, int], int]
Price = Callable[[int], int]  # what a seller of this cost asks


class Stall:
    """A seller who posts a price and a buyer who takes it, again and again."""

    def __init__(self, path: Kernel | Hall) -> None:
        self.path = path
        self._seller, self._buyer = path.join(2)

    def offer(self, value: int, price: int) -> bool:
        """Post a price; tell whether a buyer of this value takes it."""
        if price > value:
            return False
        thing = self.path.post(self._seller, price=Money(price, USD.code))
        self.path.open(self._buyer, TakePrice(thing, Money(price, USD.code)))
        return True


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    draws = scale.draws(6_000, 50_000)
    found = _split(random.Random(scale.seed), draws)
    yield found.best.finding(
        "Gains from trade, both tell the truth", "1/6", 1 / 6, tolerance=TOLERANCE
    )
    yield found.gains.finding(
        "Gains from trade, linear strategies", "9/64", 9 / 64, tolerance=TOLERANCE
    )
    yield found.traded.finding(
        "How often they trade, linear strategies", "9/32", 9 / 32, tolerance=TOLERANCE
    )
    claim = "Share of first best, the difference is split"
    yield found.linear.finding(
        f"{claim}, linear strategies", "84.375 %", 27 / 32, tolerance=TOLERANCE
    )
    yield found.truthful.finding(
        f"{claim}, both tell the truth", "derived", 27 / 32, is_control=True, tolerance=TOLERANCE
    )
    yield found.clarke.finding(
        "What Clarke's prices cost somebody else", "1/6", 1 / 6, tolerance=TOLERANCE
    )
    for name, price in (("once for all", _once), ("1/2, whatever it costs", _half)):
        share = _posted(random.Random(scale.seed), draws, price)
        yield share.finding(
            f"Share of first best, the seller asks {name}", "75 %", 0.75, tolerance=TOLERANCE
        )
    yield from _best_answers(STEPS // 2 if scale.is_quick else STEPS)


class Split:
    """What splitting the difference brought, told the truth or not."""

    def __init__(self) -> None:
        self.best, self.gains, self.traded, self.clarke = (Sample() for _ in range(4))
        self.linear, self.truthful = Share(), Share()


def _split(rng: random.Random, draws: int) -> Split:
    found = Split()
    room = floor(1, 1)
    for _ in range(draws):
        value, cost = rng.randint(0, ONE), rng.randint(0, ONE)
        trades = room.call([linear_bid(value, ONE)], [linear_ask(cost, ONE)])
        # The buyer's Clarke price is the lowest that clears, the seller's the highest.
        lowest, highest = (room.call([value], [cost], k_bps=k) for k in (0, 10_000))
        gain = (value - cost) / ONE if trades else 0.0
        truthful = (value - cost) / ONE if lowest else 0.0
        best = max(0, value - cost) / ONE
        found.best.add(truthful)
        found.gains.add(gain)
        found.traded.add(len(trades))
        found.clarke.add((highest[0][4] - lowest[0][4]) / ONE if lowest else 0.0)
        found.linear.add(gain, best)
        found.truthful.add(truthful, best)
    return found


def _once(cost: int) -> int:
    return ultimatum(cost, ONE)


def _half(cost: int) -> int:
    return ONE // 2 if cost <= ONE // 2 else 2 * ONE  # who would lose by it asks what nobody pays


def _posted(rng: random.Random, draws: int, price: Price) -> Share:
    share = Share()
    stall = Stall(Kernel(posted_price))
    for _ in range(draws):
        value, cost = rng.randint(0, ONE), rng.randint(0, ONE)
        is_sold = stall.offer(value, price(cost))
        best = max(0, value - cost) / ONE
        share.add((value - cost) / ONE if is_sold else 0.0, best)
    return share


def _best_answers(steps: int) -> Iterator[Finding]:
    """Compare every report on a grid with the linear one, for every value on it.

    Rivals stand in the middles of the steps and reports at their edges, so that summing over rivals
    is integrating over them exactly: within a step what is gained is linear in the rival's value.
    """
    room = floor(1, 1)
    rivals = [ONE * (2 * n + 1) // (2 * steps) for n in range(steps)]
    for how, bid, ask in (
        ("linear", linear_bid, linear_ask),
        ("truthful", _truth, _truth),
    ):
        values = [ONE // 4 + ONE * n // steps for n in range(3 * steps // 4 + 1)]
        bids = [bid(value, ONE) for value in values]
        costs = [ONE * n // steps for n in range(3 * steps // 4 + 1)]
        asks = [ask(cost, ONE) for cost in costs]
        rival_asks = [ask(cost, ONE) for cost in rivals]
        rival_bids = [bid(value, ONE) for value in rivals]
        paid = {b: _prices(room, [(b, a) for a in rival_asks]) for b in bids}
        got = {a: _prices(room, [(b, a) for b in rival_bids]) for a in asks}

        def bought(value: int, report: int, paid: dict[int, list[int]] = paid) -> float:
            return sum(value - price for price in paid[report]) / steps / ONE

        def sold(cost: int, report: int, got: dict[int, list[int]] = got) -> float:
            return sum(price - cost for price in got[report]) / steps / ONE

        for who, gain in (
            ("buyer", greatest_gain(values, bids, bought)),
            ("seller", greatest_gain(costs, asks, sold)),
        ):
            yield Finding(
                f"The most a {who} gains by another answer than its {how} one",
                "0",
                0.0,
                0.0,
                GAIN_MAX,
                gain,
                len(bids) * steps,
                is_control=how == "truthful",
            )


def _truth(value: int, one: int) -> int:
    return value


def _prices(room: Floor, pairs: list[tuple[int, int]]) -> list[int]:
    return [trade[4] for bid, ask in pairs for trade in room.call([bid], [ask])]


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of some encounters of each kind, by the kernel and by the whole market."""
    return _encounters(seed, is_market=False), _encounters(seed, is_market=True)


def _encounters(seed: int, *, is_market: bool) -> list[Trade]:
    rng = random.Random(seed)
    room = floor(1, 1, is_market=is_market)
    stall = Stall(Hall(posted_price) if is_market else Kernel(posted_price))
    trades: list[Trade] = []
    for _ in range(30):
        value, cost = rng.randint(0, ONE), rng.randint(0, ONE)
        trades += room.call([linear_bid(value, ONE)], [linear_ask(cost, ONE)])
        stall.offer(value, ultimatum(cost, ONE))
    return trades + stall.path.trades
