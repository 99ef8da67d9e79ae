"""R18. A price band: what it lets through, when trading pauses, and how it opens again.

Six scripted tapes have exact sequences of phases. Then a random market, quiet or with a fall to
60 % within a minute: every trade is compared with a mean that is computed anew from all of them.
"""

import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from msgspec import Struct

from souq.core.mechanisms import double_auction
from souq.core.mechanisms.double_auction.price_band import PriceBand
from souq.core.mechanisms.double_auction.records import BookPhaseChanged, OrdersMatched
from souq.core.rules import SECOND_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.replication import Finding, Scale
from souq.replications.schedules import Floor, Path

ID = "R18"
TITLE = "Price bands, pauses and reopenings"
SOURCE = "Limit Up-Limit Down plan 2012"
TAPE = "ed004cbd12223a3f"

WIDTH_BPS = 1_000
WIDTHS_BPS = (500, WIDTH_BPS)  # the plan's for the most traded, and for the rest
BAND = PriceBand(width_bps=WIDTH_BPS, reference_units=1_000)
WINDOW_S, TRADES_MIN = 300, 20  # the plan's, restated for the check
BUYER, SELLER, OTHER = 0, 1, 2  # the last one sells, too

Phase = tuple[int, str]  # whole seconds from the opening


class Step(Struct, frozen=True):
    """At a second, a trader quotes a price, or takes its order of a number back."""

    at_s: int
    trader: int
    price: int = 0
    takes_back: int = 0


class Tape(Struct, frozen=True):
    """Scripted orders and the phases they must lead to; the last step is only waited for."""

    name: str
    steps: tuple[Step, ...]
    phases: tuple[Phase, ...]
    prices: tuple[int, ...]
    band: PriceBand = BAND


_AT_PAR = (Step(1, SELLER, 1_000), Step(2, BUYER, 1_000))
_BEYOND = (*_AT_PAR, Step(10, OTHER, 1_150), Step(10, BUYER, 1_160))
TAPES = (
    Tape(
        "trades within the band change no phase",
        (*_AT_PAR, Step(5, SELLER, 1_100), Step(6, BUYER, 1_150), Step(900, BUYER, 1)),
        (),
        (1_000, 1_100),
    ),
    Tape(
        "orders that meet beyond the band and part again in time cause no pause",
        (*_BEYOND, Step(20, OTHER, takes_back=3), Step(900, BUYER, 1)),
        ((10, "limit"), (20, "open")),
        (1_000,),
    ),
    Tape(
        "a limit state that lasts pauses trading, and an auction reopens it",
        (*_BEYOND, Step(900, BUYER, 1)),
        ((10, "limit"), (25, "paused"), (325, "reopening"), (325, "open")),
        (1_000, 1_150),
    ),
    Tape(
        "a pause after which no orders meet ends without an auction",
        (*_BEYOND, Step(100, OTHER, takes_back=3), Step(900, BUYER, 1)),
        ((10, "limit"), (25, "paused"), (325, "open")),
        (1_000,),
    ),
    Tape(
        "a pause is prolonged until the auction's price lies within the widened band",
        (*_AT_PAR, Step(10, OTHER, 1_350), Step(10, BUYER, 1_360), Step(1_900, BUYER, 1)),
        (
            (10, "limit"),
            (25, "paused"),
            (325, "paused"),
            (625, "paused"),
            (925, "reopening"),
            (925, "open"),
        ),
        (1_000, 1_350),
    ),
    Tape(
        "at the opening the band is double, and then it is not",
        (*_BEYOND, Step(70, OTHER, 1_300), Step(70, BUYER, 1_300), Step(80, BUYER, takes_back=6)),
        ((70, "limit"), (80, "open")),
        (1_000, 1_150),
        PriceBand(width_bps=WIDTH_BPS, reference_units=1_000, edge_us=60 * SECOND_US),
    ),
)


