"""What may be asked about surveillance and the ladder, and the answer it gets."""

from msgspec import Struct

from souq.core.restriction import Level, Why
from souq.operations.queries import LIMIT
from souq.views.surveillance.breakers import Breakers
from souq.views.surveillance.rows import Alarm


class ListAlarms(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List what surveillance found of late, latest first, and how breakers stand.

    Of one detector, where it is named. By the operator and officers.
    """

    detector: str = ""
    limit: int = LIMIT


class Alarms(Struct, frozen=True):
    """`total` counts all that there are; up to record `seq` everything was read."""

    alarms: tuple[Alarm, ...]
    total: int
    seq: int
    breakers: Breakers


class ListRestrictions(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List principals on the ladder. The operator and officers see all, others their own."""

    limit: int = LIMIT
    cursor: str = ""


class RestrictionCard(Struct, frozen=True, omit_defaults=True):
    """`words` say more of why; `next_at` is when a slowed principal may be bound again."""

    principal: str
    level: Level
    since: int
    why: Why
    until: int | None = None
    words: str = ""
    evidence: str = ""
    next_at: int = 0
    appeals: int = 0


class Restrictions(Struct, frozen=True):
    restrictions: tuple[RestrictionCard, ...]
    cursor: str = ""
