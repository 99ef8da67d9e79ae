"""Authority that is lent on: never wider than what it is a part of, and counted in all of it."""

import os
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest

from souq.core import limits as guard
from souq.core import mandate
from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.delegation import CHILDREN_MAX, DelegateMandate, wider
from souq.core.ending import ContractCancelled
from souq.core.listing import LISTINGS
from souq.core.mandate import (
    DEPTH_MAX,
    MANDATES,
    GoodsLimit,
    GrantMandate,
    Limits,
    RevokeMandate,
    SecretLimits,
)
from souq.core.mechanisms.moves import Withdraw
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.objection import Binding
from souq.core.party import AGENTS, RegisterAgent
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, HOUR_US, Rules
from souq.core.seal import PublicText
from tests.core.stall import BEA, DAN, SOL, Stall, usd

CHAINS = 100_000 if os.environ.get("SOUQ_FULL") == "1" else 3_000


def hire(stall: Stall, count: int = 1) -> list[str]:
    """Give bea's principal more agents, which have no mandate."""
    return [
        str(stall.do("P1", RegisterAgent("P1", PublicText("helper"))).events[0].agent)
        for _ in range(count)
    ]


def lend(stall: Stall, lender: str, agent: str, **limits: Any) -> Any:
    return stall.try_(lender, DelegateMandate(agent, SecretLimits(Limits(**limits))))


def mandate_of(stall: Stall, agent: str) -> Any:
    state = stall.engine.state
    found: Any = state.get(AGENTS, agent)
    return state.get(MANDATES, found.mandate)


def test_a_mandate_is_lent_on_three_times_and_no_more() -> None:
    stall = Stall()
    chain = [BEA, *hire(stall, DEPTH_MAX + 1)]
    for lender, agent in pairwise(chain[:-1]):
        assert lend(stall, lender, agent, lifetime_units=9).refusal is None
    assert lend(stall, chain[-2], chain[-1], lifetime_units=9).refusal.facts["field"] == "of"


def test_a_mandate_has_so_many_parts_and_no_more() -> None:
    stall = Stall()
    helpers = hire(stall, CHILDREN_MAX + 1)
    for agent in helpers[:-1]:
        assert lend(stall, BEA, agent).refusal is None
    assert lend(stall, BEA, helpers[-1]).refusal is not None
    assert lend(stall, BEA, helpers[0], lifetime_units=1).refusal is None  # in place of one


def test_what_was_lent_ends_with_what_it_is_a_part_of_however_that_ends() -> None:
    for how in ("revoked", "replaced", "expired", "taken back"):
        stall = Stall()
        stall.grant(BEA, expires_at=stall.now + DAY_US)
        one, two = hire(stall, 2)
        assert lend(stall, BEA, one, expires_at=stall.now + HOUR_US * 20).refusal is None
        assert lend(stall, one, two, expires_at=stall.now + HOUR_US * 19).refusal is None
        thing = stall.list(SOL, quantity=5)
        stall.do(two, TakePrice(thing, usd(500)))
        match how:
            case "revoked":
                stall.do("P1", RevokeMandate(BEA))
            case "replaced":
                stall.grant(BEA)
            case "taken back":
                stall.do(BEA, RevokeMandate(one))
            case _:
                stall.now += DAY_US
        refused = stall.try_(two, TakePrice(thing, usd(500))).refusal
        assert refused is not None, how
        assert refused.reason == Reason.NO_MANDATE, how


def test_only_whoever_lent_it_or_their_principal_takes_a_part_back() -> None:
    stall = Stall()
    one, two = hire(stall, 2)
    lend(stall, BEA, one)
    lend(stall, one, two)
    for actor in (one, two, SOL, "P2"):
        assert stall.try_(actor, RevokeMandate(one)).refusal is not None, actor
    assert stall.try_(BEA, RevokeMandate(two)).refusal is not None  # it is its lender's to take
    assert stall.try_(BEA, RevokeMandate(one)).refusal is None


def test_a_stolen_key_does_not_take_another_agents_mandate_away() -> None:
    stall = Stall()
    (helper,) = hire(stall)
    stall.do("P1", GrantMandate(helper, SecretLimits(Limits())))
    assert lend(stall, BEA, helper, lifetime_units=1).refusal.reason == Reason.NOT_YOURS
    assert lend(stall, helper, BEA, lifetime_units=1).refusal.reason == Reason.NOT_YOURS


def test_nobody_is_lent_a_part_of_what_is_a_part_of_its_own() -> None:
    stall = Stall()
    (helper,) = hire(stall)
    lend(stall, BEA, helper)
    for actor, of in (("P1", helper), ("P1", BEA), (BEA, "")):
        refusal = stall.try_(actor, DelegateMandate(BEA, SecretLimits(Limits()), of)).refusal
        assert refusal is not None
        assert refusal.facts["field"] == "agent"


