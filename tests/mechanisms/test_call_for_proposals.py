"""Calls for proposals: the best scores win, pay by the rule, and everybody else is free at once."""

import random
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souq.core.budget import RESERVATIONS
from souq.core.contract import AcceptDelivery, CancelContract, SubmitDelivery
from souq.core.decay import Tally
from souq.core.halt import SetHalt
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import LISTINGS, EditListing, WithdrawListing
from souq.core.mandate import MANDATES, GrantMandate, Limits, RevokeMandate
from souq.core.mandate import SecretLimits as Secret
from souq.core.mechanisms import call_for_proposals
from souq.core.mechanisms.call_for_proposals import PROPOSALS_MAX
from souq.core.mechanisms.call_for_proposals.records import (
    CALLS,
    PROPOSALS,
    AwardProposals,
    CallForProposals,
    SendProposal,
)
from souq.core.mechanisms.call_for_proposals.scoring import (
    POINTS,
    Criteria,
    matching_price,
    other_points,
    price_points,
)
from souq.core.money import Money
from souq.core.negotiation import NEGOTIATIONS
from souq.core.party import RegisterAgent
from souq.core.pledge import PLEDGED
from souq.core.refusal import Refused
from souq.core.reputation import ONE, RECORDS
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, SECOND_US, Rules
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS
from souq.core.state import DEADLINES
from souq.core.subcontract import SET_OUT
from souq.journal.memory import MemoryStore
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from souq.operations import queries as ask
from souq.venue import Venue

BY_QUALITY = Criteria(quality_weight=1, quality_full=100)
BUDGET = 100


def usd(units: int) -> Money:
    return Money(units, "USD")


def call(path: Any, buyer: str, quantity: int = 1, **fields: Any) -> str:
    want = path.post(buyer, side="want", subject="service", available=quantity)
    return str(path.open(buyer, CallForProposals(want, usd(BUDGET), HOUR_US, quantity, **fields)))


def held(quantity: int = 1, **fields: Any) -> tuple[Kernel, str, str, list[str]]:
    """Give a kernel with an open call, its buyer and four suppliers."""
    path = Kernel(call_for_proposals)
    buyer, *suppliers = path.join(5)
    return path, call(path, buyer, quantity, **fields), buyer, suppliers


def propose(path: Any, run: str, agent: str, units: int, quantity: int = 1, **more: Any) -> None:
    path.move(agent, SendProposal(run, usd(units), quantity, **more))


def refusal(path: Any, agent: str, command: Any) -> str:
    try:
        path.move(agent, command)
    except Refused as refused:
        facts = refused.facts.get("field", "")
        return f"{refused.reason.value} {facts}".strip()
    return ""


def state_of(hall: Hall) -> Any:
    return hall.simulation.engine.state


def check_nothing_is_held(hall: Hall) -> None:
    state = state_of(hall)
    for table in (HOLDS, RESERVATIONS, PLEDGED, NEGOTIATIONS, DEADLINES):
        assert not state.rows(table), table.name
    assert all(one.reserved == one.pledged == 0 for one in state.rows(LISTINGS).values())
    assert all(one.held == one.incoming == 0 for one in state.rows(ACCOUNTS).values())
    assert all(one.reserved_units == 0 for one in state.rows(MANDATES).values())


def test_the_formula_is_as_it_is_written() -> None:
    criteria = Criteria(
        price_weight=3,
        latency_weight=2,
        quality_weight=5,
        standing_weight=7,
        latency_max_us=60,
        quality_full=80,
        standing_full=10,
    )
    assert price_points(criteria, 100, 100) == 0
    assert price_points(criteria, 100, 0) == 3 * POINTS
    assert price_points(criteria, 3, 2) == POINTS
    assert other_points(criteria, 60, 0, -5) == 0
    assert other_points(criteria, 0, 0, 0) == 2 * POINTS
    assert other_points(criteria, 60, 40, 0) == 5 * POINTS // 2
    assert other_points(criteria, 60, 800, 0) == 5 * POINTS
    assert other_points(criteria, 60, 0, 4) == 7 * POINTS * 4 // 10
    assert other_points(criteria, 60, 0, 99) == 7 * POINTS


