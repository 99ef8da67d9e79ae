"""More bugs to plant: policies that forget, look away, or let go too early."""

from typing import Any

import pytest

from souq.core import authority, cooling_off, market
from souq.core.limits import object_to
from souq.core.negotiation import AgreementReached
from souq.core.policy import JUDGES, history, judging, remembering
from souq.core.policy.goods import Categories, Destinations
from souq.core.policy.money import CoolingOff, PerDeal, RollingBudget
from souq.core.policy.pace import Velocity
from tests.laws.bugs import _nothing, bug


@bug
def policies_are_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authority, "GUARDS", (object_to,))


def _blind(kind: type) -> Any:
    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(JUDGES, kind, _nothing)

    plant.__name__ = f"{kind.__name__} allows everything"
    return bug(plant)


for _kind in (PerDeal, RollingBudget, Velocity, Categories, Destinations, CoolingOff):
    _blind(_kind)


@bug
def budgets_forget_what_is_committed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(history, "commit", _nothing)


@bug
def what_comes_back_comes_back_twice(patch: pytest.MonkeyPatch) -> None:
    honest = history.lessen

    def lessen(view: Any, series: str, n: int, first: int, second: int) -> None:
        honest(view, series, n, 2 * first, 2 * second)

    patch.setattr(history, "lessen", lessen)


@bug
def a_members_rules_are_not_its_organisations(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judging, "organisation_key", lambda view, principal: "")


@bug
def a_decision_is_not_written_down(patch: pytest.MonkeyPatch) -> None:
    kept = tuple(one for one in market.REACTIONS[AgreementReached] if one is not remembering.record)
    patch.setitem(market.REACTIONS, AgreementReached, kept)


@bug
def what_cools_off_is_paid_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cooling_off, "until", lambda view, id: 0)
