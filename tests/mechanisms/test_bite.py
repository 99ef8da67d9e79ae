"""Planted bugs in what all open runs share: each must be noticed by the laws that guard it."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from souq.core import authority, ledger, limits, negotiation, pledge
from souq.core.agreement import Agreement, CashLeg
from souq.core.mechanisms import sealed_bid
from souq.core.mechanisms.moves import NOTHING, Outcome, Pledge
from souq.core.money import Money
from souq.core.refusal import Refused
from souq.engine import Fault
from tests.laws.auditor import Broken
from tests.mechanisms.plays import PLAYS
from tests.mechanisms.test_laws import (
    check_nothing_is_left,
    fall_silent,
    watched,
    without_each_party,
)
from tests.mechanisms.walks import let_end, walk_through

Bug = Callable[[pytest.MonkeyPatch], None]
BUGS: list[Bug] = []


def bug(plant: Bug) -> Bug:
    BUGS.append(plant)
    return plant


@bug
def what_was_held_stays_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "move", lambda draft, batch: None)


@bug
def a_run_that_ends_lets_nothing_go(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pledge, "release", lambda *_: None)


@bug
def goods_are_not_set_aside(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pledge, "_pledge_goods", lambda *_: None)


@bug
def nothing_is_held_for_a_bid(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pledge, "_hold", lambda *_: None)


@bug
def a_bid_is_held_at_half(patch: pytest.MonkeyPatch) -> None:
    honest = sealed_bid.pledge

    def half(view: Any, id: str, agent: str) -> Pledge:
        found = honest(view, id, agent)
        return msgspec.structs.replace(found, held_units=found.held_units // 2)

    patch.setattr(sealed_bid, "pledge", half)


@bug
def a_bid_reserves_no_budget(patch: pytest.MonkeyPatch) -> None:
    honest = sealed_bid.pledge

    def free(view: Any, id: str, agent: str) -> Pledge:
        return msgspec.structs.replace(honest(view, id, agent), units=0)

    patch.setattr(sealed_bid, "pledge", free)


@bug
def a_winner_pays_more_than_its_bid(patch: pytest.MonkeyPatch) -> None:
    honest = sealed_bid.outcome

    def dear(view: Any, id: str) -> Outcome | None:
        found = honest(view, id)
        if found is None or found.why:
            return found
        (agreement,) = found.agreements
        legs = tuple(
            CashLeg(leg.giver, leg.taker, Money(leg.amount.units * 3, leg.amount.asset))
            if isinstance(leg, CashLeg)
            else leg
            for leg in agreement.legs
        )
        return Outcome("", (Agreement(agreement.parties, legs),))

    patch.setattr(sealed_bid, "outcome", dear)


@bug
def a_mandate_is_not_asked_about_a_bid(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authority, "asks", lambda *_, **__: ())


@bug
def what_all_bids_could_cost_is_not_summed(patch: pytest.MonkeyPatch) -> None:
    honest = limits.object_to

    def object_to(view: Any, binding: Any, house: Any) -> Any:
        return honest(view, msgspec.structs.replace(binding, reserves=0), house)

    patch.setattr(authority, "GUARDS", (object_to,))


@bug
def an_award_that_fails_is_made_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sealed_bid, "unable", lambda *_: None)


@bug
def a_run_forgets_its_parties(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sealed_bid, "parties", lambda view, id: ())


@bug
def the_goods_of_an_ended_run_stay_pledged(patch: pytest.MonkeyPatch) -> None:
    honest = negotiation._set_aside

    def keep(draft: Any, mechanism: Any, id: str, agents: tuple[str, ...]) -> None:
        bound = [agent for agent in agents if mechanism.pledge(draft, id, agent) != NOTHING]
        honest(draft, mechanism, id, tuple(bound))

    patch.setattr(negotiation, "_set_aside", keep)


def guard() -> None:
    """Do what the laws do, on one mechanism, which carries the bugs planted here."""
    for play in PLAYS["sealed_bid"]:
        hall = watched("sealed_bid", play)
        without_each_party(hall, "sealed_bid")
        for state in hall.states:
            fall_silent(state)
            check_nothing_is_left(state, "sealed_bid")
    for seed in range(3):
        let_end(walk_through(seed, plays=20, names=("sealed_bid",)))


def test_nothing_is_found_where_nothing_is_planted() -> None:
    guard()


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_every_planted_bug_is_found(plant: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(negotiation, "AWARDS_MAX", 30)  # an endless loop shows sooner
    plant(monkeypatch)
    with pytest.raises((AssertionError, Broken, Fault, KeyError, Refused)):
        guard()
