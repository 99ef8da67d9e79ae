"""What a stream of records says a swarm did, and what each of its wallets must hold by it.

It folds the transfers alone and shares no code with the ledger, so that it can disagree with it.
"""

from collections.abc import Mapping, Set

from souq.core.ledger import TransfersMade
from souq.core.mechanisms.alternating_offers import OfferMade
from souq.core.negotiation import AgreementReached
from souq.core.transfer import Batch, Kind
from souq.views.feed import RecordSeen


class Books:
    """Feed it the operator's records, in order."""

    def __init__(self, agents: Set[str], wallets: Mapping[str, int]) -> None:
        """Begin with what was paid into each wallet."""
        self._agents = agents
        self._wallets = dict(wallets)
        self._holds: dict[str, tuple[str, str, int]] = {}
        self.deals = self.offers = self.events = self.moved_units = self.seq = 0

    def take(self, record: RecordSeen) -> None:
        """Count what one record says."""
        self.seq = record.seq
        self.events += len(record.events)
        for event in record.events:
            if isinstance(event, TransfersMade):
                self._transfer(event.batch)
            elif isinstance(event, AgreementReached):
                self.deals += not self._agents.isdisjoint(event.agreement.parties)
            elif isinstance(event, OfferMade):
                self.offers += event.by in self._agents

    def differences(self, found: Mapping[str, int]) -> list[str]:
        """List the wallets that hold something else than they must."""
        return [
            f"{name} must hold {units} and holds {found.get(name, 0)}"
            for name, units in self._wallets.items()
            if found.get(name, 0) != units
        ]

    def _transfer(self, batch: Batch) -> None:
        for id, kind, debit, credit, amount, hold, _ in batch.rows():
            if kind == Kind.MOVE:
                self._post(debit, credit, amount)
            elif kind == Kind.HOLD:
                self._holds[id] = (debit, credit, amount)
            elif (held := self._holds.pop(hold, None)) is not None and kind == Kind.CAPTURE:
                self._post(held[0], held[1], amount or held[2])

    def _post(self, debit: str, credit: str, amount: int) -> None:
        if debit in self._wallets:
            self._wallets[debit] -= amount
            self.moved_units += amount
        if credit in self._wallets:
            self._wallets[credit] += amount
