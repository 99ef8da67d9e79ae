"""R17. Prices that follow prices: the book that cost 23 million dollars, and the cobweb.

Two sellers of one book priced by each other's price in 2011, until it stood at 23,698,655.93
dollars. Here they do it again, with the house's bounds on prices and without.
"""

import math
import random
from collections.abc import Iterator
from fractions import Fraction

from souq.agents.bidding.repricing import BPS, Eater, Follower, Grower, stepwise
from souq.core.listing import EditListing
from souq.core.mechanisms import posted_price
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, MINUTE_US, Rules
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.lab.simulation import OPENING_US
from souq.replications.replication import Finding, Scale

ID = "R17"
TITLE = "Repricing loop and cobweb"
SOURCE = "Eisen 2011; Ezekiel 1938"
TAPE = "bfde7be8643d88ba"

Path = Kernel | Hall

UNIT = 1_000_000
FACTORS = (Fraction(9_983, 10_000), Fraction(1_270_589, 1_000_000))  # of the cheaper, the dearer
GROWTH = 1.268429
BEGAN, ENDED = 35_540_000, 23_698_655_930_000
FREE = Rules()
BOUNDED = Rules(price_update_bps=2_000, price_hour_bps=5_000, price_day_times=2)
SEASONS = 12
BALANCE = 1_000_000  # the price at which a cobweb stands still
PURSE_UNITS = 10**15


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    yield from _growth()
    yield from _breaker()
    yield from _patience(scale)
    yield from _cobweb()


def _kernel(rules: Rules) -> Kernel:
    kernel = Kernel(posted_price, rules)
    kernel.at = OPENING_US  # as a simulated market: bounds look at the clock
    return kernel


def _hall(rules: Rules) -> Hall:
    return Hall(posted_price, rules, purse_units=PURSE_UNITS)


def _wait(path: Path, us: int) -> None:
    if isinstance(path, Kernel):
        path.pass_time(path.at + us)
    else:
        path.simulation.advance(us)


class Duel:
    """Two sellers of one book who follow each other, and what they did outside the bounds."""

    def __init__(
        self, path: Path, *, factors: tuple[Fraction, Fraction] = FACTORS, step_bps: int = 0
    ) -> None:
        self.path = path
        self.sellers = path.join(2)
        self.followers = tuple(map(Follower, factors))
        self.prices = [round(factors[0] * BEGAN), BEGAN]
        self.listings = [
            path.post(seller, price=_usd(units), available=1_000)
            for seller, units in zip(self.sellers, self.prices, strict=True)
        ]
        self.step_bps = step_bps
        self.outside = 0  # updates of more than the step that the bounds name
        self.stopped_at = 0  # which of those was the first refused

    def cycle(self) -> None:
        """Let each set its price by the other's, the cheaper one first."""
        for n, follower in enumerate(self.followers):
            target = follower.price(self.prices[1 - n])
            steps = stepwise(self.prices[n], target, self.step_bps) if self.step_bps else [target]
            for units in steps:
                if units != self.prices[n] and not self._set(n, units):
                    break

    def _set(self, n: int, units: int) -> bool:
        old = self.prices[n]
        is_outside = abs(units - old) * BPS > old * BOUNDED.price_update_bps
        self.outside += is_outside
        try:
            self.path.edit(self.sellers[n], EditListing(self.listings[n], price=_usd(units)))
        except Refused as refused:
            if refused.reason is not Reason.PRICE_BAND:
                raise
            if is_outside and not self.stopped_at:
                self.stopped_at = self.outside
            return False
        self.prices[n] = units
        return True


def _usd(units: int) -> Money:
    return Money(units, "USD")


def _growth() -> Iterator[Finding]:
    whole = int(math.log(ENDED / BEGAN) / math.log(GROWTH))
    for factors, is_control in ((FACTORS, False), ((FACTORS[0], Fraction(1)), True)):
        duel = Duel(_kernel(FREE), factors=factors)
        for _ in range(whole):
            duel.cycle()
        growth = (duel.prices[1] / BEGAN) ** (1 / whole)
        how = "0.9983 and 1 times" if is_control else "0.9983 and 1.270589 times"
        yield Finding(
            f"Growth of the dearer price a cycle, each sets {how} the other's",
            "derived",
            GROWTH,
            GROWTH - 1e-6,
            GROWTH + 1e-6,
            growth,
            whole,
            is_control=is_control,
        )
        if not is_control:
            yield Finding(
                "Cycles from 35.54 to 23,698,655.93 dollars",
                "derived",
                56.4,
                56.35,
                56.45,
                whole + math.log(ENDED / duel.prices[1]) / math.log(growth),
                whole,
            )


