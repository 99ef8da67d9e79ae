"""Who comes first in a batch: the best by the rule, and equals by lot; never the quickest.

The lot hangs on a seed that the lister committed to and on a number that each taker brought, so
that nobody can know or steer it alone; anybody can draw it again from what is published.
"""

import hashlib
from collections.abc import Iterable
from typing import Literal, NamedTuple

Rule = Literal["lot", "best_price", "best_attribute"]


class Ticket(NamedTuple):
    """A taker, how good its entry is (less is better), and the number it brought."""

    agent: str
    rank: int
    salt: int


def in_order(tickets: Iterable[Ticket], seed: str) -> list[Ticket]:
    """Put tickets in the order in which they are served."""
    found = sorted(tickets)
    drum = _digest(seed, *(f"{ticket.agent}:{ticket.salt}" for ticket in found))
    return sorted(found, key=lambda ticket: (ticket.rank, _digest(drum, ticket.agent)))


def commitment(seed: str) -> str:
    """Name a seed without telling it."""
    return hashlib.sha256(seed.encode()).hexdigest()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
