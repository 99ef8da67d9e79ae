"""An arbiter that judges by typed fields alone, so nothing that a party writes can move it."""

from souq.core.money import BPS
from souq.core.promise import penalty_bps
from souq.operations.dispute_queries import Dispute


def opinion(case: Dispute) -> int:
    """Give which share goes back to the payer.

    What was measured against what was promised decides, where there are promises. Without any, a
    side that brought no evidence loses to one that did; between two that did, the claim is halved.
    """
    if case.promises:
        return penalty_bps(case.promises, case.measured)
    brought = {one.by for one in case.evidence}
    has_claim, has_answer = case.claimant in brought, bool(brought & set(case.respondents))
    asked = BPS if case.asked_bps < 0 else case.asked_bps
    if not has_claim:
        return 0
    return asked // 2 if has_answer else asked
