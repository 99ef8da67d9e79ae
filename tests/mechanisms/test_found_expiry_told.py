"""What stands behind the best of an order book is its owner's alone, and so is when it ends."""

import pytest

from souq.core.mechanisms import double_auction
from souq.core.negotiation import standing
from souq.core.rules import SECOND_US
from souq.lab.hall import Hall
from tests.mechanisms.floor import Floor


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="expires_at is the next thing to happen in a book, the end of a hidden order included",
)
def test_nobody_is_told_when_an_order_behind_the_best_will_end() -> None:
    hall = Hall(double_auction)
    floor = Floor(hall, 3)
    _, bea, dan = floor.people
    state = hall.simulation.engine.state
    floor.bid(bea, 100)
    before = standing(state, floor.run).expires_at
    floor.bid(dan, 50, valid_us=SECOND_US)
    assert standing(state, floor.run).expires_at == before
