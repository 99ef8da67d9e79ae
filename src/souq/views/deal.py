"""One deal as its records tell it: what was agreed, and what became of it."""

from msgspec import Struct

from souq.core.agreement import Agreement, cash_paid
from souq.core.money import BPS
from souq.core.promise import penalty_bps

VOID = (
    *("cancelled", "declined", "not_approved", "not_delivered", "not_verified", "returned"),
    *("revoked", "undone"),
)


class Deal(Struct):
    """An agreement and what became of it."""

    contract: str
    negotiation: str
    at: int
    agreement: Agreement
    stage: str = "agreed"
    payer_bps: int = 0  # what a ruling gave back
    measured: dict[str, int] = {}  # what was reported of what was promised
    penalty_bps: int = 0  # what misses cost by that report, once all is delivered
    late_bps: int = 0  # what of that is for being late

    @property
    def units(self) -> int:
        """Give the sum of its payments."""
        return cash_paid(self.agreement.legs)

    @property
    def is_void(self) -> bool:
        """Tell whether it came to nothing."""
        return self.stage in VOID

    def owed_bps(self) -> int:
        """Give what misses and lateness cost by what was reported."""
        return min(BPS, penalty_bps(self.agreement.promises, self.measured) + self.late_bps)
