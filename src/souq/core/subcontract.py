"""Who must perform a contract may have a part of it done by others, under contracts of their own.

What a giver of goods sets out below a contract stays within it: all of it together costs at most
what the contract pays that giver, is called for an hour before its delivery is due at the latest,
is to be delivered no later than it, and goes at most `DEPTH_MAX` contracts deep. A contract says
which ones it helps to perform (`Agreement.under`), from the nearest to the topmost; of their terms
it says nothing.

What is set out counts from the call on; what a call does not spend, and what a subcontract that is
cancelled gives back, may be set out again.
"""

from typing import Any

from souq.core.agreement import Agreement, cash_paid, cash_taken, givers
from souq.core.money import Money
from souq.core.party import AGENTS, Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import HOUR_US, fee_of
from souq.core.stage import CONTRACTS, Formed, need_contract
from souq.core.state import Table, View

DEPTH_MAX = 3
LEFT_MIN_US = HOUR_US

# By contract, what stands below it: budgets of open calls, and prices of subcontracts.
SET_OUT: Table[int] = Table("set_out_below", int)
TABLES: tuple[Table[Any], ...] = (SET_OUT,)


def need_room(
    view: View, agent: Agent, contract: str, budget: Money, *, closes_at: int
) -> tuple[str, ...]:
    """Give the chain that a subcontract would stand under. Raises Refused unless it may be called.

    By a giver of goods, or another agent of its principal; the narrower mandate is the one that
    the principal lent whoever calls.
    """
    stage = need_contract(view, contract)
    agreement = stage.agreement
    ours = tuple(one for one in givers(agreement.legs) if _is_of(view, one, agent.principal))
    if not ours:
        raise Refused(Reason.NOT_YOURS, id=contract)
    if not isinstance(stage, Formed) or ours[0] in stage.delivered:
        raise Refused(Reason.WRONG_STATE, state=type(stage).__name__)
    if len(agreement.under) >= DEPTH_MAX:
        raise invalid("under", f"subcontracts go {DEPTH_MAX} deep")
    if closes_at + LEFT_MIN_US > stage.deliver_by:
        raise invalid("under", "the call must close an hour before that contract's delivery is due")
    paid = [money for one in ours for money in cash_taken(agreement.legs, one)]
    room = sum(one.units - fee_of(view, one).units for one in paid if one.asset == budget.asset)
    room -= view.get(SET_OUT, contract) or 0
    if budget.units > room:
        available = max(0, room)
        raise Refused(
            Reason.BUDGET_EXCEEDED, rule="under", available=available, needed=budget.units
        )
    return (contract, *agreement.under)


def due_by(view: View, under: tuple[str, ...], at: int) -> int:
    """Give when a subcontract's delivery is due at the latest: when that of the one above is.

    An hour is left at least: nobody should fail for a call that was closed late.
    """
    above = view.get(CONTRACTS, under[0]) if under else None
    if not isinstance(above, Formed):
        return at
    return min(at, max(above.deliver_by, view.at + LEFT_MIN_US))


def set_out(view: View, under: tuple[str, ...], units: int) -> None:
    """Fold what more stands below a contract, or less; one that is over has no more to give."""
    if under and under[0] and view.get(CONTRACTS, under[0]) is not None:
        view.put(SET_OUT, under[0], (view.get(SET_OUT, under[0]) or 0) + units)


def end(view: View, id: str, agreement: Agreement, *, is_cancelled: bool) -> None:
    """Fold a contract's end, for what stands below it and for what it stands under."""
    if view.get(SET_OUT, id) is not None:
        view.drop(SET_OUT, id)
    if is_cancelled and agreement.under:
        paid = cash_paid(agreement.legs)
        set_out(view, agreement.under, -paid)


def _is_of(view: View, agent: str, principal: str) -> bool:
    found = view.get(AGENTS, agent)
    return found is not None and found.principal == principal
