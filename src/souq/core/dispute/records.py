"""What may be done in a dispute, and what happens in it."""

from typing import Literal

from msgspec import Struct

from souq.core.money import BPS
from souq.core.procedure import Procedure
from souq.core.seal import PartyText

Ground = Literal["not_as_described", "not_received", "incomplete", "damaged", "other"]
Remedy = Literal["refund", "redo"]
Cited = Literal["", "misdescription", "non_delivery", "unwise", "rule_off", "platform_fault"]


class OpenDispute(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Say that what was delivered is not what was promised.

    `evidence` lists digests of what proves it; `asked_bps` of the price are asked back, unless the
    remedy is that it be done again. Where the deal's procedure has a filing fee, it is held until
    the end, and comes back unless the claim is lost.
    """

    contract: str
    ground: Ground
    claim: PartyText = PartyText("")
    evidence: tuple[str, ...] = ()
    remedy: Remedy = "refund"
    asked_bps: int = BPS


class AnswerDispute(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Answer a claim: accept it whole, which settles it at once, or contest it. By the other side.

    To accept a part of it, propose that split.
    """

    contract: str
    accepts: bool = False
    answer: PartyText = PartyText("")
    evidence: tuple[str, ...] = ()


class AddEvidence(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Bring more evidence, as digests, until it is closed. By either side of a dispute."""

    contract: str
    evidence: tuple[str, ...]


class ProposeSplit(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Propose to settle: so many basis points of each payment go back to its payer.

    By either side of a deal between two; a new proposal takes the place of the one before.
    """

    contract: str
    payer_bps: int


class AcceptSplit(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Accept what the other side proposed, which settles the dispute. Say the share again."""

    contract: str
    payer_bps: int


class Rule(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Decide a dispute: so many basis points of each payment go back to its payer. Arbiter only.

    `redo` has the work done again instead, once. `cause` cites who bears the loss by the deal's
    template; `forfeit_units` of the bond of whoever loses go to the other side.
    """

    contract: str
    payer_bps: int
    redo: bool = False
    cause: Cited = ""
    forfeit_units: int = 0


class CommitVote(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Commit to a vote on a case. By a juror who sits on it.

    `commitment` is the SHA-256 that `counting.of_vote` gives.
    """

    contract: str
    commitment: str


class RevealVote(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Show the vote one committed to, once all have committed or their time is over.

    `vote` is 0, 2500, 5000, 7500 or 10000 basis points back to the payer, or -1 to have it redone.
    """

    contract: str
    vote: int
    nonce: str


class AppealVerdict(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Have a larger panel judge again, once. By either side; the fee comes back on success."""

    contract: str


class DisputeOpened(Struct, frozen=True, tag=True, omit_defaults=True):
    """`rule_by` is when silence decides what comes next; `procedure` is None for a plain one."""

    contract: str
    by: str
    ground: str
    claim: str
    rule_by: int
    evidence: tuple[str, ...] = ()
    asked_bps: int = BPS
    procedure: Procedure | None = None
    arbiter: str = ""  # where it is not the house's


class DisputeAnswered(Struct, frozen=True, tag=True, omit_defaults=True):
    contract: str
    by: str
    answer: str
    evidence: tuple[str, ...] = ()
    accepts: bool = False


class EvidenceAdded(Struct, frozen=True, tag=True):
    contract: str
    by: str
    evidence: tuple[str, ...]


class SplitProposed(Struct, frozen=True, tag=True):
    contract: str
    by: str
    payer_bps: int


class ArbiterCalled(Struct, frozen=True, tag=True):
    """Evidence is closed, and the arbiter's verdict is awaited."""

    contract: str
    arbiter: str
    rule_by: int


class PanelAwaited(Struct, frozen=True, tag=True, omit_defaults=True):
    """Evidence is closed; so many jurors are drawn when the epoch's secret is shown, or at `due`.

    `appellant` is who appealed.
    """

    contract: str
    size: int
    epoch: str
    due: int
    appellant: str = ""


class PanelDrawn(Struct, frozen=True, tag=True):
    """`jurors` are the agents that vote; nobody else is told who they are."""

    contract: str
    jurors: tuple[str, ...]
    commit_by: int


class VoteCommitted(Struct, frozen=True, tag=True):
    contract: str
    juror: str
    commitment: str


class VotingClosed(Struct, frozen=True, tag=True):
    """Who committed may show its vote now."""

    contract: str
    jurors: tuple[str, ...]
    reveal_by: int


class VoteShown(Struct, frozen=True, tag=True):
    contract: str
    juror: str
    vote: int


class VotesCounted(Struct, frozen=True, tag=True, omit_defaults=True):
    """A panel's votes, in order of size; `verdict` is a share, -1 to redo, or None of silence."""

    contract: str
    votes: tuple[int, ...]
    verdict: int | None = None


class PanelDismissed(Struct, frozen=True, tag=True):
    """The jurors have done; `agreeing` are those whose votes agree with the verdict."""

    contract: str
    jurors: tuple[str, ...]
    agreeing: tuple[str, ...]


class VerdictReached(Struct, frozen=True, tag=True, omit_defaults=True):
    """A verdict that either side may appeal against until `appeal_by`. `payer_bps` -1: to redo."""

    contract: str
    by: str
    payer_bps: int
    appeal_by: int
    cause: str = ""
    forfeit_units: int = 0


class RedoOrdered(Struct, frozen=True, tag=True):
    """The giver is to deliver again."""

    contract: str
    by: str
    deliver_by: int


class DisputeDecided(Struct, frozen=True, tag=True):
    """How a dispute by a procedure ended for its two sides, for their records."""

    contract: str
    claimant: str
    respondent: str
    is_claim_upheld: bool