@settings(max_examples=300, deadline=None)
@given(
    budget=st.integers(1, 10**12),
    weight=st.integers(1, 1_000),
    others=st.integers(0, 3_000 * POINTS),
    losing=st.integers(0, 4_000 * POINTS),
)
def test_the_matching_price_is_the_highest_that_still_reaches_the_loser(
    budget: int, weight: int, others: int, losing: int
) -> None:
    criteria = Criteria(price_weight=weight)
    units = matching_price(criteria, budget, others=others, losing=losing)
    assert units <= budget
    if units >= 0:
        assert others + price_points(criteria, budget, units) >= losing
    if 0 <= units + 1 <= budget:
        assert others + price_points(criteria, budget, units + 1) < losing


@pytest.mark.parametrize(("scoring", "paid"), [("first_score", 40), ("second_score", 65)])
def test_the_best_score_wins_and_is_paid_by_the_rule(scoring: Any, paid: int) -> None:
    path, run, buyer, (sol, dan, eve, _) = held(criteria=BY_QUALITY, scoring=scoring)
    for agent, units, quality in ((sol, 60, 50), (dan, 40, 70), (eve, 90, 95)):
        propose(path, run, agent, units, quality=quality)
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(buyer, dan, "L1", 1, paid)]


def test_a_tie_goes_to_the_earlier_proposal() -> None:
    path, run, buyer, (sol, dan, *_) = held(criteria=BY_QUALITY)
    propose(path, run, sol, 50, quality=60)
    propose(path, run, dan, 40, quality=50)
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(buyer, sol, "L1", 1, 50)]


def test_who_replaces_a_proposal_stands_behind_those_that_were_there() -> None:
    path, run, buyer, (sol, dan, *_) = held()
    propose(path, run, sol, 50)
    propose(path, run, dan, 40)
    propose(path, run, sol, 40)
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(buyer, dan, "L1", 1, 40)]


def test_a_proposal_cannot_be_made_worse_or_taken_back() -> None:
    path, run, _, (sol, *_) = held(3)
    propose(path, run, sol, 50, 2)
    assert refusal(path, sol, SendProposal(run, usd(51), 2)) == "invalid price"
    assert refusal(path, sol, SendProposal(run, usd(40), 1)) == "invalid price"
    assert refusal(path, sol, SendProposal(run, usd(50), 3)) == ""


def test_several_share_the_quantity_and_the_last_may_get_a_part() -> None:
    path, run, buyer, (sol, dan, eve, fay) = held(10)
    for agent, units, quantity in ((sol, 10, 4), (dan, 20, 4), (eve, 30, 4), (fay, 40, 4)):
        propose(path, run, agent, units, quantity)
    path.pass_time(2 * HOUR_US)
    assert path.trades == [
        (buyer, sol, "L1", 4, 4 * 30),  # of eve's four, two go unawarded
        (buyer, dan, "L1", 4, 4 * 30),
        (buyer, eve, "L1", 2, 2 * 40),  # her own two set no price for her
    ]


def brute_force(
    offers: list[tuple[int, int]], wanted: int, scoring: str
) -> list[tuple[int, int, int]]:
    """Award unit by unit: (who, how many, price each), of (price, quantity) as they came."""
    order = sorted(range(len(offers)), key=lambda who: (offers[who][0], who))
    pieces = [who for who in order for _ in range(offers[who][1])]
    won, lost = pieces[:wanted], pieces[wanted:]
    awards = []
    for who in dict.fromkeys(won):
        rival = next((offers[one][0] for one in lost if one != who), BUDGET)
        price = offers[who][0] if scoring == "first_score" else rival
        awards.append((who, won.count(who), price))
    return awards


@pytest.mark.parametrize("scoring", ["first_score", "second_score"])
def test_every_small_call_is_awarded_as_brute_force_does(scoring: Any) -> None:
    choices = list(product((10, 20, 30), (1, 2, 3)))
    for offers in product(choices, repeat=3):
        for wanted in (2, 4):
            path, run, buyer, suppliers = held(wanted, scoring=scoring)
            fitting = [(units, min(quantity, wanted)) for units, quantity in offers]
            for agent, (units, quantity) in zip(suppliers, fitting, strict=False):
                propose(path, run, agent, units, quantity)
            path.pass_time(2 * HOUR_US)
            expected = [
                (buyer, suppliers[who], "L1", count, count * price)
                for who, count, price in brute_force(fitting, wanted, scoring)
            ]
            assert path.trades == expected, (offers, wanted)


