"""Answers about disputes: what is claimed, what was brought, and who is to judge it."""

from typing import Any

import msgspec

from souq.core import jury
from souq.core.agreement import Agreement
from souq.core.case import (
    Arbitration,
    Committing,
    Decided,
    Drawing,
    Pleading,
    Revealing,
)
from souq.core.dispute.records import (
    DisputeAnswered,
    DisputeOpened,
    EvidenceAdded,
    RedoOrdered,
    VerdictReached,
)
from souq.core.dispute.sides import arbiter_of, respondents
from souq.core.ending import RulingMade
from souq.core.negotiation import AgreementReached
from souq.core.party import AGENTS
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.core.stage import CONTRACTS, Disputed
from souq.core.state import View, was_issued
from souq.operations import dispute_queries as ask
from souq.venue.access import need_party, speaks_for
from souq.venue.desk import Desk, check_limit, read_cursor, write_cursor

_NUMBER_END = 1 << 53


def get_dispute(desk: Desk, actor: str, query: ask.GetDispute) -> ask.Dispute:
    id, state = query.contract, desk.state
    if id[:1] != "C" or not was_issued(state, id):
        raise Refused(Reason.NOT_FOUND, id=id[:64])
    found, agreement = _told(desk, id)
    live = state.get(CONTRACTS, id)
    if agreement is None and live is not None:
        agreement = live.agreement
    if agreement is None:
        raise Refused(Reason.NOT_FOUND, id=id)
    may_judge = found is not None and _may_judge(state, actor, id, agreement, live)
    if not may_judge:
        need_party(state, actor, agreement.parties, id)
    if found is None:  # what began so lately that no view has read of it yet is not there yet
        raise Refused(Reason.NOT_FOUND, id=id)
    return _live(found, live) if isinstance(live, Disputed) else found


def list_disputes(desk: Desk, actor: str, query: ask.ListDisputes) -> ask.Disputes:
    check_limit(query.limit)
    before = read_cursor(query.cursor, int) if query.cursor else _NUMBER_END
    found: list[int] = []
    is_meant = _waits_for if query.mine_to_judge else _concerns
    for id in reversed(desk.affairs.disputes()):
        live = desk.state.get(CONTRACTS, id)
        if int(id[1:]) >= before or not isinstance(live, Disputed):
            continue
        if is_meant(desk.state, actor, live, id):
            found.append(int(id[1:]))
            if len(found) > query.limit:
                break
    page = found[: query.limit]
    disputes = tuple(one for number in page if (one := _running(desk, f"C{number}")) is not None)
    return ask.Disputes(disputes, write_cursor(page[-1]) if len(found) > query.limit else "")


def _running(desk: Desk, id: str) -> ask.Dispute | None:
    """Give a running dispute, or None while no view has read of it yet."""
    live = desk.state.get(CONTRACTS, id)
    found, _ = _told(desk, id)
    return _live(found, live) if found is not None and isinstance(live, Disputed) else None


def _concerns(view: View, actor: str, live: Disputed, id: str) -> bool:
    if actor == OPERATOR or any(speaks_for(view, actor, one) for one in live.agreement.parties):
        return True
    return _may_judge(view, actor, id, live.agreement, live)


def _may_judge(view: View, actor: str, id: str, agreement: Agreement, live: Any) -> bool:
    if speaks_for(view, actor, arbiter_of(view, agreement)):
        return True
    return isinstance(live, Disputed) and id in _cases(view, actor)


def _cases(view: View, actor: str) -> tuple[str, ...]:
    """List the contracts over which an actor, or whom it votes for, sits on a panel."""
    agent = view.get(AGENTS, actor)
    juror = view.get(jury.JURORS, actor if agent is None else agent.principal)
    if juror is None or actor not in (juror.principal, juror.agent):
        return ()
    return juror.cases


def _waits_for(view: View, actor: str, live: Disputed, id: str) -> bool:
    match live.case.phase:
        case Committing(jurors=jurors, commitments=commitments):
            return any(speaks_for(view, actor, one) and one not in commitments for one in jurors)
        case Revealing(commitments=commitments, votes=votes):
            return any(speaks_for(view, actor, one) and one not in votes for one in commitments)
        case Arbitration():
            return actor == arbiter_of(view, live.agreement)
        case Pleading():
            is_plain = live.case.procedure is None
            return is_plain and actor == arbiter_of(view, live.agreement)
        case _:
            return False


def _told(desk: Desk, id: str) -> tuple[ask.Dispute | None, Agreement | None]:
    """Fold the last dispute about a contract from its records."""
    agreement: Agreement | None = None
    found: ask.Dispute | None = None
    replace = msgspec.structs.replace
    for record in desk.story(id):
        for event in record.events:
            if getattr(event, "contract", "") != id:
                continue
            match event:
                case AgreementReached():
                    agreement = event.agreement
                case DisputeOpened() if agreement is not None:
                    found = _opened(desk, event, agreement, record.at)
                case _ if found is None:
                    continue
                case DisputeAnswered():
                    found = replace(found, answer=desk.words(event.answer))
                    found = _with_evidence(found, event.by, event.evidence)
                case EvidenceAdded():
                    found = _with_evidence(found, event.by, event.evidence)
                case VerdictReached():
                    found = replace(found, verdict_bps=event.payer_bps, verdict_by=event.by)
                case RedoOrdered():
                    found = replace(found, phase="redone", verdict_bps=-1, verdict_by=event.by)
                case RulingMade(by=by, payer_bps=share):
                    found = replace(found, phase="ruled", verdict_bps=share, verdict_by=by)
                case _:
                    continue
    return found, agreement


def _opened(desk: Desk, event: DisputeOpened, agreement: Agreement, at: int) -> ask.Dispute:
    return ask.Dispute(
        contract=event.contract,
        phase="pleading",
        claimant=event.by,
        respondents=respondents(agreement, event.by),
        legs=agreement.legs,
        ground=event.ground,
        claim=desk.words(event.claim),
        opened_at=at,
        asked_bps=event.asked_bps,
        evidence=tuple(ask.Evidence(event.by, one) for one in event.evidence),
        promises=agreement.promises,
        arbiter=arbiter_of(desk.state, agreement),
        template=agreement.conditions.template,
        procedure=event.procedure,
    )


def _with_evidence(found: ask.Dispute, by: str, digests: tuple[str, ...]) -> ask.Dispute:
    more = tuple(ask.Evidence(by, one) for one in digests)
    return msgspec.structs.replace(found, evidence=(*found.evidence, *more))


def _live(found: ask.Dispute, live: Disputed) -> ask.Dispute:
    case, phase = live.case, live.case.phase
    now: dict[str, Any] = {
        "phase": type(phase).__name__.lower(),
        "due_at": live.rule_by,
        "measured": live.measured,
        "level": 0 if case.first is None else 1,
    }
    match phase:
        case Pleading(proposal=proposal) if proposal is not None:
            now |= {"proposed_bps": proposal.payer_bps, "proposed_by": proposal.by}
        case Drawing(size=size):
            now |= {"panel_size": size}
        case Committing():
            now |= {"panel_size": len(phase.jurors), "votes_in": len(phase.commitments)}
        case Revealing():
            now |= {"panel_size": len(phase.jurors), "votes_in": len(phase.votes)}
        case Decided(verdict=verdict):
            now |= {"verdict_bps": verdict.payer_bps, "verdict_by": verdict.by}
        case _:
            pass
    return msgspec.structs.replace(found, **now)


ANSWERS: dict[type, Any] = {
    ask.GetDispute: get_dispute,
    ask.ListDisputes: list_disputes,
}
