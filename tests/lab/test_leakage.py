"""Bits of a floor that leak, on transcripts whose bits can be counted by hand.

A dollar has four quanta, so that a thing for $10 may have 41 floors: $0, $0.25 … $10.
"""

from math import log2

import pytest

from souq.lab.metrics.leakage import Answers, bits, mutual_information, possible, take
from souq.views.history import Move, NegotiationStory
from tests.lab.treated import market

USD = 10**6
Named = tuple[str, str, float]


def after(*talks: tuple[str, list[Named]], ask: float = 10) -> Answers:
    """Tell what is known after talks: how each ended, and who did what at which price."""
    answers = Answers(int(ask * USD))
    for n, (why, named) in enumerate(talks):
        moves = [Move(n, by, what, int(price * USD)) for by, what, price in named]
        story = NegotiationStory(f"N{n}", "alternating_offers", moves=moves, why=why)
        take(answers, story, "seller")
    return answers


def known(answers: Answers, floor: float) -> float | None:
    return bits(answers, int(floor * USD))


def bid(price: float) -> Named:
    return ("buyer", "offers", price)


def counter(price: float) -> Named:
    return ("seller", "counters", price)


def test_a_bid_that_nobody_answers_leaks_nothing() -> None:
    answers = after(("lapsed", [bid(5)]))
    assert len(possible(answers)) == 41
    assert known(answers, 6) == 0


def test_a_counteroffer_bounds_the_floor_from_above_and_says_nothing_of_the_bid() -> None:
    answers = after(("lapsed", [bid(5), counter(8)]))
    assert possible(answers) == range(33)  # $0 to $8
    assert known(answers, 6) == pytest.approx(log2(41 / 33))


def test_whoever_walks_away_from_a_bid_bounds_the_floor_from_below() -> None:
    answers = after(("rejected", [bid(5)]))
    assert possible(answers) == range(21, 41)  # $5.25 to $10
    assert known(answers, 6) == pytest.approx(log2(41 / 20))


def test_a_buyer_who_walks_away_says_nothing_of_the_sellers_floor() -> None:
    answers = after(("rejected", [bid(5), counter(8)]))
    assert possible(answers) == range(33)


def test_what_a_seller_takes_it_would_take() -> None:
    answers = after(("agreed", [bid(4), counter(8), bid(6), ("seller", "accepts", 6)]))
    assert possible(answers) == range(25)  # $0 to $6
    # A buyer who takes what the seller named learns no more than that it was named.
    told = after(("agreed", [bid(4), counter(8), ("buyer", "accepts", 8)]))
    assert possible(told) == range(33)


def test_whoever_takes_the_posted_price_learns_nothing() -> None:
    answers = after(("agreed", [("buyer", "takes the price", 10)]))
    assert known(answers, 6) == 0


def test_talks_over_one_thing_add_up_and_a_search_to_the_end_leaks_all_there_is() -> None:
    talks: list[tuple[str, list[Named]]] = []
    low, high, floor = -1, 40, 25  # in quanta: $6.25
    while high - low > 1:
        middle = (low + high) // 2
        if middle < floor:
            talks.append(("rejected", [bid(middle / 4)]))
            low = middle
        else:
            talks.append(("lapsed", [bid(low / 4), counter(middle / 4)]))
            high = middle
    answers = after(*talks)
    assert answers.talks == len(talks) <= 6
    assert possible(answers) == range(25, 26)
    assert known(answers, 6.25) == pytest.approx(log2(41))


def test_a_floor_outside_of_what_the_answers_leave_was_not_found() -> None:
    shaded = after(("rejected", [bid(5)]))  # by a seller who would have taken $4
    assert known(shaded, 4) is None
    contradicted = after(("rejected", [bid(8)]), ("agreed", [bid(6), ("seller", "accepts", 6)]))
    assert len(possible(contradicted)) == 0
    assert known(contradicted, 5) is None


def test_the_information_of_two_numbers_is_all_or_nothing_at_its_ends() -> None:
    alike = [(n % 5, n % 5) for n in range(1_000)]
    assert mutual_information(alike) == pytest.approx(log2(5), abs=0.01)
    apart = [(n % 5, n // 5 % 5) for n in range(1_000)]
    assert mutual_information(apart) == 0


def test_no_talk_of_a_real_market_leaks_more_than_there_is_to_know() -> None:
    found = market(3, adversaries={"floor_prober": 0.25})
    asks = [thing.ask_units for person in found.told.people.values() for thing in person.things]
    most = log2(max(asks) // 250_000 + 1)
    assert 0 < found.metric("leaked_bits") < found.metric("floor_known_to_adversaries") < most
    assert 0 <= found.metric("floors_misled") < 0.5
