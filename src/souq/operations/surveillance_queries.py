"""What may be asked about surveillance, the ladder and halts, and the answer it gets."""

from msgspec import Struct

from souq.core.halt import Level as HaltLevel
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
    """List principals on the ladder, or the one that is named.

    The operator and officers see all, others their own.
    """

    limit: int = LIMIT
    cursor: str = ""
    principal: str = ""


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


class ListHalts(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List the switches that are thrown, the latest first; with `of`, of whom it names.

    The operator and officers see all, a principal those of itself and its agents, an agent its own,
    and everybody the market's.
    """

    limit: int = LIMIT
    cursor: str = ""
    of: str = ""


class HaltCard(Struct, frozen=True, omit_defaults=True):
    """Who stands still since when. `scope` is "" for the whole market, else a principal or agent.

    `by` is whose switch it is: whoever set it lifts it. `why` is in that one's words.
    """

    level: HaltLevel
    since: int
    by: str
    scope: str = ""
    why: str = ""


class Halts(Struct, frozen=True):
    halts: tuple[HaltCard, ...]
    cursor: str = ""
