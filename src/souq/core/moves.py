"""What somebody can do about a contract now: each command is tried, and the rules themselves say.

A try is judged on a draft that nobody merges, and guesses nothing: it has no code, key or nonce.
What is refused for want of those, of money or of a mandate counts as a move all the same: another
time it may do, and nobody can feel for another's limits here without leaving a trace.
"""

from collections.abc import Iterator
from typing import Any, cast

from souq.core import market, summary
from souq.core.acceptance import ConfirmReturn, Contest, ReportVerification, SendBack
from souq.core.approval import Approve, Decline, digest_of
from souq.core.audit import ReportAudit
from souq.core.contract import AcceptDelivery, CancelContract, SubmitDelivery
from souq.core.cooling_off import RevokeContract
from souq.core.dispute.records import (
    AcceptSplit,
    AddEvidence,
    AnswerDispute,
    AppealVerdict,
    CommitVote,
    Ground,
    OpenDispute,
    ProposeSplit,
    RevealVote,
    Rule,
)
from souq.core.feedback import GiveFeedback
from souq.core.liability import template_of
from souq.core.money import BPS
from souq.core.performance import ClaimNonDelivery, CommitCode, CommitDelivery, GrantRefund
from souq.core.refusal import Reason, Refused
from souq.core.stage import CONTRACTS
from souq.core.state import Draft, State, View
from souq.core.summary import ConfirmSummary
from souq.core.undo import UndoContract

_DIGEST = "0" * 64
_LEFT_OUT = frozenset({"code", "evidence", "key", "nonce", "signature"})
# It is not theirs, or not the time.
_IN_THE_WAY = frozenset(
    {
        Reason.ALREADY_EXISTS,
        Reason.CLOSED,
        Reason.HALTED,
        Reason.NOT_FOUND,
        Reason.NOT_YOUR_TURN,
        Reason.NOT_YOURS,
        Reason.ROUND_LIMIT,
        Reason.WRONG_STATE,
    }
)


def moves_of(state: State, *, at: int, actor: str, contract: str) -> tuple[type, ...]:
    """List the commands that an actor can give about a contract at a time, microseconds UTC."""
    found = []
    for command in _tries(state, contract):
        refused = market.try_out(Draft(state, at, market.evolve), actor=actor, command=command)
        if refused is None or not _is_in_the_way(refused):
            found.append(type(command))
    return tuple(found)


def _is_in_the_way(refused: Refused) -> bool:
    if refused.reason is Reason.INVALID:  # what a try says is right, where anything is
        return refused.facts.get("field") not in _LEFT_OUT
    return refused.reason in _IN_THE_WAY


def _tries(view: View, id: str) -> Iterator[Any]:
    live = view.get(CONTRACTS, id)
    if live is not None:
        agreement = live.agreement
        yield Approve(id, digest_of(id, agreement))
        yield Decline(id)
        yield ConfirmSummary(id, summary.digest_of(summary.sentences(view, id, agreement)))
        ground = template_of(agreement.conditions.template).grounds[0]
        yield OpenDispute(id, cast(Ground, ground))
    yield CommitDelivery(id, _DIGEST)
    yield CommitCode(id, _DIGEST)
    yield SubmitDelivery(id)
    yield AcceptDelivery(id)
    yield ReportVerification(id, True, _DIGEST)
    yield Contest(id)
    yield SendBack(id)
    yield ConfirmReturn(id)
    yield ClaimNonDelivery(id)
    yield GrantRefund(id, BPS)
    yield CancelContract(id)
    yield UndoContract(id)
    yield RevokeContract(id)
    yield AnswerDispute(id)
    yield AddEvidence(id, (_DIGEST,))
    yield ProposeSplit(id, 0)
    yield AcceptSplit(id, 0)
    yield CommitVote(id, _DIGEST)
    yield RevealVote(id, 0, "")
    yield Rule(id, 0)
    yield AppealVerdict(id)
    yield ReportAudit(id, True, _DIGEST)
    yield GiveFeedback(id, True, True, True)
