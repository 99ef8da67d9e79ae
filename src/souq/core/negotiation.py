"""A negotiation is one run of a mechanism. Here stands what all share: budgets, ends, money.

A mechanism says what a move means and when it is over; this module says whether the people behind
it can stand by it, and turns its outcome into agreements.

Between two, a run ends with its agreement, and is refused where somebody cannot keep it. A run
that anybody may join goes on without whoever cannot: its bid is dropped, and the next one counts.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core import authority, backing, budget, halt, mandate, pledge, terms
from souq.core.agreement import Agreement, cash_given
from souq.core.index import Rank
from souq.core.listing import conditions_of
from souq.core.mechanisms import BY_NAME, BY_OPENING, OPEN_TO_ALL, Mechanism
from souq.core.mechanisms.moves import Accept, Effect, Outcome, Standing
from souq.core.mechanisms.parties import PARTIES, Party, is_party
from souq.core.objection import Objection
from souq.core.party import Agent, need_agent, need_other_agent
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US
from souq.core.state import (
    DEADLINES,
    Draft,
    Table,
    View,
    need_live,
    next_id,
    row_of,
    take_id,
)
from souq.core.stock import are_goods_here

AWARDS_MAX = 1_000  # carried out in one record; the rest follow in records of their own
POSTPONED_US = HOUR_US


class NegotiationOpened(Struct, frozen=True, tag=True):
    negotiation: str
    mechanism: str


class PartyJoined(Struct, frozen=True, tag=True):
    """An agent made its first move in a run that anybody may join."""

    negotiation: str
    agent: str


class ClockSet(Struct, frozen=True, tag=True):
    """A deadline moved: `why` is settling (more awards follow at once), settled, or halted."""

    negotiation: str
    due: int
    why: str


class NegotiationClosed(Struct, frozen=True, tag=True):
    """`why`: agreed, no_deal, rejected, withdrawn, lapsed, or goods_moved (accepted too late).

    What an open run ended with besides is said by its mechanism.
    """

    negotiation: str
    why: str
    parties: tuple[str, ...]


class AgreementReached(Struct, frozen=True, tag=True, omit_defaults=True):
    """`waiting` lists whose approval is asked for, `reasons` the rules; `terms` are the house's."""

    contract: str
    negotiation: str
    agreement: Agreement
    waiting: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    terms: str = ""


class Negotiation(Struct, frozen=True, omit_defaults=True):
    id: str
    mechanism: str
    joined: int = 0


def _rank(negotiation: Negotiation) -> Rank | None:
    """Keep the runs that anybody may join at hand, by mechanism and age."""
    if negotiation.mechanism not in OPEN_TO_ALL:
        return None
    return Rank(negotiation.mechanism, 0, int(negotiation.id[1:]))


NEGOTIATIONS: Table[Negotiation] = Table("negotiations", Negotiation, rank=_rank)
TABLES: tuple[Table[Any], ...] = (NEGOTIATIONS, PARTIES)


def need_negotiation(view: View, id: str) -> Negotiation:
    """Give an open negotiation. Raises Refused(not_found), or Refused(closed) once it has ended."""
    return need_live(view, NEGOTIATIONS, id, "N")


def parties_of(view: View, id: str) -> tuple[str, ...]:
    """List the agents in an open negotiation. Raises Refused as need_negotiation does."""
    return BY_NAME[need_negotiation(view, id).mechanism].parties(view, id)


def standing(view: View, id: str) -> Standing:
    """Give what lies on an open negotiation's table. Raises Refused as need_negotiation does."""
    return BY_NAME[need_negotiation(view, id).mechanism].standing(view, id)


def open_or_move(draft: Draft, actor: str, command: Any) -> None:
    """Decide any mechanism's opening or move."""
    agent = need_agent(draft, actor)
    kind = type(command)
    mechanism = BY_OPENING.get(kind)
    _need_going(draft, kind, agent)
    if mechanism is not None:
        id = next_id(draft, "N")
        draft.emit(NegotiationOpened(id, mechanism.NAME))
        if mechanism.JOINS:
            draft.emit(PartyJoined(id, agent.id))
        effect = mechanism.OPENS[kind](draft, agent, command, id)
    else:
        id = command.negotiation
        mechanism = BY_NAME[need_negotiation(draft, id).mechanism]
        move = mechanism.MOVES.get(kind)
        if kind not in mechanism.JOINS and not _takes_part(draft, mechanism, id, agent.id):
            raise Refused(Reason.NOT_YOURS, id=id)
        if move is None:
            raise Refused(Reason.WRONG_MECHANISM, mechanism=mechanism.NAME)
        if kind in mechanism.JOINS and not is_party(draft, id, agent.id):
            draft.emit(PartyJoined(id, agent.id))
        effect = move(draft, agent, command, id)
    _follow(draft, mechanism, id, effect, agent)


def _takes_part(draft: Draft, mechanism: Mechanism, id: str, agent: str) -> bool:
    if mechanism.JOINS:
        return is_party(draft, id, agent)
    return agent in mechanism.parties(draft, id)


