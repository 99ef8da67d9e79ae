"""An order book: by price, then by time, never against oneself, and never beyond a limit."""

import random
from typing import Any

import pytest

from souq.core.halt import SetHalt
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import LISTINGS
from souq.core.mandate import GrantMandate, Limits, RevokeMandate, SecretLimits
from souq.core.mechanisms import double_auction
from souq.core.mechanisms.double_auction.records import (
    ASKS,
    BIDS,
    TALLIES,
    TRADERS,
    CloseOrderBook,
    OpenOrderBook,
    OrderEnded,
    OrdersMatched,
    PlaceOrder,
)
from souq.core.negotiation import NEGOTIATIONS
from souq.core.party import AGENTS, Agent
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, OPERATOR, SECOND_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.floor import Floor, usd
from tests.mechanisms.naive_book import NaiveBook


class Listening(Kernel):
    """A kernel that keeps what happened; its agents belong to so many principals."""

    __slots__ = ("events", "principals", "times")

    def __init__(self, principals: int = 1_000) -> None:
        super().__init__(double_auction)
        self.events: list[Any] = []
        self.times: list[int] = []
        self.principals = principals

    def emit(self, event: Any) -> None:
        super().emit(event)
        self.events.append(event)
        self.times.append(self.at)

    def join(self, count: int) -> list[str]:
        for id in (ids := super().join(count)):
            principal = f"P{int(id[1:]) % self.principals}"
            self.agents[id] = Agent(id, principal, "")
            self.put(AGENTS, id, self.agents[id])
        return ids

    def happened(self, kind: type) -> list[Any]:
        return [event for event in self.events if type(event) is kind]


