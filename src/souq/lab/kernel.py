"""A mechanism by itself: its own `decide` and `evolve`, without market, ledger and journal.

For statistics over many runs, and for speed; the same code judges in a market, and the same moves
give the same trades there.
"""

from collections.abc import Iterable
from typing import Any

from souq.core import listing as listings
from souq.core import reputation
from souq.core.agreement import Agreement, GoodsLeg, cash_paid
from souq.core.listing import LISTINGS, EditListing, Listing
from souq.core.mechanisms import Mechanism
from souq.core.party import AGENTS, Agent
from souq.core.rules import RULES, Rules
from souq.core.stage import CONTRACTS
from souq.core.state import COUNTERS, DEADLINES, State, Table
from souq.core.subcontract import SET_OUT

# What mechanisms read beside their own rows.
_SHARED: tuple[Table[Any], ...] = (
    RULES,
    AGENTS,
    *listings.TABLES,
    DEADLINES,
    COUNTERS,
    CONTRACTS,
    SET_OUT,
    *reputation.TABLES,
)

Trade = tuple[str, str, str, int, int]  # buyer, seller, listing, quantity, units paid


class Kernel(State):
    """A state that holds one mechanism's rows, and folds its events as they are emitted.

    Raises Refused from `open` and `move`, as a market would; a refused move must have emitted
    nothing, which holds for every mechanism of souq.
    """

    __slots__ = ("_evolve", "_moves", "_outcome", "agents", "agreements", "mechanism", "opened")

    def __init__(self, mechanism: Any, rules: Rules | None = None) -> None:
        found: Mechanism = mechanism
        super().__init__((*_SHARED, *found.TABLES))
        self.mechanism = found
        self.agents: dict[str, Agent] = {}
        self.agreements: list[Agreement] = []
        self.opened = 0
        self._evolve = {**listings.EVOLVE, **found.EVOLVE}
        self._moves, self._outcome = found.MOVES, found.outcome
        self.at = 1
        self.put(RULES, "market", rules or Rules())

    def emit(self, event: Any) -> None:
        """Fold what a mechanism says has happened."""
        self._evolve[type(event)](self, event)

    def join(self, count: int) -> list[str]:
        """Add agents A1, A2 … of principals P1, P2 …, and give the new ones' ids."""
        first = len(self.agents) + 1
        for n in range(first, first + count):
            agent = Agent(f"A{n}", f"P{n}", "")
            self.agents[agent.id] = agent
            self.put(AGENTS, agent.id, agent)
        return [f"A{n}" for n in range(first, first + count)]

    def post(self, agent: str, **fields: Any) -> str:
        """Add a listing L1, L2 … of an agent's, and give its id; `fields` are a Listing's."""
        id = f"L{len(self.rows(LISTINGS)) + 1}"
        named = {"category": "units", "available": 1, **fields}
        named.setdefault("mechanisms", (self.mechanism.NAME,))
        owner = self.agents[agent]
        self.put(LISTINGS, id, Listing(id, agent, owner.principal, "", **named))
        return id

    def edit(self, editor: str, command: EditListing) -> None:
        """Change a listing, by its agent or its principal."""
        self.at += 1
        listings.DECIDE[EditListing](self, editor, command)

    def open(self, agent: str, command: Any) -> str:
        """Open a run N1, N2 … and give its id."""
        self.at += 1
        id = f"N{self.opened + 1}"
        self.mechanism.OPENS[type(command)](self, self.agents[agent], command, id)  # type: ignore[arg-type]
        self.opened += 1
        self._clear(id)
        return id

    def move(self, agent: str, command: Any) -> None:
        """Make a move, and carry out what it brings about."""
        self.at += 1
        id = command.negotiation
        self._moves[type(command)](self, self.agents[agent], command, id)  # type: ignore[arg-type]
        if self._outcome(self, id) is not None:  # most moves bring nothing about
            self._clear(id)

    def pass_time(self, until: int) -> None:
        """Let deadlines come, one after another, up to an instant in microseconds."""
        while (due := self.next_due()) and due[0] <= until:
            self.at = max(due[0], self.at + 1)
            self.drop(DEADLINES, due[1])
            self.mechanism.lapse(self, due[1])  # type: ignore[arg-type]
            self._clear(due[1])
        self.at = max(self.at, until)

    @property
    def trades(self) -> list[Trade]:
        """Give the tape: what was traded, in order."""
        return tape(self.agreements)

    def _clear(self, id: str) -> None:
        mechanism = self.mechanism
        while (outcome := mechanism.outcome(self, id)) is not None:
            self.agreements += outcome.agreements
            if outcome.why:
                mechanism.forget(self, id)
                self.drop(DEADLINES, id)
                return
            for agreement in outcome.agreements:
                mechanism.settled(self, id, agreement)  # type: ignore[arg-type]


def tape(agreements: Iterable[Agreement]) -> list[Trade]:
    """Write agreements over goods as trades; what is paid stands with the first goods."""
    found: list[Trade] = []
    for agreement in agreements:
        units = cash_paid(agreement.legs)
        for leg in agreement.legs:
            if isinstance(leg, GoodsLeg):
                found.append((leg.taker, leg.giver, leg.listing, leg.quantity, units))
                units = 0
    return found