def _breaker() -> Iterator[Finding]:
    for rules in (BOUNDED, FREE):
        duel = Duel(_kernel(rules))
        for _ in range(57):
            duel.cycle()
            _wait(duel.path, DAY_US)
        how = "bounded" if rules is BOUNDED else "free"
        yield Finding(
            f"Which update of more than 20 % was the first that was stopped, prices {how}",
            "derived",
            1,
            1,
            2,
            duel.stopped_at,
            duel.outside,
            is_control=rules is FREE,
        )
        yield Finding(
            f"The dearer price after 57 cycles, a cycle a day, in dollars, prices {how}",
            "derived",
            BEGAN / UNIT,
            BEGAN / UNIT,
            BEGAN / UNIT,
            duel.prices[1] / UNIT,
            57,
            is_control=rules is FREE,
        )


def _patience(scale: Scale) -> Iterator[Finding]:
    """Whoever cuts its leaps into small steps meets the bounds on an hour and on a day."""
    for rules in (BOUNDED, FREE):
        minutes = scale.draws(240, 24 * 60) if rules is BOUNDED else 30
        duel = Duel(_kernel(rules), step_bps=1_900)
        for _ in range(minutes):
            duel.cycle()
            _wait(duel.path, MINUTE_US)
        how = "bounded" if rules is BOUNDED else "free"
        yield Finding(
            "How many times the price rises within a day, a cycle a minute in steps of 19 %, "
            f"prices {how}",
            "derived",
            2,
            1,
            2,
            duel.prices[1] / BEGAN,
            minutes,
            is_control=rules is FREE,
        )


def _season(path: Path, grower: Grower, eater: Eater, prices: list[int], expects: int) -> None:
    """Bring one harvest to market, at the price that clears it, and let it be bought."""
    farm, town = path.join(2)
    quantity = grower.harvest(prices, seasons=expects)
    asked = eater.price(quantity)
    corn = path.post(farm, price=_usd(asked), available=quantity)
    path.open(town, TakePrice(corn, _usd(asked), min(quantity, eater.quantity(asked))))
    _, _, _, sold, paid = path.trades[-1]
    assert sold == quantity, "the asked price clears the market"
    prices.append(paid // sold)


def _cobweb_prices(path: Path, slope: Fraction, *, seasons: int, expects: int = 1) -> list[int]:
    eater = Eater(3 * BALANCE)
    grower = Grower(round(eater.quantity(BALANCE) - slope * BALANCE), slope)
    prices = [BALANCE * 11 // 10]
    for _ in range(seasons):
        _season(path, grower, eater, prices, expects)
    return prices


def _cobweb() -> Iterator[Finding]:
    for slope, expects, within in (
        (Fraction(8, 10), 1, 1e-4),
        (Fraction(1), 1, 1e-4),
        (Fraction(12, 10), 1, 1e-3),
        (Fraction(12, 10), 2, 1e-3),
    ):
        prices = _cobweb_prices(_kernel(FREE), slope, seasons=SEASONS, expects=expects)
        first, last = (abs(prices[n] - BALANCE) for n in (0, -1))
        ratio = float(slope)
        fate = "dies out" if ratio < 1 else "cycles" if ratio == 1 else "explodes"
        how = "last season's price" if expects == 1 else "the mean of two seasons' prices"
        yield Finding(
            f"Cobweb of slopes {ratio:g} {fate}: swing after {SEASONS} seasons to the first, "
            f"growers expect {how}",
            "derived",
            ratio**SEASONS,
            ratio**SEASONS - within,
            ratio**SEASONS + within,
            last / first,
            SEASONS,
            is_control=expects != 1,
        )


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of a few days, by the kernel and by the whole market."""
    kernel = [_days(_kernel(rules), random.Random(seed)) for rules in (FREE, BOUNDED)]
    market = [_days(_hall(rules), random.Random(seed)) for rules in (FREE, BOUNDED)]
    return kernel[0] + kernel[1], market[0] + market[1]


def _days(path: Path, rng: random.Random) -> list[Trade]:
    """Sell books while their prices follow each other, and a few harvests."""
    duel = Duel(path, step_bps=rng.randint(1_000, 1_900))
    (reader,) = path.join(1)
    for _ in range(12):
        duel.cycle()
        n = min((0, 1), key=lambda n: duel.prices[n])
        path.open(reader, TakePrice(duel.listings[n], _usd(duel.prices[n]), rng.randint(1, 3)))
        _wait(path, rng.randint(1, 90) * MINUTE_US)
    _cobweb_prices(path, Fraction(rng.randint(50, 120), 100), seasons=5)
    return path.trades
