"""Some deals wait for somebody's approval before they bind; silence declines them.

Money, goods and budget are set aside while a deal waits, so that nobody approves what is no longer
to be had.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core import halt, summary
from souq.core.agreement import Agreement
from souq.core.ending import ContractCancelled
from souq.core.refusal import Reason, Refused
from souq.core.rules import rules
from souq.core.stage import CONTRACTS, Held, State, enter, need_contract, principals, stage_of
from souq.core.state import Draft, View


class Approve(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Approve a deal above the mandate's threshold. By the principal whose money it is."""

    contract: str


class Decline(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Refuse a deal above the mandate's threshold. By the principal whose money it is."""

    contract: str


class ContractHeld(Struct, frozen=True, tag=True):
    contract: str
    waiting: tuple[str, ...]
    decide_by: int


class ContractApproved(Struct, frozen=True, tag=True):
    contract: str
    by: str


def hold(draft: Draft, id: str, waiting: tuple[str, ...]) -> None:
    """Let a contract wait until all of these have approved it."""
    draft.emit(ContractHeld(id, waiting, draft.at + rules(draft).approval_us))


def lapse(draft: Draft, id: str, state: Held) -> None:
    """Handle the silence of whoever should approve. It cannot be refused."""
    draft.emit(ContractCancelled(id, state.agreement, "not_approved"))


def _decide(draft: Draft, actor: str, command: Approve | Decline) -> None:
    id = command.contract
    state = need_contract(draft, id)
    # An approval makes a deal bind that did not yet.
    halt.need(draft, "commitments" if isinstance(command, Approve) else "settlements")
    match state, command:
        case Held(), Approve() if actor in state.waiting:
            summary.need_confirmed(draft, id, actor, state.agreement)
            draft.emit(ContractApproved(id, actor))
        case Held(), Decline() if actor in state.waiting:
            draft.emit(ContractCancelled(id, state.agreement, "declined"))
        case _ if actor in _asked(draft, state):
            raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
        case _:
            raise Refused(Reason.NOT_YOURS)


def _asked(view: View, state: State) -> tuple[str, ...]:
    """List who might approve: while it is awaited, only those it is awaited from."""
    return state.waiting if isinstance(state, Held) else principals(view, state.agreement)


def _held(view: View, event: ContractHeld) -> None:
    agreement: Agreement = stage_of(view, event.contract).agreement
    state = Held(agreement, event.waiting, event.decide_by)
    enter(view, event.contract, state, event.decide_by)


def _approved(view: View, event: ContractApproved) -> None:
    state = stage_of(view, event.contract)
    waiting = tuple(principal for principal in state.waiting if principal != event.by)
    view.put(CONTRACTS, event.contract, msgspec.structs.replace(state, waiting=waiting))


DECIDE: dict[type, Any] = {Approve: _decide, Decline: _decide}
EVOLVE: dict[type, Any] = {ContractHeld: _held, ContractApproved: _approved}
