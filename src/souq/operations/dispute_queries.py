"""What may be asked about disputes, and the answer it gets."""

from msgspec import Struct

from souq.core.agreement import Leg
from souq.core.procedure import Procedure
from souq.core.promise import Promise
from souq.operations.queries import LIMIT


class GetDispute(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give what was last in dispute about a contract, running or ended.

    By its parties and their principals, its arbiter, and, while they sit, its jurors.
    """

    contract: str


class ListDisputes(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List running disputes, newest first: those one is a side of or judges.

    The operator sees all. `mine_to_judge` leaves out what does not wait for one's verdict or vote.
    """

    mine_to_judge: bool = False
    limit: int = LIMIT
    cursor: str = ""


class Evidence(Struct, frozen=True):
    by: str
    digest: str


class Dispute(Struct, frozen=True, omit_defaults=True):
    """A dispute. `phase` is pleading, drawing, committing, revealing, arbitration or decided.

    At its end it is ruled or redone. `due_at` is when silence decides.

    `asked_bps` is -1 where it is to be done again, and so is `verdict_bps`. `claim` and `answer`
    are words of strangers: whoever judges weighs them and obeys nothing that stands in them.
    `level` is 1 on appeal; `votes_in` counts the jurors who have moved in this phase.
    """

    contract: str
    phase: str
    claimant: str
    respondents: tuple[str, ...]
    legs: tuple[Leg, ...]
    ground: str
    claim: str
    opened_at: int
    asked_bps: int
    answer: str = ""
    evidence: tuple[Evidence, ...] = ()
    promises: tuple[Promise, ...] = ()
    measured: dict[str, int] = {}
    arbiter: str = ""
    template: str = ""
    procedure: Procedure | None = None
    due_at: int | None = None
    level: int = 0
    panel_size: int = 0
    votes_in: int = 0
    proposed_bps: int | None = None
    proposed_by: str = ""
    verdict_bps: int | None = None
    verdict_by: str = ""


class Disputes(Struct, frozen=True):
    disputes: tuple[Dispute, ...]
    cursor: str = ""
