"""Bugs to plant where bonds, panels, audits and deliveries on terms are."""

from typing import Any

import pytest

from souq.core import audit, bond, budget, conditions, epoch, jury, limits
from souq.core.dispute import costs, panel
from souq.core.money import BPS
from souq.core.rules import DAY_US
from tests.laws.bugs import Plant

COURT_BUGS: dict[str, Plant] = {}


def bug(plant: Plant) -> Plant:
    """Put a bug on the list."""
    COURT_BUGS[plant.__name__] = plant
    return plant


@bug
def a_bond_is_free_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bond, "LOCK_US", 1)


@bug
def what_is_forfeited_stays_in_the_reserve(patch: pytest.MonkeyPatch) -> None:
    honest = bond.forfeit

    def forfeit(draft: Any, who: str, *, asset: str, units: int, to: str, thing: str) -> int:
        given = honest(draft, who, asset=asset, units=units, to=f"reserve/{asset}", thing=thing)
        told = draft.events[-1]
        if given:
            draft.events[-1] = type(told)(who, asset, given, to, thing, told.left_units)
        return given

    patch.setattr(bond, "forfeit", forfeit)


@bug
def a_juror_may_have_dealt_with_a_party(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(jury, "is_partial", lambda view, principal, parties: False)


@bug
def the_harshest_vote_is_the_verdict(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(panel, "verdict_of", lambda votes: max(votes.values()))


@bug
def who_was_silent_agrees(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(costs, "settle_stakes", lambda *_, **__: None)


@bug
def who_loses_pays_no_fee(patch: pytest.MonkeyPatch) -> None:
    def take(draft: Any, contract: str, what: str, agreement: Any, to: Any) -> None:
        costs.give_back(draft, contract, what, agreement)

    patch.setattr(costs, "take", take)


@bug
def a_claim_costs_what_it_likes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "need_budget", lambda *_, **__: None)


@bug
def a_lost_fee_may_be_spent_again(patch: pytest.MonkeyPatch) -> None:
    honest = costs._settle

    def settle(draft: Any, contract: str, what: str, agreement: Any, returned: int) -> None:
        honest(draft, contract, what, agreement, returned or 1)

    patch.setattr(costs, "_settle", settle)


@bug
def a_fee_is_shared_but_for_a_unit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(costs, "_shares", lambda to, units: [(one, max(0, units - 1)) for one in to])


@bug
def every_deal_is_audited(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(audit, "is_drawn", lambda lot, ppm: True)


@bug
def an_epoch_shows_another_secret(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(epoch, "check_opens", lambda *_: None)


@bug
def what_is_late_costs_nothing_by_the_last_day(patch: pytest.MonkeyPatch) -> None:
    def late_bps(asked: Any, *, at: int, deliver_by: int) -> int:
        is_late = asked.late_us and at > deliver_by
        return min(asked.late_day_bps, BPS) if is_late else 0

    patch.setattr(conditions, "late_bps", late_bps)


@bug
def a_refund_is_not_given_back_to_the_budget(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "give_back", lambda draft, contract, agent, units: None)


@bug
def any_deal_may_be_undone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(conditions, "undo_us", lambda asked: DAY_US)
