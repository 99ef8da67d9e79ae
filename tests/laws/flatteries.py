"""Bugs to plant in reputation and feedback: each lets somebody look better than earned."""

from typing import Any

import pytest

from souq.core import feedback, imported, market, owing, reputation, trust
from souq.core.decay import Tally
from souq.core.ending import ContractCancelled, RulingMade
from tests.laws.bugs import bug


def _refold(patch: pytest.MonkeyPatch, event: type, of: Any, fold: Any) -> None:
    """Put another fold in the place of one module's."""
    kept = [
        one.EVOLVE[event]
        for one in (*market._MODULES, *market._OTHERS)
        if event in one.EVOLVE and one is not of
    ]
    patch.setitem(market._EVOLVE, event, market._each(*kept, fold))


@bug
def rulings_count_as_good_deals(patch: pytest.MonkeyPatch) -> None:
    _refold(
        patch,
        RulingMade,
        reputation,
        lambda view, event: reputation._settled(view, event.agreement, 10_000),
    )


@bug
def what_never_came_counts_nothing(patch: pytest.MonkeyPatch) -> None:
    _refold(patch, ContractCancelled, reputation, lambda view, event: None)


@bug
def a_friend_counts_without_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reputation, "_bounded", lambda tally, most: tally)


@bug
def rings_count_like_everybody(patch: pytest.MonkeyPatch) -> None:
    def counts(found: Any, counterparty: str, subject: str) -> int:
        return 10_000 if found is None else int(found.bps.get(counterparty, 0))

    patch.setattr(trust, "counts_bps", counts)


@bug
def evidence_never_fades(patch: pytest.MonkeyPatch) -> None:
    def as_of(tally: Tally, at: int, half_life: int) -> Tally:
        return Tally(tally.good, tally.bad, at)

    patch.setattr(reputation, "as_of", as_of)


@bug
def cancelled_contracts_are_owed_for_good(patch: pytest.MonkeyPatch) -> None:
    _refold(patch, ContractCancelled, owing, lambda view, event: None)


@bug
def feedback_is_shown_at_once(patch: pytest.MonkeyPatch) -> None:
    given = feedback.DECIDE[feedback.GiveFeedback]

    def give(draft: Any, actor: str, command: Any) -> None:
        given(draft, actor, command)
        if draft.get(feedback.FINISHED, command.contract) is not None:
            feedback._release(draft, command.contract)

    patch.setitem(market._DECIDE, feedback.GiveFeedback, give)


@bug
def anybody_sets_trust(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trust, "need_operator", lambda actor: None)


@bug
def evidence_is_brought_twice(patch: pytest.MonkeyPatch) -> None:
    folded = market._EVOLVE[imported.ReputationImported]

    def fold(view: Any, event: Any) -> None:
        folded(view, event)
        view.drop(imported.ROOTS, event.evidence_root)
        view.drop(imported.ROOTS, event.digest)
        view.drop(imported.UNTIL, f"{event.principal}/{event.source}")

    patch.setitem(market._EVOLVE, imported.ReputationImported, fold)


@bug
def what_is_brought_has_no_bound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(imported, "_within", lambda good, bad, most: (good, bad))
