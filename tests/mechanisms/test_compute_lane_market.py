"""Compute lanes within a whole market: money, mandates, halts, and who sees what."""

from typing import Any

import pytest

from souq.core.budget import RESERVATIONS
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.halt import SetHalt
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import LISTINGS
from souq.core.mandate import (
    MANDATES,
    GoodsLimit,
    GrantMandate,
    Limits,
    RevokeMandate,
    SecretLimits,
)
from souq.core.mechanisms import compute_lane
from souq.core.mechanisms.compute_lane.records import (
    CloseLane,
    LaneBidPlaced,
    LaneCleared,
    LaneEnded,
    LaneIntervalBegan,
    LaneJobEnded,
    LaneJobUnsettled,
    OpenComputeLane,
    ReleaseLaneJob,
    ReserveLane,
)
from souq.core.party import AGENTS
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, SECOND_US, Rules
from souq.core.state import Table
from souq.journal.replay import records
from souq.lab.hall import Hall
from souq.views.audience import audience
from souq.views.mentions import Mentions
from tests.mechanisms.lanes import Reckoning, bid, into, of, open_lane, told_in, usd

PURSE = 1_000


def hall(rules: Rules | None = None) -> Hall:
    return Hall(compute_lane, rules, purse_units=PURSE)


def money(of: Hall, principal: int) -> tuple[int, int]:
    """Give what somebody has in all, and what of it is free."""
    account = of.simulation.engine.state.rows(ACCOUNTS)[f"wallet:P{principal}/USD"]
    return account.posted, account.available


def do(of: Hall, actor: str, command: Any) -> None:
    of.simulation.submit(actor, command).need()


def why_ended(of: Hall, run: str = "N1") -> str:
    return of.simulation.history.negotiations[run].why


def check_nothing_is_kept(of: Hall) -> None:
    state = of.simulation.engine.state
    tables: tuple[Table[Any], ...] = (HOLDS, RESERVATIONS, *compute_lane.TABLES)
    for table in tables:
        assert not state.rows(table), table.name


def test_what_a_bid_could_cost_is_held_and_the_rest_comes_back_as_the_job_ends() -> None:
    market = hall()
    sol, bea, dan = market.join(3)
    run = open_lane(market, sol, capacity=2)
    bid(market, run, bea, "standard", 40, quantity=2, intervals=3)
    assert money(market, 2) == (PURSE, PURSE - 240)
    with pytest.raises(Refused) as no:
        bid(market, run, bea, "standard", 400, quantity=2, intervals=1)
    assert no.value.reason == Reason.INSUFFICIENT_FUNDS
    market.move(dan, ReserveLane(run, 1, 4, 2))
    assert money(market, 3) == (PURSE, PURSE - 100)
    market.pass_time(into(3))
    assert money(market, 2) == (PURSE, PURSE - 60)  # now by its contract
    rack = market.simulation.engine.state.rows(LISTINGS)["L1"]
    assert (rack.available, rack.reserved, rack.pledged) == (0, 12, 6)
    do(market, sol, SubmitDelivery("C1"))
    do(market, bea, AcceptDelivery("C1"))
    assert money(market, 2) == (PURSE - 60, PURSE - 60)
    assert money(market, 1) == (PURSE + 60, PURSE + 60)


def test_where_the_provider_vanishes_everybody_has_their_money_again() -> None:
    market = hall()
    sol, bea, dan = market.join(3)
    run = open_lane(market, sol)
    bid(market, run, bea, "standard", 40, intervals=2)
    bid(market, run, dan, "preemptible", 40, intervals=5)
    market.pass_time(60 * DAY_US)
    assert len(market.trades) == 2
    assert [money(market, n) for n in (1, 2, 3)] == [(PURSE, PURSE)] * 3
    check_nothing_is_kept(market)


def test_a_buyer_who_loses_its_authority_still_pays_for_what_it_had() -> None:
    market = hall()
    sol, bea, dan = market.join(3)
    run = open_lane(market, sol, capacity=1)
    bid(market, run, bea, "standard", 40, intervals=2, within=3)
    bid(market, run, dan, "preemptible", 30, intervals=1, within=2)
    market.pass_time(into(0))
    do(market, OPERATOR, RevokeMandate(bea))
    market.pass_time(into(2))
    assert [event.units for event in of(told_in(market), LaneJobUnsettled)] == [40]
    assert money(market, 2) == (PURSE, PURSE - 40)  # the rest is free at once
    assert not market.trades
    market.pass_time(into(7))
    assert [money(market, n) for n in (1, 2, 3)] == [
        (PURSE + 40, PURSE + 40),
        (PURSE - 40, PURSE - 40),
        (PURSE, PURSE),
    ]
    check_nothing_is_kept(market)


