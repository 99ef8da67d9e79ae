"""How much of a mandate is in use: reserved by open offers, and committed by what binds.

Budget is reserved when an offer that could bind is made, committed when it binds, and given back
when the deal comes to nothing. At every moment reserved + committed <= cap, for every cap of
the mandate they were promised under, and of every mandate above it: a part that was lent on is
counted in the whole at once.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core.agreement import Leg, cash_given
from souq.core.mandate import (
    MANDATES,
    SPENDINGS,
    Limits,
    Mandate,
    Spending,
    lineage,
    need_mandate,
)
from souq.core.party import Agent, need_other_agent
from souq.core.state import Draft, Table, View, row_of


class Reservation(Struct, frozen=True, gc=False, array_like=True):
    """What one agent's open offers in one negotiation bind.

    `above` are the mandates above its own; `peak` is the most they bound since they bound nothing.
    """

    mandate: str
    units: int
    above: tuple[str, ...] = ()
    peak: int = 0


class Commitment(Struct, frozen=True, gc=False, array_like=True):
    """What a contract took from a mandate's budget: an entry of its window, and of each `above`."""

    mandate: str
    entry: int
    units: int
    above: tuple[tuple[str, int], ...] = ()


class BudgetReserved(Struct, frozen=True, tag=True):
    """What an open offer binds is set aside; it replaces what the negotiation bound before."""

    mandate: str
    agent: str
    negotiation: str
    units: int


class BudgetReleased(Struct, frozen=True, tag=True):
    mandate: str
    agent: str
    negotiation: str


class BudgetCommitted(Struct, frozen=True, tag=True):
    mandate: str
    agent: str
    contract: str
    units: int


class BudgetSettled(Struct, frozen=True, tag=True):
    """A contract ended; what came back may be spent again."""

    mandate: str
    agent: str
    contract: str
    returned_units: int


class BudgetReturned(Struct, frozen=True, tag=True):
    """A contract that goes on will not spend so much after all; it may be spent again."""

    mandate: str
    agent: str
    contract: str
    units: int


class BudgetsSettled(Struct, frozen=True, tag=True):
    """What came back of many commitments, in columns."""

    agents: tuple[str, ...]
    contracts: tuple[str, ...]
    returned_units: tuple[int, ...]


RESERVATIONS: Table[Reservation] = Table("reservations", Reservation)
COMMITMENTS: Table[Commitment] = Table("commitments", Commitment)
TABLES: tuple[Table[Any], ...] = (RESERVATIONS, COMMITMENTS)


def expired_entries(view: View, mandate: Mandate, limits: Limits) -> list[tuple[int, int]]:
    """List (number, units) of window entries that no longer count: the window is (at - w, at]."""
    entries = []
    for number in range(mandate.oldest, mandate.newest + 1):
        spending = view.get(SPENDINGS, f"{mandate.id}/{number}")
        assert spending is not None, f"a hole in the window of {mandate.id}: {number}"
        if spending.at > view.at - limits.window_us:
            break
        entries.append((number, spending.units))
    return entries


def peak_units(view: View, agent: str, negotiation: str) -> int:
    """Give the most that an agent's open offers in a negotiation bound at a time."""
    found = view.get(RESERVATIONS, f"{agent}/{negotiation}")
    return 0 if found is None else found.peak


def reserve(draft: Draft, agent: Agent, negotiation: str, units: int) -> None:
    """Set the budget aside that an open offer binds, or let it go where it binds nothing."""
    before = draft.get(RESERVATIONS, f"{agent.id}/{negotiation}")
    if before is not None and (not units or before.mandate != agent.mandate):
        draft.emit(BudgetReleased(before.mandate, agent.id, negotiation))
    if units and (before is None or (before.mandate, before.units) != (agent.mandate, units)):
        draft.emit(BudgetReserved(agent.mandate, agent.id, negotiation, units))


def release(draft: Draft, agents: tuple[str, ...], negotiation: str) -> None:
    """Let go of everything a closing negotiation had reserved."""
    for agent in agents:
        before = draft.get(RESERVATIONS, f"{agent}/{negotiation}")
        if before is not None:
            draft.emit(BudgetReleased(before.mandate, agent, negotiation))


def commit(draft: Draft, agents: tuple[str, ...], legs: tuple[Leg, ...], contract: str) -> None:
    """Count what each party pays against its mandate."""
    for id in agents:
        pays = cash_given(legs, id)
        if pays:
            mandate = need_mandate(draft, need_other_agent(draft, id))
            draft.emit(BudgetCommitted(mandate.id, id, contract, pays))


def settle(draft: Draft, contract: str, agent: str, returned_units: int) -> None:
    """Close a contract's claim on a budget, giving back what was not spent."""
    found = draft.get(COMMITMENTS, f"{contract}/{agent}")
    if found is not None:
        draft.emit(BudgetSettled(found.mandate, agent, contract, returned_units))


