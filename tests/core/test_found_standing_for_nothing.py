"""Reputation is worth something: it cannot be had for nothing, by the thousand."""

from souq.core.mechanisms import posted_price
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.reputation import RECORDS
from souq.lab.hall import Hall
from tests.mechanisms.bidding import usd


def test_two_friends_do_not_earn_a_record_by_giving_a_thing_to_and_fro() -> None:
    hall = Hall(posted_price)
    sol, bea = hall.join(2)
    thing = hall.post(sol, price=usd(0), delivery="title")
    for taker in (bea, sol) * 5:
        hall.move(taker, TakePrice(thing, usd(0)))
    state = hall.simulation.engine.state
    assert not state.rows(RECORDS)
