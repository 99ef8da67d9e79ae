"""Zero-intelligence-plus traders: a profit margin that follows what others shout.

Cliff and Bruten (1997): whoever could have traded at a better price asks for more; whoever would
have missed a trade, or is undercut by a rival, asks for less. Margins move by the Widrow-Hoff rule
with momentum, towards a target a little beyond the price just heard.
"""

import random

from souq.agents.tactic import Role


class Zip:
    """One trader with one unit a day. Its price is its limit, changed by its margin.

    A target lies up to `beyond` units past the price heard, and up to 5 % besides. What it hears is
    compared with its price in whole units: compared with the unrounded one, margins would stand
    still where a shout was rounded to the wrong side of it.
    """

    def __init__(self, rng: random.Random, role: Role, limit: int, *, beyond: float = 0.05) -> None:
        self._rng = rng
        self.role = role
        self.limit = limit
        self._beyond = beyond
        sign = 1 if role == "seller" else -1
        self._margin = sign * rng.uniform(0.05, 0.35)
        self._rate = rng.uniform(0.1, 0.5)
        self._momentum = rng.uniform(0.0, 0.1)
        self._change = 0.0
        self._worth = limit * (1 + self._margin)

    def price(self) -> int:
        """Give the price in whole units, rounded so that it stays within the limit."""
        if self.role == "seller":
            return max(self.limit, round(self._worth))
        return max(1, min(self.limit, round(self._worth)))

    def would_take(self, price: int) -> bool:
        """Tell whether a price shouted by the other side is good enough."""
        return price >= self.price() if self.role == "seller" else price <= self.price()

    def hear(self, price: int, by: Role, *, is_taken: bool, is_active: bool) -> None:
        """Learn from a shout; whoever has traded today is no longer active and never asks less."""
        own = self.price()
        if self.role == "seller":
            if is_taken and own <= price:
                self._aim(price, 1)
            elif is_active and own >= price and (by == "buyer") is is_taken:
                self._aim(price, -1)
        elif is_taken and own >= price:
            self._aim(price, -1)
        elif is_active and own <= price and (by == "seller") is is_taken:
            self._aim(price, 1)

    def _aim(self, price: int, sign: int) -> None:
        rng = self._rng
        target = price * (1 + sign * rng.uniform(0.0, 0.05))
        target += sign * rng.uniform(0.0, self._beyond)
        step = self._rate * (target - self._worth)
        self._change = self._momentum * self._change + (1 - self._momentum) * step
        margin = (self._worth + self._change) / self.limit - 1
        self._margin = max(0.0, margin) if self.role == "seller" else min(0.0, max(-1.0, margin))
        self._worth = self.limit * (1 + self._margin)