def binds(kind: type) -> bool:
    """Tell whether a command opens a run, or may bind who gives it."""
    return kind in _BINDS


def _need_going(draft: Draft, kind: type, agent: Agent) -> None:
    """Raise Refused(halted) where the market, or this agent, stands still for such a move."""
    if kind in _BINDS:
        halt.need(draft, "commitments", agent)
    elif kind not in _FREES:  # those only free somebody
        halt.need(draft, "negotiations", agent)


def lapse(draft: Draft, id: str) -> None:
    """Handle a negotiation's deadline. It cannot be refused."""
    negotiation = row_of(draft, NEGOTIATIONS, id)
    mechanism, due = BY_NAME[negotiation.mechanism], draft.get(DEADLINES, id)
    if mechanism.JOINS and halt.level(draft) != "open":
        # What it would award must not bind while nothing new binds; it is looked at again.
        draft.emit(ClockSet(id, draft.at + POSTPONED_US, "halted"))
        return
    if mechanism.JOINS and mechanism.outcome(draft, id) is not None:
        _follow(draft, mechanism, id, Effect(), None)
    else:
        _follow(draft, mechanism, id, Effect(mechanism.lapse(draft, id)), None)
    if draft.get(DEADLINES, id) == due and mechanism.outcome(draft, id) is None:
        # What it waited for is carried out, or was taken back meanwhile.
        on_table = mechanism.standing(draft, id)
        due = on_table.due or on_table.expires_at
        draft.emit(ClockSet(id, max(due, draft.at + 1), "settled"))


def _follow(
    draft: Draft, mechanism: Mechanism, id: str, effect: Effect, mover: Agent | None
) -> None:
    outcome = mechanism.outcome(draft, id)
    if outcome is None or not outcome.why:
        if mover is not None and (effect.stake or effect.alternatives):
            _check_stake(draft, mechanism, id, effect, mover)
        _set_aside(draft, mechanism, id, effect.touched)
    awarded = 0
    spent: dict[str, int] = {}  # by agent, on awards of this record, which no budget counts yet
    while outcome is not None and not outcome.why:
        if halt.level(draft) != "open":  # a cancelled order may let another one through
            draft.emit(ClockSet(id, draft.at + POSTPONED_US, "halted"))
            return
        if awarded >= AWARDS_MAX:
            draft.emit(ClockSet(id, draft.at + 1, "settling"))
            return
        awarded += _carry_out(draft, mechanism, id, outcome, mover, spent)
        outcome = mechanism.outcome(draft, id)
    if outcome is not None:
        _close(draft, mechanism, id, outcome, mover)


def _check_stake(draft: Draft, mechanism: Mechanism, id: str, effect: Effect, mover: Agent) -> None:
    """Raise Refused unless the mover may be bound so, and has what must stand behind it."""
    units = max(mechanism.pledge(draft, id, mover.id).units, effect.backing_units)
    for legs in (effect.stake, *effect.alternatives):
        conditions_of(draft, legs)  # two that differ make no deal
        asks = authority.check(draft, mover, legs, negotiation=id, reserves=units, part_of=units)
        if asks and effect.is_final:
            raise mandate.outside("approval")
    if effect.backing_units:
        backing.check_bid(draft, mover, id, effect)


def _set_aside(draft: Draft, mechanism: Mechanism, id: str, agents: tuple[str, ...]) -> None:
    for party in agents:
        agent, bound = need_other_agent(draft, party), mechanism.pledge(draft, id, party)
        if mechanism.JOINS:
            pledge.set_aside(draft, agent, id, bound)
        else:  # between two, money and goods wait for nobody: see `moves.bargain`
            assert not bound.held_units, f"who would let go of it? {id}"
            assert not bound.goods, f"who would let go of them? {id}"
            budget.reserve(draft, agent, id, bound.units)


def _carry_out(
    draft: Draft,
    mechanism: Mechanism,
    id: str,
    outcome: Outcome,
    mover: Agent | None,
    spent: dict[str, int],
) -> int:
    """Carry out agreements of a run that goes on; give how many, tried in vain among them.

    Without whoever cannot, the mechanism goes on: by the next agreement, or where they are joint,
    before any of them.
    """
    vouched = []
    before = dict(spent) if outcome.is_joint else spent
    for agreement in outcome.agreements:
        waiting = _vouched(draft, mechanism, id, outcome, agreement, mover, spent)
        if waiting is None and outcome.is_joint:
            spent.clear()
            spent.update(before)
            return 0
        if waiting is None:
            continue
        for party in agreement.parties:
            spent[party] = spent.get(party, 0) + cash_given(agreement.legs, party)
        if outcome.is_joint:
            vouched.append((agreement, waiting))
        else:
            _award(draft, mechanism, id, agreement, waiting)
    for agreement, waiting in vouched:
        _award(draft, mechanism, id, agreement, waiting)
    return len(outcome.agreements)


def _award(
    draft: Draft, mechanism: Mechanism, id: str, agreement: Agreement, asks: tuple[Objection, ...]
) -> None:
    _set_aside(draft, mechanism, id, mechanism.settled(draft, id, agreement))
    _reach(draft, id, agreement, asks)


