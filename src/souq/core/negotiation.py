"""A negotiation is one run of a mechanism. Here stands what all share: budgets, ends, money.

A mechanism says what a move means and when it is over; this module says whether the people behind
it can stand by it, and turns its outcome into agreements.
"""

from typing import Any

from msgspec import Struct

from souq.core import authority, halt, ledger, mandate
from souq.core.agreement import Agreement, CashLeg, cash_given
from souq.core.mechanisms import BY_NAME, BY_OPENING, Mechanism
from souq.core.mechanisms.moves import Accept, Reject, Standing, Withdraw
from souq.core.party import Agent, need_agent, need_other_agent, wallet
from souq.core.refusal import Reason, Refused
from souq.core.state import DEADLINES, Draft, Table, View, next_id, take_id, was_issued
from souq.core.stock import are_goods_here


class NegotiationOpened(Struct, frozen=True, tag=True):
    negotiation: str
    mechanism: str


class NegotiationClosed(Struct, frozen=True, tag=True):
    """`why`: agreed, rejected, withdrawn, lapsed, or goods_moved (the acceptance came too late)."""

    negotiation: str
    why: str
    parties: tuple[str, ...]


class AgreementReached(Struct, frozen=True, tag=True, omit_defaults=True):
    """`waiting` lists the principals whose approval their mandates ask for."""

    contract: str
    negotiation: str
    agreement: Agreement
    waiting: tuple[str, ...] = ()


class Negotiation(Struct, frozen=True):
    id: str
    mechanism: str


NEGOTIATIONS: Table[Negotiation] = Table("negotiations", Negotiation)
TABLES: tuple[Table[Any], ...] = (NEGOTIATIONS,)


def need_negotiation(view: View, id: str) -> Negotiation:
    """Give an open negotiation. Raises Refused(not_found), or Refused(closed) once it has ended."""
    found = view.get(NEGOTIATIONS, id)
    if found is None:
        ended = id[:1] == "N" and was_issued(view, id)
        raise Refused(Reason.CLOSED if ended else Reason.NOT_FOUND, id=id[:64])
    return found


def parties_of(view: View, id: str) -> tuple[str, ...]:
    """List the agents in an open negotiation. Raises Refused as need_negotiation does."""
    return BY_NAME[need_negotiation(view, id).mechanism].parties(view, id)


def standing(view: View, id: str) -> Standing:
    """Give what lies on an open negotiation's table. Raises Refused as need_negotiation does."""
    return BY_NAME[need_negotiation(view, id).mechanism].standing(view, id)


def open_or_move(draft: Draft, actor: str, command: Any) -> None:
    """Decide any mechanism's opening or move."""
    agent = need_agent(draft, actor)
    mechanism = BY_OPENING.get(type(command))
    _need_going(draft, command)
    if mechanism is not None:
        id = next_id(draft, "N")
        draft.emit(NegotiationOpened(id, mechanism.NAME))
        affected = mechanism.OPENS[type(command)](draft, agent, command, id)
    else:
        id = command.negotiation
        mechanism = BY_NAME[need_negotiation(draft, id).mechanism]
        if agent.id not in mechanism.parties(draft, id):
            raise Refused(Reason.NOT_YOURS, id=id)
        move = mechanism.MOVES.get(type(command))
        if move is None:
            raise Refused(Reason.WRONG_MECHANISM, mechanism=mechanism.NAME)
        affected = move(draft, agent, command, id)
    _follow(draft, mechanism, id, affected, agent)


def _need_going(draft: Draft, command: Any) -> None:
    """Raise Refused(halted) where the market stands still for such a move."""
    if type(command) in BY_OPENING or type(command) is Accept:
        halt.need(draft, "commitments")
    elif type(command) not in (Reject, Withdraw):  # those only free somebody
        halt.need(draft, "negotiations")


def lapse(draft: Draft, id: str) -> None:
    """Handle a negotiation's deadline. It cannot be refused."""
    negotiation = draft.get(NEGOTIATIONS, id)
    assert negotiation is not None, f"deadline without a negotiation: {id}"
    mechanism = BY_NAME[negotiation.mechanism]
    _follow(draft, mechanism, id, mechanism.lapse(draft, id), None)


def _follow(
    draft: Draft,
    mechanism: Mechanism,
    id: str,
    affected: tuple[str, ...],
    mover: Agent | None,
) -> None:
    outcome = mechanism.outcome(draft, id)
    if outcome is None:
        for party in affected:
            agent = need_other_agent(draft, party)
            legs = mechanism.bound(draft, id, party)
            if legs and mover is not None and party == mover.id:
                authority.check(draft, agent, legs, negotiation=id)
            mandate.reserve(draft, agent, id, cash_given(legs, party))
        return
    parties = mechanism.parties(draft, id)
    if not all(are_goods_here(draft, agreement.legs) for agreement in outcome.agreements):
        draft.emit(NegotiationClosed(id, "goods_moved", parties))
        return
    found = [(agreement, _vouch(draft, agreement, id, mover)) for agreement in outcome.agreements]
    draft.emit(NegotiationClosed(id, outcome.why, parties))
    for agreement, waiting in found:
        draft.emit(AgreementReached(next_id(draft, "C"), id, agreement, waiting))


def _vouch(
    draft: Draft, agreement: Agreement, negotiation: str, mover: Agent | None
) -> tuple[str, ...]:
    """Make sure that every party may and can; list the principals who must approve.

    The mover learns what it lacks; of the others it learns only that they are unable.
    """
    waiting = []
    for party in agreement.parties:
        agent = need_other_agent(draft, party)
        try:
            if authority.check(draft, agent, agreement.legs, negotiation=negotiation):
                waiting.append(agent.principal)
            _check_funds(draft, agent, agreement)
        except Refused:
            if mover is not None and party == mover.id:
                raise
            raise Refused(Reason.COUNTERPARTY_UNABLE) from None
    return tuple(waiting)


def _check_funds(draft: Draft, agent: Agent, agreement: Agreement) -> None:
    needed: dict[str, int] = {}
    for leg in agreement.legs:
        if isinstance(leg, CashLeg) and leg.giver == agent.id:
            needed[leg.amount.asset] = needed.get(leg.amount.asset, 0) + leg.amount.units
    for asset, units in needed.items():
        available = ledger.need_account(draft, wallet(agent.principal, asset)).available
        # Held money counts as gone. Otherwise two offers accepted in the same second could both
        # pass, and the second contract would have nothing behind it.
        if available < units:
            raise Refused(Reason.INSUFFICIENT_FUNDS, available=available, needed=units)


def release_budgets(draft: Draft, event: NegotiationClosed) -> None:
    """React to a negotiation's end: nothing in it binds any more."""
    mandate.release(draft, event.parties, event.negotiation)


def _opened(view: View, event: NegotiationOpened) -> None:
    take_id(view, event.negotiation)
    view.put(NEGOTIATIONS, event.negotiation, Negotiation(event.negotiation, event.mechanism))


def _closed(view: View, event: NegotiationClosed) -> None:
    negotiation = view.get(NEGOTIATIONS, event.negotiation)
    assert negotiation is not None, f"closed twice: {event.negotiation}"
    BY_NAME[negotiation.mechanism].forget(view, event.negotiation)
    view.drop(NEGOTIATIONS, event.negotiation)
    view.drop(DEADLINES, event.negotiation)


EVOLVE: dict[type, Any] = {NegotiationOpened: _opened, NegotiationClosed: _closed}