def refusal(move: Any, *args: Any, **kwargs: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        move(*args, **kwargs)
    return caught.value


def rows(kernel: Kernel, run: str) -> list[tuple[int, str, int, int]]:
    return sorted(
        (order.number, order.agent, order.units, order.quantity)
        for table in (BIDS, ASKS)
        for _, order in kernel.walk(table, run)
    )


@pytest.mark.parametrize("seed", range(12))
def test_it_trades_as_a_list_gone_through_by_hand_would(seed: int) -> None:
    chance = random.Random(seed)
    kernel, naive = Listening(principals=4), NaiveBook()
    floor = Floor(kernel, 7)
    for agent in floor.people:  # nobody runs out of what it wants or has
        for side in (floor.has, floor.wants):
            side[agent] = kernel.post(
                agent, available=10**6, side="sell" if side is floor.has else "want"
            )
    for _ in range(600):
        if chance.random() < 0.3 and naive.lines:
            line = chance.choice(naive.lines)
            floor.cancel(line.agent, line.number)
            naive.cancel(line.number)
            continue
        agent = chance.choice(floor.people)
        units, quantity = chance.randint(90, 110), chance.randint(1, 9)
        is_bid, is_immediate = chance.random() < 0.5, chance.random() < 0.2
        place = floor.bid if is_bid else floor.ask
        place(agent, units, quantity, is_immediate=is_immediate)
        principal = kernel.agents[agent].principal
        naive.place(agent, principal, units, quantity, is_bid=is_bid, is_immediate=is_immediate)
    found = [(t.bid, t.ask, t.quantity, t.units) for t in kernel.happened(OrdersMatched)]
    assert found == naive.trades
    assert len(found) > 100
    assert rows(kernel, floor.run) == sorted(
        (line.number, line.agent, line.units, line.quantity) for line in naive.lines
    )
    why = {event.why for event in kernel.happened(OrderEnded)}
    assert why == {"cancelled", "immediate", "self_trade"}
    check_tallies(kernel, floor.run)
    check_trades(kernel)


def check_tallies(kernel: Kernel, run: str) -> None:
    """Add the rows up anew."""
    bids = [order for _, order in kernel.walk(BIDS, run)]
    asks = [order for _, order in kernel.walk(ASKS, run)]
    tally = kernel.rows(TALLIES)[run]
    assert tally.resting == len(bids) + len(asks)
    assert not tally.is_crossed
    assert not bids or not asks or bids[0].units < asks[0].units
    for agent in {order.agent for order in bids + asks}:
        trader = kernel.rows(TRADERS)[f"{run}/{agent}"]
        mine = [order for order in bids if order.agent == agent]
        assert trader.bid_units == sum(order.units * order.quantity for order in mine)
        assert trader.bid_quantity == sum(order.quantity for order in mine)
        assert trader.ask_quantity == sum(one.quantity for one in asks if one.agent == agent)
        assert trader.orders == len([one for one in bids + asks if one.agent == agent])
    assert len(kernel.rows(TRADERS)) == len({order.agent for order in bids + asks})


def check_trades(kernel: Listening) -> None:
    """No piece from nowhere, no price past a limit, nobody with themselves, none after its end."""
    placed: dict[int, Any] = {}
    left: dict[int, int] = {}
    for event in kernel.events:
        match type(event).__name__:
            case "OrderPlaced":
                placed[event.order] = event
                left[event.order] = event.quantity
            case "OrderEnded":
                assert left.pop(event.order) == event.quantity
            case "OrdersMatched":
                bid, ask = placed[event.bid], placed[event.ask]
                assert ask.units <= event.units <= bid.units
                assert event.units == min(bid, ask, key=lambda one: one.order).units
                assert bid.principal != ask.principal
                for number in (event.bid, event.ask):
                    left[number] -= event.quantity
                    assert left[number] >= 0
            case _:
                pass
    resting = {
        order.number: order.quantity for t in (BIDS, ASKS) for order in kernel.rows(t).values()
    }
    assert {number: n for number, n in left.items() if n} == resting


@pytest.mark.parametrize("seed", range(3))
def test_money_and_goods_add_up_in_a_market(seed: int) -> None:
    chance = random.Random(seed)
    purse = 100_000
    hall = Hall(double_auction, purse_units=purse)
    floor = Floor(hall, 5)
    state = hall.simulation.engine.state
    refused = []
    for _ in range(150):
        place = chance.choice((floor.bid, floor.ask))
        agent, units = chance.choice(floor.people), chance.randint(90, 110)
        try:
            place(agent, units, chance.randint(1, 30), is_immediate=chance.random() < 0.2)
        except Refused as no:
            refused.append(no.reason)
        held = {id: hold.amount for id, hold in state.rows(HOLDS).items() if id[:2] == "#N"}
        bids = state.rows(BIDS).values()
        owed = {f"#{floor.run}.{agent}": 0 for agent in floor.people}
        for order in bids:
            owed[f"#{floor.run}.{order.agent}"] += order.units * order.quantity
        assert held == {id: units for id, units in owed.items() if units}
    assert set(refused) <= {Reason.INSUFFICIENT_FUNDS, Reason.NOT_ENOUGH_STOCK, Reason.CLOSED}
    assert refused
    assert len(floor.tape) > 20
    floor.close()
    assert not [id for id in state.rows(HOLDS) if id[:2] == "#N"]
    for n, agent in enumerate(floor.people, 1):
        paid = sum(units for buyer, _, _, units in floor.tape if buyer == agent)
        assert state.rows(ACCOUNTS)[f"wallet:P{n}/USD"].available == purse - paid
        sold = sum(quantity for _, seller, quantity, _ in floor.tape if seller == agent)
        listing = state.rows(LISTINGS).get(floor.has[agent])
        assert listing is None or (listing.available, listing.pledged) == (100 - sold, 0)


def test_an_order_pays_its_limit_at_most_and_is_given_back_the_rest() -> None:
    hall = Hall(double_auction, purse_units=1_000)
    floor = Floor(hall, 2)
    sol, bea = floor.people
    floor.ask(sol, 70, 2)
    floor.bid(bea, 90, 3)
    assert floor.tape == [(bea, sol, 2, 140)]
    account = hall.simulation.engine.state.rows(ACCOUNTS)["wallet:P2/USD"]
    assert account.available == 1_000 - 140 - 90


def test_an_order_may_not_be_cancelled_before_it_has_stood_its_time() -> None:
    kernel = Kernel(double_auction)
    floor = Floor(kernel, 2, resting_us=SECOND_US)
    sol, bea = floor.people
    floor.ask(sol, 70)
    no = refusal(floor.cancel, sol, 1)
    assert (no.reason, no.facts["state"]) == (Reason.WRONG_STATE, "Resting")
    kernel.pass_time(int(no.facts["until"]) - 2)
    assert refusal(floor.cancel, sol, 1).facts == no.facts
    floor.cancel(sol, 1)
    floor.bid(bea, 70)
    assert floor.tape == []


def test_only_its_owner_cancels_an_order_and_only_while_it_stands() -> None:
    floor = Floor(Kernel(double_auction), 2)
    sol, bea = floor.people
    floor.ask(sol, 70)
    assert refusal(floor.cancel, bea, 1).reason == Reason.NOT_YOURS
    assert refusal(floor.cancel, bea, 2).reason == Reason.NOT_FOUND
    assert refusal(floor.cancel, bea, -1).reason == Reason.NOT_FOUND
    floor.cancel(sol, 1)
    assert refusal(floor.cancel, sol, 1).reason == Reason.CLOSED


def test_an_order_that_runs_out_is_off_the_book_and_its_money_free() -> None:
    hall = Hall(double_auction, purse_units=1_000)
    floor = Floor(hall, 2)
    sol, bea = floor.people
    floor.bid(bea, 70, 2, valid_us=HOUR_US)
    floor.bid(bea, 60)
    hall.pass_time(2 * HOUR_US)
    floor.ask(sol, 55, 3)
    assert floor.tape == [(bea, sol, 1, 60)]
    assert hall.simulation.engine.state.rows(ACCOUNTS)["wallet:P2/USD"].available == 940


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"units": 0}, Reason.INVALID, "price"),
        ({"units": -10}, Reason.INVALID, "price"),
        ({"units": 73}, Reason.INVALID, "price"),
        ({"units": 2**53 - 2, "quantity": 100}, Reason.INVALID, "quantity"),
        ({"quantity": 0}, Reason.INVALID, "quantity"),
        ({"quantity": 101}, Reason.NOT_ENOUGH_STOCK, None),
        ({"valid_us": 0}, Reason.INVALID, "valid_us"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(fields: Any, reason: Reason, field: str) -> None:
    floor = Floor(Kernel(double_auction), 2, tick_units=5)
    for place in (floor.bid, floor.ask):
        no = refusal(place, floor.people[1], **{"units": 70, **fields})
        assert (no.reason, no.facts.get("field")) == (reason, field)
    assert not rows(floor.path, floor.run)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"category": "bikes"}, Reason.INVALID),
        ({"mechanisms": ("posted_price",)}, Reason.WRONG_MECHANISM),
        ({"owner": 1}, Reason.NOT_YOURS),
    ],
)
def test_an_order_stands_on_a_fitting_listing_of_ones_own(fields: Any, reason: Reason) -> None:
    kernel = Kernel(double_auction)
    floor = Floor(kernel, 2)
    owner = floor.people[fields.pop("owner", 0)]
    listing = kernel.post(owner, available=9, **fields)
    order = PlaceOrder(floor.run, listing, usd(5))
    assert refusal(kernel.move, floor.people[0], order).reason == reason


