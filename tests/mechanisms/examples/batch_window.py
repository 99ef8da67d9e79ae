"""Batch windows, played."""

from souq.core.mechanisms.batch_window.draw import commitment
from souq.core.mechanisms.batch_window.records import (
    EnterBatch,
    LeaveBatch,
    OpenBatchWindow,
    RevealBatchSeed,
    WithdrawBatchWindow,
)
from souq.core.money import Money
from souq.core.rules import HOUR_US
from tests.mechanisms.plays import Path


def usd(units: int) -> Money:
    return Money(units, "USD")


def the_best_supplier_is_taken(path: Path) -> None:
    """Of three suppliers of a want, the one of the best quality serves it, though it came last."""
    bea, sol, dan, eve = path.join(4)
    want = path.post(bea, side="want", price=usd(100))
    run = path.open(bea, OpenBatchWindow(want, HOUR_US, rule="best_attribute", attribute="quality"))
    for agent, quality in ((sol, 70), (dan, 60), (eve, 90)):
        thing = path.post(agent, attributes={"quality": quality})
        path.move(agent, EnterBatch(run, thing))
    path.move(sol, LeaveBatch(run))
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(bea, eve, "L4", 1, 100)]


def a_lot_is_drawn(path: Path) -> None:
    """Two of four get a ticket each; who, hangs on the seed and on the numbers they brought."""
    sol, *people = path.join(5)
    tickets = path.post(sol, available=2, price=usd(30))
    opening = OpenBatchWindow(tickets, HOUR_US, quantity=2, seed_hash=commitment("a blue moon"))
    run = path.open(sol, opening)
    for salt, agent in enumerate(people):
        path.move(agent, EnterBatch(run, salt=salt))
    path.pass_time(HOUR_US + HOUR_US // 2)
    assert not path.trades
    path.move(sol, RevealBatchSeed(run, "a blue moon"))
    path.pass_time(4 * HOUR_US)
    assert [trade[3:] for trade in path.trades] == [(1, 30), (1, 30)]


def the_highest_price_is_taken(path: Path) -> None:
    """A window nobody enters is withdrawn; in the next one, the best price wins."""
    sol, bea, dan = path.join(3)
    lamp = path.post(sol, price=usd(50))
    first = path.open(sol, OpenBatchWindow(lamp, HOUR_US, rule="best_price"))
    path.move(sol, WithdrawBatchWindow(first))
    run = path.open(sol, OpenBatchWindow(lamp, HOUR_US, rule="best_price"))
    path.move(bea, EnterBatch(run))
    path.move(dan, EnterBatch(run, price=usd(60)))
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(dan, sol, "L1", 1, 60)]


PLAYS = (the_best_supplier_is_taken, a_lot_is_drawn, the_highest_price_is_taken)
