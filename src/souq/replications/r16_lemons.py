"""R16. Lemons: where buyers cannot tell good from bad, the good ones leave until nobody trades.

Every piece is worth half as much again to a buyer as to whoever has it. Buyers who know no more
than what the last pieces turned out to be pay for the average, which is too little for the better
half; with quality verified, everything finds its buyer.
"""

import random
from collections.abc import Iterator
from typing import NamedTuple

from souq.core.listing import EditListing
from souq.core.mechanisms import posted_price
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.calling import fresh
from souq.replications.replication import Finding, Scale

ID = "R16"
TITLE = "The market for lemons"
SOURCE = "Akerlof 1970"
TAPE = "d97712e7f8821d96"

Path = Kernel | Hall

ONE = 1_000_000  # the quality, and the value, 1
BEST = 2 * ONE  # qualities are spread evenly from 0 to 2
GAIN = 1.5  # what a piece is worth to a buyer, in times of what it is worth to its seller
STEPS = 100
STOCK = 1_000_000
EARLY = (0, 4, 9)  # steps whose volume is told beside what theory says of it


class Sold(NamedTuple):
    """How many pieces were sold in a step, and what was gained from trading them."""

    pieces: int
    gained: int


class Town:
    """Sellers of one piece a step, each of its own quality, and buyers who are as one."""

    def __init__(self, path: Path, qualities: list[int], *, gain: float = GAIN) -> None:
        self.path = path
        self.gain = gain
        (self.buyer,) = path.join(1)
        self.qualities = qualities
        self.sellers = path.join(len(qualities))
        self.prices = list(qualities)  # at the least what the piece is worth to its seller
        self.listings = [
            path.post(seller, price=_usd(units), available=STOCK, attributes={"quality": units})
            for seller, units in zip(self.sellers, qualities, strict=True)
        ]
        self.worth = gain * sum(qualities) / len(qualities)  # of a piece of which nothing is known

    def step_blind(self) -> Sold:
        """Let buyers pay what the pieces sold last were worth on average."""
        offered = int(self.worth)
        sold = [n for n, quality in enumerate(self.qualities) if quality <= offered]
        for n in sold:
            self._sell(n, offered)
        found = sum(self.qualities[n] for n in sold)
        self.worth = self.gain * found / len(sold) if sold else 0.0
        return Sold(len(sold), sum(self._gain(n) for n in sold))

    def step_verified(self) -> Sold:
        """Let buyers pay by the quality that they see."""
        for n, quality in enumerate(self.qualities):
            self._sell(n, int((1 + self.gain) * quality / 2))
        every = range(len(self.qualities))
        return Sold(len(every), sum(map(self._gain, every)))

    def _gain(self, n: int) -> int:
        return int(self.gain * self.qualities[n]) - self.qualities[n]

    def _sell(self, n: int, units: int) -> None:
        if self.prices[n] != units:
            self.path.edit(self.sellers[n], EditListing(self.listings[n], price=_usd(units)))
            self.prices[n] = units
        self.path.open(self.buyer, TakePrice(self.listings[n], _usd(units)))


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    count = scale.draws(4_000, 10_000)
    qualities = _spread(count)
    for gain in (GAIN, 2.5):
        town = Town(Kernel(posted_price), qualities, gain=gain)
        is_control = gain != GAIN
        shares: list[float] = []
        for step in range(STEPS if not is_control else 3):
            fresh(town.path)
            shares.append(town.step_blind().pieces / count)
            if step in EARLY and not is_control:
                theory = (GAIN / 2) ** (step + 1)
                claim = f"Share of pieces sold in step {step + 1}, quality unknown"
                yield Finding(
                    claim, "derived", theory, theory - 0.002, theory + 0.002, shares[-1], count
                )
        yield Finding(
            f"Share of pieces sold in the end, quality unknown, worth {gain:g} times to a buyer",
            "2.5e-5 after 100 steps",
            0,
            0,
            0.001,
            shares[-1],
            count,
            is_control=is_control,
        )
    yield from _verified(qualities)


def _verified(qualities: list[int]) -> Iterator[Finding]:
    count = len(qualities)
    for is_control in (False, True):
        town = Town(Kernel(posted_price), qualities)
        if is_control:
            for _ in range(10):
                sold = town.step_blind()
        else:
            sold = town.step_verified()
        how = "unknown, in step 10" if is_control else "verified"
        for claim, expected, measured, within in (
            (f"Share of pieces sold, quality {how}", 1.0, sold.pieces / count, 0.0),
            (
                f"Gain from trade for each piece there is, quality {how}",
                0.5,
                sold.gained / count / ONE,
                0.001,
            ),
        ):
            low, high = expected - within, expected + within
            yield Finding(
                claim, "derived", expected, low, high, measured, count, is_control=is_control
            )


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of a few steps, by the kernel and by the whole market."""
    return _days(Kernel(posted_price), seed), _days(Hall(posted_price), seed)


def _days(path: Path, seed: int) -> list[Trade]:
    rng = random.Random(seed)
    town = Town(path, [rng.randint(1, BEST) for _ in range(8)])
    town.step_verified()
    for _ in range(4):
        town.step_blind()
    return path.trades


def _spread(count: int) -> list[int]:
    """Spread qualities evenly: the middle of each of so many equal parts."""
    return [(2 * n + 1) * BEST // (2 * count) for n in range(count)]


def _usd(units: int) -> Money:
    return Money(units, "USD")
