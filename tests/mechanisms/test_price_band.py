"""A price band: its bounds, the price that reopens, and what may happen in between."""

import random
from fractions import Fraction
from math import ceil, floor

import pytest

from souq.core.ledger import ACCOUNTS
from souq.core.mechanisms import double_auction
from souq.core.mechanisms.double_auction.price_band import PriceBand, bounds, clearing_price
from souq.core.mechanisms.double_auction.records import (
    GUARDS,
    PRINTS,
    BookPhaseChanged,
    OrderEnded,
    OrderPlaced,
    OrdersMatched,
)
from souq.core.refusal import Reason
from souq.core.rules import MINUTE_US, SECOND_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.floor import Floor
from tests.mechanisms.test_double_auction import Listening, refusal

BAND = PriceBand(width_bps=1_000, reference_units=100)


@pytest.mark.parametrize("seed", range(20))
def test_bounds_are_the_exact_ones_in_whole_ticks(seed: int) -> None:
    chance = random.Random(seed)
    prices = [chance.randint(1, 10**6) for _ in range(chance.randint(1, 30))]
    width, tick = chance.choice((1, 100, 500, 1_000, 10_000)), chance.choice((1, 5, 1_000))
    mean = Fraction(sum(prices), len(prices))
    low = min(ceil(mean * (10_000 - width) / 10_000 / tick), floor(mean / tick))
    high = max(floor(mean * (10_000 + width) / 10_000 / tick), ceil(mean / tick))
    found = bounds(sum(prices), len(prices), width_bps=width, tick_units=tick)
    assert (found.low, found.high) == (max(1, low) * tick, high * tick)
    assert tick <= found.low <= found.high


@pytest.mark.parametrize("seed", range(60))
def test_the_clearing_price_trades_most_and_leaves_least(seed: int) -> None:
    chance = random.Random(seed)
    bids = [(chance.randint(1, 12), chance.randint(1, 5)) for _ in range(chance.randint(0, 6))]
    asks = [(chance.randint(1, 12), chance.randint(1, 5)) for _ in range(chance.randint(0, 6))]
    reference = chance.randint(1, 12)

    def demand(price: int) -> int:
        return sum(quantity for limit, quantity in bids if limit >= price)

    def supply(price: int) -> int:
        return sum(quantity for limit, quantity in asks if limit <= price)

    def merit(price: int) -> tuple[int, int, int, int]:
        d, s = demand(price), supply(price)
        return -min(d, s), abs(d - s), abs(price - reference), price

    found = clearing_price(bids, asks, sum_units=reference, count=1)
    limits = {price for price, _ in bids + asks}
    best = min(map(merit, limits), default=(0, 0, 0, 0))
    assert found == (best[3] if best[0] else None)
    most = max(min(demand(price), supply(price)) for price in range(14))
    assert -best[0] == most, "some other price would trade more"


def phases(kernel: Listening) -> list[str]:
    return [event.phase for event in kernel.happened(BookPhaseChanged)]


def test_an_order_beyond_the_band_trades_at_its_edge() -> None:
    kernel = Listening()
    floor = Floor(kernel, 2, band=BAND)
    sol, bea = floor.people
    floor.bid(bea, 150)
    floor.ask(sol, 80)
    floor.ask(sol, 70)
    floor.bid(bea, 130)
    assert [one.units for one in kernel.happened(OrdersMatched)] == [110, 99]
    assert phases(kernel) == []


def test_the_first_trade_is_unbounded_where_no_reference_is_given() -> None:
    kernel = Listening()
    floor = Floor(kernel, 2, band=PriceBand(width_bps=100))
    sol, bea = floor.people
    floor.ask(sol, 7_000)
    floor.bid(bea, 8_000)
    floor.ask(sol, 7_071)
    floor.bid(bea, 8_000)
    assert [one.units for one in kernel.happened(OrdersMatched)] == [7_000]
    assert phases(kernel) == ["limit"]


def test_the_mean_is_of_five_minutes_but_of_twenty_trades_at_least() -> None:
    kernel = Listening()
    floor = Floor(kernel, 2, band=BAND)
    sol, bea = floor.people

    def trade(units: int, times: int) -> None:
        for _ in range(times):
            floor.ask(sol, units)
            floor.bid(bea, units)

    def mean() -> Fraction:
        guard = kernel.rows(GUARDS)[floor.run]
        assert guard.count == len(kernel.rows(PRINTS))
        return Fraction(guard.sum_units, guard.count)

    trade(100, 30)
    assert mean() == 100
    kernel.pass_time(4 * MINUTE_US)
    trade(110, 10)
    assert mean() == Fraction(30 * 100 + 10 * 110, 40)
    kernel.pass_time(6 * MINUTE_US)
    trade(102, 1)
    assert mean() == Fraction(9 * 100 + 10 * 110 + 102, 20)
    trade(102, 15)
    assert mean() == Fraction(10 * 110 + 16 * 102, 26)
    assert len(kernel.happened(OrdersMatched)) == 56


def test_nothing_trades_in_a_pause_and_nothing_immediate_waits_for_its_end() -> None:
    kernel = Listening()
    floor = Floor(kernel, 3, band=BAND)
    sol, bea, dan = floor.people
    floor.ask(sol, 120)
    floor.bid(bea, 130)
    kernel.pass_time(20 * SECOND_US)
    assert phases(kernel) == ["limit", "paused"]
    floor.ask(dan, 100)
    floor.ask(dan, 100, is_immediate=True)
    assert [one.why for one in kernel.happened(OrderEnded)] == ["immediate"]
    assert floor.tape == []
    kernel.pass_time(10 * MINUTE_US)
    assert floor.tape == [(bea, dan, 1, 100)]


