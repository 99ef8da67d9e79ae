"""What an agent has shown as a supplier: one whole number, from what its contracts came to.

A contract fulfilled without a penalty counts 1 for whoever gave goods and was paid. One with a
penalty, one that was cancelled, and a gift count nothing. A ruling that gives money back to the
payer takes 1 away. Nobody begins below a newcomer's 0, but anybody may fall below it.
"""

from typing import Any

from souq.core.agreement import Agreement, cash_taken, givers
from souq.core.state import Table, View

STANDINGS: Table[int] = Table("standings", int)
TABLES: tuple[Table[Any], ...] = (STANDINGS,)


def standing_of(view: View, agent: str) -> int:
    """Give an agent's standing; a newcomer's is 0."""
    return view.get(STANDINGS, agent) or 0


def count(view: View, agreement: Agreement, points: int) -> None:
    """Fold what a contract's end says of those who gave the goods."""
    if points:
        for agent in givers(agreement.legs):
            if points > 0 and not cash_taken(agreement.legs, agent):
                continue
            view.put(STANDINGS, agent, standing_of(view, agent) + points)