def test_nobody_lends_to_or_from_another_house() -> None:
    stall = Stall()
    stall.do("P2", RevokeMandate(SOL))
    assert lend(stall, BEA, SOL).refusal.reason == Reason.NOT_YOURS
    (helper,) = hire(stall)
    for actor in ("P2", SOL, DAN, "A99"):
        refusal = stall.try_(actor, DelegateMandate(helper, SecretLimits(Limits()), BEA)).refusal
        assert refusal is not None
        assert refusal.reason == Reason.NOT_YOURS


def test_what_came_back_to_a_part_came_back_to_the_whole() -> None:
    stall = Stall()
    stall.grant(BEA, lifetime_units=900, window_units=900)
    (helper,) = hire(stall)
    lend(stall, BEA, helper, lifetime_units=700, window_units=700)
    thing = stall.list(SOL, quantity=5)
    stall.do(helper, TakePrice(thing, usd(500)))
    assert mandate_of(stall, BEA).window_units == mandate_of(stall, BEA).lifetime_units == 500
    stall.now += 8 * DAY_US
    stall.engine.tick()  # it is never delivered
    for agent in (BEA, helper):
        assert mandate_of(stall, agent).lifetime_units == mandate_of(stall, agent).window_units == 0


def test_the_whole_still_counts_what_an_ended_part_has_open() -> None:
    stall = Stall()
    stall.grant(BEA, lifetime_units=600)
    (helper,) = hire(stall)
    lend(stall, BEA, helper, lifetime_units=600)
    thing = stall.list(SOL, quantity=5)
    talk, _ = stall.offer(helper, (thing,), 400)
    stall.do(BEA, RevokeMandate(helper))
    assert mandate_of(stall, BEA).reserved_units == 400
    assert stall.try_(BEA, TakePrice(thing, usd(500))).refusal is not None
    stall.do(helper, Withdraw(talk))
    assert mandate_of(stall, BEA).reserved_units == 0
    done = stall.do(BEA, TakePrice(thing, usd(500)))
    assert not any(isinstance(one, ContractCancelled) for one in done.events)


@pytest.mark.parametrize(
    ("name", "whole", "part"),
    [
        ("asset", {}, {"asset": "EUR"}),
        ("per_deal_units", {"per_deal_units": 5}, {"per_deal_units": 6}),
        ("lifetime_units", {"lifetime_units": 5}, {}),
        ("quantity_max", {"quantity_max": 2}, {"quantity_max": 3}),
        ("expires_at", {"expires_at": 5}, {"expires_at": 6}),
        ("window_units", {"window_units": 5}, {"window_units": 5, "window_us": 1}),
        ("categories", {"categories": ("a/b",)}, {"categories": ("a",)}),
        ("counterparties", {"counterparties": ("P1",)}, {"counterparties": ("P1", "P2")}),
        ("counterparties_denied", {"counterparties_denied": ("P1",)}, {}),
        ("goods", {"goods": {"x": GoodsLimit(5)}}, {"goods": {"x": GoodsLimit(4)}}),
        ("goods", {"goods": {"x": GoodsLimit(5)}}, {"goods": {"y": GoodsLimit(5)}}),
        ("goods", {"goods": {"x": GoodsLimit()}}, {"goods": {"x": GoodsLimit(may_barter=True)}}),
        ("goods", {"goods": {}}, {}),
        ("ceilings", {"ceilings": {"a": 5}}, {"ceilings": {"a": 6}}),
        ("ceilings", {"ceilings": {"a": 5}}, {"ceilings": {"b": 1}}),
        ("ceilings", {"ceilings": {"a": 5, "a/b": 1}}, {"ceilings": {"a": 5}}),
        ("approval_always", {"approval_always": True}, {"approval_above_units": 0}),
        ("approval_above_units", {"approval_above_units": 5}, {"approval_above_units": 6}),
    ],
)
def test_what_is_wider_is_named(name: str, whole: Any, part: Any) -> None:
    view = Stall().engine.state
    assert list(wider(view, Limits(**part), Limits(**whole))) == [name]


def test_the_same_again_is_not_wider() -> None:
    whole = Limits(
        per_deal_units=1,
        window_units=2,
        lifetime_units=3,
        categories=("a",),
        counterparties=("P1",),
        goods={"x": GoodsLimit(3)},
        ceilings={"a": 5, "L1": 2},
        approval_above_units=3,
    )
    assert list(wider(Stall().engine.state, whole, whole)) == []


