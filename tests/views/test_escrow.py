"""The money of a deal as its records tell it is the money that the ledger holds for it."""

import pytest

from souq.core import contract, performance
from souq.core.agreement import Leg
from souq.core.escrow import held_for
from souq.core.ledger import HOLDS
from souq.core.stage import CONTRACTS
from souq.journal.replay import reader
from souq.views.escrow import Share, shares
from tests.core.stall import BEA, SOL, Stall
from tests.core.test_sweep import LEGAL, scene_of


def told(stall: Stall, deal: str, legs: tuple[Leg, ...]) -> list[Share]:
    store = stall.engine.store
    records = (reader(store).whole(one.seq, one.body) for one in store.read(1, store.head()[0]))
    return shares([(one.at, event) for one in records for event in one.events], deal, legs)


def test_what_is_told_to_be_held_is_what_the_ledger_holds() -> None:
    looked_at = 0
    for name in LEGAL:
        stall = scene_of(name).stall
        state = stall.engine.state
        held: dict[str, dict[str, int]] = {}
        for id, one in state.rows(HOLDS).items():
            if what := held_for(id):
                held.setdefault(what.contract, {})[id] = one.amount
        for deal, live in state.rows(CONTRACTS).items():
            found = told(stall, deal, live.agreement.legs)
            assert {one.id: one.held for one in found if one.held} == held.pop(deal, {}), name
            assert all(one.paid >= 0 and one.returned >= 0 for one in found), name
            looked_at += len(found)
        assert held == {}, f"{name}: money is held for no deal"
    assert looked_at > 30


def test_a_part_given_back_and_the_rest_paid_are_told_apart() -> None:
    stall = Stall()
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 50)
    legs = stall.engine.state.rows(CONTRACTS)[deal].agreement.legs
    stall.do(SOL, performance.GrantRefund(deal, 3_000))
    (price,) = [one for one in told(stall, deal, legs) if one.part == "price"]
    assert (price.returned, price.paid, price.held) == (
        price.units * 3 // 10,
        0,
        price.units * 7 // 10,
    )
    stall.do(SOL, contract.SubmitDelivery(deal))
    stall.do(BEA, contract.AcceptDelivery(deal))
    (price,) = [one for one in told(stall, deal, legs) if one.part == "price"]
    assert (price.returned, price.paid, price.held) == (
        price.units * 3 // 10,
        price.units * 7 // 10,
        0,
    )


@pytest.mark.parametrize(
    "id", ["#C9.0.price:end", "C9.0.price", "#N9.0.price", "#C9.0.tip", "#C9.price"]
)
def test_other_ids_are_no_holds(id: str) -> None:
    assert held_for(id) is None
