"""How far each principal's word counts: flow of settled value from those that are vouched for.

A random reader starts at a root and follows payments: with a chance of 85 % on to somebody whom
the principal it is at has paid, in proportion to what was paid, else back to a root. How often it
comes by is that principal's trust. Whoever no root has ever paid, however indirectly, has none;
names that pay each other in a circle gain nothing, for nothing flows in.

Roots are the principals that have a bond standing, each as much as its bond, and full trust costs
what the house says: a bond split among many names is worth no more than one. Everything is counted
in whole numbers, in a fixed order, so that everybody who reads the same journal finds the same.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from souq.core.bond import BONDS
from souq.core.ending import ContractFulfilled, RulingMade
from souq.core.money import BPS
from souq.core.party import AgentRegistered
from souq.core.reputation import is_counted, payments
from souq.core.rules import MarketOpened, Rules, rules
from souq.core.state import State
from souq.core.trust import SetTrust
from souq.journal.record import Record
from souq.views.strongly_connected import strongly_connected

MASS = 10**15
FOLLOWS_BPS = 8_500
ROUNDS_MAX = 200
ENOUGH = MASS // 10**9  # what may still move when the rounds end
RING_MAX = 12  # a whole market in which everybody buys and sells is no ring
RING_FLOW_BPS = 9_000  # of what its members trade: what goes round among them
RING_NET_BPS = 1_000  # and what may stay with any one of them

Paid = dict[str, dict[str, int]]  # payer to payee to what was settled


class Graph:
    """Who has paid whom how much by settled, fee-bearing contracts. Give it records in order."""

    def __init__(self) -> None:
        self.paid: Paid = {}
        self.upto = 0
        self._principals: dict[str, str] = {}
        self._rules = Rules()

    def take(self, record: Record) -> None:
        """Read the next record."""
        self.upto = record.seq
        for event in record.events:
            match event:
                case MarketOpened():
                    self._rules = event.rules
                case AgentRegistered():
                    self._principals[event.agent] = event.principal
                case ContractFulfilled():
                    self._settle(event.agreement, BPS - event.penalty_bps)
                case RulingMade():
                    self._settle(event.agreement, BPS - event.payer_bps)
                case _:
                    pass

    def _settle(self, agreement: Any, share_bps: int) -> None:
        for supplier, payer, units in payments(self._rules, agreement):
            payee, source = self._principals[supplier], self._principals[payer]
            if payee != source and is_counted(self._rules, units):
                row = self.paid.setdefault(source, {})
                row[payee] = row.get(payee, 0) + units * share_bps // BPS


class Found(Struct, frozen=True):
    """What a graph comes to: trust of 10,000, and the rings in it."""

    bps: dict[str, int]
    rings: dict[str, int]


def roots(state: State) -> dict[str, int]:
    """Give who is vouched for, and how much each weighs. The one place that decides it."""
    asset = rules(state).assets[0].code
    bonds = state.rows(BONDS).values()
    return {one.principal: one.units for one in bonds if one.asset == asset and not one.free_at}


def work_out(graph: Graph, vouched: Mapping[str, int], full_units: int) -> Found:
    """Give everybody's trust; a root that nobody pays has as much as its bond has of the full."""
    rings = find_rings(graph.paid)
    flow = {
        payer: {
            payee: units
            for payee, units in row.items()
            if units > 0 and not _together(rings, payer, payee)
        }
        for payer, row in graph.paid.items()
    }
    mass = rank(flow, vouched)
    whole = sum(vouched.values())
    if not whole:
        return Found({}, rings)
    full = max(1, MASS * (BPS - FOLLOWS_BPS) // BPS * full_units // whole)
    bps = {one: min(BPS, BPS * units // full) for one, units in sorted(mass.items())}
    return Found({one: share for one, share in bps.items() if share}, rings)


def rank(flow: Mapping[str, Mapping[str, int]], vouched: Mapping[str, int]) -> dict[str, int]:
    """Give where the reader is how often, of `MASS`, by power iteration in whole numbers.

    Where it has nobody to follow it stops: whoever pays nobody lifts nobody, not even the roots.
    """
    whole = sum(vouched.values())
    if not whole:
        return {}
    start = {one: MASS * units // whole for one, units in sorted(vouched.items()) if units}
    totals = {one: sum(row.values()) for one, row in flow.items()}
    mass = dict(start)
    for _ in range(ROUNDS_MAX):
        after = {one: units * (BPS - FOLLOWS_BPS) // BPS for one, units in start.items()}
        for one in sorted(mass):
            onward, total = mass[one] * FOLLOWS_BPS // BPS, totals.get(one, 0)
            for other, units in flow[one].items() if total else ():
                after[other] = after.get(other, 0) + onward * units // total
        names = mass.keys() | after.keys()
        moved = sum(abs(after.get(one, 0) - mass.get(one, 0)) for one in names)
        mass = after
        if moved <= ENOUGH:
            break
    return mass


def find_rings(paid: Paid) -> dict[str, int]:
    """Number the groups among which value only goes round, by member.

    A ring is a strongly connected group, of two to twelve, whose members trade mostly with each
    other and are left with next to nothing of it.
    """
    rings: dict[str, int] = {}
    for group in strongly_connected((payer, payee) for payer in paid for payee in paid[payer]):
        inside = set(group)
        if len(inside) <= RING_MAX and _is_ring(paid, inside):
            number = len(set(rings.values())) + 1
            rings.update(dict.fromkeys(sorted(inside), number))
    return rings


def _is_ring(paid: Paid, inside: set[str]) -> bool:
    given, taken = dict.fromkeys(inside, 0), dict.fromkeys(inside, 0)
    around, whole = 0, 0
    for payer, row in paid.items():
        for payee, units in row.items():
            if payer in inside or payee in inside:
                whole += units
            if payer in inside and payee in inside:
                around += units
                given[payer] += units
                taken[payee] += units
    net = sum(abs(given[one] - taken[one]) for one in sorted(inside))
    return around * BPS >= whole * RING_FLOW_BPS and net * BPS <= 2 * around * RING_NET_BPS


def _together(rings: Mapping[str, int], one: str, other: str) -> bool:
    ring = rings.get(one)
    return ring is not None and ring == rings.get(other)


def command(found: Found, upto: int) -> SetTrust:
    """Write what was found as the command that tells the market."""
    named = tuple(sorted(found.bps.keys() | found.rings.keys()))
    return SetTrust(
        named,
        tuple(found.bps.get(one, 0) for one in named),
        tuple(found.rings.get(one, 0) for one in named) if found.rings else (),
        upto,
    )
