"""Four auctions bring the seller the same, and a reserve brings more (Vickrey, Myerson).

Values are drawn evenly from 0 to 1, in millionths. Who bids by second price, or through a proxy,
bids the value; by first price, or at a falling price, the value shaded for the number of rivals.
The all-pay auction, which the market does not offer, is theory on the same values.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from typing import Any

from souq.agents.bidding import proxy, shading, truthful
from souq.core.mechanisms import dutch_auction, english_auction, sealed_bid
from souq.core.mechanisms.dutch_auction import OpenDutchAuction, TakeFallingPrice
from souq.core.mechanisms.english_auction.prices import Increment
from souq.core.mechanisms.english_auction.records import OpenEnglishAuction, PlaceProxyBid
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid, Pricing
from souq.core.money import Money
from souq.core.rules import HOUR_US
from souq.core.state import View
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.replication import Finding, Scale

ID = "R5"
TITLE = "Revenue equivalence and the reserve price"
SOURCE = "Vickrey 1961; Myerson 1981"
TAPE = "00d327abb0bd1c11"

WHOLE = 1_000_000  # a value of 1
STEP = 1_000
FALL_US = 1_000
TURN_US = 2 * HOUR_US
LOTS = 1_000_000
Path = Kernel | Hall
Values = Sequence[int]


class _Floor:
    """One seller and its bidders on a path, and the turn they are at."""

    def __init__(self, path: Path, bidders: int) -> None:
        self.path = path
        self.seller, *self.bidders = path.join(1 + bidders)
        self.lots = path.post(self.seller, available=LOTS)
        self._turns = 0

    @property
    def began(self) -> int:
        """Give the instant this turn began."""
        return self._turns * TURN_US

    def end_turn(self) -> None:
        """Let everything of this turn be over."""
        self._turns += 1
        self.path.pass_time(self.began)


def _sealed(floor: _Floor, bids: Values, pricing: Pricing, reserve: int = 0) -> None:
    command = OpenSealedBid(floor.lots, _money(reserve), HOUR_US, pricing=pricing)
    run = floor.path.open(floor.seller, command)
    for agent, units in zip(floor.bidders, bids, strict=True):
        floor.path.move(agent, PlaceSealedBid(run, _money(units)))
    floor.end_turn()


def second_price(floor: _Floor, values: Values) -> None:
    """Sell to truthful bidders by second price."""
    _sealed(floor, [truthful.bid(value) for value in values], "second_price")


def second_price_reserve(floor: _Floor, values: Values) -> None:
    """Sell to truthful bidders by second price, for a half at least."""
    _sealed(floor, [truthful.bid(value) for value in values], "second_price", WHOLE // 2)


def first_price(floor: _Floor, values: Values) -> None:
    """Sell to bidders who shade by first price."""
    _sealed(floor, _shaded(values), "first_price")


def first_price_unshaded(floor: _Floor, values: Values) -> None:
    """Sell to truthful bidders by first price: the control."""
    _sealed(floor, values, "first_price")


def english(floor: _Floor, values: Values) -> None:
    """Sell in the open, by steps of a thousandth; each names its maximum once."""
    increments = (Increment(0, STEP),)
    command = OpenEnglishAuction(floor.lots, _money(0), increments, HOUR_US)
    run = floor.path.open(floor.seller, command)
    for agent, value in zip(floor.bidders, values, strict=True):
        told = english_auction.standing(_state(floor.path), run).notice
        units = proxy.maximum(value, int(told["minimum_units"]))
        if units is not None:
            floor.path.move(agent, PlaceProxyBid(run, _money(units)))
    floor.end_turn()


def dutch(floor: _Floor, values: Values) -> None:
    """Sell at a price that falls by a millionth at a time, to whoever would bid the most."""
    bids = _shaded(values)
    most = max(bids)
    command = OpenDutchAuction(floor.lots, _money(WHOLE), _money(1), _money(1), FALL_US)
    run = floor.path.open(floor.seller, command)
    floor.path.pass_time(floor.began + (WHOLE - most) * FALL_US + FALL_US // 2)
    taker = floor.bidders[bids.index(most)]
    floor.path.move(taker, TakeFallingPrice(run, _money(most)))
    floor.end_turn()


def _shaded(values: Values) -> list[int]:
    return [max(1, shading.bid(value, len(values))) for value in values]


def _state(path: Path) -> View:
    return path if isinstance(path, Kernel) else path.simulation.engine.state


def _money(units: int) -> Money:
    return Money(units, "USD")


Sell = Callable[[_Floor, Values], None]
_OF: dict[Sell, Any] = {english: english_auction, dutch: dutch_auction}


def drawn(seed: int, bidders: int, draws: int) -> list[list[int]]:
    """Draw everybody's value, so many times."""
    rng = random.Random(f"{seed} values {bidders}")
    return [[rng.randint(1, WHOLE) for _ in range(bidders)] for _ in range(draws)]


