"""One price for many orders in one record, and what it takes to carry the deals out."""

import random
import time

from bench.mechanisms.rates import Rates
from souq.core import market
from souq.core.mechanisms import call_market
from souq.core.mechanisms.call_market.records import ORDERS, OpenCallMarket, PlaceCallOrder
from souq.core.money import USD, Money
from souq.core.rules import HOUR_US
from souq.core.state import Draft
from souq.journal.record import Record, encode
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel

SIZES = (10_000, 100_000)
EACH = 500  # orders of each trader
MARKET_ORDERS = 4_000
OPENING = OpenCallMarket("units", USD.code, HOUR_US, 2)


class Gathering:
    """Orders that wait for their clearing: half bids, half asks, at prices drawn at random."""

    def __init__(self, path: Kernel | Hall, orders: int) -> None:
        self.path, self._orders = path, orders
        self._rng = random.Random(1)
        host, *self._traders = path.join(1 + orders // EACH)
        self._listings = [
            path.post(agent, available=10**9, side="want" if n % 2 else "sell")
            for n, agent in enumerate(self._traders)
        ]
        self.run = path.open(host, OPENING)
        if isinstance(path, Kernel):
            path.first(ORDERS, f"{self.run}/bid")  # ranks are kept from the first look on

    def place(self) -> None:
        """Place all orders."""
        rng, move = self._rng, self.path.move
        for n in range(self._orders):
            trader = n % len(self._traders)
            price = Money(rng.randrange(1_000_000), USD.code)
            order = PlaceCallOrder(self.run, self._listings[trader], price, rng.randint(1, 5))
            move(self._traders[trader], order)


def fix(kernel: Kernel, run: str) -> int:
    """Clear as a market's deadline does: judge, write the record, merge; give its bytes."""
    due = kernel.next_due()
    assert due is not None, "orders wait for a clearing"
    draft = Draft(kernel, due[0], lambda view, event: call_market.EVOLVE[type(event)](view, event))
    call_market.lapse(draft, run)
    record = Record(1, draft.at, "system", "", market.Tick(run), tuple(draft.events), None, "")
    written = len(encode(record))
    draft.merge()
    return written


def measure(rates: Rates) -> None:
    """Measure the mechanism alone at one and ten sizes, and a whole market."""
    taken = [_fixing(rates, orders) for orders in SIZES]
    rates.note("call market, growth of price fixing at 10 times the size", taken[1] / taken[0], "")
    kernel = Kernel(call_market)
    Gathering(kernel, SIZES[0]).place()
    name = f"call market, {SIZES[0]:,} orders cleared and settled"
    rates.time(name, lambda: kernel.pass_time(HOUR_US + SIZES[0]))
    rates.note("call market, its deals", len(kernel.agreements), "")
    hall = Hall(call_market)
    Gathering(hall, MARKET_ORDERS).place()
    deadline = 2 * HOUR_US
    name = f"call market, whole market in memory, {MARKET_ORDERS:,} orders cleared and settled"
    rates.time(name, lambda: hall.pass_time(deadline))
    rates.note("call market, its deals in the whole market", len(hall.trades), "")


def _fixing(rates: Rates, orders: int) -> float:
    kernel = Kernel(call_market)
    gathering = Gathering(kernel, orders)
    rates.rate(f"call market, {orders:,} orders placed", orders, gathering.place)
    name = f"call market, price of {orders:,} orders, one record"
    began = time.process_time()
    written = rates.time(name, lambda: fix(kernel, gathering.run))
    cpu = time.process_time() - began
    rates.note(f"{name}, CPU", cpu, "s")
    rates.note(f"call market, its record of {orders:,} orders", written / 1e6, "MB")
    return cpu
