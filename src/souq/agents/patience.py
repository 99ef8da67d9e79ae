"""Patience: what an agent demands and accepts that reckons back from the last round.

Alternating offers of Rubinstein (1982), up to a round that is the last. Each side knows the other's
patience, and that talks may break down between two rounds, as in Binmore, Rubinstein and Wolinsky
(1986). Shares are whole units; a responder's least is rounded up, so the other's share is what is
left of the whole.
"""

from msgspec import Struct

PPM = 1_000_000


class Side(Struct, frozen=True):
    """One side: what waiting a round leaves of its share, and what it has without a deal."""

    discount_ppm: int = PPM
    outside_units: int = 0


def demands(
    whole: int, first: Side, second: Side, *, rounds: int, breakdown_ppm: int = 0
) -> tuple[int, ...]:
    """Give what the proposer keeps, round by round; the first side proposes in the first.

    Each demand leaves the other just what waiting would be worth to it, so it is accepted.
    """
    if not (rounds > 0 and 0 <= breakdown_ppm <= PPM):
        raise ValueError("there is one round or more, and a chance is between 0 and 1")
    found: list[int] = []  # from the last round backwards
    for number in range(rounds, 0, -1):
        responder = second if number % 2 else first
        least = responder.outside_units
        if found:
            goes_on = (PPM - breakdown_ppm) * found[-1] + breakdown_ppm * responder.outside_units
            least = _ceil(responder.discount_ppm * goes_on, PPM * PPM)
        found.append(whole - least)
    return tuple(reversed(found))


def nash_units(whole: int, first: Side, second: Side) -> int:
    """Give the first side's share by Nash (1950): the greatest product of what both gain.

    Where two shares have the same product, it is the smaller one.
    """
    return (whole + first.outside_units - second.outside_units) // 2


def _ceil(value: int, by: int) -> int:
    return -(-value // by)
