"""What may be asked about deals that wait for an approval, and the answer it gets."""

from msgspec import Struct

from souq.core.agreement import Leg
from souq.core.conditions import USUAL, Conditions
from souq.core.promise import Promise
from souq.operations.policy_queries import RuleSaid
from souq.operations.queries import LIMIT


class ListApprovals(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List the deals that wait for a principal's approval, the oldest first. By that principal.

    Its agents see their own; the operator names whose.
    """

    principal: str = ""
    limit: int = LIMIT
    cursor: str = ""


class ApprovalAsked(Struct, frozen=True, omit_defaults=True):
    """A deal that waits: what it is, which rules hold it, and until when.

    `agents` are those that it would bind for whoever approves, `pays` what they pay by asset. An
    approval names `digest`; a signed one is over `market`, `contract`, `digest` and `decide_by`.

    `reasons` are the rules that held the deal when it was struck. `saw` tells, by agent, what those
    of them that ask this approver compare in it as things stand now, as far as one may read them.
    """

    market: str
    contract: str
    digest: str
    decide_by: int
    agents: tuple[str, ...]
    parties: tuple[str, ...]
    legs: tuple[Leg, ...]
    pays: dict[str, int] = {}
    reasons: tuple[str, ...] = ()
    promises: tuple[Promise, ...] = ()
    conditions: Conditions = USUAL
    under: tuple[str, ...] = ()
    saw: dict[str, tuple[RuleSaid, ...]] = {}


class Approvals(Struct, frozen=True):
    """`must_sign` tells whether the house takes signed approvals alone."""

    approvals: tuple[ApprovalAsked, ...]
    must_sign: bool
    cursor: str = ""