def draw(chance: Random, whole: Limits | None) -> Limits:
    """Draw limits; below others, mostly such as are narrower."""

    def cap(name: str) -> int | None:
        above = getattr(whole, name) if whole else None
        if chance.random() < (0.03 if above is not None else 0.5):
            return None
        return chance.randint(0, above if above is not None and chance.random() < 0.97 else 400)

    def some(names: tuple[str, ...], above: Any) -> tuple[str, ...] | None:
        if above is None and chance.random() < 0.5:
            return None
        given = tuple(above) if above is not None and chance.random() < 0.97 else names
        return tuple(one for one in given if chance.random() < 0.7)

    goods = (whole and whole.goods) or {"lamp": GoodsLimit(10, may_barter=True), "": GoodsLimit()}
    ceilings = (whole and whole.ceilings) or {"home": 90, "L1": 70, "L2": 50}
    denied = (whole.counterparties_denied if whole else ()) + (
        ("P3",) if chance.random() < 0.1 else ()
    )
    above_goods = whole is not None and whole.goods is not None
    above_ceilings = whole is not None and whole.ceilings is not None
    return Limits(
        per_deal_units=cap("per_deal_units"),
        window_units=cap("window_units"),
        lifetime_units=cap("lifetime_units"),
        quantity_max=max(1, cap("quantity_max") or 1) if chance.random() < 0.5 else None,
        categories=some(("home", "bikes"), whole and whole.categories),
        counterparties=some(("P2", "P3"), whole and whole.counterparties),
        counterparties_denied=denied,
        goods={
            ref: GoodsLimit(one.floor_units + chance.randint(0, 9)) for ref, one in goods.items()
        }
        if above_goods or chance.random() < 0.4
        else None,
        ceilings={name: max(0, most - chance.randint(0, 9)) for name, most in ceilings.items()}
        if above_ceilings or chance.random() < 0.4
        else None,
        approval_above_units=cap("approval_above_units"),
    )


def verdict(view: Any, agent: str, legs: Any) -> tuple[bool, bool]:
    """Say whether an agent may be bound, and whether that waits for nobody."""
    paid = sum(one.amount.units for one in legs if isinstance(one, CashLeg) and one.giver == agent)
    found: Any = view.get(AGENTS, agent)
    try:
        said = list(guard.object_to(view, Binding(found, legs, "N1", paid), Rules()))
    except Refused:
        return False, False
    return all(one.approver for one in said), not said


def test_no_part_ever_allows_what_a_whole_above_it_refuses() -> None:
    stall = Stall()
    helpers = hire(stall, DEPTH_MAX)
    things = [stall.list(SOL, quantity=9, ref=""), stall.list(BEA, quantity=9, ref="lamp")]
    state = stall.engine.fork()
    at = stall.now + HOUR_US
    state.at = at
    chance = Random(22)
    lent = refused = 0
    for _ in range(CHAINS):
        view = state.fork()
        chain = [(BEA, draw(chance, None))]
        own: Any = view.get(AGENTS, BEA)
        view.put(MANDATES, own.mandate, _mandate(own.mandate, BEA, chain[0][1], ""))
        for agent in helpers[: chance.randint(1, DEPTH_MAX)]:
            part = draw(chance, chain[-1][1])
            if list(wider(view, part, chain[-1][1])):
                continue
            above: Any = view.get(AGENTS, chain[-1][0])
            mandate._granted(
                view,
                mandate.MandateGranted(
                    f"M{900 + len(chain)}", agent, "P1", SecretLimits(part), above.mandate
                ),
            )
            chain.append((agent, part))
            lent += 1
        for agent, _ in chain:
            # Some of each was used, within what it allows.
            row: Any = view.get(MANDATES, _of(view, agent))
            caps = [row.limits.value.lifetime_units, row.limits.value.window_units]
            most = min([one for one in caps if one is not None], default=100)
            used = msgspec.structs.replace(row, lifetime_units=chance.randint(0, most))
            view.put(MANDATES, row.id, used)
        for _ in range(3):
            units, buys = chance.randint(0, 400), chance.random() < 0.6
            quantity = chance.choice((1, 1, 2, 5))
            thing: Any = view.get(LISTINGS, things[0 if buys else 1])
            seen = []
            for agent, _ in chain:
                giver, taker = (SOL, agent) if buys else (agent, SOL)
                legs = (
                    GoodsLeg(giver, taker, thing.id, quantity),
                    CashLeg(taker, giver, Money(units, "USD")),
                )
                seen.append(verdict(view, agent, legs))
            for above, below in pairwise(seen):
                assert above[0] >= below[0], (chain, units, seen)
                assert above[1] >= below[1], (chain, units, seen)
                refused += above != below
    assert lent > CHAINS // 2
    assert refused > CHAINS // 20


def _of(view: Any, agent: str) -> str:
    found: Any = view.get(AGENTS, agent)
    return str(found.mandate)


def _mandate(id: str, agent: str, limits: Limits, parent: str) -> Any:
    return mandate.Mandate(id, agent, "P1", SecretLimits(limits), parent=parent)
