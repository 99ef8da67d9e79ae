"""Policies on a whole market: whose rules hold, who is asked, what is recorded, who learns it."""

from typing import Any

import pytest

from souq.core import market
from souq.core.approval import Approve
from souq.core.channel import OpenChannel, TopUpChannel
from souq.core.conditions import Conditions
from souq.core.contract import AcceptDelivery, CancelContract, SubmitDelivery
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.double_auction.records import OpenOrderBook, PlaceOrder
from souq.core.mechanisms.moves import Accept, Item
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.party import RegisterAgent
from souq.core.policy import Policy, type_of
from souq.core.policy.goods import Categories, Requested
from souq.core.policy.history import KEPT, ROWS, SERIES, Kept
from souq.core.policy.money import (
    Approval,
    CalendarBudget,
    PerDeal,
    RollingBudget,
)
from souq.core.policy.pace import Occurrences, Velocity
from souq.core.policy.people import Exposure, Verification
from souq.core.policy.prices import Floor, PriceReference
from souq.core.policy.remembering import PolicyApplied
from souq.core.policy.setting import (
    POLICIES,
    SecretPolicy,
    SetDestination,
    SetOrganisation,
    SetPolicy,
)
from souq.core.rules import DAY_US, HOUR_US, OPERATOR
from souq.core.seal import PublicText, canonical
from souq.core.stage import CONTRACTS, Delivered, Held
from souq.journal.replay import replay
from tests.core.channels import chain
from tests.core.stall import BEA, DAN, EVE, SOL, Stall, check_books, usd


def rules(*all: Any) -> SecretPolicy:
    return SecretPolicy(Policy(all))


def refused(answer: Any) -> dict[str, Any]:
    assert answer.refusal is not None
    return {"reason": answer.refusal.reason, **answer.refusal.facts}


def said(rule: str, layer: str, number: int = 1) -> dict[str, Any]:
    return {"reason": "outside_mandate", "rule": rule, "layer": layer, "number": number}


def applied(answer: Any) -> list[PolicyApplied]:
    return [event for event in answer.events if isinstance(event, PolicyApplied)]


@pytest.fixture
def stall() -> Any:
    made = Stall()
    yield made
    again = replay(made.engine.store)
    assert market.state_hash(again.state) == market.state_hash(made.engine.state)
    check_books(made.engine.state)


@pytest.mark.parametrize(
    ("scope", "actor"),
    [
        (BEA, "P1"),
        (BEA, OPERATOR),
        ("P1", "P1"),
        ("P1", OPERATOR),
        ("organisation/P4", "P4"),
        ("organisation/P4", OPERATOR),
        ("market", OPERATOR),
    ],
)
def test_every_layer_is_asked(stall: Stall, scope: str, actor: str) -> None:
    stall.do(OPERATOR, SetOrganisation("P1", "P4"))
    lamp = stall.list(SOL, quantity=5)
    stall.do(actor, SetPolicy(scope, rules(PerDeal(499))))
    assert refused(stall.try_(BEA, TakePrice(lamp, usd(500)))) == said("per_deal", scope)
    stall.do(actor, SetPolicy(scope, SecretPolicy(Policy())))
    assert applied(stall.do(BEA, TakePrice(lamp, usd(500)))) == []


def test_guardrails_of_a_mandate_are_asked(stall: Stall) -> None:
    lamp = stall.list(SOL, quantity=5)
    stall.grant(BEA, guardrails=(Occurrences(1),))
    stall.do(BEA, TakePrice(lamp, usd(500)))
    assert refused(stall.try_(BEA, TakePrice(lamp, usd(500)))) == said("occurrences", "mandate")
    stall.grant(BEA, guardrails=(Occurrences(1),))  # a new one begins with nothing behind it
    stall.do(BEA, TakePrice(lamp, usd(500)))
    assert not [key for key in stall.engine.state.rows(ROWS) if key.startswith("M1#")]


