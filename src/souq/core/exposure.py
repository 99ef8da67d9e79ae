"""A newcomer may deal on its first day, but owes no more than it would be foolish to run with.

Whoever cheats on what it owes gains at most that, is found out with probability p, and then loses
its bond s: it does not pay while g <= p (g + s), which is g <= s p / (1 - p). So that is what a
principal may owe at once: what its open contracts must still deliver, at their prices. A house may
allow everybody something besides, and more for every deal on record, since that is lost as well.
Where the house does not say how likely cheats are found out, there is no limit.
"""

from collections.abc import Iterable, Iterator

from souq.core import bond, reputation
from souq.core.agreement import Leg, cash_taken, givers
from souq.core.money import BPS
from souq.core.objection import Binding, Objection
from souq.core.refusal import Reason
from souq.core.rules import Rules, rules
from souq.core.state import Table, View

EXPOSURES: Table[int] = Table("exposures", int)  # what a principal still owes, by asset


def open_units(view: View, principal: str, asset: str) -> int:
    """Give the price of all that a principal's open contracts must still deliver."""
    return view.get(EXPOSURES, f"{principal}/{asset}") or 0


def most_units(view: View, principal: str, asset: str) -> int:
    """Give what a principal may owe at once. Only where the house limits it."""
    market = rules(view)
    detect = market.exposure_detect_bps
    most = bond.standing_units(view, principal, asset) * detect // (BPS - detect)
    if asset == market.assets[0].code:
        most += market.exposure_allowance_units + _of_record(view, market, principal)
    return most


def object_to(view: View, binding: Binding, house: Rules) -> Iterable[Objection]:
    """Object where an agent's principal would owe more than it may."""
    if not house.exposure_detect_bps or binding.agent.id not in givers(binding.legs):
        return ()
    return _objections(view, binding)


def _objections(view: View, binding: Binding) -> Iterator[Objection]:
    principal = binding.agent.principal
    for asset, units in _owed(binding.legs, binding.agent.id).items():
        available = most_units(view, principal, asset) - open_units(view, principal, asset)
        if units > available:
            facts = {"available": max(0, available), "needed": units}
            yield Objection("exposure", "market", reason=Reason.INSUFFICIENT_STANDING, facts=facts)


def _of_record(view: View, market: Rules, principal: str) -> int:
    """Give what a record adds: it would be lost with the name, so it vouches like a bond."""
    if not market.exposure_record_units:
        return 0
    shown = reputation.record_of(view, principal)
    return max(0, shown.good - shown.bad) * market.exposure_record_units // reputation.ONE


def _owed(legs: tuple[Leg, ...], agent: str) -> dict[str, int]:
    owed: dict[str, int] = {}
    for price in cash_taken(legs, agent):
        owed[price.asset] = owed.get(price.asset, 0) + price.units
    return owed
