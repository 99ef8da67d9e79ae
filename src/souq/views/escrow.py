"""What is held for a deal, was paid and went back, by the transfers that one may see."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from souq.core.agreement import CashLeg, Leg
from souq.core.escrow import held_for
from souq.core.ledger import TransfersMade
from souq.core.transfer import Kind


class Share(Struct):
    """One pending transfer: from which account to which, and what became of it, in units.

    `part` is price or fee.
    """

    id: str
    part: str
    asset: str
    debit: str
    credit: str
    units: int
    paid: int = 0
    returned: int = 0

    @property
    def held(self) -> int:
        """Give what is still held."""
        return self.units - self.paid - self.returned


def shares(events: Sequence[tuple[int, Any]], contract: str, legs: Sequence[Leg]) -> list[Share]:
    """Fold the transfers that hold and pay a contract's money, the oldest first."""
    found: dict[str, Share] = {}
    assets = [leg.amount.asset for leg in legs if isinstance(leg, CashLeg)]
    for _, event in events:
        if not isinstance(event, TransfersMade):
            continue
        for id, kind, debit, credit, amount, hold, _ in event.batch.rows():
            if kind == Kind.HOLD and (what := held_for(id)) and what.contract == contract:
                if (before := found.get(id)) is not None:  # a part went back, the rest is held anew
                    before.returned -= amount
                else:
                    asset = assets[what.payment]
                    found[id] = Share(id, what.part, asset, debit, credit, amount)
            elif (share := found.get(hold)) is not None:
                left = share.held
                taken = (amount or left) if kind == Kind.CAPTURE else 0
                share.paid += taken
                share.returned += left - taken
    return list(found.values())
