"""An order book, played."""

from souq.core.mechanisms.double_auction.price_band import PriceBand
from souq.core.rules import HOUR_US, SECOND_US
from tests.mechanisms.floor import Floor
from tests.mechanisms.plays import Path


def price_then_time(path: Path) -> None:
    """The best price comes first, then the earlier order; all pay what the resting order said."""
    floor = Floor(path, 4)
    sol, ann, bea, dan = floor.people
    floor.ask(sol, 70, 2)
    floor.ask(ann, 70, 2)
    floor.ask(ann, 60)
    floor.bid(bea, 75, 4)
    assert floor.tape == [(bea, ann, 1, 60), (bea, sol, 2, 140), (bea, ann, 1, 70)]
    floor.bid(dan, 50, 3, valid_us=HOUR_US)
    floor.bid(dan, 70, 5, is_immediate=True)
    floor.bid(bea, 65)
    floor.cancel(bea, 7)
    floor.ask(dan, 50)
    assert floor.tape[3:] == [(dan, ann, 1, 70)]
    path.pass_time(2 * HOUR_US)
    floor.ask(sol, 50)
    floor.bid(bea, 49)
    floor.close()
    assert len(floor.tape) == 4


def cleared_after_trade(path: Path) -> None:
    """Only better quotes are taken, and none outlives a trade."""
    floor = Floor(path, 3, is_improving_only=True, is_cleared_after_trade=True)
    sol, bea, dan = floor.people
    floor.bid(bea, 40)
    floor.bid(dan, 45)
    floor.ask(sol, 60)
    floor.ask(sol, 42)
    floor.ask(sol, 35)
    floor.bid(bea, 36)
    path.pass_time(11 * HOUR_US)
    assert floor.tape == [(dan, sol, 1, 45), (bea, sol, 1, 35)]


def a_pause(path: Path) -> None:
    """A price beyond the band is not traded at until a call auction opens the book again."""
    band = PriceBand(width_bps=1_000, reference_units=100)
    floor = Floor(path, 4, band=band)
    sol, ann, bea, dan = floor.people
    floor.ask(sol, 100, 1)
    floor.bid(bea, 100, 1)
    floor.ask(sol, 115, 2)
    floor.bid(bea, 118, 2)
    floor.ask(ann, 105, 1)
    path.pass_time(30 * SECOND_US)
    floor.bid(dan, 116, 2)
    path.pass_time(400 * SECOND_US)
    assert floor.tape[:2] == [(bea, sol, 1, 100), (bea, ann, 1, 110)]
    assert floor.tape[2:] == [(bea, sol, 1, 115), (dan, sol, 1, 115)]
    path.pass_time(11 * HOUR_US)


PLAYS = (price_then_time, cleared_after_trade, a_pause)
