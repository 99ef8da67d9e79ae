"""The walker's moves on the ladder: principals are put on it, object, and are let go."""

from typing import Any

from souq.core.party import PRINCIPALS
from souq.core.restriction import LEVELS, RESTRICTIONS, AppealRestriction, SetRestriction
from souq.core.rules import HOUR_US, MINUTE_US, OPERATOR
from souq.core.seal import PartyText


def restrict(walk: Any) -> Any:
    """Restrict somebody now and then, and not for long; at times one may not, or gets it wrong."""
    chance, rows = walk.chance, walk.state.rows(RESTRICTIONS)
    if rows and chance.randint(0, 2):
        return chance.choice((OPERATOR, "O1")), SetRestriction(chance.choice(list(rows)), "observe")
    if chance.randint(0, 5):
        return None
    level = chance.choice(LEVELS)
    until = walk.now + chance.choice((MINUTE_US, HOUR_US, 6 * HOUR_US))
    has_end = level in LEVELS[1:4]
    who = chance.choice((OPERATOR, OPERATOR, "O1", "P1", "A1"))
    principal = chance.choice([*walk.state.rows(PRINCIPALS), "P99"])
    ends = until if has_end == bool(chance.randint(0, 9)) else None
    return who, SetRestriction(principal, level, ends, "spoofing", PartyText("so it seems"))


def appeal(walk: Any) -> Any:
    """Object to a restriction, or to none."""
    chance, rows = walk.chance, walk.state.rows(RESTRICTIONS)
    people = list(rows) if rows and chance.randint(0, 4) else list(walk.state.rows(PRINCIPALS))
    if not rows and chance.randint(0, 7):
        return None
    principal = chance.choice(people)
    who = principal if chance.randint(0, 9) else chance.choice(("A1", OPERATOR, "P1"))
    return who, AppealRestriction(principal, PartyText("it was not us"))
