"""How a contract ends: fulfilled, cancelled, or ruled on. What follows for money, see `settlement`.

Each end is an event that whoever may bring it about emits; the rest of it is the same for all.
"""

from typing import Any

from msgspec import Struct

from souq.core import subcontract
from souq.core.agreement import Agreement
from souq.core.stage import CONTRACTS
from souq.core.state import DEADLINES, Table, View


class ContractFulfilled(Struct, frozen=True, tag=True, omit_defaults=True):
    """`penalty_bps` of each payment go back to its payer, for promises that were not kept.

    `kept_bps` are, by payee, what it had not given back before.
    """

    contract: str
    agreement: Agreement
    penalty_bps: int = 0
    kept_bps: dict[str, int] = {}


class ContractCancelled(Struct, frozen=True, tag=True):
    """`why`: declined, not_approved, cancelled, revoked, not_delivered, not_verified or returned.

    `at_fault` names agents.
    """

    contract: str
    agreement: Agreement
    why: str
    at_fault: tuple[str, ...] = ()


class RulingMade(Struct, frozen=True, tag=True, omit_defaults=True):
    """`by` is the arbiter, "panel", "parties" who settled, or "system" where none ruled in time.

    `clause` is what of the contract's template the ruling cites. `reserve_units` are made good by
    the house, where the template says that it bears the loss. `kept_bps` as in ContractFulfilled.
    """

    contract: str
    agreement: Agreement
    by: str
    payer_bps: int
    clause: str = ""
    reserve_units: int = 0
    kept_bps: dict[str, int] = {}


TABLES: tuple[Table[Any], ...] = subcontract.TABLES


def _fulfilled(view: View, event: ContractFulfilled) -> None:
    _over(view, event.contract, event.agreement)


def _cancelled(view: View, event: ContractCancelled) -> None:
    _over(view, event.contract, event.agreement, is_cancelled=True)


def _ruled(view: View, event: RulingMade) -> None:
    _over(view, event.contract, event.agreement)


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