def test_by_second_score_no_other_proposal_does_better_than_the_truth() -> None:
    """Each supplier can give one unit, of any quality, at a cost of its own."""
    rng = random.Random(3)
    wins = 0
    for _ in range(40):
        costs = [rng.randint(5, 60) for _ in range(4)]
        quality = [rng.randint(0, 100) for _ in range(4)]

        def gain(told: int, promised: int, costs: Any = costs, quality: Any = quality) -> int:
            path, run, _, suppliers = held(2, criteria=BY_QUALITY)
            for n, agent in enumerate(suppliers):
                units = told if n == 0 else costs[n]
                propose(path, run, agent, units, quality=promised if n == 0 else quality[n])
            path.pass_time(2 * HOUR_US)
            paid = [units for _, seller, _, _, units in path.trades if seller == suppliers[0]]
            # A promise beyond what one can do costs a unit of money per unit of quality.
            return sum(paid) - costs[0] - max(0, promised - quality[0]) if paid else 0

        truth = gain(costs[0], quality[0])
        assert truth >= 0
        wins += truth > 0
        for told in range(0, 101, 20):
            for promised in (quality[0], max(0, quality[0] - 30), min(100, quality[0] + 30)):
                assert gain(told, promised) <= truth
    assert 5 < wins < 40


def test_by_second_score_who_supplies_several_may_gain_by_being_served_last() -> None:
    def gain(told: int) -> int:
        path, run, _, (sol, dan, eve, _) = held(10)
        for agent, units, quantity in ((sol, told, 6), (dan, 20, 6), (eve, 30, 10)):
            propose(path, run, agent, units, quantity)
        path.pass_time(2 * HOUR_US)
        ((sold, paid),) = [(n, units) for _, agent, _, n, units in path.trades if agent == sol]
        return paid - 10 * sold

    assert gain(10) == 6 * (20 - 10)
    assert gain(25) == 4 * (30 - 10)


def test_by_first_score_the_truth_leaves_something_to_gain() -> None:
    def gain(told: int) -> int:
        path, run, _, (sol, dan, *_) = held(scoring="first_score")
        propose(path, run, sol, told)
        propose(path, run, dan, 50)
        path.pass_time(2 * HOUR_US)
        return path.trades[0][4] - 20 if path.trades[0][1] == sol else 0

    assert gain(49) > gain(20) == 0


def test_the_buyer_may_award_early_only_where_the_call_says_so() -> None:
    path, run, buyer, (sol, *_) = held()
    assert refusal(path, buyer, AwardProposals(run)) == "wrong_state"
    path, run, buyer, (sol, *_) = held(may_award_early=True)
    propose(path, run, sol, 30)
    assert refusal(path, sol, AwardProposals(run)) == "not_yours"
    path.move(buyer, AwardProposals(run))
    assert path.trades == [(buyer, sol, "L1", 1, 100)]


def test_a_call_that_nobody_answers_frees_everything() -> None:
    hall = Hall(call_for_proposals)
    (bea,) = hall.join(1)
    call(hall, bea, 3)
    assert [hold.amount for hold in state_of(hall).rows(HOLDS).values()] == [300]
    hall.pass_time(2 * HOUR_US)
    check_nothing_is_held(hall)
    assert hall.simulation.history.negotiations["N1"].why == "no_deal"
    assert state_of(hall).rows(LISTINGS)["L1"].available == 3


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"criteria": Criteria(price_weight=0)}, "criteria.price_weight"),
        ({"criteria": Criteria(price_weight=1_001)}, "criteria.price_weight"),
        ({"criteria": Criteria(quality_weight=-1)}, "criteria.quality_weight"),
        ({"criteria": Criteria(quality_weight=1)}, "criteria.quality_full"),
        ({"criteria": Criteria(latency_weight=1)}, "criteria.latency_max_us"),
        ({"criteria": Criteria(latency_max_us=0)}, "criteria.latency_max_us"),
        ({"criteria": Criteria(standing_weight=1)}, "criteria.standing_full"),
        ({"criteria": Criteria(standing_min=-(2**60))}, "criteria.standing_min"),
        ({"criteria": Criteria(quality_penalty_bps=10_001)}, "criteria.quality_penalty_bps"),
        ({"criteria": Criteria(latency_penalty_bps=-1)}, "criteria.latency_penalty_bps"),
        ({"proposing_us": 0}, "proposing_us"),
        ({"proposing_us": 31 * DAY_US}, "proposing_us"),
        ({"budget": usd(0)}, "budget"),
        ({"budget": usd(2**53)}, "budget"),
        ({"budget": usd(2**52)}, "quantity"),
        ({"budget": Money(5, "EUR")}, "asset"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 4}, ""),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(fields: dict[str, Any], named: str) -> None:
    path = Kernel(call_for_proposals)
    (bea,) = path.join(1)
    want = path.post(bea, side="want", available=3)
    whole = {"budget": usd(100), "proposing_us": HOUR_US, "quantity": 3, **fields}
    with pytest.raises(Refused) as refused:
        path.open(bea, CallForProposals(want, **whole))
    assert refused.value.facts.get("field", "") == named
    assert not path.rows(CALLS)


