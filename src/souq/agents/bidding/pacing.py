"""How to bid for compute over time: with a budget that is to last, and with a deadline.

`Pacing` is adaptive pacing (Balseiro and Gur 2019): bids are values times a multiplier, which rises
while less is spent than planned and falls while more is. `choose` weighs the classes of a lane
against each other, on the prices seen lately. `patient_cap` is what a unit is worth now to somebody
who may yet try again, which is optimal stopping (Lippman and McCall 1976).
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

Tier = Literal["guaranteed", "standard", "preemptible"]
GAIN = 0.15
MULTIPLIER_MIN = 0.01
TIERS: tuple[Tier, ...] = ("guaranteed", "standard", "preemptible")  # the surer first


class Pacing:
    """Spends a budget evenly over a number of rounds, never more, and never above value."""

    def __init__(self, budget_units: int, rounds: int, *, gain: float = GAIN) -> None:
        if budget_units < 0 or rounds < 1 or gain <= 0:
            raise ValueError("a budget of 0 or more, over 1 round or more, with a gain above 0")
        self.left_units = budget_units
        self.left_rounds = rounds
        self.multiplier = 1.0
        self._gain = gain
        self._even_units = budget_units / rounds

    def cap(self, value_units: int, quantity: int = 1) -> int:
        """Give the most to bid for each of so many units that are worth so much."""
        if self.left_rounds == 0:
            return 0
        return min(int(value_units * self.multiplier), self.left_units // quantity)

    def saw(self, spent_units: int) -> None:
        """Count what a round cost, and steer towards spending the rest evenly."""
        if spent_units > self.left_units or self.left_rounds == 0:
            raise ValueError("more than was left")
        self.left_units -= spent_units
        self.left_rounds -= 1
        if self.left_rounds and self._even_units:
            plan = self.left_units / self.left_rounds
            step = self._gain * (plan - spent_units) / self._even_units
            raised = self.multiplier * math.exp(max(-1.0, min(1.0, step)))
            self.multiplier = max(MULTIPLIER_MIN, min(1.0, raised))


class Choice(NamedTuple):
    """The class to take, and the cap to bid in it; reservations have none."""

    tier: Tier
    cap: int


def patient_cap(value_units: int, tries: int, prices: Sequence[int]) -> int:
    """Give the most to pay for a unit now, with so many tries after this one.

    It is the value less what waiting is worth: the mean, over prices like those seen, of the better
    of taking a later price and waiting on. With no try left it is the value itself.
    """
    waiting = 0.0
    for _ in range(tries if prices else 0):
        waiting = sum(max(value_units - price, waiting) for price in prices) / len(prices)
    return int(value_units - waiting)


def choose(
    value_units: int, *, need: int, window: int, posted: int, prices: Sequence[int]
) -> Choice | None:
    """Choose a class for a job of `need` intervals that must end within `window` of them.

    `value_units` is what one interval is worth if all are done, `posted` what reserving one costs,
    and `prices` are spot prices seen. None: no class promises a gain.
    """
    if need > window:
        return None
    affordable = [price for price in prices if price <= value_units]
    share = len(affordable) / len(prices) if prices else 1.0
    mean = sum(affordable) / len(affordable) if affordable else value_units
    sure = 1 - (1 - share) ** (window - need + 1)
    had = min(need, share * window)  # intervals that a preemptible job gets to pay for
    gains = (
        float(need * (value_units - posted)),
        sure * need * (value_units - mean),
        _at_least(need, window, share) * need * value_units - had * mean,
    )
    best = max(range(3), key=lambda n: (gains[n], -n))
    if gains[best] <= 0:
        return None
    if TIERS[best] == "guaranteed":
        return Choice("guaranteed", posted)
    return Choice(TIERS[best], value_units)


def _at_least(need: int, window: int, share: float) -> float:
    """Give the chance of so many hits or more, of `window` tries with one chance."""
    return sum(
        math.comb(window, hits) * share**hits * (1 - share) ** (window - hits)
        for hits in range(need, window + 1)
    )
