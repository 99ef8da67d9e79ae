"""Cannot bear to lose: bids on as long as it has money, whatever the thing is worth.

Two of them in Shubik's dollar auction (1971), where the loser pays as well, burn all they have.
"""

import random


class Escalator:
    """Answers every bid at once, up to its budget, and once in a while lets one round go."""

    def __init__(self, value: int, budget: int, rng: random.Random, *, patience: float = 1.0):
        self.value = value
        self.budget = budget
        self._rng = rng
        self._patience = patience

    def answer(self, minimum: int, *, leads: bool) -> int | None:
        """Give the next bid, or None for none this time."""
        if leads or minimum > self.budget or self._rng.random() >= self._patience:
            return None
        return minimum
