"""The kill switch: levels for the whole market, each stopping what the one before it does, too.

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

One principal, or one agent, can be halted alone, at the first two levels: nothing that could bind
it is offered or agreed any more, and at the second it may not even move, but to be free. Whoever
was lent a part of a halted agent's mandate is halted with it. What binds already is performed,
paid or disputed as ever. A principal has a switch for itself and for each of its agents; the
operator has others, so that nobody lifts what another has set.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from msgspec import Struct

from souq.core.mandate import MANDATES, lineage
from souq.core.objection import Binding, Objection
from souq.core.party import AGENTS, PRINCIPALS, Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR, Rules, need_operator, rules
from souq.core.seal import PublicText
from souq.core.state import COUNTERS, Draft, Table, View

Level = Literal["open", "commitments", "negotiations", "settlements"]
What = Literal["commitments", "negotiations", "settlements"]
LEVELS: tuple[Level, ...] = ("open", "commitments", "negotiations", "settlements")
WHY_MAX = 1_000


class SetHalt(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Stop the market, a principal or an agent at a level, or let it go on (`open`).

    `scope` is whom: "" the market, by the operator alone; else a principal or an agent, by the
    operator, or by that principal for itself and its agents. The level `settlements` is the
    market's alone.
    """

    level: Level
    why: PublicText = PublicText("")
    scope: str = ""


class HaltSet(Struct, frozen=True, tag=True, omit_defaults=True):
    """`before` is the level that held until now; `why` is a digest.

    `scope` is who is halted and `by` whose switch it was; neither is said of the whole market.
    """

    level: Level
    before: Level
    why: str
    scope: str = ""
    by: str = ""


class Halt(Struct, frozen=True):
    """What stands still, and since when. There is no row while the market is open."""

    level: Level
    since: int
    why: str


HALTS: Table[Halt] = Table("halts", Halt)
TABLES: tuple[Table[Any], ...] = (HALTS,)
_KEY = "market"
_ALONE = "halted alone"  # how many switches of one are thrown, so that others lose no time


def level(view: View) -> Level:
    """Give the level that holds now."""
    found = view.get(HALTS, _KEY)
    return "open" if found is None else found.level


def level_of(view: View, scope: str) -> Level:
    """Give the level at which a principal or an agent is halted alone, whoever's switch it is."""
    found = (view.get(HALTS, key) for key in (scope, _switch(scope, OPERATOR)))
    return max((one.level for one in found if one is not None), key=LEVELS.index, default="open")


def whose(view: View, key: str) -> tuple[str, str]:
    """Say whom a thrown switch halts, "" for the market, and whose switch it is."""
    if key == _KEY:
        return "", OPERATOR
    by, _, scope = key.rpartition("/")
    agent = view.get(AGENTS, scope)
    return scope, by or (scope if agent is None else agent.principal)


def need(view: View, what: What, agent: Agent | None = None) -> None:
    """Raise Refused(halted) while such things stand still, for everybody or for this agent."""
    found = view.get(HALTS, _KEY)
    if found is not None and _stops(found.level, what):
        raise Refused(Reason.HALTED, level=found.level)
    is_any_alone = view.get(COUNTERS, _ALONE)
    if agent is not None and is_any_alone:
        for one in _found(view, agent, what):
            raise one.refusal()


def object_to(view: View, binding: Binding, house: Rules) -> Iterable[Objection]:
    """Give the halt of whoever would be bound."""
    # Asked at every move and every deal, and nearly always with nothing for an answer.
    return _found(view, binding.agent, "commitments") if view.get(COUNTERS, _ALONE) else ()


def _found(view: View, agent: Agent, what: What) -> Iterator[Objection]:
    for scope in _scopes(view, agent):
        for key in (scope, _switch(scope, OPERATOR)):
            found = view.get(HALTS, key)
            if found is not None and _stops(found.level, what):
                facts = {"level": found.level, "scope": scope}
                yield Objection("halt", layer="platform", reason=Reason.HALTED, facts=facts)


def _stops(level: Level, what: What) -> bool:
    return LEVELS.index(level) >= LEVELS.index(what)


def _scopes(view: View, agent: Agent) -> tuple[str, ...]:
    """List whose switches stop an agent: its principal's, its own, and those of its lenders."""
    own = view.get(MANDATES, agent.mandate)
    lenders = () if own is None else tuple(one.agent for one in lineage(view, own)[1:])
    return (agent.principal, agent.id, *lenders)


def _switch(scope: str, actor: str) -> str:
    return f"{OPERATOR}/{scope}" if actor == OPERATOR else scope


def _set(draft: Draft, actor: str, command: SetHalt) -> None:
    scope = command.scope
    if scope:
        _need_switch(draft, actor, command)
    else:
        need_operator(actor)
    rules(draft)
    if len(command.why.value) > WHY_MAX:
        raise invalid("why", f"at most {WHY_MAX} characters")
    found = draft.get(HALTS, _switch(scope, actor) if scope else _KEY)
    before: Level = "open" if found is None else found.level
    if command.level == before:
        raise Refused(Reason.WRONG_STATE, state=before)
    by = actor if scope else ""
    draft.emit(HaltSet(command.level, before, command.why.digest, scope, by))


def _need_switch(view: View, actor: str, command: SetHalt) -> None:
    agent = view.get(AGENTS, command.scope)
    principal = command.scope if agent is None else agent.principal
    if view.get(PRINCIPALS, principal) is None:
        raise Refused(Reason.NOT_FOUND, id=command.scope[:64])
    if actor not in (OPERATOR, principal):
        raise Refused(Reason.NOT_YOURS)
    if command.level == "settlements":
        raise invalid("level", "settlements stand still for the whole market or for nobody")


def _was_set(view: View, event: HaltSet) -> None:
    key = _switch(event.scope, event.by) if event.scope else _KEY
    if event.scope:
        more = (event.before == "open") - (event.level == "open")
        view.put(COUNTERS, _ALONE, (view.get(COUNTERS, _ALONE) or 0) + more)
    if event.level == "open":
        view.drop(HALTS, key)
    else:
        view.put(HALTS, key, Halt(event.level, view.at, event.why))


DECIDE: dict[type, Any] = {SetHalt: _set}
EVOLVE: dict[type, Any] = {HaltSet: _was_set}
