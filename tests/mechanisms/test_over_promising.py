"""Who promises more quality than it has wins calls, and loses by them where buyers look.

Sol can do 60, dan 70, for a cost of 40 each; the truth loses to dan. Promising 90, sol wins at 60.
If it then admits the miss, the penalty takes its gain; if it lies, every audit that finds it out
takes the whole price. So lying pays 20 where nobody looks, and -40 where somebody does: it pays
only while fewer than one delivery in three is audited.

    python -m tests.mechanisms.test_over_promising     prints the table
"""

import random
from typing import Any

import pytest

from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.dispute import OpenDispute, Rule
from souq.core.ledger import ACCOUNTS
from souq.core.mechanisms import call_for_proposals
from souq.core.mechanisms.call_for_proposals.records import (
    AwardProposals,
    CallForProposals,
    SendProposal,
)
from souq.core.mechanisms.call_for_proposals.scoring import Criteria
from souq.core.money import Money
from souq.core.reputation import standing_of
from souq.core.rules import HOUR_US, OPERATOR
from souq.lab.hall import Hall

COST = 40
DEALS = 150
RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0)


def usd(units: int) -> Money:
    return Money(units, "USD")


class Shop:
    """One buyer's calls, in which sol meets dan again and again."""

    def __init__(self, penalty_bps: int) -> None:
        self.hall = Hall(call_for_proposals)
        self.bea, self.sol, self.dan = self.hall.join(3)
        self.want = self.hall.post(self.bea, side="want", available=DEALS)
        self.criteria = Criteria(
            quality_weight=1, quality_full=100, quality_penalty_bps=penalty_bps
        )
        self.wins = self.audits = 0

    @property
    def purse(self) -> int:
        return self.hall.simulation.engine.state.rows(ACCOUNTS)["wallet:P2/USD"].available

    def deal(self, *, promised: int, reported: int, is_audited: bool = False) -> None:
        """Hold a call, and perform what comes of it; an audit finds out that 60 was done."""
        hall = self.hall
        call = CallForProposals(
            self.want, usd(100), HOUR_US, 1, self.criteria, may_award_early=True
        )
        run = hall.open(self.bea, call)
        hall.move(self.dan, SendProposal(run, usd(COST), quality=70))
        hall.move(self.sol, SendProposal(run, usd(COST), quality=promised))
        hall.move(self.bea, AwardProposals(run))
        contract, deal = list(hall.simulation.history.deals.items())[-1]
        if deal.agreement.parties[1] == self.dan:
            hall.move(self.dan, SubmitDelivery(contract, measured={"quality": 70}))
            hall.move(self.bea, AcceptDelivery(contract))
            return
        self.wins += 1
        hall.move(self.sol, SubmitDelivery(contract, measured={"quality": reported}))
        if is_audited and reported != 60:
            self.audits += 1
            hall.move(self.bea, OpenDispute(contract, "not_as_described"))
            hall.move(OPERATOR, Rule(contract, 10_000))
        else:
            hall.move(self.bea, AcceptDelivery(contract))


def profit(
    *, promised: int, reported: int, audit_rate: float = 0.0, penalty_bps: int = 5_000
) -> tuple[float, float, int]:
    """Give sol's mean profit a call, the rate of audits that there were, and how far it
    stands above a newcomer."""
    shop, rng = Shop(penalty_bps), random.Random(f"{audit_rate}")
    before = shop.purse
    for _ in range(DEALS):
        shop.deal(promised=promised, reported=reported, is_audited=rng.random() < audit_rate)
    gained = shop.purse - before - COST * shop.wins
    (newcomer,) = shop.hall.join(1)
    state = shop.hall.simulation.engine.state
    above = standing_of(state, shop.sol) - standing_of(state, newcomer)
    return gained / DEALS, shop.audits / DEALS, above


def test_the_truth_loses_the_call_and_nothing_else() -> None:
    assert profit(promised=60, reported=60) == (0.0, 0.0, 0)


@pytest.mark.parametrize(("penalty_bps", "gain"), [(0, 20.0), (3_000, 2.0), (5_000, -10.0)])
def test_who_admits_the_miss_pays_the_penalty(penalty_bps: int, gain: float) -> None:
    assert profit(promised=90, reported=60, penalty_bps=penalty_bps)[0] == gain


@pytest.mark.parametrize("rate", RATES)
def test_who_lies_gains_only_where_fewer_than_one_in_three_is_audited(rate: float) -> None:
    gain, audited, _ = profit(promised=90, reported=90, audit_rate=rate)
    assert gain == pytest.approx(20 - 60 * audited)
    assert (gain < 0) is (audited > 1 / 3)


@pytest.mark.parametrize(
    "ways",
    [
        [{"reported": 60, "penalty_bps": one} for one in (0, 3_000, 5_000, 10_000)],
        [{"reported": 90, "audit_rate": one} for one in RATES],
    ],
)
def test_the_more_a_miss_costs_the_lower_it_stands(ways: list[dict[str, Any]]) -> None:
    names = [profit(promised=90, **one)[2] for one in ways]
    assert names == sorted(set(names), reverse=True)
    assert names[0] > 0 > names[-1]


if __name__ == "__main__":
    print("audited   sol's mean profit a call   above a newcomer")
    for one in RATES:
        gain, audited, standing = profit(promised=90, reported=90, audit_rate=one)
        print(f"{audited:7.1%}   {gain:24.1f}   {standing:12}")
