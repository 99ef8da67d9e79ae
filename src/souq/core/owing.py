"""What contracts bind principals to: an agreement adds to it, its end takes it away.

How much each still owes is for `exposure`; how many contracts run, and what a day's deals came to,
is for `attestation`.
"""

from typing import Any

from souq.core import commitments
from souq.core.agreement import Agreement, CashLeg, givers
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.exposure import EXPOSURES
from souq.core.negotiation import AgreementReached
from souq.core.party import AGENTS
from souq.core.rules import RULES
from souq.core.state import Table, View

TABLES: tuple[Table[Any], ...] = (EXPOSURES,)


def _agreed(view: View, event: AgreementReached) -> None:
    _add(view, event.agreement, 1)
    house = view.get(RULES, "market")
    if house is None or not house.levels:
        return  # nobody asks what a day came to
    for leg in event.agreement.legs:
        if isinstance(leg, CashLeg):
            payer = _principal(view, leg.giver)
            commitments.add(view, payer, leg.amount.asset, leg.amount.units)


def _ended(view: View, event: ContractFulfilled | ContractCancelled | RulingMade) -> None:
    _add(view, event.agreement, -1)


def _add(view: View, agreement: Agreement, sign: int) -> None:
    for principal in dict.fromkeys([_principal(view, party) for party in agreement.parties]):
        commitments.count(view, principal, sign)
    suppliers = givers(agreement.legs)
    for leg in agreement.legs:
        if isinstance(leg, CashLeg) and leg.taker in suppliers:
            key = f"{_principal(view, leg.taker)}/{leg.amount.asset}"
            left = (view.get(EXPOSURES, key) or 0) + sign * leg.amount.units
            if left:
                view.put(EXPOSURES, key, left)
            else:
                view.drop(EXPOSURES, key)


def _principal(view: View, party: str) -> str:
    agent = view.get(AGENTS, party)
    assert agent is not None, f"nobody is bound: {party}"
    return agent.principal


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {
    AgreementReached: _agreed,
    ContractFulfilled: _ended,
    ContractCancelled: _ended,
    RulingMade: _ended,
}
