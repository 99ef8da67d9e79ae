"""What lies behind a principal's record: its ended contracts, counted, and bound by one digest.

The counts say how contracts went and of what size they were; the root is that of a Merkle tree over
one leaf for each, so that single deals can be shown later to be among those that were counted.
"""

import hashlib
from typing import Any

from msgspec import Struct

from souq.core.agreement import givers
from souq.core.dispute import DisputeOpened
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.party import AgentRegistered
from souq.core.reputation import payments
from souq.core.rules import MarketOpened, Rules
from souq.core.seal import canonical
from souq.journal import merkle
from souq.journal.record import Record

BANDS = (10**6, 10**7, 10**8, 10**9)  # units that a payment stays below, and "more"
OUTCOMES = ("fulfilled", "penalised", "ruled", "not_delivered")


class Evidence(Struct):
    """A principal's contracts as a supplier, in records after one instant and up to another."""

    market: str = ""  # the digest of its first record
    outcomes: dict[str, int] = {}
    bands: dict[str, int] = {}
    disputes: int = 0
    counterparties: int = 0
    from_at: int = 0
    until_at: int = 0
    leaves: tuple[str, ...] = ()

    @property
    def root(self) -> str:
        """Give the Merkle root over all leaves, in their order."""
        return merkle_root(self.leaves)


class Gathering:
    """Reads records in order and counts what one principal has shown."""

    def __init__(self, principal: str, *, from_at: int = 0) -> None:
        self._principal = principal
        self._from_at = from_at
        self._principals: dict[str, str] = {}
        self._rules = Rules()
        self._others: set[str] = set()
        self._disputed: set[str] = set()
        self._leaves: list[str] = []
        self.found = Evidence(
            outcomes=dict.fromkeys(OUTCOMES, 0),
            bands=dict.fromkeys((*map(str, BANDS), "more"), 0),
            from_at=from_at,
        )

    def take(self, record: Record, hash: bytes) -> None:
        """Read the next record, and the hash it has in the chain."""
        if record.seq == 1:
            self.found.market = hash.hex()
        self.found.until_at = record.at
        for event in record.events:
            match event:
                case MarketOpened():
                    self._rules = event.rules
                case AgentRegistered():
                    self._principals[event.agent] = event.principal
                case DisputeOpened():
                    self._disputed.add(event.contract)
                case ContractFulfilled():
                    how = "penalised" if event.penalty_bps else "fulfilled"
                    self._count(record, event, how, event.penalty_bps)
                case RulingMade():
                    self._count(record, event, "ruled", event.payer_bps)
                case ContractCancelled(why="not_delivered"):
                    self._count(record, event, "not_delivered", 0)
                case _:
                    pass

    def done(self) -> Evidence:
        """Give what was found."""
        self.found.leaves = tuple(self._leaves)
        self.found.counterparties = len(self._others)
        return self.found

    def _count(self, record: Record, event: Any, how: str, back_bps: int) -> None:
        if record.at <= self._from_at:
            return
        agreement, mine = event.agreement, self._principal
        suppliers = [one for one in givers(agreement.legs) if self._principals[one] == mine]
        late = getattr(event, "at_fault", suppliers)
        if not any(one in late for one in suppliers):
            return
        units = 0
        for supplier, payer, paid in payments(self._rules, agreement):
            if self._principals[supplier] == mine and self._principals[payer] != mine:
                units += paid
                self._others.add(self._principals[payer])
        if not units:
            return
        self.found.outcomes[how] += 1
        self.found.bands[next((str(one) for one in BANDS if units < one), "more")] += 1
        self.found.disputes += event.contract in self._disputed
        leaf = ["souq.evidence.v1", self.found.market, mine, event.contract, how, units, back_bps]
        self._leaves.append(hashlib.sha256(canonical.encode(leaf)).hexdigest())


def merkle_root(leaves: tuple[str, ...]) -> str:
    """Give the root over leaves in hex; that of none is SHA-256 of nothing."""
    return merkle.root_of([merkle.leaf_hash(bytes.fromhex(one)) for one in leaves]).hex()