def test_an_auction_never_pairs_a_principal_with_itself() -> None:
    kernel = Listening()
    floor = Floor(kernel, 3, band=BAND)
    sol, bea, dan = floor.people
    floor.ask(sol, 120)
    floor.bid(bea, 130, 2)
    kernel.pass_time(20 * SECOND_US)
    floor.ask(bea, 115)
    floor.ask(dan, 118)
    kernel.pass_time(10 * MINUTE_US)
    assert [one.why for one in kernel.happened(OrderEnded)] == ["self_trade"]
    assert floor.tape == [(bea, dan, 1, 118), (bea, sol, 1, 120)]  # by auction; then as ever
    assert phases(kernel)[-1] == "open"


def test_one_principal_alone_cannot_bring_about_a_pause() -> None:
    kernel = Listening()
    floor = Floor(kernel, 2, band=BAND)
    _, bea = floor.people
    floor.ask(bea, 150)
    floor.bid(bea, 160)
    assert [(one.order, one.why) for one in kernel.happened(OrderEnded)] == [(2, "self_trade")]
    assert phases(kernel) == []


def test_an_order_that_runs_out_ends_a_limit_state() -> None:
    kernel = Listening()
    floor = Floor(kernel, 2, band=BAND)
    sol, bea = floor.people
    floor.ask(sol, 120, valid_us=5 * SECOND_US)
    floor.bid(bea, 130)
    kernel.pass_time(60 * SECOND_US)
    assert phases(kernel) == ["limit", "open"]


def test_a_book_that_ends_in_a_pause_lets_everything_go() -> None:
    hall = Hall(double_auction, purse_units=1_000)
    floor = Floor(hall, 2, band=BAND, open_us=60 * SECOND_US)
    sol, bea = floor.people
    floor.ask(sol, 120)
    floor.bid(bea, 130)
    hall.pass_time(120 * SECOND_US)
    state = hall.simulation.engine.state
    assert state.rows(ACCOUNTS)["wallet:P2/USD"].available == 1_000
    assert not state.rows(GUARDS)
    assert refusal(floor.bid, bea, 100).reason == Reason.CLOSED


@pytest.mark.parametrize(
    "band",
    [
        PriceBand(0),
        PriceBand(10_001),
        PriceBand(100, reference_units=-1),
        PriceBand(100, trades_min=0),
        PriceBand(100, pause_us=0),
        PriceBand(100, limit_us=-1),
        PriceBand(100, edge_us=-1),
    ],
)
def test_a_band_that_makes_no_sense_is_refused(band: PriceBand) -> None:
    assert refusal(Floor, Kernel(double_auction), 1, band=band).reason == Reason.INVALID


@pytest.mark.parametrize("seed", range(8))
def test_whatever_comes_nothing_trades_beyond_the_band_or_a_limit(seed: int) -> None:
    chance = random.Random(seed)
    kernel = Listening(principals=4)
    band = PriceBand(
        width_bps=chance.choice((200, 1_000)),
        reference_units=1_000,
        limit_us=5 * SECOND_US,
        pause_us=20 * SECOND_US,
        trades_min=5,
    )
    floor = Floor(kernel, 6, band=band)
    for agent in floor.people:
        floor.has[agent] = kernel.post(agent, available=10**6)
        floor.wants[agent] = kernel.post(agent, available=10**6, side="want")
    value = 1_000.0
    for n in range(1, 500):
        value *= chance.uniform(0.93, 1.07) if chance.random() < 0.2 else 1.0
        kernel.pass_time(n * SECOND_US)
        place = chance.choice((floor.bid, floor.ask))
        units = max(1, round(value * chance.uniform(0.97, 1.03)))
        options = {"is_immediate": True} if chance.random() < 0.1 else {"valid_us": 30 * SECOND_US}
        place(chance.choice(floor.people), units, chance.randint(1, 3), **options)
    check_band(kernel, band)
    assert {"limit", "open", "paused", "reopening"} <= set(phases(kernel))
    assert len(kernel.happened(OrdersMatched)) > 5


def check_band(kernel: Listening, band: PriceBand) -> None:
    """Compare each trade with the mean of those before it, added up anew, and with both limits."""
    placed = {event.order: event for event in kernel.happened(OrderPlaced)}
    seen: list[tuple[int, int]] = []
    mean = Fraction(band.reference_units)
    phase = "open"
    for at, event in zip(kernel.times, kernel.events, strict=True):
        if isinstance(event, BookPhaseChanged):
            assert event.phase != phase or phase == "paused"
            phase = event.phase
            if phase == "reopening":
                seen, mean = [], Fraction(event.units)
        elif isinstance(event, OrdersMatched):
            assert phase in ("open", "limit", "reopening")
            bid, ask = placed[event.bid], placed[event.ask]
            assert ask.units <= event.units <= bid.units
            assert bid.principal != ask.principal
            assert phase != "reopening" or not seen or event.units == seen[-1][1]
            off = abs(event.units - mean)
            assert off * 10_000 <= mean * band.width_bps or off < 1
            seen.append((at, event.units))
            young = [units for then, units in seen if then > at - band.window_us]
            all_counted = [units for _, units in seen[-band.trades_min :]]
            counted = young if len(young) > band.trades_min else all_counted
            mean = Fraction(sum(counted), len(counted))
