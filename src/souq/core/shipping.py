"""What sending costs is a payment of its own, held and paid like the price.

A listing that is shipped says what that costs, once for all that one deal takes of it. Whoever
takes its price or haggles over it knows that this comes on top. Where goods go both ways, and
where many bid, what is offered is meant to be all of it.
"""

from souq.core.agreement import CashLeg, Leg, goods, takers
from souq.core.listing import LISTINGS
from souq.core.money import Money
from souq.core.state import View


def with_shipping(view: View, legs: tuple[Leg, ...], asset: str) -> tuple[Leg, ...]:
    """Give a deal's legs and, where goods go one way, what their taker pays for sending them."""
    costs: list[Leg] = []
    for leg in goods(legs):
        listing = view.get(LISTINGS, leg.listing)
        if listing is not None and listing.side == "sell" and listing.shipping_units:
            costs.append(CashLeg(leg.taker, leg.giver, Money(listing.shipping_units, asset)))
    return (*legs, *costs) if costs and len(takers(legs)) == 1 else legs
