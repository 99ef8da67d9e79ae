"""Money moved by people: this rail does nothing, and two of them say what they did.

They say it as commands: `ReportDeposit`, `SendPayout` and `ConfirmPayout`, by officers or the
operator, under the rules of four eyes in `core/officer.py`.
"""

from collections.abc import Mapping

from souq.rails.order import News, NoAnswer, Order, Outcome


class Manual:
    """Never answers; the outbox leaves its payouts alone."""

    is_automatic = False

    async def pay(self, order: Order) -> Outcome:
        raise NoAnswer("people pay this out")

    async def notices(self, after: str) -> News:
        return News(cursor=after)

    async def close(self) -> None:
        """Nothing is held open."""


def connect(settings: Mapping[str, str]) -> Manual:
    """Give the rail; it has no settings."""
    return Manual()
