"""Fixing one price for many orders: how much trades, at what price, and who gets how much of it.

Plain arithmetic over plain tuples. Prices are whole units; what a division leaves over is said.
"""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Literal, NamedTuple, Protocol

from souq.core.money import BPS

Pricing = Literal["k_double", "mcafee", "trade_reduction"]
Rationing = Literal["pro_rata", "time"]
Ration = Callable[[Sequence["Quote"], int], list[int]]


class Quote(Protocol):
    """An order as the arithmetic sees it; `number` tells which came first."""

    @property
    def units(self) -> int: ...
    @property
    def quantity(self) -> int: ...
    @property
    def number(self) -> int: ...


class Fixing(NamedTuple):
    """What buyers pay and sellers get for one piece, and who deals with whom for how much."""

    units: int
    seller_units: int
    bids: tuple[int, ...] = ()  # one entry a deal: order numbers, and pieces
    asks: tuple[int, ...] = ()
    quantities: tuple[int, ...] = ()


NO_TRADE = Fixing(0, 0)


class Fills(NamedTuple):
    """Whose orders on one side are served, and with how much, the best price first."""

    # Columns, not rows: a hundred thousand small tuples would wake the garbage collector.
    numbers: list[int]
    shares: list[int]


class Crossing(NamedTuple):
    """The most that can trade, and the prices of its last piece and of the next one."""

    quantity: int
    bid: int
    ask: int
    bid_next: int
    ask_next: int


def fix(
    bids: Sequence[Quote],
    asks: Sequence[Quote],
    *,
    pricing: Pricing,
    k_bps: int,
    rationing: Rationing,
    top_units: int,
) -> Fixing:
    """Fix prices and fills; both sides stand in order, the best price first, then the earliest."""
    crossing = cross(bids, asks, top_units)
    if not crossing.quantity:
        return NO_TRADE
    quantity = crossing.quantity
    if pricing == "k_double":
        low, high = interval(crossing)
        buyers = sellers = low + k_bps * (high - low) // BPS
    else:
        buyers = sellers = (crossing.bid_next + crossing.ask_next) // 2
        is_between = crossing.ask <= buyers <= crossing.bid
        if pricing == "trade_reduction" or not is_between:
            quantity -= 1  # every order is for one piece
            buyers, sellers = crossing.bid, crossing.ask
    if not quantity:
        return NO_TRADE
    ration = pro_rata if rationing == "pro_rata" else in_time
    bought, sold = (_fills(side, quantity, ration) for side in (bids, asks))
    return Fixing(buyers, sellers, *_pair(bought, sold))


def cross(bids: Sequence[Quote], asks: Sequence[Quote], top_units: int) -> Crossing:
    """Find the most that can trade, piece by piece, while the next bid covers the next ask.

    Where no bid is left the next one is 0, and where no ask is left the next one is `top_units`.
    """
    demand, supply, traded = iter(bids), iter(asks), 0
    bid, ask = next(demand, None), next(supply, None)
    wanted, offered = bid.quantity if bid else 0, ask.quantity if ask else 0
    last_bid = last_ask = 0
    while bid and ask and bid.units >= ask.units:
        last_bid, last_ask = bid.units, ask.units
        taken = min(wanted, offered)
        traded, wanted, offered = traded + taken, wanted - taken, offered - taken
        if not wanted and (bid := next(demand, None)):
            wanted = bid.quantity
        if not offered and (ask := next(supply, None)):
            offered = ask.quantity
    return Crossing(
        traded, last_bid, last_ask, bid.units if bid else 0, ask.units if ask else top_units
    )


def interval(crossing: Crossing) -> tuple[int, int]:
    """Give the lowest and the highest price at which exactly so much trades."""
    return max(crossing.ask, crossing.bid_next), min(crossing.bid, crossing.ask_next)


def pro_rata(level: Sequence[Quote], quantity: int) -> list[int]:
    """Share a quantity among equal prices by what was asked for, rounded down.

    What is left over goes by the largest remainder, and among equal ones by time.
    """
    asked = sum(quote.quantity for quote in level)
    shares = [quantity * quote.quantity // asked for quote in level]
    remainder = {n: quantity * quote.quantity % asked for n, quote in enumerate(level)}
    left = quantity - sum(shares)
    for n in sorted(remainder, key=lambda n: (-remainder[n], level[n].number))[:left]:
        shares[n] += 1
    return shares


def in_time(level: Sequence[Quote], quantity: int) -> list[int]:
    """Serve equal prices in the order they came."""
    shares = []
    for quote in level:
        share = min(quote.quantity, quantity)
        shares.append(share)
        quantity -= share
    return shares


def _fills(quotes: Sequence[Quote], quantity: int, ration: Ration) -> Fills:
    """Fill the best prices first; the price at which it no longer suffices for all is rationed."""
    numbers: list[int] = []
    shares: list[int] = []
    for short in quotes:
        if short.quantity > quantity:
            break
        numbers.append(short.number)
        shares.append(short.quantity)
        quantity -= short.quantity
    else:
        return Fills(numbers, shares)
    first = len(numbers)
    while first and quotes[first - 1].units == short.units:
        first -= 1
        numbers.pop()
        quantity += shares.pop()
    equal = list(takewhile(lambda quote: quote.units == short.units, quotes[first:]))
    for quote, share in zip(equal, ration(equal, quantity), strict=True):
        if share:
            numbers.append(quote.number)
            shares.append(share)
    return Fills(numbers, shares)


def _pair(bought: Fills, sold: Fills) -> tuple[tuple[int, ...], ...]:
    """Let buyers and sellers deal in the order of their prices, so that deals are few."""
    bids: list[int] = []
    asks: list[int] = []
    quantities: list[int] = []
    others = zip(sold.numbers, sold.shares, strict=True)
    ask = offered = 0
    for bid, wanted in zip(bought.numbers, bought.shares, strict=True):
        while wanted:
            if not offered:
                ask, offered = next(others)
            quantity = min(wanted, offered)
            bids.append(bid)
            asks.append(ask)
            quantities.append(quantity)
            wanted, offered = wanted - quantity, offered - quantity
    return tuple(bids), tuple(asks), tuple(quantities)
