"""Zero-intelligence traders of an auction: several units each, bought or sold in their order."""

import random

from souq.agents.tactic import Role
from souq.agents.zero_intelligence import draw


class ZeroIntelligence:
    """Quotes at random for the unit whose turn it is, until all are traded.

    Gode and Sunder (1993). Constrained, a buyer bids at most what the unit is worth to it, and a
    seller asks at least what the unit costs it.
    """

    def __init__(
        self,
        rng: random.Random,
        role: Role,
        limits: tuple[int, ...],
        price_max: int,
        *,
        is_constrained: bool = True,
    ) -> None:
        self._rng = rng
        self._price_max = price_max
        self._is_constrained = is_constrained
        self.role = role
        self.limits = limits
        self.traded = 0

    @property
    def limit(self) -> int | None:
        """Give what the unit is worth whose turn it is, or None after the last."""
        return self.limits[self.traded] if self.traded < len(self.limits) else None

    def would_take(self, price: int) -> bool:
        """Tell whether a price shouted by the other side is no worse than one drawn."""
        drawn = self.price()
        if drawn is None:
            return False
        return price >= drawn if self.role == "seller" else price <= drawn

    def price(self) -> int | None:
        """Draw a quote, or give None where there is nothing left to trade."""
        limit = self.limit
        if limit is None:
            return None
        return draw(
            self._rng, self.role, limit, self._price_max, is_constrained=self._is_constrained
        )
