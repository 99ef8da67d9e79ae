"""Zero-intelligence traders of Gode and Sunder (1993): prices drawn at random.

Constrained ones never trade at a loss; unconstrained ones do not know what a loss is, and are held
back by their mandate alone.
"""

import random
from collections.abc import Sequence

from souq.agents.tactic import Role


class ZeroIntelligence:
    """Draws uniformly: up to the limit when constrained, up to twice the limit when not."""

    opening_share = 1.0

    def __init__(self, rng: random.Random, *, is_constrained: bool) -> None:
        self._rng = rng
        self.is_constrained = is_constrained

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
        """Give a random price."""
        ceiling = 2 * max(limit, opening, 1)
        return draw(self._rng, role, limit, ceiling, is_constrained=self.is_constrained)


def draw(
    rng: random.Random, role: Role, limit: int, price_max: int, *, is_constrained: bool
) -> int:
    """Draw a price from 1 to the highest there is; constrained, on the right side of the limit."""
    if not is_constrained:
        return rng.randint(1, price_max)
    if role == "buyer":
        return rng.randint(min(1, limit), limit)
    return rng.randint(limit, max(limit, price_max))
