"""Batch windows: the rule decides who trades, and never who was first."""

from itertools import product
from typing import Any

import pytest

from souq.core.budget import BudgetReserved
from souq.core.listing import LISTINGS, WithdrawListing
from souq.core.mandate import Limits
from souq.core.mechanisms import batch_window
from souq.core.mechanisms.batch_window.draw import Ticket, commitment, in_order
from souq.core.mechanisms.batch_window.records import (
    ENTRIES,
    BatchDrawn,
    BatchEntered,
    BatchEntryFailed,
    BatchWindowClosed,
    EnterBatch,
    LeaveBatch,
    OpenBatchWindow,
    RevealBatchSeed,
    WithdrawBatchWindow,
)
from souq.core.negotiation import NEGOTIATIONS, NegotiationClosed
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.calls import usd
from tests.mechanisms.rooms import halt, happened, held, revoke, seen_by, wealth

SEED = "a blue moon"
LOT: dict[str, Any] = {"seed_hash": commitment(SEED)}
LATER = 2 * HOUR_US


def offer(path: Kernel | Hall, seller: str, quantity: int = 1, **options: Any) -> str:
    """Offer so many pieces at 50 each, in a window of an hour."""
    thing = path.post(seller, available=quantity, price=usd(50))
    return path.open(seller, OpenBatchWindow(thing, HOUR_US, quantity=quantity, **options))


def want(path: Kernel | Hall, buyer: str, quantity: int = 1, **options: Any) -> str:
    """Want so many pieces at 50 each, in a window of an hour."""
    need = path.post(buyer, side="want", available=quantity, price=usd(50))
    return path.open(buyer, OpenBatchWindow(need, HOUR_US, quantity=quantity, **options))


def supply(path: Kernel | Hall, run: str, agent: str, quality: int, **entry: Any) -> None:
    thing = path.post(agent, attributes={"quality": quality}, available=9)
    path.move(agent, EnterBatch(run, thing, **entry))


def refusal(path: Kernel | Hall, agent: str, command: Any) -> tuple[str, dict[str, Any]]:
    act = path.open if isinstance(command, OpenBatchWindow) else path.move
    with pytest.raises(Refused) as refused:
        act(agent, command)
    return refused.value.reason.value, refused.value.facts


@pytest.mark.parametrize(
    ("listed", "options", "field"),
    [
        ({"price": None}, {"rule": "best_price"}, "listing"),
        ({}, {}, "seed_hash"),  # a lot needs one
        ({}, {"seed_hash": "0xyz"}, "seed_hash"),
        ({}, {"seed_hash": "A" * 64}, "seed_hash"),
        ({}, {"rule": "best_attribute", "attribute": "quality"}, "attribute"),  # of a sale
        ({"side": "want"}, {"rule": "best_attribute"}, "attribute"),
        ({"side": "want"}, {"rule": "best_price", "attribute": "quality"}, "attribute"),
        ({}, {"rule": "best_price", "window_us": 0}, "window_us"),
        ({}, {"rule": "best_price", "revealing_us": 31 * DAY_US}, "revealing_us"),
        ({}, {"rule": "best_price", "quantity": 0}, "quantity"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(
    listed: dict[str, Any], options: dict[str, Any], field: str
) -> None:
    kernel = Kernel(batch_window)
    (sol,) = kernel.join(1)
    thing = kernel.post(sol, **{"price": usd(50), **listed})
    command = OpenBatchWindow(thing, **{"window_us": HOUR_US, **options})
    assert refusal(kernel, sol, command)[1]["field"] == field


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"price": usd(49)}, "price"),
        ({"quantity": 3}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"salt": -1}, "salt"),
        ({"salt": 2**53}, "salt"),
        ({"listing": "L1"}, "listing"),
    ],
)
def test_an_entry_that_cannot_count_is_refused(entry: dict[str, Any], field: str) -> None:
    kernel = Kernel(batch_window)
    sol, bea = kernel.join(2)
    run = offer(kernel, sol, quantity=2, rule="best_price")
    assert refusal(kernel, bea, EnterBatch(run, **entry))[1]["field"] == field
    assert kernel.rows(ENTRIES) == {}


