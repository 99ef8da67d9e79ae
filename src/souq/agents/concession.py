"""Time-dependent concession: a(t) = k + (1 - k) t^(1/beta), of Faratin, Sierra and Jennings (1998).

beta < 1 holds out (Boulware), 1 is linear, beta > 1 gives way early (conceder).
"""

from collections.abc import Sequence

from souq.agents.tactic import Role, between


class Concession:
    """Moves by the clock alone, whatever the other side does."""

    def __init__(self, beta: float, *, k: float = 0.0, opening_share: float = 0.6) -> None:
        if beta <= 0 or not 0 <= k <= 1:
            raise ValueError("beta is above 0, and k between 0 and 1")
        self.beta = beta
        self._power = 1 / beta
        self.k = k
        self.opening_share = opening_share

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
        """Give the price that the clock says."""
        passed = progress if progress < 1 else 1.0
        return between(self.k + (1 - self.k) * passed**self._power, opening, limit)


def boulware() -> Concession:
    """Hold out until patience is nearly gone."""
    return Concession(0.25)


def linear() -> Concession:
    """Give way evenly."""
    return Concession(1.0)


def conceder() -> Concession:
    """Give way early."""
    return Concession(4.0, opening_share=0.7)


def aggressive() -> Concession:
    """Open low, and give way late."""
    return Concession(0.2, opening_share=0.45)


def gentle() -> Concession:
    """Open near the price, and give way early."""
    return Concession(4.0, opening_share=0.8)


def lowballer() -> Concession:
    """Open at a fraction of the price and hardly move until the end."""
    return Concession(0.15, opening_share=0.3)
