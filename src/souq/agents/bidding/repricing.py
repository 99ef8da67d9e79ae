"""Programs that set a price by another price: by a rival's, or by what the last season's was.

Two that follow each other multiply their factors in every cycle. A grower that expects last
season's price makes a cobweb (Ezekiel 1938): too much is sown after a dear year, too little after a
cheap one.
"""

from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct

from souq.core.money import BPS


class Follower(Struct, frozen=True):
    """Sets its price at a constant multiple of a rival's."""

    factor: Fraction

    def price(self, rival_units: int) -> int:
        """Give its price, rounded to the nearest unit."""
        return round(self.factor * rival_units)


def stepwise(old: int, target: int, step_bps: int) -> list[int]:
    """Give the prices on the way from one to another, none further than a step from the last."""
    found = []
    while old != target:
        step = old * step_bps // BPS
        if not step:
            break
        old = max(old - step, min(old + step, target))
        found.append(old)
    return found


class Grower(Struct, frozen=True):
    """Sows by the price it expects: the harvest is `least` and `slope` for each unit of price."""

    least: int
    slope: Fraction

    def harvest(self, prices: Sequence[int], *, seasons: int = 1) -> int:
        """Give what it brings to market, expecting the mean price of so many seasons."""
        recent = prices[-seasons:]
        return round(self.least + self.slope * Fraction(sum(recent), len(recent)))


class Eater(Struct, frozen=True):
    """Buys one piece less for each unit that the price is higher."""

    most: int

    def quantity(self, price_units: int) -> int:
        """Give how many pieces it takes at a price."""
        return max(0, self.most - price_units)

    def price(self, quantity: int) -> int:
        """Give the price at which it takes so many."""
        return max(0, self.most - quantity)
