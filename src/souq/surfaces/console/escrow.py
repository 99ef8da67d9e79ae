"""What is held for a deal, and what was paid out of it, by the transfers a viewer may see."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from souq.core.agreement import CashLeg, Leg
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
    """Fold the transfers that are named after a contract, the oldest first.

    `#C9.0.price` holds the price of the first payment of C9, and `#C9.0.price:end` ends it.
    """
    found: dict[str, Share] = {}
    named = f"#{contract}."
    assets = [leg.amount.asset for leg in legs if isinstance(leg, CashLeg)]
    for _, event in events:
        if not isinstance(event, TransfersMade):
            continue
        for id, kind, debit, credit, amount, hold, _ in event.batch.rows():
            if not (id.startswith(named) or hold.startswith(named)):
                continue
            if kind == Kind.HOLD:
                before = found.get(id)
                if before is not None:  # a part was given back, and the rest is held anew
                    before.returned -= amount
                    continue
                number, _, part = id.removeprefix(named).partition(".")
                known = number.isdecimal() and int(number) < len(assets)
                asset = assets[int(number)] if known else ""
                found[id] = Share(id, part, asset, debit, credit, amount)
            elif (share := found.get(hold)) is not None:
                left = share.held
                taken = (amount or left) if kind == Kind.CAPTURE else 0
                share.paid += taken
                share.returned += left - taken
    return list(found.values())