def test_a_supplier_names_what_it_delivers_from() -> None:
    kernel = Kernel(batch_window)
    bea, sol, eve = kernel.join(3)
    run = want(kernel, bea, rule="best_attribute", attribute="quality")
    assert refusal(kernel, sol, EnterBatch(run))[0] == "not_found"
    plain = kernel.post(sol)
    assert refusal(kernel, sol, EnterBatch(run, plain))[1]["field"] == "listing"
    worded = kernel.post(sol, attributes={"quality": "very good"})
    assert refusal(kernel, sol, EnterBatch(run, worded))[1]["field"] == "listing"
    told = kernel.post(sol, attributes={"quality": True})
    assert refusal(kernel, sol, EnterBatch(run, told))[1]["field"] == "listing"
    elsewhere = kernel.post(sol, category="homes", attributes={"quality": 5})
    assert refusal(kernel, sol, EnterBatch(run, elsewhere))[1]["field"] == "listing"
    good = kernel.post(sol, attributes={"quality": 5})
    assert refusal(kernel, eve, EnterBatch(run, good))[0] == "not_yours"


def test_a_principal_enters_once_and_the_lister_never() -> None:
    kernel = Kernel(batch_window)
    sol, bea = kernel.join(2)
    run = offer(kernel, sol, **LOT)
    assert refusal(kernel, sol, EnterBatch(run))[0] == "same_principal"
    kernel.move(bea, EnterBatch(run))
    assert refusal(kernel, bea, EnterBatch(run))[0] == "already_exists"
    kernel.move(bea, LeaveBatch(run))
    kernel.move(bea, EnterBatch(run))


