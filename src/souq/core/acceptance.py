"""What follows a delivery: a verifier's report, acceptance, and the time to send things back.

    delivered ──verifier: passed──▶ accepted
        └──verifier: failed──▶ failed ──silence──▶ cancelled, money back
                                 └──its giver contests──▶ disputed
    accepted ──▶ fulfilled, or where the conditions allow returns:
        returnable ──silence──▶ fulfilled
            └──its taker sends it back──▶ returning ──its giver confirms, or silence──▶ cancelled
                                             └──its giver contests──▶ disputed

A verifier that stays silent changes nothing: the takers inspect, as they always do.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from souq.core import conditions, cooling_off, dispute, halt
from souq.core.agreement import givers, takers
from souq.core.digest import check_digest
from souq.core.ending import ContractCancelled, ContractFulfilled
from souq.core.party import AGENTS
from souq.core.performance import is_between_two, is_independent, kept_bps, owed_bps
from souq.core.promise import check_measured
from souq.core.refusal import Reason, Refused
from souq.core.rules import rules
from souq.core.stage import (
    Delivered,
    Failed,
    Returnable,
    Returning,
    State,
    enter,
    need_contract,
    speaks_for,
    stage_of,
)
from souq.core.state import Draft, View


class ReportVerification(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Report whether a delivery keeps its criteria.

    By the verifier that its conditions name. `report` is the SHA-256 of what was found. `measured`
    says what was achieved of what was promised, and takes the place of what the giver reported.
    """

    contract: str
    passed: bool
    report: str
    measured: dict[str, int] | UnsetType = UNSET


class SendBack(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Send back what was accepted, within the time the conditions give. By its taker."""

    contract: str


class ConfirmReturn(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say that what was sent back has come; the money goes back. By its giver."""

    contract: str


class Contest(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say that a report of failure is wrong, or that a return has not come as it went.

    By the giver; an arbiter decides.
    """

    contract: str


class VerificationAsked(Struct, frozen=True, tag=True):
    """All is delivered; the verifier that the conditions name may check it."""

    contract: str
    verifier: str


class VerificationReported(Struct, frozen=True, tag=True, omit_defaults=True):
    """`contest_by` is when silence takes a report of failure as true."""

    contract: str
    by: str
    passed: bool
    report: str
    measured: dict[str, int] = {}
    contest_by: int = 0


class ReturnsBegan(Struct, frozen=True, tag=True):
    """The delivery is accepted, and may be sent back until `return_by`."""

    contract: str
    return_by: int


class SentBack(Struct, frozen=True, tag=True):
    """Silence until `contest_by` says that it has come."""

    contract: str
    by: str
    contest_by: int


def ask_verifier(draft: Draft, id: str, verifier: str) -> None:
    """Tell the verifier of a contract that there is something to check."""
    if verifier:
        draft.emit(VerificationAsked(id, verifier))


def accept(draft: Draft, id: str, state: Delivered | Failed) -> None:
    """Bring about what follows when all have accepted a delivery."""
    asked = state.agreement.conditions
    if asked.returns_us and is_between_two(state.agreement):
        draft.emit(ReturnsBegan(id, draft.at + asked.returns_us))
    else:
        _fulfil(draft, id, state)


def lapse(draft: Draft, id: str, state: Failed | Returnable | Returning) -> None:
    """Handle silence after a delivery. It cannot be refused."""
    match state:
        case Failed():
            at_fault = givers(state.agreement.legs)
            draft.emit(ContractCancelled(id, state.agreement, "not_verified", at_fault))
        case Returnable():
            _fulfil(draft, id, state)
        case Returning():
            draft.emit(ContractCancelled(id, state.agreement, "returned"))


def _fulfil(draft: Draft, id: str, state: State) -> None:
    penalty = owed_bps(draft, id, state)
    draft.emit(ContractFulfilled(id, state.agreement, penalty, kept_bps(draft, id)))


def _report(draft: Draft, actor: str, command: ReportVerification) -> None:
    id = command.contract
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    agreement = state.agreement
    named = draft.get(AGENTS, agreement.conditions.verifier)
    if named is None or actor not in (named.id, named.principal):
        raise Refused(Reason.NOT_YOURS)
    if not is_independent(draft, named.id, agreement):
        raise Refused(Reason.NOT_YOURS, why="nobody verifies what is their own principal's")
    if not isinstance(state, Delivered):
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    check_digest("report", command.report)
    measured = {} if command.measured is UNSET else command.measured
    check_measured(agreement.promises, measured)
    if command.passed:
        draft.emit(VerificationReported(id, named.id, True, command.report, measured))
        if draft.at >= cooling_off.until(draft, id):  # else silence accepts when that is up
            accept(draft, id, stage_of(draft, id))
    else:
        contest_by = draft.at + conditions.inspect_us(rules(draft), agreement.conditions)
        draft.emit(VerificationReported(id, named.id, False, command.report, measured, contest_by))


def _move(draft: Draft, actor: str, command: SendBack | ConfirmReturn | Contest) -> None:
    id = command.contract
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    agreement = state.agreement
    agent = speaks_for(draft, actor, agreement)
    gives, takes = agent in givers(agreement.legs), agent in takers(agreement.legs)
    match state, command:
        case Returnable(), SendBack() if takes:
            contest_by = draft.at + conditions.inspect_us(rules(draft), agreement.conditions)
            draft.emit(SentBack(id, agent, contest_by))
        case Returning(), ConfirmReturn() if gives:
            draft.emit(ContractCancelled(id, agreement, "returned"))
        case Returning(), Contest() if gives:
            dispute.begin(draft, id, "not_received")
        case Failed(), Contest() if gives:
            dispute.begin(draft, id, "other")
        case _:
            raise Refused(Reason.WRONG_STATE, state=type(state).__name__)


def _reported(view: View, event: VerificationReported) -> None:
    before = stage_of(view, event.contract)
    measured = {**before.measured, **event.measured}
    if event.passed:
        after = msgspec.structs.replace(before, measured=measured)
        enter(view, event.contract, after, before.accept_by)
    else:
        failed = Failed(before.agreement, event.contest_by, before.accepted, measured)
        enter(view, event.contract, failed, event.contest_by)


def _returnable(view: View, event: ReturnsBegan) -> None:
    before = stage_of(view, event.contract)
    state = Returnable(before.agreement, event.return_by, before.measured)
    enter(view, event.contract, state, event.return_by)


def _sent_back(view: View, event: SentBack) -> None:
    before = stage_of(view, event.contract)
    state = Returning(before.agreement, event.contest_by, before.measured)
    enter(view, event.contract, state, event.contest_by)


DECIDE: dict[type, Any] = {
    ReportVerification: _report,
    **dict.fromkeys((SendBack, ConfirmReturn, Contest), _move),
}
EVOLVE: dict[type, Any] = {
    VerificationAsked: lambda view, event: None,
    VerificationReported: _reported,
    ReturnsBegan: _returnable,
    SentBack: _sent_back,
}
