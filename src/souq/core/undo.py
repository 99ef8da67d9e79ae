"""Where a deal's conditions say so, either side's principal may undo it for a while.

It ends with that time, or with the first delivery. Money and goods go back, and it is on record
who used the opportunity.
"""

from typing import Any

from msgspec import Struct

from souq.core import conditions, halt, standstill
from souq.core.contract import ContractFormed, DeliverySubmitted
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.refusal import Reason, Refused
from souq.core.stage import Delivered, Formed, need_contract, principals, stage_of
from souq.core.standstill import ClocksStarted, ClocksStopped
from souq.core.state import Draft, Table, View


class UndoContract(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Undo a deal made in error, while its conditions allow it. By the principal of either side."""

    contract: str


class ContractUndone(Struct, frozen=True, tag=True):
    contract: str
    by: str


UNDO_UNTIL: Table[int] = Table("undo_until", int)
TABLES: tuple[Table[Any], ...] = (UNDO_UNTIL,)


def _undo(draft: Draft, actor: str, command: UndoContract) -> None:
    id = command.contract
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    if actor not in principals(draft, state.agreement):
        raise Refused(Reason.NOT_YOURS)
    # A title that cools off is never delivered, and may be in dispute: fees and jurors wait there.
    is_due = isinstance(state, Formed | Delivered)
    if not is_due or draft.at >= (draft.get(UNDO_UNTIL, id) or 0):
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    draft.emit(ContractUndone(id, actor))
    draft.emit(ContractCancelled(id, state.agreement, "undone"))


def _formed(view: View, event: ContractFormed) -> None:
    allowed_us = conditions.undo_us(stage_of(view, event.contract).agreement.conditions)
    if allowed_us:
        view.put(UNDO_UNTIL, event.contract, view.at + allowed_us)


def _over(view: View, event: Any) -> None:
    if view.get(UNDO_UNTIL, event.contract) is not None:
        view.drop(UNDO_UNTIL, event.contract)


def _undone(view: View, event: ContractUndone) -> None:
    """What follows has an event of its own; this one says who used the opportunity."""


def _stopped(view: View, event: ClocksStopped) -> None:
    standstill.stop(view, UNDO_UNTIL, event)


def _started(view: View, event: ClocksStarted) -> None:
    standstill.start(view, UNDO_UNTIL, event)


DECIDE: dict[type, Any] = {UndoContract: _undo}
EVOLVE: dict[type, Any] = {
    ClocksStopped: _stopped,
    ClocksStarted: _started,
    ContractUndone: _undone,
    ContractFormed: _formed,
    DeliverySubmitted: _over,
    ContractFulfilled: _over,
    ContractCancelled: _over,
    RulingMade: _over,
}