def give_back(draft: Draft, contract: str, agent: str, units: int) -> None:
    """Give back what a contract will not spend after all, while it goes on."""
    found = draft.get(COMMITMENTS, f"{contract}/{agent}")
    if found is not None and units:
        draft.emit(BudgetReturned(found.mandate, agent, contract, units))


def settle_many(draft: Draft, rows: list[tuple[str, str, int]]) -> None:
    """Close many claims, each (contract, agent, returned_units), in one event."""
    contracts, agents, units = zip(*rows, strict=True)
    draft.emit(BudgetsSettled(agents, contracts, units))


def _reserved(view: View, event: BudgetReserved) -> None:
    key = f"{event.agent}/{event.negotiation}"
    before = view.get(RESERVATIONS, key)
    own = view.get(MANDATES, event.mandate)  # an order outlives its mandate until it is matched
    above = () if own is None else tuple([one.id for one in lineage(view, own)[1:]])
    peak, units = (before.peak, before.units) if before else (0, 0)
    after = Reservation(event.mandate, event.units, above, max(event.units, peak))
    view.put(RESERVATIONS, key, after)
    for mandate in (event.mandate, *above):
        _add_reserved(view, mandate, event.units - units)


def _released(view: View, event: BudgetReleased) -> None:
    key = f"{event.agent}/{event.negotiation}"
    before = view.get(RESERVATIONS, key)
    assert before is not None, f"released twice: {key}"
    view.drop(RESERVATIONS, key)
    for mandate in (before.mandate, *before.above):
        _add_reserved(view, mandate, -before.units)


def _add_reserved(view: View, mandate: str, units: int) -> None:
    found = view.get(MANDATES, mandate)
    if found is not None:  # a revoked mandate's open offers still end
        reserved = found.reserved_units + units
        view.put(MANDATES, mandate, msgspec.structs.replace(found, reserved_units=reserved))


def _committed(view: View, event: BudgetCommitted) -> None:
    own, *above = lineage(view, row_of(view, MANDATES, event.mandate))
    entry = _count(view, own, event.units)
    others = tuple((one.id, _count(view, one, event.units)) for one in above)
    commitment = Commitment(own.id, entry, event.units, others)
    view.put(COMMITMENTS, f"{event.contract}/{event.agent}", commitment)


def _count(view: View, mandate: Mandate, units: int) -> int:
    """Fold what binds into a mandate; give its entry in the window."""
    limits: Limits = mandate.limits.value
    oldest, newest, window = mandate.oldest, mandate.newest, mandate.window_units
    if limits.window_units is not None:
        for number, gone in expired_entries(view, mandate, limits):
            view.drop(SPENDINGS, f"{mandate.id}/{number}")
            oldest, window = number + 1, window - gone
        newest += 1
        window += units
        view.put(SPENDINGS, f"{mandate.id}/{newest}", Spending(view.at, units))
    view.put(
        MANDATES,
        mandate.id,
        msgspec.structs.replace(
            mandate,
            lifetime_units=mandate.lifetime_units + units,
            window_units=window,
            oldest=oldest,
            newest=newest,
        ),
    )
    return newest


def _settled(view: View, event: BudgetSettled) -> None:
    _give_back(view, f"{event.contract}/{event.agent}", event.returned_units)


def _many_settled(view: View, event: BudgetsSettled) -> None:
    rows = zip(event.contracts, event.agents, event.returned_units, strict=True)
    for contract, agent, units in rows:
        _give_back(view, f"{contract}/{agent}", units)


def _returned(view: View, event: BudgetReturned) -> None:
    claim = f"{event.contract}/{event.agent}"
    before = row_of(view, COMMITMENTS, claim)
    _give_back(view, claim, event.units)
    left = before.units - event.units
    view.put(COMMITMENTS, claim, Commitment(before.mandate, before.entry, left, before.above))


def _give_back(view: View, claim: str, units: int) -> None:
    commitment = view.get(COMMITMENTS, claim)
    assert commitment is not None, f"settled twice: {claim}"
    view.drop(COMMITMENTS, claim)
    for mandate, entry in ((commitment.mandate, commitment.entry), *commitment.above):
        _uncount(view, mandate, entry, units)


def _uncount(view: View, id: str, number: int, units: int) -> None:
    mandate = view.get(MANDATES, id)
    if mandate is None or not units:
        return
    window = mandate.window_units
    key = f"{id}/{number}"
    entry = view.get(SPENDINGS, key)
    if entry is not None:
        view.put(SPENDINGS, key, Spending(entry.at, entry.units - units))
        window -= units
    lifetime = mandate.lifetime_units - units
    view.put(
        MANDATES,
        id,
        msgspec.structs.replace(mandate, lifetime_units=lifetime, window_units=window),
    )


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {
    BudgetReserved: _reserved,
    BudgetReleased: _released,
    BudgetCommitted: _committed,
    BudgetReturned: _returned,
    BudgetSettled: _settled,
    BudgetsSettled: _many_settled,
}
