"""A deposit is lost by whoever backs out, also where it backs out after the award."""

import pytest

from souq.core.contract import CancelContract
from souq.core.mandate import Limits
from souq.core.mechanisms import commit_reveal
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, SECOND_US
from souq.lab.hall import Hall
from tests.mechanisms.bidding import commit, open_commit_reveal, reveal
from tests.mechanisms.purses import owned


def _awarded(limits: Limits) -> tuple[Hall, str, str]:
    """Let a bid of 60 be shown, and the reserve of the seller not."""
    hall = Hall(commit_reveal, purse_units=1_000)
    (sol,) = hall.join(1)
    (bea,) = hall.join(1, limits)
    run = open_commit_reveal(hall, sol)
    commit(hall, run, bea, 60)
    hall.pass_time(HOUR_US + SECOND_US)
    reveal(hall, run, bea, 60)
    return hall, sol, bea


@pytest.mark.parametrize("limits", [Limits(approval_always=True), Limits(approval_above_units=4)])
def test_whoever_must_be_asked_cannot_commit_to_a_bid(limits: Limits) -> None:
    with pytest.raises(Refused) as caught:
        _awarded(limits)
    assert (caught.value.reason, caught.value.facts) == (
        Reason.OUTSIDE_MANDATE,
        {"rule": "approval"},
    )


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="a seller who committed to sell may cancel the contract, and pays nothing for it",
)
def test_a_seller_who_backs_out_after_the_award_has_lost_its_deposit() -> None:
    hall, sol, bea = _awarded(Limits())
    hall.pass_time(3 * HOUR_US)
    before = owned(hall, sol, bea)
    hall.simulation.submit(sol, CancelContract("C1")).need()
    after = owned(hall, sol, bea)
    assert after[0] < before[0]