def test_the_window_counts_from_the_first_entry() -> None:
    hall = Hall(batch_window)
    sol, bea, dan = hall.join(3)
    run = offer(hall, sol, rule="best_price", valid_us=DAY_US)
    hall.pass_time(23 * HOUR_US)
    hall.move(bea, EnterBatch(run))
    hall.pass_time(23 * HOUR_US + HOUR_US // 2)
    hall.move(dan, EnterBatch(run, price=usd(51)))
    assert hall.trades == []
    hall.pass_time(24 * HOUR_US + HOUR_US // 2)
    assert hall.trades == [(dan, sol, "L1", 1, 51)]


def test_nobody_enters_leaves_or_withdraws_after_the_close() -> None:
    hall = Hall(batch_window)
    sol, bea, dan = hall.join(3)
    run = offer(hall, sol, **LOT)
    early = refusal(hall, sol, RevealBatchSeed(run, SEED))
    assert early == ("wrong_state", {"state": "Waiting"})
    hall.move(bea, EnterBatch(run))
    assert refusal(hall, sol, WithdrawBatchWindow(run))[0] == "wrong_state"
    hall.pass_time(HOUR_US + HOUR_US // 2)
    assert refusal(hall, dan, EnterBatch(run))[0] == "closed"
    assert refusal(hall, bea, LeaveBatch(run))[0] == "closed"
    assert refusal(hall, bea, RevealBatchSeed(run, SEED))[0] == "not_yours"
    assert refusal(hall, sol, RevealBatchSeed(run, "another"))[1]["field"] == "seed"


@pytest.mark.parametrize("is_revealed", [True, False])
def test_the_lot_is_drawn_whether_or_not_the_seed_is_told(is_revealed: bool) -> None:
    hall = Hall(batch_window)
    sol, *people = hall.join(6)
    run = offer(hall, sol, quantity=2, **LOT)
    for salt, agent in enumerate(people):
        hall.move(agent, EnterBatch(run, salt=salt))
    hall.pass_time(HOUR_US + HOUR_US // 2)
    if is_revealed:
        hall.move(sol, RevealBatchSeed(run, SEED))
    hall.pass_time(3 * HOUR_US)
    (drawn,) = happened(hall, BatchDrawn)
    assert drawn.seed == (SEED if is_revealed else "")
    tickets = [Ticket(agent, 0, salt) for agent, salt in zip(people, range(5), strict=True)]
    order = in_order(tickets, SEED if is_revealed else LOT["seed_hash"])
    assert drawn.agents == tuple(ticket.agent for ticket in order)
    assert [trade[0] for trade in hall.trades] == [ticket.agent for ticket in order[:2]]


def test_the_order_of_arrival_says_nothing() -> None:
    winners = []
    for turn in (1, -1):
        kernel = Kernel(batch_window)
        sol, *people = kernel.join(9)
        run = offer(kernel, sol, quantity=3, **LOT)
        for agent in people[::turn]:
            kernel.move(agent, EnterBatch(run, salt=int(agent[1:]) ** 3))
        kernel.pass_time(4 * HOUR_US)
        winners.append([trade[0] for trade in kernel.trades])
    assert winners[0] == winners[1]


def test_every_ticket_has_the_same_chance_and_any_number_changes_the_draw() -> None:
    agents, wins = [f"A{n}" for n in range(1, 6)], dict.fromkeys(range(1, 6), 0)
    for round in range(5_000):
        tickets = [Ticket(agent, 0, round if agent == "A5" else 0) for agent in agents]
        wins[int(in_order(tickets, "a seed")[0].agent[1:])] += 1
    assert all(abs(count - 1_000) < 4 * 28.3 for count in wins.values()), wins


def test_equals_in_price_are_served_by_lot() -> None:
    firsts = set()
    for salt in range(40):
        kernel = Kernel(batch_window)
        sol, bea, dan = kernel.join(3)
        run = offer(kernel, sol, rule="best_price")
        kernel.move(bea, EnterBatch(run, price=usd(60), salt=salt))
        kernel.move(dan, EnterBatch(run, price=usd(60)))
        kernel.pass_time(LATER)
        firsts.add(kernel.trades[0][0])
    assert len(firsts) == 2


def test_the_cheapest_supplier_is_taken_and_paid_its_own_price() -> None:
    hall = Hall(batch_window, purse_units=150)  # all she has, and no unit more
    bea, sol, eve = hall.join(3)
    run = want(hall, bea, quantity=3, rule="best_price")
    assert held(hall) == {"#N1.A1": 150}
    supply(hall, run, sol, 5, quantity=2)
    supply(hall, run, eve, 5, quantity=2, price=usd(40))
    hall.pass_time(LATER)
    assert [trade[:2] + trade[3:] for trade in hall.trades] == [
        (bea, eve, 2, 80),
        (bea, sol, 1, 50),  # what was left
    ]
    kept = [event.units for event in happened(hall, BudgetReserved) if event.agent == bea]
    assert kept == [150, 50]  # what is awarded is let go of before the contract holds it
    assert set(held(hall)) == {"#C1.0.price", "#C2.0.price"}


def test_every_small_batch_goes_to_the_best_prices_at_those_prices() -> None:
    """Everything three buyers may enter, for one to three pieces, against what the rule says."""
    entries = tuple(product((50, 51, 52), (1, 2)))
    for stock, *told in product((1, 2, 3), *(entries,) * 3):
        if any(quantity > stock for _, quantity in told):
            continue
        kernel = Kernel(batch_window)
        sol, *people = kernel.join(4)
        run = offer(kernel, sol, stock, rule="best_price")
        for agent, (units, quantity) in zip(people, told, strict=True):
            kernel.move(agent, EnterBatch(run, price=usd(units), quantity=quantity))
        kernel.pass_time(LATER)
        served = dict.fromkeys(people, 0)
        for buyer, _, _, quantity, paid in kernel.trades:
            units, _ = told[people.index(buyer)]
            assert paid == units * quantity, "each pays its own price"
            served[buyer] = quantity
        assert sum(served.values()) == min(stock, sum(quantity for _, quantity in told))
        for agent, (units, quantity) in zip(people, told, strict=True):
            assert served[agent] <= quantity
            lower = [
                served[other] for other, one in zip(people, told, strict=True) if one[0] < units
            ]
            assert served[agent] == quantity or not any(lower), "a better price is served first"


def test_losers_and_those_who_leave_pay_nothing() -> None:
    hall = Hall(batch_window)
    sol, bea, dan, eve = hall.join(4)
    before = wealth(hall)
    run = offer(hall, sol, rule="best_price")
    for agent, units in ((bea, 50), (dan, 70), (eve, 90)):
        hall.move(agent, EnterBatch(run, price=usd(units)))
    assert held(hall) == {"#N1.A2": 50, "#N1.A3": 70, "#N1.A4": 90}
    hall.move(eve, LeaveBatch(run))
    assert held(hall) == {"#N1.A2": 50, "#N1.A3": 70}
    hall.pass_time(LATER)
    assert held(hall) == {"#C1.0.price": 70}
    hall.pass_time(30 * DAY_US)
    assert held(hall) == {}
    assert wealth(hall) == before


def test_nobody_sees_an_entry_but_its_owner() -> None:
    hall = Hall(batch_window)
    sol, bea, dan = hall.join(3)
    run = offer(hall, sol, rule="best_price")
    hall.move(bea, EnterBatch(run, price=usd(777_001), salt=424_242))
    hall.move(dan, EnterBatch(run, price=usd(777_002)))
    for viewer in (sol, dan, ""):
        seen = seen_by(hall, viewer)
        assert not [one for one in seen if isinstance(one, BatchEntered) and one.agent == bea]
        assert "777001" not in str(seen)
        assert "424242" not in str(seen)
    hall.pass_time(LATER)
    assert "777001" not in str(seen_by(hall, dan))  # losing prices stay sealed
    assert "424242" in str(seen_by(hall, dan))  # the lot can be drawn again


def test_a_winner_who_may_no_longer_buy_is_passed_over() -> None:
    hall = Hall(batch_window)
    sol, bea, dan = hall.join(3)
    run = offer(hall, sol, rule="best_price")
    hall.move(bea, EnterBatch(run, price=usd(90)))
    hall.move(dan, EnterBatch(run))
    revoke(hall, bea)
    hall.pass_time(LATER)
    assert [event.agent for event in happened(hall, BatchEntryFailed)] == [bea]
    assert hall.trades == [(dan, sol, "L1", 1, 50)]


@pytest.mark.parametrize("is_sale", [True, False])
def test_a_lister_who_may_no_longer_deal_leaves_everybody_free(is_sale: bool) -> None:
    hall = Hall(batch_window)
    lister, bea, dan = hall.join(3)
    before = wealth(hall)
    run = (offer if is_sale else want)(hall, lister, rule="best_price")
    for agent in (bea, dan):
        if is_sale:
            hall.move(agent, EnterBatch(run))
        else:
            supply(hall, run, agent, 1)
    revoke(hall, lister)
    hall.pass_time(LATER)
    assert hall.trades == []
    assert [event.why for event in happened(hall, NegotiationClosed)] == ["no_deal"]
    assert held(hall) == {}
    assert wealth(hall) == before
    assert all(one.pledged == 0 for one in hall.simulation.engine.state.rows(LISTINGS).values())


def test_a_lister_who_may_not_deal_with_one_taker_deals_with_the_next() -> None:
    hall = Hall(batch_window)
    (bea,) = hall.join(1)
    (sol, dan) = hall.join(2)
    run = want(hall, bea, rule="best_price")
    supply(hall, run, sol, 1, price=usd(10))
    supply(hall, run, dan, 1, price=usd(20))
    revoke(hall, sol)
    hall.pass_time(LATER)
    assert [trade[1] for trade in hall.trades] == [dan]


def test_a_window_nobody_enters_ends_without_a_draw_of_anything() -> None:
    hall = Hall(batch_window)
    (sol,) = hall.join(1)
    run = offer(hall, sol, valid_us=HOUR_US, **LOT)
    hall.pass_time(LATER)
    (closed,) = happened(hall, BatchWindowClosed)
    assert (closed.entries, closed.due) == (0, 0)
    state = hall.simulation.engine.state
    assert state.get(NEGOTIATIONS, run) is None
    assert state.rows(LISTINGS)["L1"].available == 1


def test_what_is_offered_in_a_window_cannot_be_taken_away_meanwhile() -> None:
    hall = Hall(batch_window)
    sol, bea = hall.join(2)
    run = offer(hall, sol, **LOT)
    refused = hall.simulation.submit(sol, WithdrawListing("L1")).refusal
    assert refused is not None
    assert refused.reason == "wrong_state"
    hall.move(sol, WithdrawBatchWindow(run))
    assert hall.simulation.submit(sol, WithdrawListing("L1")).refusal is None
    assert refusal(hall, bea, EnterBatch(run))[0] == "closed"


def test_a_want_stays_put_while_suppliers_rely_on_it_and_stands_again_afterwards() -> None:
    hall = Hall(batch_window)
    bea, sol = hall.join(2)
    run = want(hall, bea, quantity=2, rule="best_price")
    refused = hall.simulation.submit(bea, WithdrawListing("L1")).refusal
    assert refused is not None
    assert refused.reason == "wrong_state"
    supply(hall, run, sol, 1)
    hall.pass_time(LATER)
    assert hall.trades == [(bea, sol, "L2", 1, 50)]
    wanted = hall.simulation.engine.state.rows(LISTINGS)["L1"]
    assert (wanted.available, wanted.pledged) == (2, 0)


def test_a_thing_is_given_away_by_lot() -> None:
    for path in (Kernel(batch_window), Hall(batch_window)):
        sol, bea, dan = path.join(3)
        thing = path.post(sol, price=usd(0))
        run = path.open(sol, OpenBatchWindow(thing, HOUR_US, **LOT))
        for agent in (bea, dan):
            path.move(agent, EnterBatch(run))
        path.pass_time(3 * HOUR_US)
        assert [trade[1:] for trade in path.trades] == [(sol, "L1", 1, 0)]


def test_in_a_halt_nothing_is_drawn_and_a_seed_may_still_be_told() -> None:
    hall = Hall(batch_window)
    sol, bea = hall.join(2)
    run = offer(hall, sol, **LOT)
    hall.move(bea, EnterBatch(run))
    hall.pass_time(HOUR_US + HOUR_US // 2)
    halt(hall, "commitments")
    hall.move(sol, RevealBatchSeed(run, SEED))
    hall.pass_time(5 * HOUR_US)
    assert hall.trades == []
    halt(hall, "open")
    hall.pass_time(9 * HOUR_US)
    assert len(hall.trades) == 1


def test_a_taker_stays_within_its_mandate() -> None:
    hall = Hall(batch_window)
    (sol,) = hall.join(1)
    (bea,) = hall.join(1, Limits(per_deal_units=60))
    run = offer(hall, sol, rule="best_price")
    assert refusal(hall, bea, EnterBatch(run, price=usd(61)))[0] == "outside_mandate"
    hall.move(bea, EnterBatch(run, price=usd(60)))


def test_a_run_leaves_nothing_behind() -> None:
    hall = Hall(batch_window)
    bea, sol, eve = hall.join(3)
    run = want(hall, bea, rule="best_attribute", attribute="quality")
    supply(hall, run, sol, 5)
    supply(hall, run, eve, 7)
    hall.pass_time(LATER)
    state = hall.simulation.engine.state
    assert [state.rows(table) for table in batch_window.TABLES] == [{}] * 3
    hall.pass_time(30 * DAY_US)
    assert held(hall) == {}
    assert all(one.reserved == 0 for one in state.rows(LISTINGS).values())


def test_the_notice_explains_every_key() -> None:
    hall = Hall(batch_window)
    (sol,) = hall.join(1)
    run = offer(hall, sol, **LOT)
    notice = batch_window.standing(hall.simulation.engine.state, run).notice
    assert set(notice) == set(batch_window.NOTICE)
