"""What sending costs is a payment of its own, held and paid like the price.

A listing that is shipped says what that costs, once for all that one deal takes of it. Whoever
takes its price or haggles over it knows that this comes on top. Where goods go both ways, and
where many bid, what is offered is meant to be all of it.
"""

from collections.abc import Sequence

from souq.core.agreement import CashLeg, Leg, goods, takers
from souq.core.listing import Listing
from souq.core.money import Money


def with_shipping(
    legs: tuple[Leg, ...], listings: Sequence[Listing], asset: str
) -> tuple[Leg, ...]:
    """Give a deal's legs and, where goods go one way, what their taker pays for sending them.

    `listings` are those of its goods, in the same order.
    """
    costs: list[Leg] = []
    for leg, listing in zip(goods(legs), listings, strict=True):
        if listing.side == "sell" and listing.shipping_units:
            costs.append(CashLeg(leg.taker, leg.giver, Money(listing.shipping_units, asset)))
    return (*legs, *costs) if costs and len(takers(legs)) == 1 else legs
