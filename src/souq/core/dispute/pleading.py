"""A claim, its answer, evidence, settling between the parties, and the arbiter's ruling."""

import re
from typing import Any

import msgspec

from souq.core import conditions, cooling_off, halt, liability
from souq.core.agreement import Agreement, cash_given, takers
from souq.core.case import PARTIES, REDO, Arbitration, Case, Pleading, Proposal, Verdict
from souq.core.dispute import costs, sides, verdict
from souq.core.dispute.records import (
    AcceptSplit,
    AddEvidence,
    AnswerDispute,
    DisputeAnswered,
    DisputeOpened,
    EvidenceAdded,
    Ground,
    OpenDispute,
    ProposeSplit,
    Rule,
    SplitProposed,
)
from souq.core.dispute.verdict import REDONE, put_phase
from souq.core.money import BPS
from souq.core.performance import need_floor
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import rules
from souq.core.stage import (
    Delivered,
    Disputed,
    enter,
    need_contract,
    speaks_for,
    stage_of,
)
from souq.core.state import Draft, View

CLAIM_MAX = 4_000
EVIDENCE_MAX = 20  # digests, of each side
ROUNDS_MAX = 10  # of proposals in a plain dispute
_DIGEST = re.compile(r"[A-Za-z0-9:_-]{1,128}")


def _open(draft: Draft, actor: str, command: OpenDispute) -> None:
    id = command.contract
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    agreement = state.agreement
    agent = speaks_for(draft, actor, agreement)
    is_taker = agent in takers(agreement.legs)
    if not (isinstance(state, Delivered) and is_taker and agent not in state.accepted):
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    _check_words("claim", command.claim.value)
    _check_digests(command.evidence, before=0)
    liability.need_ground(agreement.conditions.template, command.ground)
    if not 0 < command.asked_bps <= BPS:
        raise invalid("asked_bps", f"stands between 1 and {BPS}")
    if command.remedy == "redo" and draft.get(REDONE, id):
        raise invalid("remedy", "it was done again once; ask for money")
    procedure = conditions.procedure_of(draft, agreement.conditions)
    if procedure is not None and cash_given(agreement.legs, agent):
        price, asset = sides.stake(draft, agreement)
        fee = procedure.filing_fee(price)
        costs.hold_fee(draft, id, costs.FILING, actor, agent, asset=asset, units=fee)
    asked = REDO if command.remedy == "redo" else command.asked_bps
    _put_before(draft, id, agent, command.ground, command.claim.digest, command.evidence, asked)


def begin(draft: Draft, id: str, ground: Ground) -> None:
    """Open a dispute in the name of whoever takes the goods, because no silence may decide it."""
    agreement: Agreement = stage_of(draft, id).agreement
    _put_before(draft, id, takers(agreement.legs)[0], ground, "", (), BPS)


def _put_before(
    draft: Draft,
    id: str,
    claimant: str,
    ground: Ground,
    claim: str,
    evidence: tuple[str, ...],
    asked_bps: int,
) -> None:
    agreement: Agreement = stage_of(draft, id).agreement
    procedure = conditions.procedure_of(draft, agreement.conditions)
    rule_by = draft.at + (rules(draft).ruling_us if procedure is None else procedure.evidence_us)
    # While it cools off, evidence stays open: nobody judges what may still be taken back.
    rule_by = max(rule_by, cooling_off.until(draft, id))
    judge = sides.arbiter_of(draft, agreement)
    named = "" if judge == rules(draft).arbiter else judge
    draft.emit(
        DisputeOpened(id, claimant, ground, claim, rule_by, evidence, asked_bps, procedure, named)
    )


