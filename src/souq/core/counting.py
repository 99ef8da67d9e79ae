"""Keeps count of what binds each principal, from what happens to its contracts."""

from typing import Any

from souq.core import commitments
from souq.core.agreement import CashLeg
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.negotiation import AgreementReached
from souq.core.party import AGENTS
from souq.core.rules import RULES
from souq.core.state import View


def _principals(view: View, parties: tuple[str, ...]) -> tuple[str, ...]:
    found = (view.get(AGENTS, party) for party in parties)
    return tuple(dict.fromkeys(agent.principal for agent in found if agent is not None))


def _agreed(view: View, event: AgreementReached) -> None:
    for principal in _principals(view, event.agreement.parties):
        commitments.count(view, principal, 1)
    house = view.get(RULES, "market")
    if house is None or not house.levels:
        return  # nobody asks what a day came to
    for leg in event.agreement.legs:
        if isinstance(leg, CashLeg):
            payer = view.get(AGENTS, leg.giver)
            assert payer is not None, f"nobody pays: {event.contract}"
            commitments.add(view, payer.principal, leg.amount.asset, leg.amount.units)


def _ended(view: View, event: ContractFulfilled | ContractCancelled | RulingMade) -> None:
    for principal in _principals(view, event.agreement.parties):
        commitments.count(view, principal, -1)


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {
    AgreementReached: _agreed,
    ContractFulfilled: _ended,
    ContractCancelled: _ended,
    RulingMade: _ended,
}
