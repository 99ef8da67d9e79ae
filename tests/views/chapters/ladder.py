"""Who is on the ladder is for the principal and those who keep order, and not for its agents."""

from typing import Any

from souq.core.restriction import AppealRestriction, SetRestriction
from souq.core.rules import HOUR_US, OPERATOR
from souq.core.seal import PartyText
from tests.journal.day import Day


def play(day: Day) -> None:
    until = day.clock.now + HOUR_US
    put = SetRestriction("P2", "warn", until, "spoofing", PartyText("we saw what you did"))
    day.do(OPERATOR, put).need()
    day.do("P2", AppealRestriction("P2", PartyText("it was a mistake"))).need()
    day.clock.now += 2 * HOUR_US
    day.engine.tick()


def _owner_or_officer(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(viewer == event["principal"] or viewer in raw.officers)


SEEN = dict.fromkeys(
    ("RestrictionSet", "RestrictionAppealed", "RestrictionLapsed"), _owner_or_officer
)
