"""When a learner tries something at random, and what: decided by one draw from 0 to 1."""

from math import exp


def fading(rate: float, period: int, *, first: float = 1.0) -> float:
    """Give the chance of a trial at a period, which fades exponentially from the first."""
    return first * exp(-rate * period)


def trial(draw: float, chance: float, actions: int) -> int | None:
    """Give the action to try, evenly drawn, or None where the draw says not to explore.

    A draw below the chance is itself evenly spread up to it, so that it also tells the action.
    """
    if draw >= chance:
        return None
    return min(int(draw / chance * actions), actions - 1)