def _answer(draft: Draft, actor: str, command: AnswerDispute) -> None:
    id = command.contract
    state, phase, side = _need_pleading(draft, actor, id)
    if side == state.claimant:
        raise Refused(Reason.NOT_YOURS)
    if phase.is_answered:
        raise Refused(Reason.WRONG_STATE, state="Answered")
    _check_words("answer", command.answer.value)
    _check_digests(command.evidence, before=_brought(state, side))
    if command.accepts:
        _need_two(state)
        cooling_off.need_over(draft, id)
        _need_floor(draft, actor, state, side, id, state.case.asked_bps)
    draft.emit(DisputeAnswered(id, side, command.answer.digest, command.evidence, command.accepts))
    if command.accepts:
        verdict.conclude(draft, id, stage_of(draft, id), Verdict(state.case.asked_bps, PARTIES))


def _add(draft: Draft, actor: str, command: AddEvidence) -> None:
    state, _, side = _need_pleading(draft, actor, command.contract)
    if not command.evidence:
        raise invalid("evidence", "name at least one digest")
    _check_digests(command.evidence, before=_brought(state, side))
    draft.emit(EvidenceAdded(command.contract, side, command.evidence))


def _propose(draft: Draft, actor: str, command: ProposeSplit) -> None:
    state, phase, side = _need_pleading(draft, actor, command.contract)
    _need_two(state)
    if not 0 <= command.payer_bps <= BPS:
        raise invalid("payer_bps", f"stands between 0 and {BPS}")
    procedure = state.case.procedure
    most = ROUNDS_MAX if procedure is None else procedure.rounds_max
    if phase.rounds >= most:
        raise Refused(Reason.ROUND_LIMIT, most=most)
    # Counted from the end, so that a standstill takes nothing from it.
    if procedure is not None and draft.at >= (
        state.rule_by - max(0, procedure.evidence_us - procedure.negotiate_us)
    ):
        raise Refused(Reason.WRONG_STATE, state="Pleading", why="the time to negotiate is over")
    _need_floor(draft, actor, state, side, command.contract, command.payer_bps)
    draft.emit(SplitProposed(command.contract, side, command.payer_bps))


def _accept(draft: Draft, actor: str, command: AcceptSplit) -> None:
    state, phase, side = _need_pleading(draft, actor, command.contract)
    if phase.proposal is None or phase.proposal.by == side:
        raise Refused(Reason.NOT_YOUR_TURN)
    if phase.proposal.payer_bps != command.payer_bps:
        raise Refused(Reason.TERMS_CHANGED)
    cooling_off.need_over(draft, command.contract)
    _need_floor(draft, actor, state, side, command.contract, command.payer_bps)
    verdict.conclude(draft, command.contract, state, Verdict(command.payer_bps, PARTIES))


def _need_floor(
    draft: Draft, actor: str, state: Disputed, side: str, id: str, back_bps: int
) -> None:
    if back_bps != REDO:
        need_floor(draft, actor, side, id, state.agreement, back_bps=back_bps)


def _rule(draft: Draft, actor: str, command: Rule) -> None:
    id = command.contract
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    if actor == "" or actor != sides.arbiter_of(draft, state.agreement):
        raise Refused(Reason.NOT_YOURS)
    if not (isinstance(state, Disputed) and _is_due(draft, state)):
        what = state.case.phase if isinstance(state, Disputed) else state
        raise Refused(Reason.WRONG_STATE, state=type(what).__name__)
    if not 0 <= command.payer_bps <= BPS:
        raise invalid("payer_bps", f"stands between 0 and {BPS}")
    cooling_off.need_over(draft, id)
    price, _ = sides.stake(draft, state.agreement)
    if not 0 <= command.forfeit_units <= price:
        raise invalid("forfeit_units", "at most what the deal pays")
    # A listing may name its seller's friend, whose word must not reach beyond the deal's own money.
    if command.forfeit_units and actor != rules(draft).arbiter:
        raise invalid("forfeit_units", "only the house's own arbiter may take of a bond")
    if command.redo and draft.get(REDONE, id):
        raise invalid("redo", "it was done again once")
    if command.cause:
        bearer = liability.bearer(state.agreement.conditions.template, command.cause)
        if bearer == "payer" and (command.payer_bps or command.redo):
            raise invalid("cause", "by this deal's template the payer bears it: nothing goes back")
        if bearer == "reserve" and command.redo:
            raise invalid("cause", "the house bears it with money alone")
    share = REDO if command.redo else command.payer_bps
    ruling = Verdict(share, actor, command.cause, command.forfeit_units)
    verdict.conclude(draft, id, state, ruling)


