"""Rules about the price of one: bounds, what others paid, and what a thing must bring in."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from souq.core.money import BPS
from souq.core.policy.deal import Deal, Finding, Past, nearest
from souq.core.policy.goods import KNOWN_MIN, Side

PRICES_MAX = 50


class PriceBounds(
    Struct, frozen=True, tag="price_band", omit_defaults=True, forbid_unknown_fields=True
):
    """One costs no less and no more than so much."""

    least_units: int = 0
    most_units: int | None = None
    category: str = ""
    side: Side = "buy"
    asset: str = "USD"


class PriceReference(
    Struct, frozen=True, tag="price_reference", omit_defaults=True, forbid_unknown_fields=True
):
    """One costs about what the market's last ones did, between strangers."""

    within_bps: int
    last: int = PRICES_MAX
    category: str = ""
    side: Side = "buy"
    asset: str = "USD"


class Floor(Struct, frozen=True, tag="floor", omit_defaults=True, forbid_unknown_fields=True):
    """What is given away brings in no less than so much for each, fees deducted."""

    floors: dict[str, int]
    asset: str = "USD"


class _Price(Struct, frozen=True):
    """What so many of one thing cost together; None where they cannot be told apart."""

    category: str
    quantity: int
    units: int | None


def _price(rule: PriceBounds | PriceReference, deal: Deal) -> _Price | None:
    """Give the price that a rule speaks of, or None where it speaks of nothing in the deal."""
    is_buying = rule.side == "buy"
    covered = deal.covered(rule.category, taken=is_buying)
    if not covered:
        return None
    first = covered[0]
    is_clear = len(deal.goods) == 1 and {*deal.pays, *deal.receives} <= {rule.asset}
    if not is_clear:
        return _Price(first.category, first.quantity, None)
    paid = deal.pays.get(rule.asset, 0) - deal.receives.get(rule.asset, 0)
    return _Price(first.category, first.quantity, paid if is_buying else -paid)


def _band(rule: PriceBounds, deal: Deal, past: Past) -> Finding | None:
    price = _price(rule, deal)
    if price is None:
        return None
    if price.units is None:
        return Finding(observed="unknown")
    if price.units < rule.least_units * price.quantity:
        return Finding(rule.least_units, price.units // price.quantity, rule.asset)
    if rule.most_units is not None and price.units > rule.most_units * price.quantity:
        return Finding(rule.most_units, -(-price.units // price.quantity), rule.asset)
    return None


def _reference(rule: PriceReference, deal: Deal, past: Past) -> Finding | None:
    price = _price(rule, deal)
    if price is None:
        return None
    if price.units is None:
        return Finding(observed="unknown")
    known = sorted(past.prices(price.category, rule.asset)[-rule.last :])
    if len(known) < KNOWN_MIN:
        return Finding(KNOWN_MIN, len(known), is_hold=True)
    median = known[(len(known) - 1) // 2]
    away = abs(price.units - median * price.quantity)
    if away * BPS <= rule.within_bps * median * price.quantity:
        return None
    return Finding(median, price.units // price.quantity, rule.asset)


def _floor(rule: Floor, deal: Deal, past: Past) -> Finding | None:
    least, is_named = 0, False
    for one in deal.goods:
        floor = None if one.is_taken else nearest(rule.floors, one.ref, one.category)
        if floor is not None:
            least += floor * one.quantity
            is_named = True
    if not is_named:
        return None
    net = deal.nets.get(rule.asset, 0) - deal.pays.get(rule.asset, 0)
    return Finding(is_private=True) if net < least else None


RULES: Mapping[type, Any] = {PriceBounds: _band, PriceReference: _reference, Floor: _floor}
