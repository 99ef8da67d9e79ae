"""More bugs to plant: authority that is lent on, halted or approved, and goes further than that."""

from typing import Any

import pytest

from souq.core import approval, authority, budget, delegation, halt, limits, mandate
from souq.core.mandate import MandateRevoked
from souq.core.party import need_other_agent
from tests.laws.bugs import _nothing, bug


@bug
def a_part_is_not_counted_in_the_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "lineage", lambda view, one: (one,))


@bug
def the_whole_is_not_judged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "chain", lambda view, agent: (mandate.need_mandate(view, agent),))
    patch.setattr(delegation, "_need_narrower", _nothing)


@bug
def what_is_lent_may_be_wider(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delegation, "_need_narrower", _nothing)


@bug
def parts_outlive_the_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mandate, "end", lambda draft, id: draft.emit(MandateRevoked(id)))


@bug
def anybody_lends_on(patch: pytest.MonkeyPatch) -> None:
    def lender(draft: Any, actor: str, command: Any) -> Any:
        return need_other_agent(draft, command.of or actor)

    patch.setattr(delegation, "_lender", lender)


@bug
def a_part_is_lent_to_strangers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mandate, "lender_of", lambda view, agent: "A1")


@bug
def who_is_halted_is_bound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authority, "GUARDS", (limits.object_to,))


@bug
def lenders_are_halted_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(halt, "_scopes", lambda view, agent: (agent.principal, agent.id))


@bug
def a_principal_lifts_what_the_operator_set(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(halt, "_switch", lambda scope, actor: scope)


@bug
def an_approval_binds_whoever_is_no_longer_free(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(approval, "_need_free", _nothing)