def test_layers_are_asked_from_the_narrowest_and_all_are_told(stall: Stall) -> None:
    stall.do(OPERATOR, SetOrganisation("P1", "P4"))
    for actor, scope in (
        (OPERATOR, "market"),
        ("P4", "organisation/P4"),
        ("P1", "P1"),
        ("P1", BEA),
    ):
        stall.do(actor, SetPolicy(scope, rules(PerDeal(1), Categories(("x",)))))
    stall.grant(BEA, per_deal_units=9, guardrails=(Occurrences(0),))
    told = refused(stall.try_(BEA, TakePrice(stall.list(SOL), usd(500))))
    assert told == {
        "reason": "outside_mandate",
        "rule": "per_deal",
        "cap": 9,
        "also": "occurrences,categories",
    }


@pytest.mark.parametrize(
    ("scope", "approver"),
    [(BEA, "P1"), ("P1", "P1"), ("organisation/P4", "P4"), ("market", OPERATOR)],
)
def test_what_is_held_waits_for_whoever_answers_for_the_layer(
    stall: Stall, scope: str, approver: str
) -> None:
    stall.do(OPERATOR, SetOrganisation("P1", "P4"))
    stall.do(OPERATOR, SetPolicy(scope, rules(PerDeal(900), Approval(100))))
    answer = stall.do(BEA, TakePrice(stall.list(SOL), usd(500)))
    held = stall.engine.state.get(CONTRACTS, "C1")
    assert isinstance(held, Held)
    assert held.waiting == (approver,)
    assert next((one.result, one.held) for one in applied(answer)) == (
        "hold",
        (f"{scope}/2:approval",),
    )
    for other in {"P1", "P4", "P2", OPERATOR} - {approver}:
        assert refused(stall.try_(other, Approve("C1")))["reason"] == "not_yours"
    stall.do(approver, Approve("C1"))


def test_a_held_deal_needs_everybody_who_is_asked(stall: Stall) -> None:
    stall.do("P1", SetPolicy("P1", rules(Approval(100))))
    stall.do(OPERATOR, SetPolicy("market", rules(Approval(100))))
    stall.grant(SOL, approval_always=True)
    stall.do(BEA, TakePrice(stall.list(SOL), usd(500)))
    held = stall.engine.state.get(CONTRACTS, "C1")
    assert isinstance(held, Held)
    assert sorted(held.waiting) == ["P1", "P2", "operator"]


def test_the_other_side_learns_nothing(stall: Stall) -> None:
    stall.do("P2", SetPolicy("P2", rules(Floor({"home": 501}))))
    lamp = stall.list(SOL)
    assert refused(stall.try_(BEA, TakePrice(lamp, usd(500)))) == {"reason": "counterparty_unable"}
    talk, terms = stall.offer(BEA, (lamp,), 500)
    assert refused(stall.try_(SOL, Accept(talk, terms))) == said("floor", "P2")


def test_rules_are_asked_again_when_the_deal_comes_about(stall: Stall) -> None:
    lamp = stall.list(SOL)
    talk, terms = stall.offer(BEA, (lamp,), 500)
    stall.do("P1", SetPolicy("P1", rules(PerDeal(499))))
    answer = stall.try_(SOL, Accept(talk, terms))
    assert refused(answer)["reason"] == "counterparty_unable"


def test_the_digest_of_each_policy_is_on_the_deal(stall: Stall) -> None:
    stall.do("P1", SetPolicy("P1", rules(PerDeal(900))))
    stall.do(OPERATOR, SetPolicy("market", rules(PerDeal(900))))
    answer = stall.do(BEA, TakePrice(stall.list(SOL), usd(500)))
    own, public = (stall.engine.state.get(POLICIES, scope) for scope in ("P1", "market"))
    assert own is not None
    assert public is not None
    assert applied(answer) == [
        PolicyApplied("C1", BEA, (own.digest, public.digest)),
        PolicyApplied("C1", SOL, (public.digest,)),
    ]


