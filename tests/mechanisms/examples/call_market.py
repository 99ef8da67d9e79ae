"""Call markets, played."""

from souq.core.mechanisms.call_market.records import CancelCallOrder, CloseCallMarket
from souq.core.rules import HOUR_US
from tests.mechanisms.calls import ask, bid, call
from tests.mechanisms.plays import Path


def a_crossing_of_four_and_four(path: Path) -> None:
    """Bids 100, 80, 60, 40 meet asks 30, 50, 65, 90: two trade, in the middle of 60 and 65."""
    host, *people = path.join(9)
    run = path.open(host, call())
    for agent, units in zip(people, (100, 80, 60, 40), strict=False):
        bid(path, run, agent, units)
    for agent, units in zip(people[4:], (30, 50, 65, 90), strict=True):
        ask(path, run, agent, units)
    path.pass_time(2 * HOUR_US)
    assert [trade[-1] for trade in path.trades] == [62, 62]


def orders_rest_and_go(path: Path) -> None:
    """Over three clearings: one order expires, one is taken back, one is filled in two parts."""
    host, bea, dan, sol, eve = path.join(5)
    run = path.open(host, call(clearings=3, k_bps=0, rationing="time"))
    bid(path, run, bea, 50, quantity=10)
    bid(path, run, dan, 90, valid_us=HOUR_US // 2)
    ask(path, run, eve, 99)
    path.move(eve, CancelCallOrder(run, 3))
    ask(path, run, sol, 20, quantity=4)
    path.pass_time(HOUR_US + HOUR_US // 2)
    ask(path, run, eve, 30, quantity=8)
    path.pass_time(4 * HOUR_US)
    assert [trade[3:] for trade in path.trades] == [(4, 200), (6, 180)]


def the_last_pair_stays_out(path: Path) -> None:
    """By McAfee's rule the first pair trades at what the second one said; the host keeps 10."""
    host, bea, dan, sol, eve = path.join(5)
    run = path.open(host, call(pricing="mcafee", top_units=100))
    bid(path, run, bea, 90)
    bid(path, run, dan, 30)
    ask(path, run, sol, 10)
    ask(path, run, eve, 20)
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(bea, sol, "L3", 1, 30)]


def the_host_closes(path: Path) -> None:
    """What traded has traded; what rests is let go."""
    host, bea, sol = path.join(3)
    run = path.open(host, call(clearings=9))
    bid(path, run, bea, 70, quantity=2)
    ask(path, run, sol, 60)
    path.pass_time(HOUR_US + HOUR_US // 2)
    path.move(host, CloseCallMarket(run))
    assert path.trades == [(bea, sol, "L2", 1, 70)]


PLAYS = (
    a_crossing_of_four_and_four,
    orders_rest_and_go,
    the_last_pair_stays_out,
    the_host_closes,
)
