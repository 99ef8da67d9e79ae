"""What may be asked about who is here, and the answer it gets."""

from msgspec import Struct

from souq.core.halt import Level
from souq.core.restriction import Level as Rung
from souq.operations.queries import LIMIT


class ListPrincipals(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List principals with their agents, in the order they came.

    The operator and officers see all, or the one `principal` they name; a principal and its agents
    see their own.
    """

    principal: str = ""
    limit: int = LIMIT
    cursor: str = ""


class AgentKnown(Struct, frozen=True, omit_defaults=True):
    """`halt` is the level at which it is halted by itself; its principal's is not said again."""

    id: str
    name: str
    halt: Level = "open"


class PrincipalKnown(Struct, frozen=True, omit_defaults=True):
    """A principal, and how it stands with the house.

    `level` is its verification level, `restriction` its level on the ladder, `halt` that at which
    it is halted alone. `agents` are its first hundred of `agents_count`; all of them, where it was
    asked for by name.
    """

    id: str
    name: str
    agents: tuple[AgentKnown, ...]
    agents_count: int
    level: int = 0
    restriction: Rung = "observe"
    halt: Level = "open"


class Principals(Struct, frozen=True):
    principals: tuple[PrincipalKnown, ...]
    cursor: str = ""