def _reach(draft: Draft, id: str, agreement: Agreement, asks: tuple[Objection, ...]) -> None:
    conditions = conditions_of(draft, agreement.legs)
    agreement = msgspec.structs.replace(agreement, conditions=conditions)
    waiting = tuple(dict.fromkeys(one.approver for one in asks))
    reasons = tuple(dict.fromkeys(one.rule for one in asks))
    house = terms.hash_now(draft)
    draft.emit(AgreementReached(next_id(draft, "C"), id, agreement, waiting, reasons, house))


def _vouched(
    draft: Draft,
    mechanism: Mechanism,
    id: str,
    outcome: Outcome,
    agreement: Agreement,
    mover: Agent | None,
    spent: dict[str, int],
) -> tuple[Objection, ...] | None:
    """Give what waits for approval; None where a party is unable, which is dropped.

    The mover learns what it lacks; of the others it learns only that they are unable.
    """
    waiting: list[Objection] = []
    for party in agreement.parties:
        try:
            asks = _vouch(draft, agreement, id, party, mechanism, spent.get(party, 0), mover)
            if not outcome.is_final:
                waiting += asks
        except Refused:
            if mover is not None and party == mover.id and not outcome.is_final:
                raise
            touched = mechanism.unable(draft, id, agreement, party)
            _set_aside(draft, mechanism, id, touched or (party,))
            return None
    return tuple(waiting)


def _close(
    draft: Draft, mechanism: Mechanism, id: str, outcome: Outcome, mover: Agent | None
) -> None:
    parties = mechanism.parties(draft, id)
    if not all(are_goods_here(draft, agreement.legs) for agreement in outcome.agreements):
        draft.emit(NegotiationClosed(id, "goods_moved", parties))
        return
    found = []
    for agreement in outcome.agreements:
        waiting = _vouched(draft, mechanism, id, outcome, agreement, mover, {})
        assert waiting is not None, f"a run ended with a deal that cannot be kept: {id}"
        found.append((agreement, waiting))
    if mechanism.JOINS:
        pledge.release(draft, parties, id, outcome.forfeits)
    draft.emit(NegotiationClosed(id, outcome.why, parties))
    for agreement, waiting_for in found:
        _reach(draft, id, agreement, waiting_for)


def _vouch(
    draft: Draft,
    agreement: Agreement,
    id: str,
    party: str,
    mechanism: Mechanism,
    spent_units: int,
    mover: Agent | None,
) -> tuple[Objection, ...]:
    """Raise Refused unless a party may and can; give what makes it wait for approval."""
    conditions_of(draft, agreement.legs)
    agent = need_other_agent(draft, party)
    whole = budget.peak_units(draft, party, id) if mechanism.JOINS else 0  # not what is left of it
    costs = spent_units + cash_given(agreement.legs, party)
    moves = mover is not None and party == mover.id
    asks = authority.asks(
        draft, agent, agreement.legs, negotiation=id, reserves=costs, part_of=whole, is_moving=moves
    )
    backing.check_deal(draft, agent, agreement, id if mechanism.IS_PREPAID else "")
    return asks


def release_budgets(draft: Draft, event: NegotiationClosed) -> None:
    """React to a negotiation's end: nothing in it binds any more."""
    budget.release(draft, event.parties, event.negotiation)


def _opened(view: View, event: NegotiationOpened) -> None:
    take_id(view, event.negotiation)
    view.put(NEGOTIATIONS, event.negotiation, Negotiation(event.negotiation, event.mechanism))


def _joined(view: View, event: PartyJoined) -> None:
    id = event.negotiation
    run = row_of(view, NEGOTIATIONS, id)
    view.put(PARTIES, f"{id}/{event.agent}", Party(id, event.agent, run.joined))
    view.put(NEGOTIATIONS, id, msgspec.structs.replace(run, joined=run.joined + 1))


def _clock_set(view: View, event: ClockSet) -> None:
    view.put(DEADLINES, event.negotiation, event.due)


def _closed(view: View, event: NegotiationClosed) -> None:
    negotiation = row_of(view, NEGOTIATIONS, event.negotiation)
    BY_NAME[negotiation.mechanism].forget(view, event.negotiation)
    if negotiation.joined:
        for party in event.parties:
            view.drop(PARTIES, f"{event.negotiation}/{party}")
    view.drop(NEGOTIATIONS, event.negotiation)
    view.drop(DEADLINES, event.negotiation)


_FREES = frozenset(kind for one in BY_NAME.values() for kind in one.FREES)
# A move in a run that anybody may join stands as it is; there is no acceptance after it.
_STANDS = frozenset(kind for name in OPEN_TO_ALL for kind in BY_NAME[name].MOVES) - _FREES
_BINDS = _STANDS | BY_OPENING.keys() | {Accept}
EVOLVE: dict[type, Any] = {
    NegotiationOpened: _opened,
    PartyJoined: _joined,
    ClockSet: _clock_set,
    NegotiationClosed: _closed,
}