def test_ones_open_orders_on_a_side_stand_on_one_listing_and_within_it() -> None:
    kernel = Kernel(double_auction)
    floor = Floor(kernel, 2)
    bea = floor.people[1]
    floor.bid(bea, 50, 60)
    assert refusal(floor.bid, bea, 50, 41).reason == Reason.NOT_ENOUGH_STOCK
    floor.bid(bea, 50, 40)
    floor.wants[bea] = kernel.post(bea, available=9, side="want")
    assert refusal(floor.bid, bea, 50).facts["field"] == "listing"
    floor.cancel(bea, 1)
    floor.cancel(bea, 2)
    floor.bid(bea, 50)


def test_nobody_fills_a_book_beyond_its_bounds() -> None:
    kernel = Kernel(double_auction)
    floor = Floor(kernel, 3, is_cleared_after_trade=True)
    sol, bea, dan = floor.people
    floor.wants[bea] = kernel.post(bea, available=10**6, side="want")
    for _ in range(1_000):
        floor.bid(bea, 50)
    assert refusal(floor.bid, dan, 50).facts == {"state": "Full", "orders_max": 1_000}
    assert refusal(floor.ask, sol, 60).reason == Reason.WRONG_STATE
    plain = Floor(kernel, 2)
    eve = plain.people[1]
    plain.wants[eve] = kernel.post(eve, available=10**6, side="want")
    for _ in range(1_000):
        plain.bid(eve, 50)
    assert refusal(plain.bid, eve, 50).reason == Reason.WRONG_STATE
    plain.bid(plain.people[0], 50)


