"""Calls for proposals, played."""

from typing import Any

from souq.core.mechanisms.call_for_proposals.records import (
    AwardProposals,
    CallForProposals,
    SendProposal,
)
from souq.core.mechanisms.call_for_proposals.scoring import Criteria
from souq.core.money import Money
from souq.core.rules import HOUR_US, SECOND_US
from tests.mechanisms.plays import Path

QUALITY = Criteria(price_weight=1, quality_weight=1, quality_full=100)


def usd(units: int) -> Money:
    return Money(units, "USD")


def call(path: Path, buyer: str, quantity: int = 1, **fields: Any) -> str:
    """Open a call for so many units at up to 100 each."""
    want = path.post(buyer, side="want", subject="service", available=quantity)
    return path.open(buyer, CallForProposals(want, usd(100), HOUR_US, quantity, **fields))


def by_second_score(path: Path) -> None:
    """The best of three is paid until it scores as the second."""
    bea, sol, dan, eve = path.join(4)
    run = call(path, bea, criteria=QUALITY)
    for agent, units, quality in ((sol, 60, 50), (dan, 40, 70), (eve, 90, 95)):
        path.move(agent, SendProposal(run, usd(units), quality=quality))
    path.pass_time(2 * HOUR_US)
    assert path.trades[-1] == (bea, dan, "L1", 1, 65)  # with 70 it scores as eve: 10 + 95


def in_the_open_by_first_score(path: Path) -> None:
    """Everybody sees the proposals; two of three supply five pieces, and are paid what they ask."""
    bea, sol, dan, eve = path.join(4)
    run = call(
        path,
        bea,
        5,
        criteria=Criteria(latency_weight=1, latency_max_us=10 * SECOND_US),
        scoring="first_score",
        is_sealed=False,
        may_award_early=True,
    )
    for agent, units, seconds, quantity in ((sol, 50, 5, 2), (dan, 40, 3, 4), (eve, 80, 9, 5)):
        path.move(
            agent,
            SendProposal(run, usd(units), quantity=quantity, latency_us=seconds * SECOND_US),
        )
    path.move(sol, SendProposal(run, usd(30), quantity=3, latency_us=5 * SECOND_US))
    path.move(bea, AwardProposals(run))
    assert path.trades[-2:] == [(bea, dan, "L1", 4, 160), (bea, sol, "L1", 1, 30)]


def nobody_answers(path: Path) -> None:
    """A call that nobody answers ends, and its want is called for again."""
    bea, sol = path.join(2)
    want = path.post(bea, side="want", subject="service", available=3)
    for quantity in (3, 2):
        run = path.open(bea, CallForProposals(want, usd(100), HOUR_US, quantity))
        if quantity == 2:
            path.move(sol, SendProposal(run, usd(70)))
        path.pass_time(quantity * HOUR_US if quantity == 3 else 9 * HOUR_US)
    assert path.trades[-1] == (bea, sol, "L1", 2, 200)  # the budget, as nobody lost


PLAYS = (by_second_score, in_the_open_by_first_score, nobody_answers)
