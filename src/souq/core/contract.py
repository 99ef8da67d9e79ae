"""A contract is an agreement being performed. Every state has a deadline with a defined outcome.

    held      approval is awaited, see `approval`   silence: cancelled, money back
    formed    the givers deliver                    silence: cancelled, money back
    delivered the takers inspect                    silence: accepted, money released (*)
    failed, returnable, returning: see `acceptance`
    disputed  a ruling is awaited, see `dispute`    silence: split as the house rules say

(*) Where a hand-over needs both words, and the giver's stands alone, silence opens a dispute.

So no money can be stuck, whatever anybody does or fails to do. Its ends stand in `ending`.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from souq.core import (
    acceptance,
    approval,
    budget,
    conditions,
    cooling_off,
    dispute,
    escrow,
    halt,
    performance,
    stock,
    subcontract,
)
from souq.core.agreement import Agreement, givers, takers
from souq.core.approval import ContractApproved
from souq.core.ending import ContractCancelled, ContractFulfilled
from souq.core.negotiation import AgreementReached
from souq.core.promise import check_measured
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import SYSTEM, rules
from souq.core.stage import (
    CONTRACTS,
    Agreed,
    Delivered,
    Disputed,
    Failed,
    Formed,
    Held,
    Returnable,
    Returning,
    enter,
    need_contract,
    speaks_for,
    stage_of,
)
from souq.core.state import Draft, Table, View, take_id

EVIDENCE_MAX = 128


class SubmitDelivery(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say that one's goods are handed over; `evidence` is a digest of the proof.

    `measured` reports what was achieved of what was promised; what is left out counts as missed.
    Where the conditions ask for them, `code` is what the taker told in person, and `key` opens the
    ciphertext that was committed to. A wrong code delivers nothing, and is counted.
    """

    contract: str
    evidence: str = ""
    measured: dict[str, int] | UnsetType = UNSET  # left out, no trace in the bytes of old records
    code: str | UnsetType = UNSET
    key: str | UnsetType = UNSET