def test_only_what_betters_the_best_is_taken() -> None:
    floor = Floor(Kernel(double_auction), 3, is_improving_only=True)
    sol, bea, dan = floor.people
    floor.bid(bea, 50)
    assert refusal(floor.bid, dan, 50).facts["best"] == 50
    floor.ask(sol, 60)
    assert refusal(floor.ask, dan, 60).facts["best"] == 60
    floor.bid(dan, 51)
    floor.ask(sol, 59)


def test_a_trade_clears_the_book_where_its_rules_say_so_and_frees_everybody() -> None:
    hall = Hall(double_auction, purse_units=1_000)
    floor = Floor(hall, 4, is_cleared_after_trade=True)
    sol, ann, bea, dan = floor.people
    floor.bid(bea, 50, 2)
    floor.bid(dan, 40)
    floor.ask(ann, 80)
    floor.ask(sol, 50)
    assert floor.tape == [(bea, sol, 1, 50)]
    state = hall.simulation.engine.state
    available = [state.rows(ACCOUNTS)[f"wallet:P{n}/USD"].available for n in (1, 2, 3, 4)]
    assert available == [1_000, 1_000, 950, 1_000]
    assert state.rows(LISTINGS)[floor.has[ann]].pledged == 0
    floor.ask(ann, 40)
    assert len(floor.tape) == 1


def test_only_the_opener_closes_a_book_and_then_no_order_stands() -> None:
    hall = Hall(double_auction, purse_units=1_000)
    floor = Floor(hall, 3)
    sol, bea, dan = floor.people
    floor.bid(bea, 50, 2)
    floor.ask(dan, 60, 2)
    assert refusal(hall.move, bea, CloseOrderBook(floor.run)).reason == Reason.NOT_YOURS
    floor.close()
    state = hall.simulation.engine.state
    assert state.rows(ACCOUNTS)["wallet:P2/USD"].available == 1_000
    assert state.rows(LISTINGS)[floor.has[dan]].available == 100
    assert refusal(floor.bid, bea, 60).reason == Reason.CLOSED
    assert not state.rows(NEGOTIATIONS)
    assert sol == floor.people[0]


def test_whoever_lost_its_authority_is_passed_over_and_the_next_one_trades() -> None:
    hall = Hall(double_auction, purse_units=1_000)
    floor = Floor(hall, 4)
    sol, bea, dan, eve = floor.people
    floor.bid(bea, 60, 2)
    floor.bid(bea, 59, 2)
    floor.bid(dan, 58, 2)
    hall.simulation.submit(OPERATOR, RevokeMandate(bea)).need()
    floor.ask(sol, 55, 5, is_immediate=True)
    assert floor.tape == [(dan, sol, 2, 116)]
    state = hall.simulation.engine.state
    assert not state.rows(BIDS)
    assert not state.rows(ASKS)
    assert not [id for id in state.rows(HOLDS) if id[:2] == "#N"]
    assert state.rows(LISTINGS)[floor.has[sol]].pledged == 0
    assert refusal(floor.bid, bea, 60).reason == Reason.NO_MANDATE
    floor.bid(eve, 50)


def test_an_order_that_only_met_one_that_cannot_be_kept_sets_nothing_aside() -> None:
    hall = Hall(double_auction, purse_units=1_000)
    floor = Floor(hall, 3)
    sol, bea, dan = floor.people
    state = hall.simulation.engine.state
    floor.bid(bea, 60, 2)
    hall.simulation.submit(OPERATOR, RevokeMandate(bea)).need()
    floor.ask(sol, 55, 5, is_immediate=True)
    assert floor.tape == []
    assert not state.rows(ASKS)
    assert state.rows(LISTINGS)[floor.has[sol]].pledged == 0
    assert state.rows(ACCOUNTS)["wallet:P2/USD"].available == 1_000
    floor.ask(dan, 55)
    assert state.rows(LISTINGS)[floor.has[dan]].pledged == 1


