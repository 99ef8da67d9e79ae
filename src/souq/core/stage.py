"""What a contract can be, from its agreement to its end; every stage has a deadline but the first.

What moves a contract from one to the next, and what silence does, stands in `contract`.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core.agreement import Agreement
from souq.core.case import Case
from souq.core.party import AGENTS, need_other_agent
from souq.core.refusal import Reason, Refused
from souq.core.state import DEADLINES, Table, View, need_live


class Agreed(Struct, frozen=True, tag=True):
    """Between an agreement and its contract, within one record."""

    agreement: Agreement


class Held(Struct, frozen=True, tag=True, omit_defaults=True):
    agreement: Agreement
    waiting: tuple[str, ...]
    decide_by: int
    reasons: tuple[str, ...] = ()


class Formed(Struct, frozen=True, tag=True, omit_defaults=True):
    agreement: Agreement
    deliver_by: int
    delivered: tuple[str, ...] = ()
    measured: dict[str, int] = {}


class Delivered(Struct, frozen=True, tag=True, omit_defaults=True):
    agreement: Agreement
    accept_by: int
    accepted: tuple[str, ...] = ()
    measured: dict[str, int] = {}


class Disputed(Struct, frozen=True, tag=True, omit_defaults=True):
    agreement: Agreement
    claimant: str
    rule_by: int
    measured: dict[str, int] = {}
    case: Case = Case()


class Failed(Struct, frozen=True, tag=True, omit_defaults=True):
    """A verifier has reported that the delivery misses its criteria."""

    agreement: Agreement
    contest_by: int
    accepted: tuple[str, ...] = ()
    measured: dict[str, int] = {}


class Returnable(Struct, frozen=True, tag=True, omit_defaults=True):
    """Accepted; it may still be sent back."""

    agreement: Agreement
    return_by: int
    measured: dict[str, int] = {}


class Returning(Struct, frozen=True, tag=True, omit_defaults=True):
    """Its taker says that it is on its way back."""

    agreement: Agreement
    contest_by: int
    measured: dict[str, int] = {}


State = Agreed | Held | Formed | Delivered | Disputed | Failed | Returnable | Returning
_BY: dict[type, str] = {  # what each state calls its deadline
    Held: "decide_by",
    Formed: "deliver_by",
    Delivered: "accept_by",
    Disputed: "rule_by",
    Failed: "contest_by",
    Returnable: "return_by",
    Returning: "contest_by",
}

CONTRACTS: Table[State] = Table("contracts", State)


def need_contract(view: View, id: str) -> State:
    """Give a contract being performed. Raises Refused(not_found), or Refused(closed) when over."""
    return need_live(view, CONTRACTS, id, "C")


def due_at(state: State) -> int:
    """Give the instant at which silence decides what becomes of a contract."""
    due: int = getattr(state, _BY[type(state)])
    return due


def stage_of(view: View, id: str) -> Any:
    """Give a contract that must be there: its event is already history."""
    state = view.get(CONTRACTS, id)
    assert state is not None, f"no such contract: {id}"
    return state


def put_off(view: View, id: str, due: int) -> None:
    """Fold a deadline that has moved into what the contract says of it."""
    state = stage_of(view, id)
    view.put(CONTRACTS, id, msgspec.structs.replace(state, **{_BY[type(state)]: due}))


def enter(view: View, id: str, state: State, due: int) -> None:
    """Fold a contract's step to a stage and its deadline."""
    view.put(CONTRACTS, id, state)
    view.put(DEADLINES, id, due)


def principals(view: View, agreement: Agreement) -> tuple[str, ...]:
    """List whose agents the parties are."""
    return tuple(need_other_agent(view, party).principal for party in agreement.parties)


def speaks_for(view: View, actor: str, agreement: Agreement) -> str:
    """Give the party that an agent is, or that a principal stands behind.

    Raises Refused(not_yours) for anybody else.
    """
    for party in agreement.parties:
        agent = view.get(AGENTS, party)
        if agent is not None and actor in (party, agent.principal):
            return party
    raise Refused(Reason.NOT_YOURS)
