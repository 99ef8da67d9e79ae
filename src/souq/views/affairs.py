"""Who has what open: agents their bargains, runs, contracts and channels; principals their agents,
and the deals that wait for their approval.

Built from the live state at a start, then kept up record by record; it is as large as what is open.
"""

from collections.abc import Iterator
from typing import Any

from souq.core.approval import ContractApproved, ContractHeld
from souq.core.channel import CHANNELS, ChannelOpened, ChannelsEnded
from souq.core.dispute.records import DisputeOpened, RedoOrdered
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.mechanisms import OPEN_TO_ALL
from souq.core.mechanisms.alternating_offers import OfferMade
from souq.core.mechanisms.swap import SwapProposed
from souq.core.negotiation import (
    NEGOTIATIONS,
    AgreementReached,
    NegotiationClosed,
    PartyJoined,
    parties_of,
)
from souq.core.party import AGENTS, AgentRegistered
from souq.core.stage import CONTRACTS, Disputed
from souq.core.state import State


class _Lists:
    """Ids by whom they concern, in the order they came."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, None]] = {}

    def add(self, party: str, id: str) -> None:
        self._of.setdefault(party, {})[id] = None

    def drop(self, party: str, id: str) -> None:
        found = self._of.get(party)
        if found is not None:
            found.pop(id, None)
            if not found:
                del self._of[party]

    def of(self, party: str) -> tuple[str, ...]:
        return tuple(self._of.get(party, ()))


class Affairs:
    """Ask `talks`, `contracts`, `approvals` and the rest; feed every record to `take`."""

    def __init__(self, state: State) -> None:
        self._talks, self._contracts, self._agents = _Lists(), _Lists(), _Lists()
        self._runs = _Lists()
        self._channels = _Lists()
        self._approvals = _Lists()
        self._held: dict[str, tuple[str, ...]] = {}  # whom a contract waited for
        self._disputes: dict[str, None] = {}  # by contract
        self._sides: dict[str, tuple[str, str]] = {}  # of a channel, whose end does not say them
        for id in _by_number(state.rows(NEGOTIATIONS)):
            is_open_to_all = state.rows(NEGOTIATIONS)[id].mechanism in OPEN_TO_ALL
            lists = self._runs if is_open_to_all else self._talks
            for party in parties_of(state, id):
                lists.add(party, id)
        for id in _by_number(state.rows(CONTRACTS)):
            if isinstance(state.rows(CONTRACTS)[id], Disputed):
                self._disputes[id] = None
            for party in state.rows(CONTRACTS)[id].agreement.parties:
                self._contracts.add(party, id)
            self._hold(id, getattr(state.rows(CONTRACTS)[id], "waiting", ()))
        for id in _by_number(state.rows(CHANNELS)):
            terms = state.rows(CHANNELS)[id].terms
            self._add_channel(id, terms.payer, terms.payee)
        for id in _by_number(state.rows(AGENTS)):
            self._agents.add(state.rows(AGENTS)[id].principal, id)

    def talks(self, agent: str) -> tuple[str, ...]:
        """List an agent's open bargains."""
        return self._talks.of(agent)

    def runs(self, agent: str) -> tuple[str, ...]:
        """List the running auctions, calls and books that an agent takes part in."""
        return self._runs.of(agent)

    def contracts(self, agent: str) -> tuple[str, ...]:
        """List an agent's running contracts."""
        return self._contracts.of(agent)

    def disputes(self) -> tuple[str, ...]:
        """List the contracts that are disputed, by number."""
        return tuple(sorted(self._disputes, key=lambda id: int(id[1:])))

    def channels(self, agent: str) -> tuple[str, ...]:
        """List an agent's open channels, on either side."""
        return self._channels.of(agent)

    def approvals(self, principal: str) -> tuple[str, ...]:
        """List the contracts that wait for a principal's approval."""
        return self._approvals.of(principal)

    def agents(self, principal: str) -> tuple[str, ...]:
        """List a principal's agents."""
        return self._agents.of(principal)

    def take(self, events: tuple[Any, ...]) -> None:
        """Follow what happened."""
        for event in events:
            kind = type(event)
            if kind is OfferMade:
                if event.version == 1:
                    self._talks.add(event.opener, event.negotiation)
                    self._talks.add(event.responder, event.negotiation)
            elif kind is SwapProposed:
                for party in event.parties:
                    self._talks.add(party, event.negotiation)
            elif kind is PartyJoined:
                self._runs.add(event.agent, event.negotiation)
            elif kind is NegotiationClosed:
                for party in event.parties:
                    self._talks.drop(party, event.negotiation)
                    self._runs.drop(party, event.negotiation)
            elif kind is AgreementReached:
                for party in event.agreement.parties:
                    self._contracts.add(party, event.contract)
            elif kind is ContractFulfilled or kind is ContractCancelled or kind is RulingMade:
                self._disputes.pop(event.contract, None)
                for party in event.agreement.parties:
                    self._contracts.drop(party, event.contract)
                for approver in self._held.pop(event.contract, ()):
                    self._approvals.drop(approver, event.contract)
            elif kind is ContractHeld:
                self._hold(event.contract, event.waiting)
            elif kind is ContractApproved:
                self._approvals.drop(event.by, event.contract)
            elif kind is DisputeOpened:
                self._disputes[event.contract] = None
            elif kind is RedoOrdered:
                self._disputes.pop(event.contract, None)
            elif kind is ChannelOpened:
                self._add_channel(event.channel, event.payer, event.payee)
            elif kind is ChannelsEnded:
                for id in event.channels:
                    for side in self._sides.pop(id):
                        self._channels.drop(side, id)
            elif kind is AgentRegistered:
                self._agents.add(event.principal, event.agent)

    def _hold(self, contract: str, waiting: tuple[str, ...]) -> None:
        if waiting:
            self._held[contract] = waiting
        for approver in waiting:
            self._approvals.add(approver, contract)

    def _add_channel(self, id: str, payer: str, payee: str) -> None:
        self._sides[id] = (payer, payee)
        self._channels.add(payer, id)
        self._channels.add(payee, id)


def _by_number(rows: dict[str, Any]) -> Iterator[str]:
    return iter(sorted(rows, key=lambda id: int(id[1:])))
