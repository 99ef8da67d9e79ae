"""Standing is worth something where it is given: it cannot be had for nothing, by the thousand."""

import pytest

from souq.core.mechanisms import posted_price
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.standing import standing_of
from souq.lab.hall import Hall
from tests.mechanisms.bidding import usd


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="a thing given away by title counts for its giver at once, any number of times",
)
def test_two_friends_do_not_earn_standing_by_giving_a_thing_to_and_fro() -> None:
    hall = Hall(posted_price)
    sol, bea = hall.join(2)
    thing = hall.post(sol, price=usd(0), delivery="title")
    for taker in (bea, sol) * 5:
        hall.move(taker, TakePrice(thing, usd(0)))
    state = hall.simulation.engine.state
    assert [standing_of(state, agent) for agent in (sol, bea)] == [0, 0]
