"""Proposals where the best of quality less price wins, and quality q costs theta q squared / 2.

The suppliers of Che (1993): theta is known to its supplier alone, and drawn evenly from 1 to 2. Of
a theta, the quality 1/theta is worth most beyond its cost: 1/(2 theta), its *pseudotype*. Values
here are whole units, `ONE` to 1.
"""

import math
from typing import NamedTuple

ONE = 1_000_000
LOWEST = 1 / 4  # the pseudotype of theta = 2


class Proposed(NamedTuple):
    """A price, and the quality that it is for."""

    units: int
    quality: int


def cost(theta: float, quality: int) -> int:
    """Give what a quality costs, in units, rounded up."""
    return math.ceil(theta * quality * quality / (2 * ONE))


def truthful(theta: float) -> Proposed:
    """Propose the best quality for just what it costs: by second score nothing does better."""
    quality = round(ONE / theta)
    return Proposed(cost(theta, quality), quality)


def shaded(theta: float, suppliers: int) -> Proposed:
    """Propose the best quality so that one gains most by first score, if all do likewise.

    One scores what the best of the others is expected to be worth, given that oneself is worth
    more.
    """
    quality = round(ONE / theta)
    score = expected_rival(1 / (2 * theta), suppliers)
    return Proposed(max(cost(theta, quality), quality - round(score * ONE)), quality)


def expected_rival(pseudotype: float, suppliers: int) -> float:
    """Give the mean of the best rival's pseudotype, given that it is below one's own.

    Pseudotypes k are distributed by F(k) = 2 - 1/(2k), so it is k less the integral of F to the
    power of the rivals from the lowest k on, over that power of F(k).
    """
    rivals = suppliers - 1
    chance = 2 - 1 / (2 * pseudotype)
    if chance < 1e-3:  # it hardly ever wins, and the quotient below loses its digits
        return pseudotype
    whole = 0.0
    for power in range(rivals + 1):
        weight = math.comb(rivals, power) * 2.0 ** (rivals - power) * (-0.5) ** power
        whole += weight * _integral(power, LOWEST, pseudotype)
    return pseudotype - whole / chance**rivals


def _integral(power: int, low: float, high: float) -> float:
    """Integrate x to the power of minus `power`."""
    if power == 1:
        return math.log(high / low)
    grown = 1 - power
    return float((high**grown - low**grown) / grown)
