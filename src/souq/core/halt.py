"""The kill switch: one level for the whole market, each stopping what the one before it does, too.

    open          everything goes
    commitments   nothing new binds: nothing is opened, accepted, taken or approved
    negotiations  nobody moves, but to be free: reject and withdraw; no channel is topped up
    settlements   contracts and channels stand still, their deadlines with them; no money leaves

Whatever the level: words, listings, mandates and their revocation go on; so do deposits, and what
became of payouts sent before, and chargebacks; a payout may be taken back. An offer that nobody
answers lapses, and the operator may go from any level to any other.

A command asks first whether its kind still goes on:

    halt.need(draft, "settlements")     # raises Refused(halted, level=…) while those stand still

so `payout` and `funds` call it where money is asked to leave, and not where it comes in, comes back
or is on its way already. What follows later, by a deadline, must not ask: it cannot be refused. See
`standstill` for what becomes of deadlines.
"""

from typing import Any, Literal

from msgspec import Struct

from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import need_operator, rules
from souq.core.seal import PublicText
from souq.core.state import Draft, Table, View

Level = Literal["open", "commitments", "negotiations", "settlements"]
What = Literal["commitments", "negotiations", "settlements"]
LEVELS: tuple[Level, ...] = ("open", "commitments", "negotiations", "settlements")
WHY_MAX = 1_000


class SetHalt(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Stop the market at a level, or let it go on (`open`), and say why. Operator only."""

    level: Level
    why: PublicText = PublicText("")


class HaltSet(Struct, frozen=True, tag=True):
    """`before` is the level that held until now; `why` is a digest."""

    level: Level
    before: Level
    why: str


class Halt(Struct, frozen=True):
    """What stands still, and since when. There is no row while the market is open."""

    level: Level
    since: int
    why: str


HALTS: Table[Halt] = Table("halts", Halt)
TABLES: tuple[Table[Any], ...] = (HALTS,)
_KEY = "market"


def level(view: View) -> Level:
    """Give the level that holds now."""
    found = view.get(HALTS, _KEY)
    return "open" if found is None else found.level


def need(view: View, what: What) -> None:
    """Raise Refused(halted) while such things stand still."""
    found = view.get(HALTS, _KEY)
    if found is not None and LEVELS.index(found.level) >= LEVELS.index(what):
        raise Refused(Reason.HALTED, level=found.level)


def _set(draft: Draft, actor: str, command: SetHalt) -> None:
    need_operator(actor)
    rules(draft)
    if len(command.why.value) > WHY_MAX:
        raise invalid("why", f"at most {WHY_MAX} characters")
    before = level(draft)
    if command.level == before:
        raise Refused(Reason.WRONG_STATE, state=before)
    draft.emit(HaltSet(command.level, before, command.why.digest))


def _was_set(view: View, event: HaltSet) -> None:
    if event.level == "open":
        view.drop(HALTS, _KEY)
    else:
        view.put(HALTS, _KEY, Halt(event.level, view.at, event.why))


DECIDE: dict[type, Any] = {SetHalt: _set}
EVOLVE: dict[type, Any] = {HaltSet: _was_set}
