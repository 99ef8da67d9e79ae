"""A dispute says that what was delivered is not what was promised; every phase of it ends.

It is a stage of its contract, `Disputed`, with one deadline at a time. A plain one waits for the
arbiter, or for the parties to settle. One by a procedure goes through these (`souq.core.case`):

    pleading     claim, answer, evidence, proposals   silence: evidence closes with what there is
    drawing      the epoch's secret is awaited        silence: the panel is drawn without it
    committing   jurors commit to votes               silence: of all, the arbiter judges
    revealing    jurors show them                     silence: of all, the arbiter judges
    arbitration  the arbiter judges                   silence: split as the house's rules say
    decided      a verdict stands open to appeal      silence: it is carried out

An appeal draws a larger panel, once; where that is silent, the verdict before it stands. A verdict
gives money back, or has the work done again, once. So no money can be stuck.
"""

from typing import Any

from souq.core.case import Arbitration, Committing, Decided, Drawing, Pleading, Revealing
from souq.core.dispute import panel, pleading, record, verdict
from souq.core.dispute.pleading import CLAIM_MAX, EVIDENCE_MAX, begin
from souq.core.dispute.records import (
    AcceptSplit,
    AddEvidence,
    AnswerDispute,
    AppealVerdict,
    CommitVote,
    DisputeOpened,
    Ground,
    OpenDispute,
    ProposeSplit,
    RevealVote,
    Rule,
)
from souq.core.stage import Disputed
from souq.core.state import Draft, Table

__all__ = [
    "CLAIM_MAX",
    "EVIDENCE_MAX",
    "AcceptSplit",
    "AddEvidence",
    "AnswerDispute",
    "AppealVerdict",
    "CommitVote",
    "DisputeOpened",
    "Ground",
    "OpenDispute",
    "ProposeSplit",
    "RevealVote",
    "Rule",
    "begin",
]

TABLES: tuple[Table[Any], ...] = (*verdict.TABLES, *record.TABLES)


def lapse(draft: Draft, id: str, state: Disputed) -> None:
    """Handle a dispute's silence. It cannot be refused."""
    match state.case.phase:
        case Pleading() if state.case.procedure is None:
            verdict.silent(draft, id, state)
        case Pleading():
            panel.judge(draft, id, state)
        case Drawing() as phase:
            panel.draw(draft, id, state, phase)
        case Committing() as phase:
            panel.close(draft, id, state, phase)
        case Revealing() as phase:
            panel.count(draft, id, state, phase)
        case Arbitration():
            verdict.silent(draft, id, state)
        case Decided(verdict=found):
            verdict.finish(draft, id, state, found)


DECIDE: dict[type, Any] = {**pleading.DECIDE, **panel.DECIDE, **verdict.DECIDE}
EVOLVE: dict[type, Any] = {
    **pleading.EVOLVE,
    **panel.EVOLVE,
    **verdict.EVOLVE,
    **record.EVOLVE,
}