def _is_due(view: View, state: Disputed) -> bool:
    """Tell whether the arbiter may rule: in a plain dispute at once, else when evidence is in.

    Where it judges alone, the other side's answer is enough.
    """
    case = state.case
    if case.procedure is None or isinstance(case.phase, Arbitration):
        return True
    price, _ = sides.stake(view, state.agreement)
    judges_alone = not case.procedure.jury or price < case.procedure.arbiter_below_units
    return isinstance(case.phase, Pleading) and case.phase.is_answered and judges_alone


def _need_pleading(draft: Draft, actor: str, id: str) -> tuple[Disputed, Pleading, str]:
    """Give a dispute that its sides may still speak in, and which side the actor is."""
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    if not isinstance(state, Disputed):
        speaks_for(draft, actor, state.agreement)
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    side = sides.side_of(draft, actor, state)
    phase = state.case.phase
    if not isinstance(phase, Pleading):
        raise Refused(Reason.WRONG_STATE, state=type(phase).__name__)
    return state, phase, side


def _need_two(state: Disputed) -> None:
    # What two settle would move the money of a third.
    if len(state.agreement.parties) != 2:
        raise invalid("contract", "only a deal between two can be settled between them")


def _check_words(field: str, words: str) -> None:
    if len(words) > CLAIM_MAX:
        raise invalid(field, f"at most {CLAIM_MAX} characters")


def _check_digests(evidence: tuple[str, ...], *, before: int) -> None:
    # A judge may read them: a digest has no room for a sentence that it might obey.
    if any(_DIGEST.fullmatch(one) is None for one in evidence):
        raise invalid("evidence", "digests: up to 128 letters, digits and :_- each")
    if before + len(evidence) > EVIDENCE_MAX:
        raise invalid("evidence", f"at most {EVIDENCE_MAX} digests of each side")


def _brought(state: Disputed, side: str) -> int:
    return sum(by == side for by, _ in state.case.evidence)


def _opened(view: View, event: DisputeOpened) -> None:
    before = stage_of(view, event.contract)
    case = Case(
        procedure=event.procedure,
        ground=event.ground,
        asked_bps=event.asked_bps,
        opened_at=view.at,
        evidence=tuple((event.by, one) for one in event.evidence),
    )
    state = Disputed(before.agreement, event.by, event.rule_by, before.measured, case)
    enter(view, event.contract, state, event.rule_by)


def _answered(view: View, event: DisputeAnswered) -> None:
    state = stage_of(view, event.contract)
    phase = msgspec.structs.replace(state.case.phase, is_answered=True)
    brought = tuple((event.by, one) for one in event.evidence)
    evidence = (*state.case.evidence, *brought)
    put_phase(view, event.contract, state.rule_by, phase=phase, evidence=evidence)


def _added(view: View, event: EvidenceAdded) -> None:
    state = stage_of(view, event.contract)
    brought = tuple((event.by, one) for one in event.evidence)
    evidence = (*state.case.evidence, *brought)
    put_phase(view, event.contract, state.rule_by, evidence=evidence)


def _proposed(view: View, event: SplitProposed) -> None:
    state = stage_of(view, event.contract)
    phase = msgspec.structs.replace(
        state.case.phase,
        proposal=Proposal(event.by, event.payer_bps),
        rounds=state.case.phase.rounds + 1,
    )
    put_phase(view, event.contract, state.rule_by, phase=phase)


DECIDE: dict[type, Any] = {
    OpenDispute: _open,
    AnswerDispute: _answer,
    AddEvidence: _add,
    ProposeSplit: _propose,
    AcceptSplit: _accept,
    Rule: _rule,
}
EVOLVE: dict[type, Any] = {
    DisputeOpened: _opened,
    DisputeAnswered: _answered,
    EvidenceAdded: _added,
    SplitProposed: _proposed,
}
