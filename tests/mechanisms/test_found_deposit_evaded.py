"""A deposit is lost by whoever backs out, also where it backs out after the award."""

import pytest

from souq.core.contract import CancelContract, Decline
from souq.core.mandate import Limits
from souq.core.mechanisms import commit_reveal
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


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="a principal may decline what its agent won, and gets the deposit back",
)
def test_a_winner_whose_principal_declines_has_lost_its_deposit() -> None:
    hall, sol, bea = _awarded(Limits(approval_always=True))
    hall.pass_time(3 * HOUR_US)
    hall.simulation.submit("P2", Decline("C1")).need()
    # The seller paid 5 itself, for a reserve never shown.
    assert owned(hall, sol, bea) == [1_000, 1_000]


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
