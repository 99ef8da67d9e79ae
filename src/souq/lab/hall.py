"""The whole market behind a kernel's few methods, so that one script can be played on both.

Every move goes the whole way: mandate, ledger, escrow, journal. Each agent has a principal of its
own, an open mandate unless another is given, and money.
"""

import random
from typing import Any

from souq.core.listing import EditListing, PostListing
from souq.core.mandate import Limits
from souq.core.mechanisms import Mechanism
from souq.core.money import Money
from souq.core.rules import Rules
from souq.core.seal import PublicText
from souq.journal.memory import MemoryStore
from souq.journal.store import Store
from souq.lab.kernel import Trade, tape
from souq.lab.simulation import Simulation

PURSE_UNITS = 10**12


class Hall:
    """One market whose clock only we move. Raises Refused from `open` and `move`."""

    def __init__(
        self,
        mechanism: Any,
        rules: Rules | None = None,
        *,
        store: Store | None = None,
        purse_units: int = PURSE_UNITS,
    ) -> None:
        found: Mechanism = mechanism
        self.mechanism = found
        self.simulation = Simulation(store or MemoryStore(), random.Random(7))
        self.simulation.open(rules or Rules(), b"")
        self._purse = Money(purse_units, (rules or Rules()).assets[0].code)
        self._began = self.simulation.clock.at

    def join(self, count: int, limits: Limits | None = None) -> list[str]:
        """Add agents A1, A2 … of principals P1, P2 …, and give the new ones' ids."""
        return [
            self.simulation.join("somebody", limits or Limits(), self._purse) for _ in range(count)
        ]

    def post(self, agent: str, **fields: Any) -> str:
        """Add a listing L1, L2 … of an agent's, and give its id; `fields` are a Listing's."""
        named: dict[str, Any] = {"category": "units", **fields}
        named["quantity"] = named.pop("available", 1)
        named.setdefault("mechanisms", (self.mechanism.NAME,))
        posted = self.simulation.submit(agent, PostListing(PublicText("a thing"), **named)).need()
        return str(posted.events[0].listing.id)

    def edit(self, editor: str, command: EditListing) -> None:
        """Change a listing, by its agent or its principal."""
        self.simulation.submit(editor, command).need()

    def open(self, agent: str, command: Any) -> str:
        """Open a run N1, N2 … and give its id."""
        return str(self.simulation.submit(agent, command).need().events[0].negotiation)

    def move(self, agent: str, command: Any) -> None:
        """Make a move, and let the market carry out what it brings about."""
        self.simulation.submit(agent, command).need()

    def pass_time(self, until: int) -> None:
        """Let deadlines come, up to so many microseconds from the market's opening."""
        self.simulation.advance(max(0, self._began + until - self.simulation.clock.at))

    @property
    def trades(self) -> list[Trade]:
        """Give the tape: what was agreed, in order."""
        return tape(deal.agreement for deal in self.simulation.history.deals.values())