class AcceptDelivery(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take what was delivered as what was promised."""

    contract: str


class CancelContract(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Call a deal off before anything is delivered. By a giver of goods; money goes back."""

    contract: str


class ContractFormed(Struct, frozen=True, tag=True):
    contract: str
    deliver_by: int


class DeliverySubmitted(Struct, frozen=True, tag=True, omit_defaults=True):
    contract: str
    by: str
    evidence: str = ""
    measured: dict[str, int] = {}


class InspectionBegan(Struct, frozen=True, tag=True):
    """Everything is delivered; silence until `accept_by` counts as acceptance."""

    contract: str
    accept_by: int


class DeliveryAccepted(Struct, frozen=True, tag=True):
    """`by` is an agent, or "system" where the inspection passed in silence."""

    contract: str
    by: str


TABLES: tuple[Table[Any], ...] = (CONTRACTS,)


def _decide(draft: Draft, actor: str, command: Any) -> None:
    """Decide by what is true and who is asking; "no" is the right answer to everything else."""
    id = command.contract
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    agent = speaks_for(draft, actor, state.agreement)
    legs = state.agreement.legs
    match state, command:
        case Formed(), SubmitDelivery() if agent in givers(legs) and agent not in state.delivered:
            _submit(draft, agent, command, state)
        case Formed(), CancelContract() if agent in givers(legs) and not state.delivered:
            draft.emit(ContractCancelled(id, state.agreement, "cancelled", (agent,)))
        case ((Delivered() | Failed()), AcceptDelivery()) if (
            agent in takers(legs) and agent not in state.accepted
        ):
            cooling_off.need_over(draft, id)
            draft.emit(DeliveryAccepted(id, agent))
            if set(takers(legs)) == {*state.accepted, agent}:
                acceptance.accept(draft, id, state)
        case _:
            raise Refused(Reason.WRONG_STATE, state=type(state).__name__)


def _submit(draft: Draft, agent: str, command: SubmitDelivery, state: Formed) -> None:
    id, agreement = command.contract, state.agreement
    if len(command.evidence) > EVIDENCE_MAX:
        raise invalid("evidence", f"a digest has at most {EVIDENCE_MAX} characters")
    measured = {} if command.measured is UNSET else command.measured
    check_measured(agreement.promises, measured)
    if not performance.show(
        draft,
        id,
        agreement,
        agent,
        evidence=command.evidence,
        code=command.code,
        key=command.key,
    ):
        return
    draft.emit(DeliverySubmitted(id, agent, command.evidence, measured))
    if set(givers(agreement.legs)) == {*state.delivered, agent}:
        performance.count_lateness(draft, id, state)
        draft.emit(InspectionBegan(id, _accept_by(draft, id, agreement)))
        acceptance.ask_verifier(draft, id, agreement.conditions.verifier)


def lapse(draft: Draft, id: str) -> None:
    """Handle a contract's deadline. It cannot be refused."""
    state = draft.get(CONTRACTS, id)
    match state:
        case Held():
            approval.lapse(draft, id, state)
        case Formed():
            late = tuple(sorted(set(givers(state.agreement.legs)) - set(state.delivered)))
            draft.emit(ContractCancelled(id, state.agreement, "not_delivered", late))
        case Delivered() if performance.is_word_needed(draft, id, state.agreement):
            dispute.begin(draft, id, "not_received")
        case Delivered():
            draft.emit(DeliveryAccepted(id, SYSTEM))
            acceptance.accept(draft, id, state)
        case Failed() | Returnable() | Returning():
            acceptance.lapse(draft, id, state)
        case Disputed():
            dispute.lapse(draft, id, state)
        case _:
            raise AssertionError(f"a deadline without a contract: {id}")


def _accept_by(view: View, id: str, agreement: Agreement) -> int:
    """Give when silence accepts: not before the takers' principals have thought it over."""
    inspected = view.at + conditions.inspect_us(rules(view), agreement.conditions)
    return max(inspected, cooling_off.until(view, id))


def form(draft: Draft, event: AgreementReached) -> None:
    """React to an agreement: set goods and money aside and begin, or wait for approval."""
    id, agreement = event.contract, event.agreement
    stock.reserve_stock(draft, agreement.legs)
    escrow.hold_money(draft, id, agreement)
    budget.commit(draft, agreement.parties, agreement.legs, id)
    if event.waiting:
        approval.hold(draft, id, event.waiting, event.reasons)
    else:
        _begin(draft, id, agreement)


def begin_approved(draft: Draft, event: ContractApproved) -> None:
    """React to an approval: begin once nobody's is awaited any more."""
    state = stage_of(draft, event.contract)
    if not state.waiting:
        _begin(draft, event.contract, state.agreement)


def _begin(draft: Draft, id: str, agreement: Agreement) -> None:
    deliver_by = subcontract.due_by(
        draft, agreement.under, draft.at + conditions.deliver_us(rules(draft), agreement.conditions)
    )
    draft.emit(ContractFormed(id, deliver_by))
    cooling_off.begin(draft, id, agreement)
    if stock.is_title_only(draft, agreement.legs):
        # Nothing is left to hand over: ownership inside the market moves at once, unless somebody
        # may still take it back.
        if cooling_off.until(draft, id):
            draft.emit(InspectionBegan(id, cooling_off.until(draft, id)))
        else:
            draft.emit(ContractFulfilled(id, agreement))


def _agreed(view: View, event: AgreementReached) -> None:
    take_id(view, event.contract)
    view.put(CONTRACTS, event.contract, Agreed(event.agreement))


def _formed(view: View, event: ContractFormed) -> None:
    agreement = stage_of(view, event.contract).agreement
    enter(view, event.contract, Formed(agreement, event.deliver_by), event.deliver_by)


def _submitted(view: View, event: DeliverySubmitted) -> None:
    state = stage_of(view, event.contract)
    delivered = (*state.delivered, event.by)
    measured = {**state.measured, **event.measured}
    after = msgspec.structs.replace(state, delivered=delivered, measured=measured)
    view.put(CONTRACTS, event.contract, after)


def _inspected(view: View, event: InspectionBegan) -> None:
    before = stage_of(view, event.contract)
    state = Delivered(before.agreement, event.accept_by, measured=before.measured)
    enter(view, event.contract, state, event.accept_by)


def _accepted(view: View, event: DeliveryAccepted) -> None:
    state = stage_of(view, event.contract)
    accepted = (*state.accepted, event.by)
    view.put(CONTRACTS, event.contract, msgspec.structs.replace(state, accepted=accepted))


DECIDE: dict[type, Any] = dict.fromkeys((SubmitDelivery, AcceptDelivery, CancelContract), _decide)
EVOLVE: dict[type, Any] = {
    AgreementReached: _agreed,
    ContractFormed: _formed,
    DeliverySubmitted: _submitted,
    InspectionBegan: _inspected,
    DeliveryAccepted: _accepted,
}
