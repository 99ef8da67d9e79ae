"""A tactic names the next price in a negotiation; everything else about trading is the trader's."""

from collections.abc import Sequence
from typing import Literal, Protocol

Role = Literal["buyer", "seller"]


class Tactic(Protocol):
    """How to move between an opening price and the price beyond which there is no deal.

    `opening_share`: what a buyer opens at, as a share of the price it sees.
    """

    opening_share: float

    def price(
        self,
        role: Role,
        *,
        opening: int,
        limit: int,
        progress: float,
        mine: Sequence[int],
        theirs: Sequence[int],
    ) -> int:
        """Give the next price in units. `progress` runs from 0 to 1 as patience runs out."""


def between(share: float, opening: int, limit: int) -> int:
    """Give the price a share of the way from opening to limit."""
    share = 0.0 if share < 0 else 1.0 if share > 1 else share  # min and max take twice as long
    return opening + round((limit - opening) * share)


def clamp(role: Role, price: int, limit: int) -> int:
    """Keep a price on the sound side of the limit."""
    return min(price, limit) if role == "buyer" else max(price, limit)