class Watched(Kernel):
    """A kernel that notes phases and trades with their instants."""

    __slots__ = ("phases", "prints")

    def __init__(self) -> None:
        super().__init__(double_auction)
        self.phases: list[Phase] = []
        self.prints: list[tuple[int, int]] = []

    def emit(self, event: Any) -> None:
        """Fold an event, and note it."""
        super().emit(event)
        if isinstance(event, BookPhaseChanged):
            self.phases.append((self.at // SECOND_US, event.phase))
        elif isinstance(event, OrdersMatched):
            self.prints.append((self.at, event.units))


def play(path: Path, tape: Tape) -> None:
    """Play a tape."""
    floor = Floor(path, ["buyer", "seller", "seller"], band=tape.band)
    for step in tape.steps:
        path.pass_time(step.at_s * SECOND_US)
        if step.takes_back:
            floor.take_back(step.trader, step.takes_back)
        else:
            floor.quote(step.trader, step.price)


def wander(path: Path, rng: random.Random, *, has_shock: bool, width_bps: int = WIDTH_BPS) -> None:
    """Let twenty traders quote near a value for twenty minutes; it may fall to 60 % in one.

    A width of 0 is none.
    """
    traders = 20
    band = PriceBand(width_bps=width_bps, reference_units=10_000) if width_bps else None
    floor = Floor(path, ["buyer" if n % 2 else "seller" for n in range(traders)], band=band)
    path.pass_time(SECOND_US)
    for second in range(1, 1_200):
        fallen = min(1.0, max(0.0, (second - 600) / 60)) if has_shock else 0.0
        value = 10_000 * (1 - 0.4 * fallen)
        path.pass_time(second * SECOND_US)
        for _ in range(2):
            floor.quote(rng.randrange(traders), round(value * rng.uniform(0.99, 1.01)))


def outside(
    prints: list[tuple[int, int]], phases: list[Phase], *, width_bps: int = WIDTH_BPS
) -> int:
    """Count the trades outside the band around the mean of those before; a reopening is a start."""
    reopened = {second for second, phase in phases if phase == "reopening"}
    seen: list[tuple[int, int]] = []
    count = 0
    for at, price in prints:
        if at // SECOND_US in reopened and (
            not seen or seen[-1][0] // SECOND_US != at // SECOND_US
        ):
            seen = []  # trades at its one price
        elif seen:
            # The mean stands as of the latest trade, which had its own five minutes behind it.
            latest = [one for one in seen if one[0] > seen[-1][0] - WINDOW_S * SECOND_US]
            counted = latest if len(latest) >= TRADES_MIN else seen[-TRADES_MIN:]
            mean = Fraction(sum(one for _, one in counted), len(counted))
            count += abs(price - mean) * 10_000 > mean * width_bps
        seen.append((at, price))
    return count


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    for tape in TAPES:
        path = Watched()
        play(path, tape)
        prices = tuple(price for _, price in path.prints)
        is_exact = tuple(path.phases) == tape.phases and prices == tape.prices
        yield Finding(tape.name, "derived", 1.0, 1.0, 1.0, float(is_exact), 1)
    paths = scale.draws(5, 40)
    for width_bps in WIDTHS_BPS:
        yield from _falls(scale.seed, paths, width_bps)
    unbound = _wandered(scale.seed, paths, has_shock=True, width_bps=0)
    beyond = [outside(path.prints, path.phases) for path in unbound]
    yield _count("the same without a band", min(beyond), 0, 0, paths, is_control=True)


def _falls(seed: int, paths: int, width_bps: int) -> Iterator[Finding]:
    band = f"in a band of {width_bps / 100:g} %"
    quiet = _wandered(seed, paths, has_shock=False, width_bps=width_bps)
    shocked = _wandered(seed, paths, has_shock=True, width_bps=width_bps)
    pauses = [sum(phase == "paused" for _, phase in path.phases) for path in quiet]
    yield _count(f"pauses on a path without a shock, {band}", max(pauses), 0, 0, paths)
    pauses = [sum(phase == "paused" for _, phase in path.phases) for path in shocked]
    claim = f"pauses at a fall to 60 % in a minute, {band}, at least"
    yield _count(claim, min(pauses), 1, 1_000, paths)
    beyond = [outside(path.prints, path.phases, width_bps=width_bps) for path in shocked]
    yield _count(f"trades outside the band at such a fall, {band}", max(beyond), 0, 0, paths)


def _wandered(seed: int, paths: int, *, has_shock: bool, width_bps: int) -> list[Watched]:
    found = [Watched() for _ in range(paths)]
    for n, path in enumerate(found):
        rng = random.Random(f"R18 {seed} {n}")
        wander(path, rng, has_shock=has_shock, width_bps=width_bps)
    return found


def _count(
    claim: str, measured: int, low: int, high: int, draws: int, *, is_control: bool = False
) -> Finding:
    return Finding(
        claim, "measured: none outside", low, low, high, measured, draws, is_control=is_control
    )


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Play a fall both ways."""
    kernel, hall = Kernel(double_auction), Hall(double_auction)
    for path in (kernel, hall):
        wander(path, random.Random(f"R18 {seed}"), has_shock=True)
    return kernel.trades, hall.trades