def test_a_channels_deposit_is_one_deal_however_often_it_is_topped_up(stall: Stall) -> None:
    stall.do("P1", SetPolicy("P1", rules(PerDeal(100), Exposure(120))))
    stall.do(BEA, OpenChannel(SOL, usd(60), chain()))
    stall.do(BEA, TopUpChannel("X1", usd(40)))
    assert refused(stall.try_(BEA, TopUpChannel("X1", usd(1)))) == said("per_deal", "P1")
    assert refused(stall.try_(BEA, OpenChannel(SOL, usd(21), chain("b")))) == said(
        "exposure", "P1", 2
    )


def test_what_is_held_cannot_be_a_channel(stall: Stall) -> None:
    stall.do("P1", SetPolicy("P1", rules(Approval(100))))
    answer = stall.try_(BEA, OpenChannel(SOL, usd(101), chain()))
    assert refused(answer) == {"reason": "outside_mandate", "rule": "approval"}


def test_a_principals_window_counts_all_its_agents(stall: Stall) -> None:
    lamp = stall.list(SOL, quantity=9)
    stall.do("P1", RegisterAgent("P1", PublicText("another")))
    stall.do("P1", GrantMandate("A5", SecretLimits(Limits())))
    stall.do("P1", SetPolicy("P1", rules(RollingBudget(1_000, HOUR_US))))
    stall.do(BEA, TakePrice(lamp, usd(500)))
    stall.do("A5", TakePrice(lamp, usd(500)))
    for agent in (BEA, "A5"):
        assert refused(stall.try_(agent, TakePrice(lamp, usd(500)))) == said("rolling_budget", "P1")
    stall.do(SOL, CancelContract("C1"))
    stall.do("A5", TakePrice(lamp, usd(500)))


def book(stall: Stall, rule: Any) -> tuple[str, str]:
    """Open a book, and let bea have a rule; give what she wants and what sol offers there."""
    listed = {"mechanisms": ("double_auction",), "quantity": 50}
    wanted = stall.list(BEA, price=100, side="want", **listed)
    stall.do(EVE, OpenOrderBook("home", "USD", HOUR_US))
    stall.do("P1", SetPolicy("P1", rules(rule)))
    return wanted, stall.list(SOL, price=100, **listed)


def test_an_order_that_trades_in_many_pieces_is_budgeted_once(stall: Stall) -> None:
    # Counting a piece twice would stop it at the third.
    wanted, offered = book(stall, RollingBudget(500, HOUR_US))
    for _ in range(5):
        stall.do(SOL, PlaceOrder("N1", offered, usd(100)))
    answer = stall.do(BEA, PlaceOrder("N1", wanted, usd(100), 5))
    assert len(applied(answer)) == 5
    assert Kept(stall.engine.state, "P1").spent("USD", -1, net=True) == 500


@pytest.mark.parametrize(("rule", "most"), [(Velocity(HOUR_US, 3), 3), (Occurrences(2), 2)])
def test_an_order_is_counted_piece_by_piece(stall: Stall, rule: Any, most: int) -> None:
    wanted, offered = book(stall, rule)
    for _ in range(5):
        stall.do(SOL, PlaceOrder("N1", offered, usd(100)))
    answer = stall.try_(BEA, PlaceOrder("N1", wanted, usd(100), 5))
    assert refused(answer)["rule"] == type_of(rule)
    stall.do(BEA, PlaceOrder("N1", wanted, usd(99), 5))  # rests, and is met by what comes later
    answer = stall.do(SOL, PlaceOrder("N1", offered, usd(99)))
    assert len(applied(answer)) == 1
    for _ in range(4):
        stall.do(SOL, PlaceOrder("N1", offered, usd(99)))
    assert Kept(stall.engine.state, "P1").deals(-1) == most