def _trades(kind: type[Path], sell: Sell, values: list[list[int]]) -> list[Trade]:
    path = kind(_OF.get(sell, sealed_bid))
    floor = _Floor(path, len(values[0]))
    for one in values:
        sell(floor, one)
    return path.trades


def _prices(sell: Sell, values: list[list[int]], kind: type[Path] = Kernel) -> list[int]:
    return [trade[4] for trade in _trades(kind, sell, values)]


def run(scale: Scale) -> Iterator[Finding]:
    """Measure what each auction brings."""
    draws = scale.draws(3_000, 50_000)
    values_of = {n: drawn(scale.seed, n, draws) for n in (2, 3, 5)}
    found: dict[Sell, list[int]] = {}
    for n, values in values_of.items():
        theory = (n - 1) / (n + 1)
        for name, sell in (("second-price", second_price), ("first-price", first_price)):
            prices = _prices(sell, values)
            if n == 2:
                found[sell] = prices
            yield _mean(f"{name} revenue, {n} bidders", f"{theory:.6f}", theory, prices, draws)
    for name, sell, theory in (
        ("second-price", second_price, 1 / 18),
        ("first-price", first_price, 1 / 72),
    ):
        yield _variance(f"variance of {name} revenue, 2 bidders", theory, found[sell])
    two = values_of[2]
    all_pay = [sum(value * value // (2 * WHOLE) for value in one) for one in two]
    yield _mean("all-pay revenue, 2 bidders, outside the market", "1/3", 1 / 3, all_pay, draws)
    reserved = _prices(second_price_reserve, two)
    claim = "second-price revenue, 2 bidders, reserve 1/2"
    yield _mean(claim, "5/12", 5 / 12, reserved, draws)
    yield _mean(f"{claim}: without it", "5/12", 5 / 12, found[second_price], draws, control=True)
    unshaded = _prices(first_price_unshaded, two)
    claim = "first-price revenue, 2 bidders: without shading"
    yield _mean(claim, "1/3", 1 / 3, unshaded, draws, control=True)
    some = two[: scale.draws(200, 2_000)]
    for name, sell in (("second-price", second_price), ("first-price", first_price)):
        claim = f"{name} revenue, 2 bidders, through the whole market"
        yield _mean(claim, "1/3", 1 / 3, _prices(sell, some, Hall), len(some))
    yield from _alike(values_of[3][: scale.draws(1_000, 10_000)])


def _alike(values: list[list[int]]) -> Iterator[Finding]:
    """Set the open auctions beside the sealed ones, draw by draw."""
    draws = len(values)
    by_second, by_first = _prices(second_price, values), _prices(first_price, values)
    falling = _prices(dutch, values)
    furthest = _furthest(_prices(english, values), by_second)
    claim = "furthest an English price is from the second price, 3 bidders; the step is 0.001"
    yield Finding(claim, "derived", 0, 0, STEP / WHOLE, furthest, draws)
    furthest = _furthest(falling, by_first)
    claim = "furthest a Dutch price is from the first price, 3 bidders"
    yield Finding(claim, "derived", 0, 0, 0, furthest, draws)
    furthest = _furthest(falling, by_second)
    claim = "furthest a Dutch price is from the second price"
    yield Finding(claim, "derived", 0, 0, 0, furthest, draws, is_control=True)


def _furthest(prices: list[int], others: list[int]) -> float:
    return max(abs(a - b) for a, b in zip(prices, others, strict=True)) / WHOLE


def _mean(
    claim: str,
    published: str,
    theory: float,
    prices: list[int],
    draws: int,
    *,
    control: bool = False,
) -> Finding:
    """Set a mean over all draws, sold or not, beside theory, to within four standard errors."""
    mean = sum(prices) / draws / WHOLE
    squares = sum((price / WHOLE) ** 2 for price in prices) / draws
    error = sqrt(max(0.0, squares - mean * mean) / draws)
    low, high = theory - 4 * error, theory + 4 * error
    return Finding(claim, published, theory, low, high, mean, draws, error, control)


def _variance(claim: str, theory: float, prices: list[int]) -> Finding:
    draws = len(prices)
    mean = sum(prices) / draws / WHOLE
    second = sum((price / WHOLE - mean) ** 2 for price in prices) / draws
    fourth = sum((price / WHOLE - mean) ** 4 for price in prices) / draws
    error = sqrt((fourth - second * second) / draws)
    low, high = theory - 4 * error, theory + 4 * error
    return Finding(claim, f"{theory:.5f}", theory, low, high, second, draws, error)


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Sell in all four ways, by the kernel and in the market."""
    values = drawn(seed, 3, 12)
    found: tuple[list[Trade], list[Trade]] = [], []
    for sell in (second_price, second_price_reserve, first_price, english, dutch):
        found[0].extend(_trades(Kernel, sell, values))
        found[1].extend(_trades(Hall, sell, values))
    return found