def test_leaving_without_authority_pays_for_the_time_had_too() -> None:
    market = hall()
    sol, bea = market.join(2)
    run = open_lane(market, sol, reserve=100)
    bid(market, run, bea, "standard", 100, intervals=2)
    market.pass_time(into(0) + 14_200_000)
    do(market, OPERATOR, RevokeMandate(bea))
    market.move(bea, ReleaseLaneJob(run, 1))
    market.move(sol, CloseLane(run))
    assert (money(market, 1)[0], money(market, 2)[0]) == (PURSE + 25, PURSE - 25)
    check_nothing_is_kept(market)


def test_a_provider_who_loses_its_authority_loses_the_lane_and_frees_everybody() -> None:
    market = hall()
    sol, bea, dan = market.join(3)
    run = open_lane(market, sol)
    bid(market, run, bea, "standard", 40, intervals=2)
    market.move(dan, ReserveLane(run, 1, 3, 3))
    market.pass_time(into(0))
    do(market, OPERATOR, RevokeMandate(sol))
    market.pass_time(into(2))
    assert [event.why for event in of(told_in(market), LaneEnded)] == ["provider_unable"]
    assert why_ended(market) == "provider_unable"
    assert [money(market, n) for n in (1, 2, 3)] == [(PURSE, PURSE)] * 3
    check_nothing_is_kept(market)


def test_a_refund_below_the_providers_floor_is_given_and_the_rest_paid_as_the_lane_ends() -> None:
    market = hall()
    bea, sol = market.join(1) + market.join(1, Limits(goods={"rack": GoodsLimit(100)}))
    run = open_lane_on(market, sol, market.post(sol, available=12, subject="capacity", ref="rack"))
    bid(market, run, bea, "standard", 100, intervals=3)
    market.pass_time(into(0) + 29_200_000)
    market.move(bea, ReleaseLaneJob(run, 1))
    assert not market.trades
    assert money(market, 1) == (PURSE, PURSE - 50)
    bid(market, run, bea, "standard", 100, intervals=1, within=2)
    market.pass_time(into(2))
    assert market.trades == [(bea, sol, "L1", 1, 100)]
    market.pass_time(into(7))
    assert money(market, 2)[0] == PURSE + 50
    with pytest.raises(Refused) as no:
        open_lane_on(market, sol, market.post(sol, available=12, subject="capacity", ref="rack"), 9)
    assert no.value.facts == {"rule": "goods"}


def open_lane_on(market: Hall, sol: str, listing: str, reserve: int = 100) -> str:
    command = OpenComputeLane(listing, 2, 60 * SECOND_US, 6, usd(reserve), usd(150), 60 * SECOND_US)
    return market.open(sol, command)


@pytest.mark.parametrize("limits", [Limits(approval_always=True), Limits(approval_above_units=99)])
def test_what_is_used_at_once_cannot_wait_for_approval(limits: Limits) -> None:
    market = hall()
    (sol,) = market.join(1)
    (bea,) = market.join(1, limits)
    run = open_lane(market, sol)
    for move in (
        lambda: bid(market, run, bea, "standard", 50, intervals=2),
        lambda: market.move(bea, ReserveLane(run, 1, 0, 2)),
    ):
        with pytest.raises(Refused) as no:
            move()
        assert no.value.facts == {"rule": "approval"}
    assert money(market, 2) == (PURSE, PURSE)


def test_no_threshold_is_passed_under_in_pieces() -> None:
    market = hall()
    (sol,) = market.join(1)
    (bea,) = market.join(1, Limits(approval_above_units=99))
    run = open_lane(market, sol)
    bid(market, run, bea, "standard", 50)
    with pytest.raises(Refused) as no:
        bid(market, run, bea, "standard", 50)
    assert no.value.facts == {"rule": "approval"}


def test_a_mandate_that_asks_for_approval_later_does_not_undo_what_was_used() -> None:
    market = hall()
    sol, bea = market.join(2)
    run = open_lane(market, sol)
    bid(market, run, bea, "standard", 50, intervals=2)
    market.pass_time(into(0))
    do(market, OPERATOR, GrantMandate(bea, SecretLimits(Limits(approval_always=True))))
    market.pass_time(into(2))
    do(market, sol, SubmitDelivery("C1"))
    market.pass_time(2 * DAY_US)
    assert money(market, 1)[0] == PURSE + 20


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        (Limits(per_deal_units=79), "per_deal"),
        (Limits(lifetime_units=79), "lifetime"),
        (Limits(ceilings={"units": 39}), "ceilings"),
        (Limits(quantity_max=1), "quantity_max"),
        (Limits(categories=("books",)), "categories"),
    ],
)
def test_a_mandate_binds_a_bid_by_all_it_could_cost(limits: Limits, rule: str) -> None:
    market = hall()
    (sol,) = market.join(1)
    (bea,) = market.join(1, limits)
    run = open_lane(market, sol)
    with pytest.raises(Refused) as no:
        bid(market, run, bea, "standard", 40, intervals=2)
    assert no.value.facts["rule"] == rule


