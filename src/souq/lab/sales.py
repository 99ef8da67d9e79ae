"""What each item went for: deals taken apart, a bundle's payment shared out among its items."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.money import BPS
from souq.lab.population import Person, true_worth
from souq.views.history import Deal, History


class Sale(Struct, frozen=True):
    """One item that changed hands for its share of a deal's payment."""

    contract: str
    listing: str
    seller: str
    buyer: str
    units: int
    ask_units: int
    floor_units: int
    worth_units: int
    shipping_units: int = 0  # what its taker paid on top of the price, and its giver the carrier

    @property
    def seller_gain(self) -> int:
        """Give what the seller got beyond the least it would have taken."""
        return self.units - self.floor_units

    @property
    def buyer_gain(self) -> int:
        """Give what the thing is worth to the buyer beyond its price, sending included."""
        return self.worth_units - self.units - self.shipping_units


def sales(
    history: History,
    deals: list[Deal],
    people: dict[str, Person],
    truths: Mapping[str, int] = MappingProxyType({}),
) -> list[Sale]:
    """List every item sold. A bundle's payment is shared out by asking price, to the last unit.

    What a ruling gave back is not paid. `truths`: by ref, what a thing is really worth, in per cent
    of what it seemed.
    """
    return [sale for deal in deals for sale in _sales_of(history, deal, people, truths)]


def _sales_of(
    history: History, deal: Deal, people: dict[str, Person], truths: Mapping[str, int]
) -> list[Sale]:
    goods = [leg for leg in deal.agreement.legs if isinstance(leg, GoodsLeg)]
    payer = next((leg.giver for leg in deal.agreement.legs if isinstance(leg, CashLeg)), None)
    # In part-barter the payment belongs to what the payer receives.
    paid = [leg for leg in goods if payer is None or leg.taker == payer]
    sent = _shipping(history, goods)
    price = deal.units - sum(sent.values())
    kept = price - price * deal.payer_bps // BPS
    asks = [history.listings[leg.listing].price_units or 0 for leg in paid]
    shares = dict(zip([leg.listing for leg in paid], _share_out(kept, asks), strict=True))
    return [
        Sale(
            contract=deal.contract,
            listing=leg.listing,
            seller=leg.giver,
            buyer=leg.taker,
            units=shares.get(leg.listing, 0),
            ask_units=history.listings[leg.listing].price_units or 0,
            floor_units=_floor(history, leg, people),
            worth_units=_worth(history, leg, people, truths),
            shipping_units=sent.get(leg.listing, 0),
        )
        for leg in goods
    ]


def _shipping(history: History, goods: list[GoodsLeg]) -> dict[str, int]:
    """Give what was paid for sending each thing: nothing where goods go both ways."""
    if len({leg.taker for leg in goods}) != 1:
        return {}
    posted = {leg.listing: history.listings[leg.listing].posted for leg in goods}
    return {id: one.shipping_units for id, one in posted.items() if one.side == "sell"}


def _share_out(units: int, weights: list[int]) -> list[int]:
    shares, left, weight_left = [], units, sum(weights)
    for n, weight in enumerate(weights):
        share = (
            left if n == len(weights) - 1 else (left * weight // weight_left if weight_left else 0)
        )
        shares.append(share)
        left, weight_left = left - share, weight_left - weight
    return shares


def _floor(history: History, leg: GoodsLeg, people: dict[str, Person]) -> int:
    person, ref = people.get(leg.giver), history.listings[leg.listing].posted.ref
    things = person.things if person else ()
    return next((thing.floor_units for thing in things if thing.ref == ref), 0)


def _worth(
    history: History, leg: GoodsLeg, people: dict[str, Person], truths: Mapping[str, int]
) -> int:
    person, ref = people.get(leg.taker), history.listings[leg.listing].posted.ref
    seeming = person.values.get(ref, 0) if person else 0
    return true_worth(truths, ref, seeming)
