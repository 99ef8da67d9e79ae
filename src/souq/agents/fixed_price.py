"""A fixed price: say it once and do not move."""

from collections.abc import Sequence

from souq.agents.tactic import Role, clamp


class FixedPrice:
    """Sells at the asking price; buys at nine tenths of it, or not at all."""

    opening_share = 0.9

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
        """Give the opening price again."""
        return clamp(role, opening, limit)
