"""Bonds are their principal's own; epochs are everybody's."""

from typing import Any

from souq.core.bond import LOCK_US, PostBond, WithdrawBond
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.money import Money
from souq.core.rules import OPERATOR
from tests.journal.day import Day

SECRET = "ab" * 16


def play(day: Day) -> None:
    day.do(OPERATOR, CommitEpoch(of_secret(SECRET))).need()
    day.do(OPERATOR, CommitEpoch(of_secret(SECRET))).need()
    day.do(OPERATOR, RevealEpoch("E1", SECRET)).need()
    day.do("P2", PostBond(Money(7, "USD"))).need()
    day.do("P2", WithdrawBond()).need()
    day.clock.now += LOCK_US
    day.engine.tick()


def _owner(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(viewer == event["principal"])


def _everybody(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return True


SEEN = {
    **dict.fromkeys(("BondPosted", "BondAsked", "BondReturned", "BondForfeited"), _owner),
    **dict.fromkeys(("EpochCommitted", "EpochRevealed"), _everybody),
}
