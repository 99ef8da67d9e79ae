"""A deal that waits for approval does not bind whom the house has kept from it meanwhile."""

from typing import Any

import pytest

from souq.core.approval import Approve, Decline
from souq.core.deny_list import LoadDenyList
from souq.core.restriction import SetRestriction
from souq.core.rules import OPERATOR, Rules
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS, Formed
from souq.core.terms import AdoptTerms, PublishTerms, current
from tests.core.stall import BEA, SOL, Stall

KEPT_FROM: dict[str, tuple[Any, str]] = {
    "restricted": (SetRestriction("P1", "human"), "restricted"),
    "the other side restricted": (SetRestriction("P2", "human"), "counterparty_unable"),
    "on the deny list": (LoadDenyList("v1", principals=("P1",)), "deny_listed"),
    "under new terms": (PublishTerms(PublicText("new")), "terms_not_adopted"),
}


def waiting() -> tuple[Stall, str]:
    stall = Stall(Rules(deny_list="open"))
    stall.grant(BEA, approval_always=True)
    return stall, stall.deal(BEA, SOL, (stall.list(SOL),), 500)


@pytest.mark.parametrize("why", KEPT_FROM)
def test_no_approval_binds_whom_the_house_keeps_from_binding(why: str) -> None:
    stall, deal = waiting()
    command, reason = KEPT_FROM[why]
    stall.do(OPERATOR, command)
    refusal = stall.try_("P1", Approve(deal)).refusal
    assert refusal is not None
    assert refusal.reason == reason
    stall.do("P1", Decline(deal))


def test_terms_that_both_have_adopted_let_an_approval_bind() -> None:
    stall, deal = waiting()
    stall.do(OPERATOR, PublishTerms(PublicText("new")))
    terms = current(stall.engine.state)
    assert terms is not None
    for one in ("P1", "P2"):
        stall.do(one, AdoptTerms(terms.hash))
    stall.do("P1", Approve(deal))
    assert type(stall.engine.state.rows(CONTRACTS)[deal]) is Formed