def test_a_call_stands_on_a_want_of_ones_own() -> None:
    path = Kernel(call_for_proposals)
    bea, sol = path.join(2)
    offer, want = path.post(bea), path.post(sol, side="want")
    elsewhere = path.post(bea, side="want", mechanisms=("alternating_offers",))
    for listing, why in ((offer, "invalid"), (want, "not_yours"), (elsewhere, "wrong_mechanism")):
        with pytest.raises(Refused) as refused:
            path.open(bea, CallForProposals(listing, usd(5), HOUR_US))
        assert refused.value.reason == why


@pytest.mark.parametrize(
    ("proposal", "why"),
    [
        ({"price": usd(101)}, "invalid price"),
        ({"price": usd(-1)}, "invalid price"),
        ({"price": Money(5, "EUR")}, "invalid asset"),
        ({"quantity": 0}, "invalid quantity"),
        ({"quantity": 2}, "invalid quantity"),
        ({"quality": None}, "invalid quality"),
        ({"quality": 49}, "invalid quality"),
        ({"quality": 2**53 + 1}, "invalid quality"),
        ({"latency_us": None}, "invalid latency_us"),
        ({"latency_us": -1}, "invalid latency_us"),
        ({"latency_us": 61 * SECOND_US}, "invalid latency_us"),
        ({}, ""),
    ],
)
def test_a_proposal_promises_just_what_is_asked(proposal: dict[str, Any], why: str) -> None:
    criteria = Criteria(quality_min=50, latency_max_us=60 * SECOND_US)
    path, run, _, (sol, *_) = held(criteria=criteria)
    whole = {"price": usd(50), "latency_us": SECOND_US, "quality": 50, **proposal}
    assert refusal(path, sol, SendProposal(run, **whole)) == why
    assert len(path.rows(PROPOSALS)) == (not why)


def test_what_is_not_asked_for_cannot_be_promised() -> None:
    path, run, _, (sol, *_) = held()
    assert refusal(path, sol, SendProposal(run, usd(5), quality=5)) == "invalid quality"
    assert refusal(path, sol, SendProposal(run, usd(5), latency_us=5)) == "invalid latency_us"


def test_standing_counts_as_it_was_when_the_proposal_came() -> None:
    criteria = Criteria(standing_weight=1, standing_full=10_000, standing_min=2_000)
    path, run, buyer, (sol, dan, *_) = held(criteria=criteria)
    assert refusal(path, sol, SendProposal(run, usd(5))) == "insufficient_standing"
    path.put(RECORDS, "P2", Tally(2 * ONE, 0, path.at))
    path.put(RECORDS, "P3", Tally(18 * ONE, 0, path.at))
    propose(path, run, sol, 30)  # 0.7 + 0.368
    propose(path, run, dan, 40)  # 0.6 + 0.854
    path.put(RECORDS, "P2", Tally(1_000 * ONE, 0, path.at))
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(buyer, dan, "L1", 1, 78)]  # 0.22 + 0.854 still reach what sol had


def test_a_call_takes_so_many_suppliers_and_no_more() -> None:
    path = Kernel(call_for_proposals)
    bea, *suppliers = path.join(PROPOSALS_MAX + 2)
    run = call(path, bea)
    for agent in suppliers[:-1]:
        propose(path, run, agent, 50)
    assert refusal(path, suppliers[-1], SendProposal(run, usd(5))) == "wrong_state"
    propose(path, run, suppliers[0], 40)  # those inside may still do better
    path.pass_time(2 * HOUR_US)
    assert path.trades == [(bea, suppliers[0], "L1", 1, 50)]


