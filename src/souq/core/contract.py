"""A contract is an agreement being performed. Every state has a deadline with a defined outcome.

    held      the principals' approval is awaited   silence: cancelled, money back
    formed    the givers deliver                    silence: cancelled, money back
    delivered the takers inspect                    silence: accepted, money released
    disputed  the arbiter rules                     silence: split as the house rules say

So no money can be stuck, whatever anybody does or fails to do.
"""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from souq.core import escrow, halt, mandate, standing, stock, subcontract
from souq.core.agreement import Agreement, givers, takers
from souq.core.money import BPS
from souq.core.negotiation import AgreementReached
from souq.core.party import AGENTS, need_other_agent
from souq.core.promise import check_measured, penalty_bps
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import SYSTEM, rules
from souq.core.seal import PartyText
from souq.core.stage import (
    CONTRACTS,
    Agreed,
    Delivered,
    Disputed,
    Formed,
    Held,
    State,
    need_contract,
    stage_of,
)
from souq.core.state import DEADLINES, Draft, Table, View, take_id

EVIDENCE_MAX = 128
CLAIM_MAX = 4_000
Ground = Literal["not_as_described", "not_received", "incomplete", "damaged", "other"]


class Approve(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Approve a deal above the mandate's threshold. By the principal whose money it is."""

    contract: str


class Decline(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Refuse a deal above the mandate's threshold. By the principal whose money it is."""

    contract: str


class SubmitDelivery(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say that one's goods are handed over; `evidence` is a digest of the proof.

    `measured` reports what was achieved of what was promised; what is left out counts as missed.
    """

    contract: str
    evidence: str = ""
    measured: dict[str, int] | UnsetType = UNSET  # left out, no trace in the bytes of old records


class AcceptDelivery(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take what was delivered as what was promised."""

    contract: str


class CancelContract(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Call a deal off before anything is delivered. By a giver of goods; money goes back."""

    contract: str


class OpenDispute(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Say that what was delivered is not what was promised."""

    contract: str
    ground: Ground
    claim: PartyText = PartyText("")


class Rule(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Decide a dispute: so many basis points of each payment go back to its payer. Arbiter only."""

    contract: str
    payer_bps: int


class ContractHeld(Struct, frozen=True, tag=True):
    contract: str
    waiting: tuple[str, ...]
    decide_by: int


class ContractApproved(Struct, frozen=True, tag=True):
    contract: str
    by: str


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


class DisputeOpened(Struct, frozen=True, tag=True):
    contract: str
    by: str
    ground: str
    claim: str
    rule_by: int


class ContractFulfilled(Struct, frozen=True, tag=True, omit_defaults=True):
    """`penalty_bps` of each payment go back to its payer, for promises that were not kept."""

    contract: str
    agreement: Agreement
    penalty_bps: int = 0


class ContractCancelled(Struct, frozen=True, tag=True):
    """`why`: declined, not_approved, cancelled or not_delivered; `at_fault` names agents."""

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


TABLES: tuple[Table[Any], ...] = (CONTRACTS, *standing.TABLES, *subcontract.TABLES)


def decide(draft: Draft, actor: str, command: Any) -> None:
    """Decide by what is true and who is asking; "no" is the right answer to everything else."""
    id = command.contract
    state = need_contract(draft, id)
    # An approval makes a deal bind that did not yet; all else performs or ends what binds already.
    halt.need(draft, "commitments" if isinstance(command, Approve) else "settlements")
    match state, command:
        case Held(), Approve() if actor in state.waiting:
            draft.emit(ContractApproved(id, actor))
            if state.waiting == (actor,):
                _begin(draft, id, state.agreement)
        case Held(), Decline() if actor in state.waiting:
            draft.emit(ContractCancelled(id, state.agreement, "declined"))
        case _, Approve() | Decline():
            raise _no(state, actor, _asked(draft, state))
        case Disputed(), Rule() if _is_arbiter(draft, actor, state.agreement):
            if not 0 <= command.payer_bps <= BPS:
                raise invalid("payer_bps", f"stands between 0 and {BPS}")
            draft.emit(RulingMade(id, state.agreement, actor, command.payer_bps))
        case _, Rule():
            raise _no(state, actor, (actor,) if _is_arbiter(draft, actor, state.agreement) else ())
        case _:
            _perform(draft, _speaks_for(draft, actor, state.agreement), state, command)


def _perform(draft: Draft, agent: str, state: State, command: Any) -> None:
    id, house = command.contract, rules(draft)
    giving, taking = givers(state.agreement.legs), takers(state.agreement.legs)
    match state, command:
        case Formed(), SubmitDelivery() if agent in giving and agent not in state.delivered:
            if len(command.evidence) > EVIDENCE_MAX:
                raise invalid("evidence", f"a digest has at most {EVIDENCE_MAX} characters")
            measured = {} if command.measured is UNSET else command.measured
            check_measured(state.agreement.promises, measured)
            draft.emit(DeliverySubmitted(id, agent, command.evidence, measured))
            if set(giving) == {*state.delivered, agent}:
                draft.emit(InspectionBegan(id, draft.at + house.inspection_us))
        case Formed(), CancelContract() if agent in giving and not state.delivered:
            draft.emit(ContractCancelled(id, state.agreement, "cancelled", (agent,)))
        case Delivered(), AcceptDelivery() if agent in taking and agent not in state.accepted:
            draft.emit(DeliveryAccepted(id, agent))
            if set(taking) == {*state.accepted, agent}:
                _fulfil(draft, id, state)
        case Delivered(), OpenDispute() if agent in taking and agent not in state.accepted:
            if len(command.claim.value) > CLAIM_MAX:
                raise invalid("claim", f"at most {CLAIM_MAX} characters")
            rule_by = draft.at + house.ruling_us
            draft.emit(DisputeOpened(id, agent, command.ground, command.claim.digest, rule_by))
        case _:
            raise Refused(Reason.WRONG_STATE, state=type(state).__name__)


def lapse(draft: Draft, id: str) -> None:
    """Handle a contract's deadline. It cannot be refused."""
    state = draft.get(CONTRACTS, id)
    match state:
        case Held():
            draft.emit(ContractCancelled(id, state.agreement, "not_approved"))
        case Formed():
            late = tuple(sorted(set(givers(state.agreement.legs)) - set(state.delivered)))
            draft.emit(ContractCancelled(id, state.agreement, "not_delivered", late))
        case Delivered():
            draft.emit(DeliveryAccepted(id, SYSTEM))
            _fulfil(draft, id, state)
        case Disputed():
            # Whoever admits to have missed a promise owes its penalty, whatever else is in doubt.
            owed = penalty_bps(state.agreement.promises, state.measured)
            share = max(rules(draft).silent_ruling_bps, owed)
            draft.emit(RulingMade(id, state.agreement, SYSTEM, share))
        case _:
            raise AssertionError(f"a deadline without a contract: {id}")


def _fulfil(draft: Draft, id: str, state: Delivered) -> None:
    owed = penalty_bps(state.agreement.promises, state.measured)
    draft.emit(ContractFulfilled(id, state.agreement, owed))


def form(draft: Draft, event: AgreementReached) -> None:
    """React to an agreement: set goods and money aside and begin, or wait for approval."""
    id, agreement = event.contract, event.agreement
    stock.reserve_stock(draft, agreement.legs)
    escrow.hold_money(draft, id, agreement)
    mandate.commit(draft, agreement.parties, agreement.legs, id)
    if event.waiting:
        decide_by = draft.at + rules(draft).approval_us
        draft.emit(ContractHeld(id, event.waiting, decide_by))
    else:
        _begin(draft, id, agreement)


def _begin(draft: Draft, id: str, agreement: Agreement) -> None:
    deliver_by = subcontract.due_by(draft, agreement.under, draft.at + rules(draft).delivery_us)
    draft.emit(ContractFormed(id, deliver_by))
    if stock.is_title_only(draft, agreement.legs):
        # Nothing is left to hand over: ownership inside the market moves at once.
        draft.emit(ContractFulfilled(id, agreement))


def _principals(view: View, agreement: Agreement) -> tuple[str, ...]:
    return tuple(need_other_agent(view, party).principal for party in agreement.parties)


def _asked(view: View, state: State) -> tuple[str, ...]:
    """List who might approve: while it is awaited, only those it is awaited from."""
    return state.waiting if isinstance(state, Held) else _principals(view, state.agreement)


def _is_arbiter(view: View, actor: str, agreement: Agreement) -> bool:
    # Nobody judges their own case; such a dispute ends by the silent ruling.
    return actor == rules(view).arbiter and actor not in _principals(view, agreement)


def _speaks_for(view: View, actor: str, agreement: Agreement) -> str:
    """Give the party that an agent is, or that a principal stands behind."""
    for party in agreement.parties:
        agent = view.get(AGENTS, party)
        if agent is not None and actor in (party, agent.principal):
            return party
    raise Refused(Reason.NOT_YOURS)


def _no(state: State, actor: str, entitled: tuple[str, ...]) -> Refused:
    if actor not in entitled:
        return Refused(Reason.NOT_YOURS)
    return Refused(Reason.WRONG_STATE, state=type(state).__name__)


def _agreed(view: View, event: AgreementReached) -> None:
    take_id(view, event.contract)
    view.put(CONTRACTS, event.contract, Agreed(event.agreement))


def _enter(view: View, id: str, state: State, due: int) -> None:
    view.put(CONTRACTS, id, state)
    view.put(DEADLINES, id, due)


def _held(view: View, event: ContractHeld) -> None:
    agreement = stage_of(view, event.contract).agreement
    _enter(view, event.contract, Held(agreement, event.waiting, event.decide_by), event.decide_by)


def _approved(view: View, event: ContractApproved) -> None:
    state = stage_of(view, event.contract)
    waiting = tuple(principal for principal in state.waiting if principal != event.by)
    view.put(CONTRACTS, event.contract, msgspec.structs.replace(state, waiting=waiting))


def _formed(view: View, event: ContractFormed) -> None:
    agreement = stage_of(view, event.contract).agreement
    _enter(view, event.contract, Formed(agreement, event.deliver_by), event.deliver_by)


def _submitted(view: View, event: DeliverySubmitted) -> None:
    state = stage_of(view, event.contract)
    delivered = (*state.delivered, event.by)
    measured = {**state.measured, **event.measured}
    after = msgspec.structs.replace(state, delivered=delivered, measured=measured)
    view.put(CONTRACTS, event.contract, after)


def _inspected(view: View, event: InspectionBegan) -> None:
    before = stage_of(view, event.contract)
    state = Delivered(before.agreement, event.accept_by, measured=before.measured)
    _enter(view, event.contract, state, event.accept_by)


def _accepted(view: View, event: DeliveryAccepted) -> None:
    state = stage_of(view, event.contract)
    accepted = (*state.accepted, event.by)
    view.put(CONTRACTS, event.contract, msgspec.structs.replace(state, accepted=accepted))


def _disputed(view: View, event: DisputeOpened) -> None:
    before = stage_of(view, event.contract)
    state = Disputed(before.agreement, event.by, event.rule_by, before.measured)
    _enter(view, event.contract, state, event.rule_by)


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


COMMANDS = (Approve, Decline, SubmitDelivery, AcceptDelivery, CancelContract, OpenDispute, Rule)
DECIDE: dict[type, Any] = dict.fromkeys(COMMANDS, decide)
EVOLVE: dict[type, Any] = {
    AgreementReached: _agreed,
    ContractHeld: _held,
    ContractApproved: _approved,
    ContractFormed: _formed,
    DeliverySubmitted: _submitted,
    InspectionBegan: _inspected,
    DeliveryAccepted: _accepted,
    DisputeOpened: _disputed,
    ContractFulfilled: _fulfilled,
    ContractCancelled: _cancelled,
    RulingMade: _ruled,
}