def test_trades_between_members_make_no_reference(stall: Stall) -> None:
    stall.do(OPERATOR, SetOrganisation("P3", "P4"))
    stall.do("P1", SetPolicy("P1", rules(PriceReference(1_000))))
    theirs, own = stall.list(EVE, quantity=9), stall.list(SOL, quantity=9)

    def trade(agent: str, thing: str, seller: str) -> None:
        answer = stall.do(agent, TakePrice(thing, usd(500)))
        deal = next(event.contract for event in answer.events if hasattr(event, "contract"))
        if agent == BEA:
            stall.do("P1", Approve(deal))
        stall.do(seller, SubmitDelivery(deal))
        stall.do(agent, AcceptDelivery(deal))

    for _ in range(5):
        trade(DAN, theirs, EVE)
    past = Kept(stall.engine.state, "P1")
    assert past.prices("home", "USD") == ()
    for _ in range(5):
        trade(DAN, own, SOL)
    assert past.prices("home", "USD") == (500,) * 5
    stall.do(BEA, TakePrice(own, usd(500)))
    stall.do(SOL, MakeOffer((Item(own),), usd(551), to=BEA))
    answer = stall.try_(BEA, TakePrice(stall.list(SOL, price=551), usd(551)))
    assert refused(answer) == said("price_reference", "P1")


def test_a_market_without_policies_remembers_nothing(stall: Stall) -> None:
    stall.deal(BEA, SOL, (stall.list(SOL),), 500)
    assert not stall.engine.state.rows(SERIES)
    assert not stall.engine.state.rows(KEPT)


def test_only_those_with_policies_are_remembered(stall: Stall) -> None:
    stall.do("P1", SetPolicy(BEA, rules(PerDeal(900))))
    stall.deal(BEA, SOL, (stall.list(SOL),), 500)
    stall.deal(DAN, SOL, (stall.list(SOL),), 500)
    keys = {key.rpartition("/")[0] for key in stall.engine.state.rows(ROWS)}
    assert keys == {"A1#", "A1:USD"}


def test_setting_rules_anew_forgets_nothing(stall: Stall) -> None:
    lamp = stall.list(SOL, quantity=5)
    budget = rules(RollingBudget(900, HOUR_US))
    stall.do("P1", SetPolicy("P1", budget))
    stall.do(BEA, TakePrice(lamp, usd(500)))
    stall.do("P1", SetPolicy("P1", SecretPolicy(Policy())))
    stall.do(BEA, TakePrice(lamp, usd(500)))
    stall.do("P1", SetPolicy("P1", budget))
    assert refused(stall.try_(BEA, TakePrice(lamp, usd(500)))) == said("rolling_budget", "P1")


@pytest.mark.parametrize(
    ("scope", "actor", "reason"),
    [
        (BEA, BEA, "not_yours"),
        (BEA, "P2", "not_yours"),
        ("P1", BEA, "not_yours"),
        ("P1", "P2", "not_yours"),
        ("organisation/P4", "P1", "not_yours"),
        ("market", "P1", "not_yours"),
        ("A77", OPERATOR, "not_found"),
        ("P77", "P1", "not_found"),
        ("organisation/A1", "P1", "not_found"),
        ("organisation/organisation/P1", "P1", "not_found"),
        ("", "P1", "not_found"),
    ],
)
def test_nobody_sets_rules_for_others(stall: Stall, scope: str, actor: str, reason: str) -> None:
    assert refused(stall.try_(actor, SetPolicy(scope, rules(PerDeal(1)))))["reason"] == reason


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        (PerDeal(-1), "policy.rules[0].cap_units"),
        (RollingBudget(1, 0), "policy.rules[0].window_us"),
        (RollingBudget(1, 367 * DAY_US), "policy.rules[0].window_us"),
        (Velocity(HOUR_US), "policy.rules[0].deals_max"),
        (CalendarBudget(1, "day", "Europe/Madrid"), "policy.rules[0].offsets"),
        (CalendarBudget(1, "day", "x", ((0, 0),)), "policy.rules[0].offsets"),
        (CalendarBudget(1, "day", "x", ((5, 0), (5, 0))), "policy.rules[0].offsets"),
        (CalendarBudget(1, "day", "x", ((0, 99_999), (5, 0))), "policy.rules[0].offsets"),
        (Categories(("x" * 129,)), "policy.rules[0].allowed"),
        (Categories(("x",) * 1_001), "policy.rules[0].allowed"),
        (Requested({"": 5}), "policy.rules[0].quantities"),
        (Requested({"a": -5}), "policy.rules[0].quantities"),
        (PriceReference(100, 4), "policy.rules[0].last"),
        (PriceReference(100, 51), "policy.rules[0].last"),
    ],
)
def test_rules_that_make_no_sense_are_refused_with_their_place(
    stall: Stall, rule: Any, where: str
) -> None:
    told = refused(stall.try_("P1", SetPolicy("P1", rules(rule))))
    assert (told["reason"], told["field"]) == ("invalid", where)
    limits = SecretLimits(Limits(guardrails=(rule,)))
    told = refused(stall.try_("P1", GrantMandate(BEA, limits)))
    assert told["field"] == where.replace("policy.rules", "guardrails")


