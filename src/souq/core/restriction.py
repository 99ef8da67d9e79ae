"""The ladder: what the house does about a principal whose trading has raised an alarm.

    observe    nothing is restricted; there is no row
    warn       the principal is told, and told why
    slow       whoever moves for it binds it again only after a pause
    restrict   it makes no new commitments
    human      the same, until a person lifts it: this level has no end of its own

What it has agreed to goes on at every level: it delivers, is paid, disputes, withdraws its money.
No money is ever taken here. Every refusal names the level, the reason and the way to appeal, and
every level but the last ends by itself.
"""

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from souq.core.objection import Binding, Objection
from souq.core.officer import OFFICERS
from souq.core.party import PRINCIPALS, need_principal
from souq.core.refusal import Fact, Reason, Refused, invalid
from souq.core.rules import DAY_US, DURATION_MAX_US, MINUTE_US, OPERATOR, Rules, rules
from souq.core.seal import PartyText
from souq.core.state import DEADLINES, Draft, Table, View, row_of

Level = Literal["observe", "warn", "slow", "restrict", "human"]
Why = Literal[
    "bid_rotation",
    "closed_club",
    "message_alignment",
    "other",
    "price_parallelism",
    "repricing_loop",
    "reputation_ring",
    "shill_bidding",
    "spoofing",
    "wash_trading",
]
LEVELS: tuple[Level, ...] = ("observe", "warn", "slow", "restrict", "human")
PAUSE_US = 10 * MINUTE_US
WORDS_MAX = 4_000
APPEALS_MAX = 3  # of one restriction; a further one would say nothing new
APPEAL = "appeal_restriction"
DUE = "restriction:"
_HEX = frozenset("0123456789abcdef")