def test_budgets_count_all_bids_and_then_only_what_was_paid() -> None:
    market = hall()
    (sol,) = market.join(1)
    (bea,) = market.join(1, Limits(lifetime_units=100))
    run = open_lane(market, sol)
    bid(market, run, bea, "standard", 30, intervals=2)
    with pytest.raises(Refused):
        bid(market, run, bea, "standard", 41)
    bid(market, run, bea, "standard", 40)
    market.pass_time(into(3))
    state = market.simulation.engine.state
    agent = state.rows(AGENTS)[bea]
    mandate = state.rows(MANDATES)[agent.mandate]
    assert (mandate.reserved_units, mandate.lifetime_units) == (0, 30)


def test_nobody_buys_from_themselves() -> None:
    market = hall()
    (sol,) = market.join(1)
    run = open_lane(market, sol)
    with pytest.raises(Refused) as no:
        bid(market, run, sol, "standard", 40)
    assert no.value.reason == Reason.SAME_PRINCIPAL


def test_intervals_that_a_halt_swallows_are_void_and_what_ran_bids_again() -> None:
    market = hall()
    sol, bea, dan, eve = market.join(4)
    run = open_lane(market, sol, capacity=2, intervals=120)
    bid(market, run, bea, "standard", 40, intervals=3, within=119)
    market.move(dan, ReserveLane(run, 1, 1, 3))
    bid(market, run, eve, "preemptible", 20, within=2)
    market.pass_time(into(1))
    do(market, OPERATOR, SetHalt("commitments"))
    market.pass_time(into(40))
    with pytest.raises(Refused):
        bid(market, run, eve, "standard", 40)
    do(market, OPERATOR, SetHalt("open"))
    market.pass_time(into(119))
    told = told_in(market)
    assert [event.is_void for event in of(told, LaneIntervalBegan)][:3] == [False, False, True]
    found = Reckoning(told)
    assert found.had[1][:2] == [0, 1]
    assert found.had[1][2] > 40
    assert found.had[2] == [1]
    assert found.ended == {1: "done", 2: "interrupted", 3: "done"}
    assert dict(found.owed) == {1: 30, 2: 50, 3: 10}
    assert {trade[0]: trade[4] for trade in market.trades} == {bea: 30, dan: 50, eve: 10}


def test_a_deadline_that_a_halt_swallowed_is_not_served_late() -> None:
    market = hall()
    sol, bea, dan = market.join(3)
    run = open_lane(market, sol, capacity=1, intervals=120)
    market.move(dan, ReserveLane(run, 1, 0, 2))
    bid(market, run, bea, "preemptible", 40, intervals=2, within=6)
    market.pass_time(into(0))
    do(market, OPERATOR, SetHalt("commitments"))
    market.pass_time(into(40))
    do(market, OPERATOR, SetHalt("open"))
    market.pass_time(into(119))
    assert Reckoning(told_in(market)).ended == {1: "interrupted", 2: "expired"}
    assert [trade[0] for trade in market.trades] == [dan]


@pytest.mark.parametrize("level", ["commitments", "negotiations", "settlements"])
def test_a_halt_that_outlasts_the_lane_leaves_nothing_behind(level: Any) -> None:
    market = hall()
    sol, bea, dan = market.join(3)
    run = open_lane(market, sol)
    bid(market, run, bea, "standard", 40, intervals=3)
    market.move(dan, ReserveLane(run, 1, 3, 2))
    market.pass_time(into(0))
    do(market, OPERATOR, SetHalt(level))
    market.pass_time(3 * HOUR_US)
    do(market, OPERATOR, SetHalt("open"))
    market.pass_time(5 * HOUR_US)
    assert of(told_in(market), LaneEnded)
    assert market.trades == [(bea, sol, "L1", 1, 10)]
    market.pass_time(60 * DAY_US)
    check_nothing_is_kept(market)


def test_caps_and_deadlines_are_told_to_their_owner_alone() -> None:
    market = hall()
    sol, bea, dan = market.join(3)
    run = open_lane(market, sol, capacity=1)
    bid(market, run, bea, "standard", 83, intervals=2, within=3)
    bid(market, run, dan, "preemptible", 47, within=2)
    market.pass_time(into(7))
    known = Mentions(None, lambda: market.simulation.engine.state)
    seen = set()
    for record in records(market.simulation.engine.store):
        known.learn(record)
        for event in record.events:
            who = audience(event, known)
            if isinstance(event, LaneBidPlaced):
                assert who == {event.agent, f"P{event.agent[1:]}"}
            elif isinstance(event, (LaneCleared, LaneJobEnded)):
                assert "public" in who
                seen |= {83, 47} & {value for value in vars_of(event) if isinstance(value, int)}
    assert seen == {47}, "a price is a bid that lost; the caps of winners never show"


def vars_of(event: Any) -> list[Any]:
    return [getattr(event, name) for name in event.__struct_fields__]
