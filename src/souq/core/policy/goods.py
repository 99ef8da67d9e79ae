"""Rules about which things, how many of them, and where they go."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from souq.core.policy.deal import Deal, Finding, Past, covers, nearest

Side = Literal["buy", "sell"]
KNOWN_MIN = 5  # with fewer of them, nobody can say what is usual
PERCENTILE = 95


class Categories(
    Struct, frozen=True, tag="categories", omit_defaults=True, forbid_unknown_fields=True
):
    """Only what is listed in these categories, or below them."""

    allowed: tuple[str, ...]


class Quantity(Struct, frozen=True, tag="quantity", omit_defaults=True, forbid_unknown_fields=True):
    """At most so many of one listing."""

    max: int
    category: str = ""
    side: Side = "buy"


class UsualQuantity(
    Struct, frozen=True, tag="usual_quantity", omit_defaults=True, forbid_unknown_fields=True
):
    """At most so many percent of what is usually taken of such things."""

    percent: int = 300
    category: str = ""


class Requested(
    Struct, frozen=True, tag="requested", omit_defaults=True, forbid_unknown_fields=True
):
    """Fewer than so many times what was asked for."""

    quantities: dict[str, int]
    times: int = 10


class Destinations(
    Struct, frozen=True, tag="destinations", omit_defaults=True, forbid_unknown_fields=True
):
    """What is sent goes to one of these places."""

    allowed: tuple[str, ...]


def _categories(rule: Categories, deal: Deal, past: Past) -> Finding | None:
    if not deal.goods:
        return Finding(observed="none")
    for one in deal.goods:
        if not any(covers(category, one.category) for category in rule.allowed):
            return Finding(observed=one.category)
    return None


def _quantity(rule: Quantity, deal: Deal, past: Past) -> Finding | None:
    found = deal.covered(rule.category, taken=rule.side == "buy")
    most = max((one.quantity for one in found), default=0)
    return Finding(rule.max, most) if most > rule.max else None


def _usual(rule: UsualQuantity, deal: Deal, past: Past) -> Finding | None:
    unsure: Finding | None = None
    for one in deal.covered(rule.category, taken=True):
        usual = sorted(past.quantities(one.category))
        if len(usual) < KNOWN_MIN:
            unsure = unsure or Finding(KNOWN_MIN, len(usual), is_hold=True)
            continue
        most = usual[-(-PERCENTILE * len(usual) // 100) - 1] * rule.percent
        if one.quantity * 100 > most:
            return Finding(most // 100, one.quantity)
    return unsure


def _requested(rule: Requested, deal: Deal, past: Past) -> Finding | None:
    for one in deal.goods:
        if not one.is_taken:
            continue
        asked = nearest(rule.quantities, one.listing, one.category)
        if asked is not None and one.quantity >= rule.times * asked:
            return Finding(rule.times * asked, one.quantity)
    return None


def _destinations(rule: Destinations, deal: Deal, past: Past) -> Finding | None:
    if not any(one.is_taken and one.is_shipped for one in deal.goods):
        return None
    if deal.destination and deal.destination in rule.allowed:
        return None
    return Finding(observed=deal.destination or "none")


RULES: Mapping[type, Any] = {
    Categories: _categories,
    Quantity: _quantity,
    UsualQuantity: _usual,
    Requested: _requested,
    Destinations: _destinations,
}
