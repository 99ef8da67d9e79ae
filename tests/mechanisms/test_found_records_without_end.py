"""No command that costs its sender nothing makes the market write records by the thousand."""

from typing import Any

import pytest

from souq.core.mechanisms import barter, double_auction
from souq.core.mechanisms.barter.records import OpenBarter
from souq.core.mechanisms.double_auction.price_band import PriceBand
from souq.core.mechanisms.double_auction.records import CancelOrder, OpenOrderBook
from souq.core.refusal import Reason
from souq.core.rules import HOUR_US, SECOND_US
from souq.lab.hall import Hall
from tests.mechanisms.floor import Floor
from tests.mechanisms.purses import reason


def _book(**fields: Any) -> OpenOrderBook:
    return OpenOrderBook("units", "USD", HOUR_US, band=PriceBand(1, reference_units=1, **fields))


@pytest.mark.parametrize(
    ("mechanism", "opening"),
    [
        (double_auction, _book(pause_us=1)),
        (double_auction, _book(pause_us=SECOND_US - 1)),
        (double_auction, _book(limit_us=1)),
        (barter, OpenBarter("cycle_cover", 1, 1_000)),
    ],
)
def test_what_comes_again_and_again_comes_a_second_later_at_the_soonest(
    mechanism: Any, opening: Any
) -> None:
    hall = Hall(mechanism)
    (sol,) = hall.join(1)
    assert reason(hall, sol, opening) == Reason.INVALID


def test_a_pause_that_is_prolonged_lets_others_move_in_between() -> None:
    hall = Hall(double_auction)
    band = PriceBand(1, reference_units=1, limit_us=SECOND_US, pause_us=SECOND_US)
    floor = Floor(hall, 2, band=band)
    sol, bea = floor.people
    floor.ask(sol, 10**6)
    floor.bid(bea, 10**6 + 1)
    engine = hall.simulation.engine
    before = engine.head[0]
    hall.pass_time(60 * SECOND_US)
    assert engine.head[0] - before <= 60
    hall.move(bea, CancelOrder(floor.run, 2))
