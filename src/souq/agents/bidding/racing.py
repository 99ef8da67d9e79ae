"""Traders who answer as soon as they can: the quicker one is first more often, not always."""

import random


class Racer:
    """Answers after a time drawn from the exponential distribution."""

    def __init__(self, rng: random.Random, mean_us: int) -> None:
        self._rng = rng
        self.mean_us = mean_us

    def answers_after(self) -> int:
        """Give how long it takes, in microseconds, and at least one."""
        return max(1, round(self._rng.expovariate(1 / self.mean_us)))