def test_nobody_answers_a_call_of_their_own() -> None:
    path, run, buyer, _ = held()
    assert refusal(path, buyer, SendProposal(run, usd(5))) == "same_principal"


def test_nothing_is_taken_once_the_deadline_has_come() -> None:
    path, run, buyer, (sol, *_) = held(may_award_early=True)
    path.at = HOUR_US + 10
    assert refusal(path, sol, SendProposal(run, usd(5))) == "closed"
    assert refusal(path, buyer, AwardProposals(run)) == "closed"


def test_the_want_cannot_change_while_it_is_called_for() -> None:
    hall = Hall(call_for_proposals)
    bea, sol = hall.join(2)
    run = call(hall, bea, 2)
    for command in (WithdrawListing("L1"), EditListing("L1", usd(3))):
        assert refusal(hall, bea, command) == "wrong_state"
    with pytest.raises(Refused, match="not_enough_stock"):
        hall.open(bea, CallForProposals("L1", usd(5), HOUR_US))
    propose(hall, run, sol, 20, 1)
    hall.pass_time(2 * HOUR_US)
    hall.move(bea, WithdrawListing("L1"))


def test_the_budget_must_be_there_and_the_mandate_must_cover_all_of_it() -> None:
    hall = Hall(call_for_proposals, purse_units=250)
    (bea,) = hall.join(1)
    with pytest.raises(Refused, match="insufficient_funds"):
        call(hall, bea, 3)
    (dan,) = hall.join(1, Limits(lifetime_units=199))
    with pytest.raises(Refused, match="budget_exceeded"):
        call(hall, dan, 2)
    call(hall, dan)
    with pytest.raises(Refused, match="budget_exceeded"):
        call(hall, dan)
    (eve,) = hall.join(1, Limits(counterparties=("P1",)))
    with pytest.raises(Refused, match="outside_mandate"):
        call(hall, eve)


def test_losers_pay_nothing_and_the_winner_is_bound_to_what_it_promised() -> None:
    hall = Hall(call_for_proposals, purse_units=1_000)
    bea, sol, dan = hall.join(3)
    criteria = Criteria(quality_weight=1, quality_full=100, quality_penalty_bps=2_500)
    run = call(hall, bea, criteria=criteria)
    propose(hall, run, sol, 50, quality=90)
    propose(hall, run, dan, 50, quality=60)
    hall.pass_time(2 * HOUR_US)
    deal = hall.simulation.history.deals["C1"]
    (promise,) = deal.agreement.promises
    assert (promise.attribute, promise.bound) == ("quality", "at_least")
    assert (promise.value, promise.penalty_bps) == (90, 2_500)
    wallets = state_of(hall).rows(ACCOUNTS)
    assert [wallets[f"wallet:P{n}/USD"].available for n in (1, 2, 3)] == [920, 1_000, 1_000]


def test_a_supplier_that_lost_its_authority_is_passed_over() -> None:
    hall = Hall(call_for_proposals)
    bea, sol, dan = hall.join(3)
    run = call(hall, bea, scoring="first_score")
    propose(hall, run, sol, 10)
    propose(hall, run, dan, 70)
    hall.move("P2", RevokeMandate(sol))
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == [(bea, dan, "L1", 1, 70)]


def test_a_buyer_that_lost_its_authority_ends_its_call() -> None:
    hall = Hall(call_for_proposals)
    bea, sol = hall.join(2)
    run = call(hall, bea, 2)
    propose(hall, run, sol, 10)
    hall.move("P1", RevokeMandate(bea))
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == []
    assert hall.simulation.history.negotiations[run].why == "buyer_unable"
    check_nothing_is_held(hall)
    *_, last = hall.simulation.engine.store.read()
    assert b"BudgetReserved" not in last.body, "nothing is set aside without authority"


def test_a_buyer_that_may_not_deal_with_the_winner_learns_so_when_it_awards() -> None:
    hall = Hall(call_for_proposals)
    bea, sol = hall.join(2)
    run = call(hall, bea, may_award_early=True)
    propose(hall, run, sol, 10)
    hall.move("P1", GrantMandate(bea, Secret(Limits(counterparties_denied=("P2",)))))
    assert refusal(hall, bea, AwardProposals(run)) == "outside_mandate"
    hall.pass_time(2 * HOUR_US)
    assert hall.simulation.history.negotiations[run].why == "buyer_unable"
    check_nothing_is_held(hall)


