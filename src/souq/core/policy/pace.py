"""Rules about how fast, and how often."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from souq.core.policy.deal import Deal, Finding, Past
from souq.core.policy.money import ALWAYS


class Occurrences(
    Struct, frozen=True, tag="occurrences", omit_defaults=True, forbid_unknown_fields=True
):
    """At most so many deals, ever."""

    deals_max: int


class Velocity(Struct, frozen=True, tag="velocity", omit_defaults=True, forbid_unknown_fields=True):
    """At most so many deals, and so many new counterparties, within a window."""

    window_us: int
    deals_max: int | None = None
    newcomers_max: int | None = None


def _occurrences(rule: Occurrences, deal: Deal, past: Past) -> Finding | None:
    count = past.deals(ALWAYS) + 1
    return Finding(rule.deals_max, count) if count > rule.deals_max else None


def _velocity(rule: Velocity, deal: Deal, past: Past) -> Finding | None:
    after = deal.at - rule.window_us
    if rule.deals_max is not None:
        count = past.deals(after) + 1
        if count > rule.deals_max:
            return Finding(rule.deals_max, count)
    if rule.newcomers_max is not None:
        named = dict.fromkeys(one.principal for one in deal.others if one.principal)
        new = sum(not past.knows(principal) for principal in named)
        count = past.newcomers(after) + new if new else 0
        if count > rule.newcomers_max:
            return Finding(rule.newcomers_max, count)
    return None


RULES: Mapping[type, Any] = {Occurrences: _occurrences, Velocity: _velocity}
