"""A bond cannot be spent, comes back after its lock, and is forfeited to whoever was harmed."""

import pytest

from souq.core import bond, market
from souq.core.bond import LOCK_US, PostBond, WithdrawBond
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.refusal import Refused
from souq.core.state import Draft
from tests.core.stall import DEPOSIT, Stall, usd


def free(stall: Stall, principal: str) -> int:
    account = stall.engine.state.get(ACCOUNTS, f"wallet:{principal}/USD")
    assert account is not None
    return account.available


def forfeit(stall: Stall, units: int, to: str) -> int:
    """Have a rule of the core forfeit of P1's bond, as one record's events."""
    state = stall.engine.state
    draft = Draft(state, state.at + 1, market.evolve)
    given = bond.forfeit(draft, "P1", asset="USD", units=units, to=to, thing="C1")
    draft.merge()
    return given


def test_a_bond_is_locked_and_added_to() -> None:
    stall = Stall()
    stall.do("P1", PostBond(usd(300)))
    stall.do("P1", PostBond(usd(200)))
    assert bond.standing_units(stall.engine.state, "P1") == 500
    assert free(stall, "P1") == DEPOSIT - 500


def test_a_bond_comes_back_after_its_lock_and_counts_no_more_meanwhile() -> None:
    stall = Stall()
    stall.do("P1", PostBond(usd(300)))
    stall.do("P1", WithdrawBond())
    assert bond.standing_units(stall.engine.state, "P1") == 0
    assert free(stall, "P1") == DEPOSIT - 300
    stall.now += LOCK_US
    stall.engine.tick()
    assert free(stall, "P1") == DEPOSIT
    assert not stall.engine.state.rows(HOLDS)
    stall.do("P1", PostBond(usd(1)))


def test_what_is_forfeited_goes_to_the_harmed_even_from_a_bond_that_leaves() -> None:
    stall = Stall()
    stall.do("P1", PostBond(usd(300)))
    stall.do("P1", WithdrawBond())
    assert forfeit(stall, 120, "wallet:P2/USD") == 120
    assert free(stall, "P2") == DEPOSIT + 120
    assert forfeit(stall, 1_000, "wallet:P2/USD") == 180, "there was no more"
    assert forfeit(stall, 1, "wallet:P2/USD") == 0
    stall.now += LOCK_US
    assert stall.engine.tick() == 0, "nothing is left to come back"
    assert free(stall, "P1") == DEPOSIT - 300


def test_a_forfeit_to_the_house_stays_in_its_reserve() -> None:
    stall = Stall()
    stall.do("P1", PostBond(usd(300)))
    forfeit(stall, 100, "reserve/USD")
    reserve = stall.engine.state.get(ACCOUNTS, "reserve/USD")
    assert reserve is not None
    assert reserve.posted == 100
    assert bond.standing_units(stall.engine.state, "P1") == 200


@pytest.mark.parametrize(
    ("actor", "units", "told"),
    [
        ("P1", 0, "invalid"),
        ("P1", -5, "invalid"),
        ("P1", DEPOSIT + 1, "insufficient_funds"),
        ("A1", 5, "not_found"),
        ("operator", 5, "not_found"),
    ],
)
def test_nobody_locks_what_is_not_theirs_to_lock(actor: str, units: int, told: str) -> None:
    with pytest.raises(Refused, match=told):
        Stall().do(actor, PostBond(usd(units)))


def test_a_bond_that_leaves_is_neither_added_to_nor_asked_for_again() -> None:
    stall = Stall()
    stall.do("P1", PostBond(usd(300)))
    stall.do("P1", WithdrawBond())
    for command in (PostBond(usd(1)), WithdrawBond()):
        with pytest.raises(Refused, match="wrong_state"):
            stall.do("P1", command)
    with pytest.raises(Refused, match="wrong_state"):
        stall.do("P2", WithdrawBond())