class SetRestriction(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Put a principal on a level of the ladder, or lift it (`observe`). By the operator, officers.

    `until`, in microseconds UTC, ends warn, slow and restrict; human has no end. `why` and `words`
    are told to the principal. `evidence` is the SHA-256 of the evidence, in hex. `pause_us` is how
    long a slowed principal waits between two commitments.
    """

    principal: str
    level: Level
    until: int | None = None
    why: Why = "other"
    words: PartyText = PartyText("")
    evidence: str = ""
    pause_us: int = PAUSE_US


class AppealRestriction(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Object to a restriction in one's own words, for a person to read. By that principal.

    It stands meanwhile. The answer is another level, or none.
    """

    principal: str
    text: PartyText


class RestrictionSet(Struct, frozen=True, tag=True, omit_defaults=True):
    """`before` is the level that held until now; `words` is a digest."""

    principal: str
    level: Level
    before: Level
    by: str
    why: Why = "other"
    until: int | None = None
    words: str = ""
    evidence: str = ""
    pause_us: int = PAUSE_US


class RestrictionAppealed(Struct, frozen=True, tag=True):
    """`text` is a digest."""

    principal: str
    text: str


class RestrictionLapsed(Struct, frozen=True, tag=True):
    """Its time is over."""

    principal: str
    level: Level


class Restriction(Struct, frozen=True, omit_defaults=True):
    """`paced_at` is when a slowed principal was bound last, `paced_before` the time before it."""

    level: Level
    since: int
    why: Why
    until: int | None = None
    words: str = ""
    evidence: str = ""
    pause_us: int = PAUSE_US
    paced_at: int = 0
    paced_before: int = 0
    appeals: int = 0


RESTRICTIONS: Table[Restriction] = Table("restrictions", Restriction)
TABLES: tuple[Table[Any], ...] = (RESTRICTIONS,)


def level_of(view: View, principal: str) -> Level:
    """Give the level that a principal is on."""
    found = view.get(RESTRICTIONS, principal)
    return "observe" if found is None else found.level


def object_to(view: View, binding: Binding, house: Rules) -> Iterable[Objection]:
    """Give what the ladder objects to. The facts are the caller's own."""
    found = view.get(RESTRICTIONS, binding.agent.principal)
    if found is None or found.level == "warn":
        return ()
    facts: dict[str, Fact] = {"level": found.level, "why": found.why, "appeal": APPEAL}
    if found.until is not None:
        facts["until"] = found.until
    if found.level == "slow":
        # A deal that another's move brings about is no new commitment of whoever offered it; and
        # what is judged may be noted already.
        last = found.paced_before if found.paced_at == view.at else found.paced_at
        next_at = last + found.pause_us
        if not (binding.is_moving and last and view.at < next_at):
            return ()
        facts["next_at"] = next_at
    return (Objection("ladder", layer="platform", reason=Reason.RESTRICTED, facts=facts),)


def lapse(draft: Draft, due: str) -> None:
    """Handle a restriction's deadline. It cannot be refused."""
    principal = due.removeprefix(DUE)
    level = row_of(draft, RESTRICTIONS, principal).level
    draft.emit(RestrictionLapsed(principal, level))


def _set(draft: Draft, actor: str, command: SetRestriction) -> None:
    if actor != OPERATOR and draft.get(OFFICERS, actor) is None:
        raise Refused(Reason.NOT_YOURS)
    rules(draft)
    principal, level = command.principal, command.level
    need_principal(draft, principal)
    _check(draft, command)
    found = draft.get(RESTRICTIONS, principal)
    before = level_of(draft, principal)
    is_same = found is None or (found.until, found.why) == (command.until, command.why)
    if level == before and is_same:
        raise Refused(Reason.WRONG_STATE, state=before)
    draft.emit(
        RestrictionSet(
            principal,
            level,
            before,
            actor,
            command.why,
            command.until,
            command.words.digest,
            command.evidence,
            command.pause_us,
        )
    )


def _check(draft: Draft, command: SetRestriction) -> None:
    if len(command.words.value) > WORDS_MAX:
        raise invalid("words", f"at most {WORDS_MAX} characters")
    if command.evidence and not (len(command.evidence) == 64 and _HEX.issuperset(command.evidence)):
        raise invalid("evidence", "a SHA-256 as 64 hex digits, or nothing")
    if not 0 < command.pause_us <= DAY_US:
        raise invalid("pause_us", f"must be above 0 and at most {DAY_US}")
    if command.level in ("observe", "human"):
        if command.until is not None:
            raise invalid("until", f"level {command.level} has no end")
    elif command.until is None or not draft.at < command.until <= draft.at + DURATION_MAX_US:
        raise invalid("until", f"must lie ahead, at most {DURATION_MAX_US} microseconds")


def _appeal(draft: Draft, actor: str, command: AppealRestriction) -> None:
    if actor != command.principal or draft.get(PRINCIPALS, actor) is None:
        raise Refused(Reason.NOT_YOURS)
    found = draft.get(RESTRICTIONS, actor)
    if found is None:
        raise Refused(Reason.WRONG_STATE, state="observe")
    if not 0 < len(command.text.value) <= WORDS_MAX:
        raise invalid("text", f"1 to {WORDS_MAX} characters")
    if found.appeals >= APPEALS_MAX:
        raise Refused(Reason.WRONG_STATE, state="Appealed", appeals_max=APPEALS_MAX)
    draft.emit(RestrictionAppealed(actor, command.text.digest))


def _was_set(view: View, event: RestrictionSet) -> None:
    due = DUE + event.principal
    if view.get(DEADLINES, due) is not None:
        view.drop(DEADLINES, due)
    if event.level == "observe":
        view.drop(RESTRICTIONS, event.principal)
        return
    before = view.get(RESTRICTIONS, event.principal)
    row = Restriction(
        event.level,
        view.at,
        event.why,
        event.until,
        event.words,
        event.evidence,
        event.pause_us,
        before.paced_at if before is not None else 0,
    )
    view.put(RESTRICTIONS, event.principal, row)
    if event.until is not None:
        view.put(DEADLINES, due, event.until)


def _appealed(view: View, event: RestrictionAppealed) -> None:
    row = row_of(view, RESTRICTIONS, event.principal)
    view.put(RESTRICTIONS, event.principal, replace(row, appeals=row.appeals + 1))


def _lapsed(view: View, event: RestrictionLapsed) -> None:
    view.drop(RESTRICTIONS, event.principal)
    view.drop(DEADLINES, DUE + event.principal)


DECIDE: dict[type, Any] = {SetRestriction: _set, AppealRestriction: _appeal}
EVOLVE: dict[type, Any] = {
    RestrictionSet: _was_set,
    RestrictionAppealed: _appealed,
    RestrictionLapsed: _lapsed,
}