def test_awards_wait_while_nothing_new_binds() -> None:
    hall = Hall(call_for_proposals)
    bea, sol = hall.join(2)
    run = call(hall, bea, may_award_early=True)
    propose(hall, run, sol, 10)
    hall.move(OPERATOR, SetHalt("commitments"))
    for agent, command in ((bea, AwardProposals(run)), (sol, SendProposal(run, usd(5)))):
        assert refusal(hall, agent, command) == "halted"
    hall.pass_time(5 * HOUR_US)
    assert hall.trades == []
    hall.move(OPERATOR, SetHalt("open"))
    hall.pass_time(7 * HOUR_US)
    assert hall.trades == [(bea, sol, "L1", 1, 100)]


def told(store: MemoryStore, hall: Hall, actor: str) -> str:
    """Give all that an actor can read of a market: its events, its talks, its contracts."""
    venue = Venue(store, clock=hall.simulation.clock)
    try:
        found = [venue.ask(actor, ask.ListEvents(limit=200)), venue.ask(actor, ask.ListRuns())]
        for query in (ask.GetNegotiation("N1"), ask.GetContract("C1")):
            try:
                found.append(venue.ask(actor, query))
            except Refused as refused:
                found.append(refused.reason)
        return repr(found)
    finally:
        venue.engine.close()


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_sealed_proposal_is_its_suppliers_alone_even_after_the_close(is_sealed: bool) -> None:
    store = MemoryStore()
    hall = Hall(call_for_proposals, store=store)
    bea, sol, dan, eve = hall.join(4)
    run = call(hall, bea, criteria=BY_QUALITY, is_sealed=is_sealed)
    propose(hall, run, sol, 37, quality=91)
    propose(hall, run, dan, 43, quality=83)
    secret = "units=43,"
    for _ in range(2):
        for actor in (bea, "P1", sol, "P2", eve, "P4"):
            assert (secret in told(store, hall, actor)) is not is_sealed, actor
        for actor in (dan, "P3", OPERATOR):
            assert secret in told(store, hall, actor), actor
        assert "ProposalSent" in told(store, hall, dan)
        hall.pass_time(2 * HOUR_US)
    assert hall.trades == [(bea, sol, "L1", 1, 51)]
    for actor in (bea, dan, eve):
        assert "ProposalAwarded(" in told(store, hall, actor)


def test_a_run_tells_everybody_what_is_asked_and_every_word_of_it_is_explained() -> None:
    criteria = Criteria(1, 2, 3, 4, 60, 5, 6, 0, 8, 9, 10)
    hall = Hall(call_for_proposals)
    bea, sol = hall.join(2)
    run = call(hall, bea, criteria=criteria)
    propose(hall, run, sol, 50, latency_us=5, quality=6)
    notice = call_for_proposals.standing(state_of(hall), run).notice
    assert notice["proposals"] == 1
    assert notice["quality_full"] == 6
    assert set(notice) <= set(call_for_proposals.NOTICE)
    told_only_if = {"deliver_by", "standing_min"}
    assert set(call_for_proposals.NOTICE) - set(notice) == told_only_if


def with_job(fee_bps: int = 0) -> tuple[Hall, MemoryStore, list[str]]:
    """Bring a market to C1: gil works for bea for 100."""
    store = MemoryStore()
    hall = Hall(call_for_proposals, Rules(fee_bps=fee_bps), store=store)
    people = hall.join(4)
    bea, gil, *_ = people
    run = call(hall, bea, may_award_early=True)
    propose(hall, run, gil, 90)
    hall.move(bea, AwardProposals(run))
    return hall, store, people


def subcall(hall: Hall, agent: str, units: int, under: str = "C1", us: int = HOUR_US) -> str:
    want = hall.post(agent, side="want", subject="service", available=1)
    early = CallForProposals(want, usd(units), us, may_award_early=True, under=under)
    return hall.open(agent, early)


def test_a_subcontract_is_delivered_no_later_than_what_it_serves() -> None:
    hall, _, (_, gil, sub, _) = with_job()
    above = state_of(hall).rows(CONTRACTS)["C1"].deliver_by
    hall.pass_time(3 * DAY_US)
    run = subcall(hall, gil, 60)
    assert call_for_proposals.standing(state_of(hall), run).notice["deliver_by"] == above
    propose(hall, run, sub, 50)
    hall.move(gil, AwardProposals(run))
    assert state_of(hall).rows(CONTRACTS)["C2"].deliver_by == above
    hall.pass_time(20 * DAY_US)
    check_nothing_is_held(hall)
    assert not state_of(hall).rows(SET_OUT)


