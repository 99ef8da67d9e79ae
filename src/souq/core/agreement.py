"""An agreement is the one product of any mechanism: parties, and legs: who gives whom what.

A sale has two legs, a bundle more; barter has goods on both sides; a rotation moves n goods.
"""

import hashlib

from msgspec import Struct

from souq.core.conditions import USUAL, Conditions
from souq.core.money import Money
from souq.core.promise import Promise
from souq.core.seal import canonical


class GoodsLeg(Struct, frozen=True, tag="goods"):
    """`giver` hands `quantity` of what the listing describes to `taker`."""

    giver: str
    taker: str
    listing: str
    quantity: int


class CashLeg(Struct, frozen=True, tag="cash"):
    """`giver` pays `taker`."""

    giver: str
    taker: str
    amount: Money


Leg = GoodsLeg | CashLeg
_encode, _sha256 = canonical.encode, hashlib.sha256  # looked up once: every offer is named


class Agreement(Struct, frozen=True, omit_defaults=True):
    """What agents agreed on, in the order of their joining.

    `promises` are made by whoever gives goods. `under` lists the contracts that this one helps to
    perform, from the nearest to the topmost. `conditions` are those of the listings in it.
    """

    parties: tuple[str, ...]
    legs: tuple[Leg, ...]
    promises: tuple[Promise, ...] = ()
    under: tuple[str, ...] = ()
    conditions: Conditions = USUAL


def digest_of(legs: tuple[Leg, ...], *, negotiation: str, version: int) -> str:
    """Name terms so that an acceptance can say exactly what it accepts.

    The negotiation and version are inside: the same price offered later is another offer.
    """
    return _sha256(_encode([negotiation, version, legs])).hexdigest()[:16]


def cash_paid(legs: tuple[Leg, ...]) -> int:
    """Sum all that is paid."""
    return sum(leg.amount.units for leg in legs if isinstance(leg, CashLeg))


def price_of(legs: tuple[Leg, ...]) -> Money | None:
    """Give what is paid; None where nothing is, or where it is in several assets."""
    paid = [leg.amount for leg in legs if isinstance(leg, CashLeg)]
    if not paid or len({one.asset for one in paid}) > 1:
        return None
    return Money(sum([one.units for one in paid]), paid[0].asset)


def cash_given(legs: tuple[Leg, ...], agent: str) -> int:
    """Sum what an agent pays."""
    units = 0  # asked at every move, where a generator would take longer than the sum
    for leg in legs:
        if isinstance(leg, CashLeg) and leg.giver == agent:
            units += leg.amount.units
    return units


def cash_taken(legs: tuple[Leg, ...], agent: str) -> tuple[Money, ...]:
    """List the payments an agent receives."""
    return tuple(leg.amount for leg in legs if isinstance(leg, CashLeg) and leg.taker == agent)


def givers(legs: tuple[Leg, ...]) -> tuple[str, ...]:
    """List who hands goods over, in order of their legs."""
    return tuple(dict.fromkeys([leg.giver for leg in legs if isinstance(leg, GoodsLeg)]))


def takers(legs: tuple[Leg, ...]) -> tuple[str, ...]:
    """List who receives goods, in order of their legs."""
    return tuple(dict.fromkeys([leg.taker for leg in legs if isinstance(leg, GoodsLeg)]))


def goods(legs: tuple[Leg, ...]) -> tuple[GoodsLeg, ...]:
    """Pick the legs that are not money."""
    return tuple([leg for leg in legs if isinstance(leg, GoodsLeg)])