def test_there_are_at_most_a_hundred_rules(stall: Stall) -> None:
    told = refused(stall.try_("P1", SetPolicy("P1", rules(*[PerDeal(1)] * 101))))
    assert told["field"] == "policy.rules"


def test_what_nobody_vouched_for_denies(stall: Stall) -> None:
    stall.do("P1", SetPolicy("P1", rules(Verification(1))))
    answer = stall.try_(BEA, TakePrice(stall.list(SOL), usd(500)))
    assert refused(answer) == said("verification", "P1")


def test_a_private_policy_stands_in_no_record(stall: Stall) -> None:
    stall.do("P1", SetPolicy("P1", rules(Floor({"home": 437_217}))))
    stall.do("P1", GrantMandate(BEA, SecretLimits(Limits(guardrails=(PerDeal(437_219),)))))
    bodies = b"".join(entry.body for entry in stall.engine.store.read())
    assert b"43721" not in bodies
    audiences = {one.audience for one in stall.engine.store.payloads() if b"43721" in one.content}
    assert audiences == {"principal-of:P1", "principal-of:A1"}


def test_a_title_that_cools_off_moves_when_it_has(stall: Stall) -> None:
    vase = stall.list(SOL, delivery="title", conditions=Conditions(cooling_off_us=DAY_US))
    deal = stall.deal(BEA, SOL, (vase,), 500)
    assert isinstance(stall.engine.state.rows(CONTRACTS)[deal], Delivered)
    assert refused(stall.try_(BEA, AcceptDelivery(deal)))["state"] == "CoolingOff"
    stall.now += DAY_US
    stall.engine.tick()
    assert deal not in stall.engine.state.rows(CONTRACTS)


@pytest.mark.parametrize("place", ["x" * 129, "12 Elsewhere Street", "é", "a\n"])
def test_a_destination_is_a_name_and_no_sentence(stall: Stall, place: str) -> None:
    told = refused(stall.try_(BEA, SetDestination(BEA, place)))
    assert told["reason"] == "invalid"
    assert refused(stall.try_("P2", SetDestination(BEA, "home")))["reason"] == "not_yours"


def test_nobody_belongs_to_itself_or_to_nobody(stall: Stall) -> None:
    for organisation, reason in (("P1", "invalid"), ("P77", "not_found"), ("", "wrong_state")):
        answer = stall.try_(OPERATOR, SetOrganisation("P1", organisation))
        assert refused(answer)["reason"] == reason
    assert refused(stall.try_("P1", SetOrganisation("P1", "P2")))["reason"] == "not_yours"


def test_mandates_of_before_have_no_guardrails_in_their_bytes() -> None:
    assert canonical.encode(Limits()) == b"{}"
    assert canonical.encode(Conditions()) == b"{}"
