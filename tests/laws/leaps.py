"""Bugs in the bounds on prices."""

import pytest

from souq.core import listing, price_change
from souq.core.listing import LISTINGS
from souq.core.state import Draft
from tests.laws.bugs import _nothing, bug


@bug
def prices_leap(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(price_change, "check", _nothing)


@bug
def prices_creep_in_small_steps(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(price_change, "follow", _nothing)


@bug
def prices_of_an_hour_ago_are_forgotten_early(patch: pytest.MonkeyPatch) -> None:
    live = price_change._live
    patch.setattr(price_change, "_live", lambda slots, us, at: live(slots, us // 2, at))


@bug
def any_principal_confirms_a_price(patch: pytest.MonkeyPatch) -> None:
    def editor(draft: Draft, actor: str, id: str) -> str:
        found = draft.get(LISTINGS, id)
        return found.agent if found is not None and actor[0] == "P" else actor

    patch.setattr(listing, "_editor", editor)
