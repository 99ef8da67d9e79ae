"""A yard in which only reputation is kept: deals end, records grow, and nothing else happens.

It folds the core's own events into the core's own tables, so that what is measured here is what a
market counts; it leaves out everything that makes a deal come about.
"""

from souq.core import bond, reputation, trust
from souq.core.agreement import Agreement, CashLeg, GoodsLeg
from souq.core.ending import RulingMade
from souq.core.exposure import EXPOSURES
from souq.core.listing import LISTINGS
from souq.core.money import BPS, Money
from souq.core.party import AGENTS, Agent
from souq.core.reputation import Score
from souq.core.rules import RULES, Rules
from souq.core.state import State
from souq.views.trust import Graph, find_rings, work_out

UNITS = 10_000_000  # the price of a deal that weighs 1
START_US = 1_750_000_000_000_000


class Yard:
    """Principals P1, P2 …, each with one agent; a clock that only `pass_time` moves."""

    def __init__(self, house: Rules | None = None) -> None:
        tables = (*reputation.TABLES, *bond.TABLES, EXPOSURES, LISTINGS, AGENTS, RULES)
        self.state = State(tables)
        self.state.at = START_US
        self.house = house or Rules(fee_bps=200)
        self.state.put(RULES, "market", self.house)
        self.graph = Graph()
        self.fees: dict[str, int] = {}  # what was paid to the house, by principal
        self._count = 0

    def join(self, count: int = 1) -> list[str]:
        """Add principals, and give their ids."""
        ids = [f"P{n}" for n in range(self._count + 1, self._count + count + 1)]
        for one in ids:
            self.state.put(AGENTS, f"A{one[1:]}", Agent(f"A{one[1:]}", one, ""))
        self._count += count
        return ids

    def pass_time(self, us: int) -> None:
        """Let time pass."""
        self.state.at += us

    def vouch(self, principal: str, units: int) -> None:
        """Let a principal have a bond standing."""
        key = f"{principal}/USD"
        self.state.put(bond.BONDS, key, bond.Bond(principal, "USD", units))

    def deal(self, supplier: str, payer: str, *, units: int = UNITS, share_bps: int = BPS) -> None:
        """Let a contract end by which so much of its price was earned."""
        one, other = f"A{supplier[1:]}", f"A{payer[1:]}"
        legs = (GoodsLeg(one, other, "L1", 1), CashLeg(other, one, Money(units, "USD")))
        event = RulingMade("C1", Agreement((other, one), legs), "operator", BPS - share_bps)
        reputation.EVOLVE[RulingMade](self.state, event)
        row = self.graph.paid.setdefault(payer, {})
        row[supplier] = row.get(supplier, 0) + units * share_bps // BPS
        self.fees[supplier] = self.fees.get(supplier, 0) + units * self.house.fee_bps // BPS

    def set_trust(self) -> None:
        """Work out whose word counts, as `souq trust` does, and let the market know."""
        rows = self.state.rows(bond.BONDS).values()
        found = work_out(
            self.graph, {one.principal: one.units for one in rows}, self.house.trust_bond_units
        )
        named = tuple(sorted(found.bps.keys() | found.rings.keys()))
        event = trust.TrustSet(
            named,
            tuple(found.bps.get(one, 0) for one in named),
            tuple(found.rings.get(one, 0) for one in named),
        )
        reputation.EVOLVE[trust.TrustSet](self.state, event)

    def score(self, principal: str) -> Score:
        """Give a principal's score as of now."""
        return reputation.score_of(self.state, principal)

    def rings(self) -> dict[str, int]:
        """Give the rings in what was paid."""
        return find_rings(self.graph.paid)