def test_a_subcontractor_has_an_hour_though_the_call_was_closed_late() -> None:
    hall, _, (_, gil, sub, _) = with_job()
    hall.pass_time(7 * DAY_US - 2 * HOUR_US)
    with pytest.raises(Refused, match=r"invalid.*an hour before"):
        subcall(hall, gil, 60, us=HOUR_US + 60 * SECOND_US)
    run = subcall(hall, gil, 60, us=HOUR_US - 60 * SECOND_US)
    propose(hall, run, sub, 50)
    hall.move(OPERATOR, SetHalt("commitments"))
    hall.pass_time(7 * DAY_US - 30 * 60 * SECOND_US)
    hall.move(OPERATOR, SetHalt("open"))  # the call is looked at again an hour after its deadline
    hall.pass_time(7 * DAY_US - 30 * SECOND_US)
    above, below = (state_of(hall).rows(CONTRACTS)[id].deliver_by for id in ("C1", "C2"))
    formed_at = hall.simulation.history.deals["C2"].at
    assert above - formed_at < 2 * 60 * SECOND_US
    assert below - formed_at == HOUR_US


def test_all_that_is_set_out_stays_within_what_the_contract_pays_after_fees() -> None:
    hall, _, (_, gil, sub, dan) = with_job(fee_bps=1_000)
    with pytest.raises(Refused, match="rule=under, available=90, needed=91"):
        subcall(hall, gil, 91)
    first = subcall(hall, gil, 60)
    with pytest.raises(Refused, match="rule=under, available=30, needed=31"):
        subcall(hall, gil, 31)
    second = subcall(hall, gil, 30)
    propose(hall, first, sub, 20)
    propose(hall, first, dan, 25)
    hall.move(gil, AwardProposals(first))  # at 25, as dan would have
    hall.move(gil, AwardProposals(second))  # for nothing
    assert state_of(hall).rows(SET_OUT) == {"C1": 25}
    hall.move(sub, CancelContract("C2"))
    assert state_of(hall).rows(SET_OUT) == {"C1": 0}


def test_only_who_must_perform_a_running_contract_may_call_under_it() -> None:
    hall, _, (bea, gil, sub, _) = with_job()
    for agent in (bea, sub):
        with pytest.raises(Refused, match="not_yours"):
            subcall(hall, agent, 5)
    with pytest.raises(Refused, match="not_found"):
        subcall(hall, gil, 5, "C9")
    helper = RegisterAgent("P2", PublicText("a helper"))
    second = hall.simulation.submit("P2", helper).need().events[0].agent
    hall.move("P2", GrantMandate(second, Secret(Limits(lifetime_units=30))))
    subcall(hall, second, 20)  # the narrower mandate is what its principal lent it
    with pytest.raises(Refused, match=r"budget_exceeded.*lifetime"):
        subcall(hall, second, 20)
    hall.move(gil, SubmitDelivery("C1"))
    with pytest.raises(Refused, match=r"wrong_state.*Delivered"):
        subcall(hall, gil, 5)
    hall.move(bea, AcceptDelivery("C1"))
    with pytest.raises(Refused, match="closed"):
        subcall(hall, gil, 5)
    hall.pass_time(5 * HOUR_US)
    check_nothing_is_held(hall)


def test_the_chain_is_shown_to_the_parties_and_tells_nothing_of_the_terms_above() -> None:
    hall, store, (bea, gil, sub, dan) = with_job()
    run = subcall(hall, gil, 60)
    propose(hall, run, sub, 50)
    hall.move(gil, AwardProposals(run))
    lower = subcall(hall, sub, 40, "C2")
    propose(hall, lower, dan, 30)
    hall.move(sub, AwardProposals(lower))
    venue = Venue(store, clock=hall.simulation.clock)
    for actor in (sub, "P3", dan, "P4"):
        assert venue.ask(actor, ask.GetContract("C3")).under == ("C2", "C1")
    assert venue.ask(gil, ask.GetContract("C2")).under == ("C1",)
    assert venue.ask(bea, ask.GetContract("C1")).under == ()
    for actor, contract in ((dan, "C2"), (dan, "C1"), (sub, "C1"), (bea, "C2"), (gil, "C3")):
        with pytest.raises(Refused, match="not_yours"):
            venue.ask(actor, ask.GetContract(contract))
    # That a call stands under something, nobody else is told.
    for actor in (bea, sub, dan):
        page = venue.ask(actor, ask.ListEvents(types=("CallForProposalsSubcontracted",)))
        agents = {event.agent for record in page.records for event in record.events}
        assert agents <= {actor}
    venue.engine.close()


