"""What is old counts less: halving by time, in whole numbers.

A sum is kept as of an instant and read as of a later one, so nothing has to be touched because time
passed. The factor is exact to one part in 10**7: shifts for whole half-lives, and for what is left
products of the roots of one half, found with integer square roots.
"""

from math import isqrt

from msgspec import Struct

_BITS = 30
_ONE = 1 << _BITS
_STEP = 9  # a half-life is divided into 2**27 parts, looked up nine places at a time
_STEPS = 3 * _STEP
SHIFT_MAX = 62  # after so many half-lives nothing is left


def _roots() -> tuple[int, ...]:
    """Give 2**(-1/2), 2**(-1/4), 2**(-1/8) … in 2**-60."""
    found, fine = [], 1 << 59  # one half
    for _ in range(_STEPS):
        fine = isqrt(fine << 60)
        found.append(fine)
    return tuple(found)


def _tables() -> tuple[tuple[int, ...], ...]:
    """Give, for each nine binary places of a fraction of a half-life, what they leave."""
    roots, found = _roots(), []
    for first in range(0, _STEPS, _STEP):
        rows = [1 << 60]
        for root in reversed(roots[first : first + _STEP]):
            rows += [row * root >> 60 for row in rows]
        found.append(tuple(row >> 30 for row in rows))
    return tuple(found)


_HIGH, _MIDDLE, _LOW = _tables()
_MASK = (1 << _STEP) - 1


class Tally(Struct, frozen=True, gc=False, array_like=True):
    """Evidence for and against, in millionths of a deal, as of an instant."""

    good: int = 0
    bad: int = 0
    at: int = 0


NONE = Tally()


def factor(age: int, half_life: int) -> int:
    """Give 2**(-age / half_life) in 2**-30; an age below 0 counts as none."""
    whole, rest = divmod(age, half_life) if age > 0 else (0, 0)
    if whole > SHIFT_MAX:
        return 0
    fraction = (rest << _STEPS) // half_life
    found = _HIGH[fraction >> 2 * _STEP] * _MIDDLE[fraction >> _STEP & _MASK] >> _BITS
    found = found * _LOW[fraction & _MASK] >> _BITS
    return found >> whole


def as_of(tally: Tally, at: int, half_life: int) -> Tally:
    """Give what a tally comes to at a later instant."""
    if tally.at == at or not (tally.good or tally.bad):
        return Tally(tally.good, tally.bad, at)
    left = factor(at - tally.at, half_life)
    return Tally(tally.good * left >> _BITS, tally.bad * left >> _BITS, at)
