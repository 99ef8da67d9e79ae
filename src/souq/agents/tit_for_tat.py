"""Relative tit-for-tat: concede in the proportion in which the other side just did.

Faratin, Sierra and Jennings (1998), section on behaviour-dependent tactics.
"""

from collections.abc import Sequence

from souq.agents.tactic import Role, between, clamp

FIRST_STEP = 0.2  # of the way, until the other side has shown a concession to answer


class TitForTat:
    """Mirrors concessions, and never passes its limit."""

    opening_share = 0.6

    def price(
        self,
        role: Role,
        *,
        opening: int,
        limit: int,
        progress: float,
        mine: Sequence[int],
        theirs: Sequence[int],
    ) -> int:
        """Give the last own price, moved by the other side's last relative concession."""
        last = mine[-1] if mine else opening
        if len(theirs) < 2 or theirs[-1] == 0:
            return between(FIRST_STEP, last, limit)
        mirrored = last * theirs[-2] // theirs[-1]
        # A step back by the other side is not answered in kind: it would never end.
        moved = max(last, mirrored) if role == "buyer" else min(last, mirrored)
        return clamp(role, moved, limit)