def test_get_contract_tells_promises_what_was_measured_and_what_misses_cost() -> None:
    store = MemoryStore()
    hall = Hall(call_for_proposals, store=store)
    bea, gil = hall.join(2)
    criteria = Criteria(latency_max_us=60, quality_min=5, quality_penalty_bps=400)
    run = call(hall, bea, criteria=criteria, may_award_early=True)
    propose(hall, run, gil, 90, latency_us=30, quality=7)
    hall.move(bea, AwardProposals(run))
    hall.move(gil, SubmitDelivery("C1", measured={"latency_us": 31}))
    for _ in range(2):
        venue = Venue(store, clock=hall.simulation.clock)
        shown = venue.ask(gil, ask.GetContract("C1"))
        assert [one.attribute for one in shown.promises] == ["latency_us", "quality"]
        assert shown.measured == {"latency_us": 31}
        assert shown.penalty_bps == 1_400
        venue.engine.close()
        hall.pass_time(5 * DAY_US)
    assert shown.state == "fulfilled"


@pytest.mark.parametrize(
    "measured", [{"speed": 5}, {"quality": 7, "": 0}, {str(n): n for n in range(1_000)}]
)
def test_only_what_was_promised_can_be_reported(measured: dict[str, int]) -> None:
    hall = Hall(call_for_proposals)
    bea, gil = hall.join(2)
    run = call(hall, bea, criteria=Criteria(quality_min=5), may_award_early=True)
    propose(hall, run, gil, 90, quality=7)
    hall.move(bea, AwardProposals(run))
    assert refusal(hall, gil, SubmitDelivery("C1", measured=measured)) == "invalid measured"


def test_no_budget_is_made_or_lost_whatever_comes() -> None:
    """Random calls, proposals, revocations, deliveries and silence; in the end nothing is held."""
    ends = set()
    for seed in range(12):
        rng = random.Random(seed)
        hall = Hall(call_for_proposals, Rules(fee_bps=250), purse_units=5_000)
        agents = hall.join(6)
        runs: list[str] = []
        for step in range(40):
            agent = rng.choice(agents)
            running = list(state_of(hall).rows(CONTRACTS))
            try:
                match rng.randrange(8):
                    case 0 | 1:
                        count, under = rng.randint(1, 4), rng.choice([*running, "", ""])
                        want = hall.post(agent, side="want", available=count)
                        opening = CallForProposals(
                            want,
                            usd(rng.randint(1, 99)),
                            rng.randint(1, 5) * HOUR_US,
                            count,
                            BY_QUALITY,
                            rng.choice(("first_score", "second_score")),
                            rng.random() < 0.5,
                            rng.random() < 0.5,
                            under,
                        )
                        runs.append(hall.open(agent, opening))
                    case 2 | 3 | 4 if runs:
                        run, quality = rng.choice(runs), rng.randint(0, 120)
                        propose(hall, run, agent, rng.randint(0, 60), 1, quality=quality)
                    case 5 if runs:
                        hall.move(agent, AwardProposals(rng.choice(runs)))
                    case 6 if running:
                        report = {"quality": rng.randint(0, 120)}
                        hall.move(agent, SubmitDelivery(rng.choice(running), measured=report))
                    case _ if step > 30:
                        hall.move(f"P{agent[1:]}", RevokeMandate(agent))
                    case _:
                        hall.pass_time((step + 1) * HOUR_US // 2)
            except Refused:
                continue
        hall.pass_time(60 * DAY_US)
        check_nothing_is_held(hall)
        assert not state_of(hall).rows(CONTRACTS)
        assert not state_of(hall).rows(SET_OUT)
        assert sum(one.posted for one in state_of(hall).rows(ACCOUNTS).values()) == 0
        ends |= {one.why for one in hall.simulation.history.negotiations.values()}
        ends |= {one.stage for one in hall.simulation.history.deals.values()}
    assert ends >= {"agreed", "no_deal", "buyer_unable", "fulfilled", "not_delivered"}
