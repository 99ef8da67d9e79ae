"""What principals still owe: an agreement adds to it, its end takes it away. See `exposure`."""

from typing import Any

from souq.core.agreement import Agreement, CashLeg, givers
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.exposure import EXPOSURES
from souq.core.negotiation import AgreementReached
from souq.core.party import AGENTS
from souq.core.state import Table, View

TABLES: tuple[Table[Any], ...] = (EXPOSURES,)


def _agreed(view: View, event: AgreementReached) -> None:
    _add(view, event.agreement, 1)


def _ended(view: View, event: ContractFulfilled | ContractCancelled | RulingMade) -> None:
    _add(view, event.agreement, -1)


def _add(view: View, agreement: Agreement, sign: int) -> None:
    suppliers = set(givers(agreement.legs))
    for leg in agreement.legs:
        if isinstance(leg, CashLeg) and leg.taker in suppliers:
            agent = view.get(AGENTS, leg.taker)
            assert agent is not None, f"nobody owes: {leg.taker}"
            key = f"{agent.principal}/{leg.amount.asset}"
            left = (view.get(EXPOSURES, key) or 0) + sign * leg.amount.units
            if left:
                view.put(EXPOSURES, key, left)
            else:
                view.drop(EXPOSURES, key)


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {
    AgreementReached: _agreed,
    ContractFulfilled: _ended,
    ContractCancelled: _ended,
    RulingMade: _ended,
}
