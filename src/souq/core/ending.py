"""How a contract ends: fulfilled, cancelled, or ruled on. What follows for money, see `settlement`.

Each end is an event that whoever may bring it about emits; the rest of it is the same for all.
"""

from typing import Any

from msgspec import Struct

from souq.core import standing, subcontract
from souq.core.agreement import Agreement
from souq.core.stage import CONTRACTS
from souq.core.state import DEADLINES, Table, View


class ContractFulfilled(Struct, frozen=True, tag=True, omit_defaults=True):
    """`penalty_bps` of each payment go back to its payer, for promises that were not kept."""

    contract: str
    agreement: Agreement
    penalty_bps: int = 0


class ContractCancelled(Struct, frozen=True, tag=True):
    """`why`: declined, not_approved, cancelled, revoked or not_delivered.

    `at_fault` names agents.
    """

    contract: str
    agreement: Agreement
    why: str
    at_fault: tuple[str, ...] = ()


class RulingMade(Struct, frozen=True, tag=True):
    """`by` is the arbiter, or "system" where none ruled in time."""

    contract: str
    agreement: Agreement
    by: str
    payer_bps: int


TABLES: tuple[Table[Any], ...] = (*standing.TABLES, *subcontract.TABLES)


def _fulfilled(view: View, event: ContractFulfilled) -> None:
    _over(view, event.contract, event.agreement)
    standing.count(view, event.agreement, 0 if event.penalty_bps else 1)


def _cancelled(view: View, event: ContractCancelled) -> None:
    _over(view, event.contract, event.agreement, is_cancelled=True)


def _ruled(view: View, event: RulingMade) -> None:
    _over(view, event.contract, event.agreement)
    standing.count(view, event.agreement, -1 if event.payer_bps else 0)


def _over(view: View, id: str, agreement: Agreement, *, is_cancelled: bool = False) -> None:
    view.drop(CONTRACTS, id)
    view.drop(DEADLINES, id)
    subcontract.end(view, id, agreement, is_cancelled=is_cancelled)


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {
    ContractFulfilled: _fulfilled,
    ContractCancelled: _cancelled,
    RulingMade: _ruled,
}
