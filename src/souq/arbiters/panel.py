"""Jurors who are right with some probability, and in some cases all copy one opinion.

They measure what panels are worth: how often the market's own counting comes out right, what a
false claim brings, and whether it pays to sit on a panel without looking.
"""

from collections.abc import Sequence
from math import comb
from random import Random

from souq.core.dispute.counting import agreeing, verdict_of
from souq.core.money import BPS


def votes(
    truth: int, size: int, chance: Random, *, accuracy: float, copied: float = 0.0
) -> dict[str, int]:
    """Give a panel's votes on a case, each 0 or all: `copied` is how often all say the same."""
    if chance.random() < copied:
        said = _said(truth, chance, accuracy)
        return {f"J{n}": said for n in range(size)}
    return {f"J{n}": _said(truth, chance, accuracy) for n in range(size)}


def right_of(size: int, accuracy: float, copied: float = 0.0) -> float:
    """Give how often a panel is right, exactly: a binomial, mixed with one copied opinion."""
    majority = sum(
        comb(size, k) * accuracy**k * (1 - accuracy) ** (size - k)
        for k in range(size // 2 + 1, size + 1)
    )
    return copied * accuracy + (1 - copied) * majority


def gain_of_a_false_claim(price: int, fee: int, right: float) -> float:
    """Give what claiming a whole price falsely brings, before a judge who is right so often."""
    return (1 - right) * price - right * fee


def least_filing_bps(right: float) -> int:
    """Give the least filing fee, as a share of the price, at which false claims lose money."""
    return int(BPS * (1 - right) / right) + 1


class Bench:
    """One juror beside honest ones, over many cases: what it earns and loses."""

    def __init__(self, chance: Random, *, accuracy: float, size: int = 3, common: float = 0.7):
        self._chance, self._accuracy = chance, accuracy
        self._size, self._common = size, common

    def income(self, cases: int, *, pay: int, loss: int, lazy: bool) -> float:
        """Give the mean income of a case: a share of the pay, and of others' losses, or a loss.

        A lazy juror votes what is commonly right without looking, 7 times of 10 by default.
        """
        total = 0.0
        for _ in range(cases):
            truth = BPS if self._chance.random() < self._common else 0
            said = votes(truth, self._size, self._chance, accuracy=self._accuracy)
            if lazy:
                said["J0"] = BPS
            total += _share(said, pay, loss)
        return total / cases


def gold_score(said: Sequence[tuple[int, int]]) -> dict[int, float]:
    """Give, by known answer, how many votes on gold cases agreed: pairs of (answer, vote).

    A gold case is a deal between two of the house's own people, disputed like any other.
    """
    classes = sorted({answer for answer, _ in said})
    return {
        one: sum(vote == answer for answer, vote in said if answer == one)
        / sum(answer == one for answer, _ in said)
        for one in classes
    }


def _said(truth: int, chance: Random, accuracy: float) -> int:
    return truth if chance.random() < accuracy else BPS - truth


def _share(said: dict[str, int], pay: int, loss: int) -> float:
    right = agreeing(said, verdict_of(said))
    if "J0" not in right:
        return -loss
    return (pay + loss * (len(said) - len(right))) / len(right)