def test_an_order_taking_several_is_refused_whole_where_its_owner_cannot_keep_it() -> None:
    hall = Hall(double_auction, purse_units=1_000)
    floor = Floor(hall, 3)
    sol, bea, _ = floor.people
    floor.ask(sol, 50, 4)
    limits = Limits(per_deal_units=120)
    hall.simulation.submit("P2", GrantMandate(bea, SecretLimits(limits))).need()
    no = refusal(floor.bid, bea, 50, 3)
    assert (no.reason, no.facts["rule"]) == (Reason.OUTSIDE_MANDATE, "per_deal")
    assert floor.tape == []
    assert hall.simulation.engine.state.rows(ACCOUNTS)["wallet:P2/USD"].available == 1_000
    floor.bid(bea, 60, 2)
    assert floor.tape == [(bea, sol, 2, 100)]


def test_two_agents_of_one_principal_never_trade_and_the_newer_order_goes() -> None:
    kernel = Listening(principals=2)
    floor = Floor(kernel, 4)
    one, two, three, four = floor.people  # principals P1, P0, P1, P0
    floor.ask(two, 60)
    floor.ask(one, 61, 2)
    floor.ask(two, 62)
    floor.bid(three, 65, 3)
    assert floor.tape == [(three, two, 1, 60)]
    cancelled = kernel.happened(OrderEnded)
    assert [(one.order, one.quantity, one.why) for one in cancelled] == [(4, 2, "self_trade")]
    floor.bid(four, 65)
    assert floor.tape[1:] == [(four, one, 1, 61)]


def test_a_halt_lets_orders_be_cancelled_and_none_placed() -> None:
    hall = Hall(double_auction, purse_units=1_000)
    floor = Floor(hall, 2)
    sol, bea = floor.people
    floor.bid(bea, 50)
    hall.simulation.submit(OPERATOR, SetHalt("negotiations")).need()
    assert refusal(floor.ask, sol, 50).reason == Reason.HALTED
    floor.cancel(bea, 1)
    assert hall.simulation.engine.state.rows(ACCOUNTS)["wallet:P2/USD"].available == 1_000
    floor.close()


def test_an_order_of_a_thousand_fills_is_carried_out_whole() -> None:
    hall = Hall(double_auction)
    floor = Floor(hall, 4)
    sol, ann, bea, _ = floor.people
    for agent in (sol, ann):
        floor.has[agent] = hall.post(agent, available=10**4)
    for n in range(1_020):
        floor.ask((sol, ann)[n % 2], 50 + n % 7)
    floor.wants[bea] = hall.post(bea, available=10**4, side="want")
    floor.bid(bea, 60, 1_100, is_immediate=True)
    hall.pass_time(SECOND_US)
    assert len(floor.tape) == 1_020
    assert sorted(units for *_, units in floor.tape) == [units for *_, units in floor.tape]
    state = hall.simulation.engine.state
    assert not state.rows(BIDS)
    assert not [id for id in state.rows(HOLDS) if id[:2] == "#N"]


def test_a_book_tells_its_best_and_its_rules_and_nobodys_name() -> None:
    hall = Hall(double_auction)
    floor = Floor(hall, 3, resting_us=5)
    sol, bea, dan = floor.people
    state = hall.simulation.engine.state
    empty = double_auction.standing(state, floor.run).notice
    assert {"bid_units", "ask_units", "last_units"}.isdisjoint(empty)
    floor.bid(bea, 50, 2)
    floor.bid(dan, 50, 5)
    floor.ask(sol, 60, 3)
    floor.ask(sol, 50)
    notice = double_auction.standing(state, floor.run).notice
    assert set(notice) <= set(double_auction.NOTICE)
    assert (notice["bid_units"], notice["bid_quantity"]) == (50, 1)
    assert (notice["ask_units"], notice["ask_quantity"]) == (60, 3)
    assert (notice["orders"], notice["trades"], notice["last_units"]) == (3, 1, 50)
    assert not {sol, bea, dan} & set(map(str, notice.values()))


@pytest.mark.parametrize(
    "fields",
    [
        {"category": ""},
        {"asset": "EUR"},
        {"tick_units": 0},
        {"open_us": 0},
        {"open_us": 10**15},
        {"resting_us": -1},
        {"resting_us": 11 * HOUR_US},
    ],
)
def test_a_book_that_makes_no_sense_is_not_opened(fields: dict[str, Any]) -> None:
    kernel = Kernel(double_auction)
    (sol,) = kernel.join(1)
    opening = {"category": "units", "asset": "USD", "open_us": 10 * HOUR_US, **fields}
    assert refusal(kernel.open, sol, OpenOrderBook(**opening)).reason == Reason.INVALID
