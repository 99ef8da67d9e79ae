"""The words of the little language for the ladder: who is put where, appeals, and is let go.

operator warns|slows|restricts W for WHY [for 2 days], operator restricts W for good for WHY,
operator lifts the restriction of W, W appeals against it, W is on level LEVEL.
"""

from typing import Any

from souq.core.restriction import AppealRestriction, SetRestriction, level_of
from souq.core.rules import DAY_US
from souq.core.seal import PartyText
from tests.scenarios.words import claim, interval, step

LEVELS = {"warns": "warn", "slows": "slow", "restricts": "restrict"}


@step(r"restricts (\w+) for good for (\w+)")
def _for_good(play: Any, who: str, said: Any) -> Any:
    why: Any = said[2]
    return SetRestriction(play.principal(said[1]), "human", why=why)


@step(r"(warns|slows|restricts) (\w+) for (\w+)(?: for (.+))?")
def _puts(play: Any, who: str, said: Any) -> Any:
    until = play.clock.now + (interval(said[4]) if said[4] else DAY_US)
    level: Any = LEVELS[said[1]]
    words = PartyText("see the records")
    return SetRestriction(play.principal(said[2]), level, until, said[3], words)


@step(r"lifts the restriction of (\w+)")
def _lifts(play: Any, who: str, said: Any) -> Any:
    return SetRestriction(play.principal(said[1]), "observe")


@step(r"appeals against it", "principal")
def _appeals(play: Any, who: str, said: Any) -> Any:
    return AppealRestriction(play.principal(who), PartyText("we only tidied up our stall"))


@claim(r"(\w+) is on level (\w+)")
def _level(play: Any, said: Any) -> Any:
    return level_of(play.engine.state, play.principal(said[1])), said[2]
